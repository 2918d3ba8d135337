// The touchpoints over the life of a customer: learn, open, use, support, leave.

import { map as asked } from "../api";
import { h } from "../dom";
import { type Pen, table } from "../table";
import { example } from "./gaps";

/** The page, as soon as its figures are there. */
export async function map(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const { address, words } = pen;
  const answer = await asked(address.query(), wanted);
  return [
    h("p", {}, words.text("map.how")),
    ...answer.sections.map((section) => table(section, pen)),
    ...(answer.example === undefined ? [] : [example(answer.example, pen)]),
  ];
}
