// Is a release slower than another: the verdict, and the figures that it stands on.

import { compared } from "../api";
import { h } from "../dom";
import { type Pen, table } from "../table";

/** The page, as soon as its figures are there. */
export async function releases(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const { address, words, format } = pen;
  if (address.word("base") === "" && address.word("head") === "")
    return [h("p", {}, words.text("releases.choose"))];
  const answer = await compared(address.query(), wanted);
  const verdict = format.cell(answer.verdict);
  const against = words.text("releases.against", { base: answer.base, head: answer.head, verdict });
  return [
    h("p", { class: "headline" }, against),
    ...answer.sections.filter((section) => section.rows.length > 0).map((section) => table(section, pen)),
  ];
}
