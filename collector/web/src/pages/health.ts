// Whether the figures can be trusted: what arrives, what NoWait costs the customers, and whether all that was told is accounted for.

import { arrivals, reader, sections } from "../api";
import { h } from "../dom";
import { type Pen, table } from "../table";
import { admin } from "./admin";
import { span } from "./waits";

/** The page, as soon as its figures are there. */
export async function health(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const query = pen.address.query();
  const [now, answer, who] = await Promise.all([
    arrivals(query, wanted),
    sections(query, wanted),
    reader(wanted),
  ]);
  const told = (all: typeof now.sections) =>
    all
      .filter(({ about, rows }) => about === "nowait" && rows.length > 0)
      .map((section) => table(section, pen));
  return [
    h("p", {}, pen.words.text("health.now")),
    ...told(now.sections),
    ...span(answer, pen),
    ...told(answer.sections),
    ...admin(who, pen, wanted),
  ];
}
