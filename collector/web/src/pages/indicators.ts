// How customers fare: levels, the indicators behind them, and the months of a year.

import { type Section, indicators as asked, months } from "../api";
import { h } from "../dom";
import { later } from "../later";
import { pictures } from "../months";
import { type Pen, table } from "../table";
import { example } from "./gaps";

/** The page, as soon as its figures are there. */
export async function indicators(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const { address, words } = pen;
  const answer = await asked(address.query(), wanted);
  // The months are the last twelve, whichever span the tables are of.
  const question = address
    .with([
      ["since", ""],
      ["until", ""],
      ["hours", ""],
    ])
    .query();
  const trend = months(question, wanted).then((of) => of.sections.map((section) => twelve(section, pen)));
  return [
    h("p", {}, words.text("indicators.how")),
    ...answer.sections.map((section) => table(section, pen)),
    later(trend, pen, wanted),
    ...(answer.example === undefined
      ? []
      : [h("p", { class: "own" }, words.text("indicators.own")), example(answer.example, pen)]),
  ];
}

/** The months as pictures, with their table below. */
function twelve(section: Section, pen: Pen): HTMLElement {
  const whole = table(section, pen);
  whole.querySelector(".wide")?.before(pictures(section, pen));
  return whole;
}
