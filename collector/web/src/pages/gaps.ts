// How far the bank is from what its customers expect, and what became of the gaps that it chose.

import { gaps as asked, targets } from "../api";
import { h } from "../dom";
import { later } from "../later";
import { type Pen, table } from "../table";
import { factors } from "./factors";

/** The page, as soon as its figures are there. */
export async function gaps(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const { address, words } = pen;
  const answer = await asked(address.query(), wanted);
  if (answer.example !== undefined)
    return [
      h("p", { class: "headline" }, words.text("gaps.empty")),
      h("p", {}, words.text("gaps.write")),
      example(answer.example, pen),
      factors(undefined, pen),
    ];
  return [
    h("p", {}, words.text("gaps.how")),
    ...answer.sections.map((section) => table(section, pen)),
    factors(answer.sections[0], pen),
    ...(answer.toml === undefined
      ? []
      : [h("p", { class: "own" }, words.text("gaps.toml")), example(answer.toml, pen)]),
    chosen(pen, wanted),
  ];
}

/** What to write into the bank's file. */
export function example(text: string, { words }: Pen): HTMLElement {
  return h(
    "pre",
    { tabindex: 0, role: "group", "aria-label": words.text("example.title"), lang: "en" },
    text,
  );
}

/** The targets. Each release of them is a side of a comparison, so they take longer than the table. */
function chosen(pen: Pen, wanted: AbortSignal): HTMLElement {
  const { address, words } = pen;
  // Each release is told, whichever the table is about, and by the numbers of the file.
  const question = address
    .with([
      ["version", ""],
      ["factor", ""],
    ])
    .query();
  const told = targets(question, wanted).then((answer) =>
    answer.sections.length > 0
      ? answer.sections.map((section) => table(section, pen))
      : [h("p", {}, words.text("gaps.choose"))],
  );
  return later(told, pen, wanted);
}
