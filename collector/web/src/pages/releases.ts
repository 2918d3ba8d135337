// Is a release slower than another: the verdict, and the figures that it stands on; and the latest ones side by side.

import { compared, sideBySide } from "../api";
import { creep } from "../chart";
import { h } from "../dom";
import { type Pen, table } from "../table";
import { span } from "./waits";

/** The page, as soon as its figures are there. */
export async function releases(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const { address, words, format } = pen;
  if (address.word("base") === "" && address.word("head") === "") return all(pen, wanted);
  const answer = await compared(address.query(), wanted);
  const verdict = format.cell(answer.verdict);
  const against = words.text("releases.against", { base: answer.base, head: answer.head, verdict });
  return [
    h("p", { class: "headline" }, against),
    ...answer.sections.filter((section) => section.rows.length > 0).map((section) => table(section, pen)),
  ];
}

/** The latest releases side by side. */
async function all(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const answer = await sideBySide(pen.address.query(), wanted);
  return [
    h("p", {}, pen.words.text("releases.choose")),
    ...span(answer, pen),
    ...answer.sections.map((section) =>
      section.key === "creep" ? creep(section, pen) : table(section, pen),
    ),
  ];
}
