// What NoWait costs the customers, and whether all that was told is accounted for.

import { sections } from "../api";
import { type Pen, table } from "../table";
import { span } from "./waits";

/** The page, as soon as its figures are there. */
export async function health(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const answer = await sections(pen.address.query(), wanted);
  const about = answer.sections.filter((section) => section.about === "nowait" && section.rows.length > 0);
  return [...span(answer, pen), ...about.map((section) => table(section, pen))];
}
