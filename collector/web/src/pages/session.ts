// One session: what it did, event by event, and how it ended.

import { session as ask } from "../api";
import { h } from "../dom";
import { type Pen, table } from "../table";

/** The page, as soon as its events are there. */
export async function session(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const { address, words } = pen;
  if (address.word("session") === "") return [h("p", {}, words.text("session.choose"))];
  const answer = await ask(address.query(), wanted);
  const trace = `/v1/session/trace?${address.query()}`;
  return [
    h("p", {}, h("a", { href: trace, download: "" }, words.text("session.trace"))),
    ...answer.sections.filter((section) => section.rows.length > 0).map((section) => table(section, pen)),
  ];
}
