// Where customers wait: the worst of it as a sentence, then everything as tables.
//
// Owns: the sentence. Refuses: figures: each one is a cell of the first row.

import { type Cell, type Section, type Sections, sections } from "../api";
import { h } from "../dom";
import { type Pen, cellOf, column, table } from "../table";
import { before, changes, days, pinned, since } from "./beside";
import { type Newest, advice } from "./newest";

/** The page, as soon as its figures are there. */
export async function waits(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const { address, words } = pen;
  // What the collector is asked does not say what the page pins.
  const question = address.with([["pinned", ""]]).query();
  // Where the releases are not answered, the comparison with the one before says why.
  const [answer, base] = await Promise.all([sections(question, wanted), pinned(pen).catch(() => undefined)]);
  const about = answer.sections.filter((section) => section.about === "waits" && section.rows.length > 0);
  // The table is there first; what stands beside it is asked for behind it.
  const previous = before(pen, wanted);
  // Where nobody waited, nobody asks what became of it.
  previous.catch(() => {});
  const tables = about.map((section) => {
    const whole = table(section, pen);
    if (section.key !== "touchpoints") return whole;
    column(whole, section, words.text("waits.days"), days(pen, question, wanted), pen, wanted);
    const beside = (title: string, found: Promise<Newest | undefined>) => {
      for (const of of changes(pen, found)) column(whole, section, title, of, pen, wanted);
    };
    beside(words.text("waits.before"), previous);
    if (base !== undefined) {
      // One comparison after the other: both read the newest release.
      const late = previous.catch(() => undefined).then(() => since(pen, base, wanted));
      beside(words.text("filter.pinned"), late);
    }
    return whole;
  });
  return [
    ...span(answer, pen),
    ...sentence(
      about.find((section) => section.key === "touchpoints"),
      pen,
    ),
    ...(address.word("version") === "" ? [release(pen, previous)] : []),
    ...tables,
    ...turning(answer, pen),
  ];
}

/** What is to be done about the newest release. It takes longer than the tables, which do not wait for it. */
function release(pen: Pen, newest: Promise<Newest | undefined>): HTMLElement {
  const line = h("p", { class: "release", "aria-live": "polite" });
  void newest.then(
    (found) => line.append(...(found === undefined ? [] : advice(found, pen))),
    // Why stands on the page of the releases.
    () => line.remove(),
  );
  return line;
}

/** What the figures are of, and what is not in them. */
export function span(answer: Sections, { words, format }: Pen): Node[] {
  const { from_unix_ms: from, until_unix_ms: until, zone } = answer.scope;
  if (until === 0) return [h("p", {}, words.text("span.nothing"))];
  const of = words.text("span.of", {
    from: format.moment(from, zone),
    until: format.moment(until, zone),
    zone,
  });
  const uncounted = Object.entries(answer.uncounted).map(([what, n]) =>
    h("p", {}, words.text("span.uncounted", { n: format.count(n), what: words.named(`uncounted.${what}`) })),
  );
  return [h("p", {}, of), ...uncounted];
}

/** The first row of a ranking in a sentence with people in it, if they are known. */
export function sentence(ranking: Section | undefined, { words, format }: Pen): HTMLElement[] {
  const first = ranking?.rows[0];
  if (ranking === undefined || first === undefined) return [];
  const cell = (key: string): Cell => cellOf(ranking, first, key);
  const [touchpoint, target, lost, people] = [
    cell("touchpoint"),
    cell("target"),
    cell("lost"),
    cell("people_late"),
  ];
  const places = {
    touchpoint: format.cell(touchpoint),
    target: format.cell(target),
    lost: format.cell(lost),
  };
  const text =
    typeof people === "object" && "people" in people && people.people.part > 0
      ? words.text("headline.late", {
          ...places,
          part: format.count(people.people.part),
          whole: format.count(people.people.whole),
        })
      : typeof lost === "object" && "duration_ns" in lost && lost.duration_ns > 0
        ? words.text("headline.lost", places)
        : words.text("headline.fine");
  return [h("p", { class: "headline" }, text)];
}

/** The way to the rows that are not on this page. */
function turning(answer: Sections, { address, words }: Pen): Node[] {
  const here = Number(address.word("page") || "1");
  const turn = (page: number, text: "rows.before" | "rows.behind") =>
    h("a", { href: String(address.with([["page", page <= 1 ? "" : String(page)]])) }, words.text(text));
  const before = here > 1 && turn(here - 1, "rows.before");
  const behind = answer.sections.some((section) => section.more > 0) && turn(here + 1, "rows.behind");
  return before || behind
    ? [h("nav", { class: "turning", "aria-label": words.text("app.pages") }, before, " ", behind)]
    : [];
}
