// What to know in the morning: where customers waited yesterday, what to do about the newest release, and what changed.
//
// Owns: which day it is about: yesterday, or today as long as there was no yesterday. Refuses: figures.

import { type Cell, type Section, type Sections, sections, touchpoint as detail } from "../api";
import { trend } from "../chart";
import { h } from "../dom";
import { type Pen, cellOf, nanoseconds, table } from "../table";
import { advice, judgement, newest, touchpointsOf } from "./newest";
import { sentence, span } from "./waits";

/** Touchpoints of the ranking that are shown: the others are a page further. */
const RANKED_MAX = 5;

/** How many days the worst touchpoint is followed back. */
const DAYS = "30d";

/** The page, as soon as its figures are there. */
export async function today(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const { address, words } = pen;
  const [answer, day] = await latest(pen, wanted);
  const ranking = answer.sections.find((section) => section.key === "touchpoints");
  const first = ranking?.rows[0];
  if (ranking === undefined || first === undefined) return span(answer, pen);
  const late = first.touchpoint ?? "";
  const since = h("span", {});
  const release = h("p", { class: "release", "aria-live": "polite" });
  const changed = h("div");
  void newest(pen, wanted).then(
    (found) => {
      if (found === undefined) return;
      release.append(...advice(found, pen));
      const section = touchpointsOf(found);
      if (section === undefined) return;
      const name = cellOf(ranking, first, "touchpoint");
      if (typeof name === "object" && "text" in name && judgement(section).slower.includes(name.text))
        since.append(words.text("today.since", { release: found.answer.head }));
      const rows = section.rows.filter((row) => isChanged(cellOf(section, row, "verdict")));
      if (rows.length > 0) changed.append(table({ ...section, key: "changed", rows, more: 0 }, pen));
    },
    () => release.remove(),
  );
  const followed = h("div");
  if (late !== "")
    void follow(late, pen, wanted).then(
      (parts) => followed.append(...parts),
      () => {},
    );
  const top: Section = { ...ranking, rows: head(ranking), more: 0 };
  const [line] = sentence(ranking, pen);
  if (day !== "span") line?.prepend(words.text(`today.${day}`), " ");
  line?.append(since);
  return [
    ...(line === undefined ? [] : [line]),
    release,
    ...span(answer, pen),
    table(top, pen),
    h("p", {}, h("a", { href: String(address.on("waits")) }, words.text("today.all"))),
    changed,
    followed,
  ];
}

/** The figures of yesterday, or of today where yesterday has none; a span that the address says stays. */
async function latest(
  { address }: Pen,
  wanted: AbortSignal,
): Promise<[Sections, "yesterday" | "today" | "span"]> {
  const query = address.query();
  if (query.has("since") || query.has("until") || query.has("hours"))
    return [await sections(query, wanted), "span"];
  query.set("since", "yesterday");
  query.set("until", "today");
  const answer = await sections(query, wanted);
  // A branch may have told of yesterday what no device has.
  if (answer.sections.some((section) => section.key === "touchpoints" && section.rows.length > 0))
    return [answer, "yesterday"];
  query.set("since", "today");
  query.delete("until");
  return [await sections(query, wanted), "today"];
}

/** The first rows of a ranking, each without its parts. */
function head(ranking: Section) {
  return ranking.rows.filter((row) => !row.is_part).slice(0, RANKED_MAX);
}

/** Whether a verdict says that something is slower or faster. */
function isChanged(verdict: Cell): boolean {
  return typeof verdict === "object" && "word" in verdict && ["slower", "faster"].includes(verdict.word[1]);
}

/** How the touchpoint went over the last days, if there was more than one. */
async function follow(late: string, pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const query = pen.address.query();
  for (const word of ["page", "until", "hours"]) query.delete(word);
  query.set("touchpoint", late);
  query.set("since", DAYS);
  const answer = await detail(query, wanted);
  const of = (key: string) => answer.sections.find((section) => section.key === key);
  const [whole, days] = [of("touchpoints"), of("days")];
  const row = whole?.rows[0];
  if (whole === undefined || row === undefined || days === undefined || days.rows.length < 2) return [];
  return [trend(days, of("begun"), of("marks"), nanoseconds(cellOf(whole, row, "target")), pen)];
}
