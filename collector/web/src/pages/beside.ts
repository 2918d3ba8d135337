// What stands beside a row of the ranking and takes longer than it: how it went day by day, and what releases changed.
//
// Owns: which releases stand beside it. Refuses: figures, and judging them (the collector does).

import { type Cell, type Row, type Section, daily } from "../api";
import { h } from "../dom";
import { NONE } from "../format";
import { sparkline } from "../sparkline";
import { type Beside, type Pen, cellOf } from "../table";
import { type Newest, against } from "./newest";

/** p75 of the last days. */
export async function days(pen: Pen, question: URLSearchParams, wanted: AbortSignal): Promise<Beside> {
  const { sections } = await daily(question, wanted);
  const trends = cellsBy(sections[0], "trend");
  return {
    cell: (touchpoint) => {
      const trend = trends(touchpoint);
      return typeof trend === "object" && "trend" in trend ? sparkline(trend.trend, pen) : NONE;
    },
  };
}

/**
 * How much p75 changed since another release, and within which bounds, as two columns: with BASE's customers, and with each release's
 * own. Nothing where there is no such release.
 */
export function changes(
  pen: Pen,
  found: Promise<Newest | undefined>,
): [held: Promise<Beside | undefined>, asIs: Promise<Beside | undefined>] {
  const { words, format } = pen;
  const held = ({ there, answer }: Newest): Beside => {
    const section = answer.sections.find((of) => of.key === "compared");
    const [verdict, change, interval] = ["verdict", "change", "interval"].map((key) => cellsBy(section, key));
    return {
      head: h("a", { href: String(there) }, words.text("waits.against", { release: answer.base })),
      cell: (touchpoint) => {
        const said = verdict?.(touchpoint) ?? "none";
        if (said === "none") return NONE;
        // Where waits are missing stands how many, and no verdict.
        if (!("word" in said)) return words.named("verdict.too_few_samples");
        return [
          h("span", { class: TONES[said.word[1]] }, format.cell(change?.(touchpoint) ?? "none")),
          " ",
          h("span", { class: "says" }, format.cell(said)),
          h("small", {}, format.cell(interval?.(touchpoint) ?? "none")),
        ];
      },
    };
  };
  const asIs = ({ answer }: Newest): Beside => {
    const section = answer.sections.find((of) => of.key === "as_is");
    const [change, interval] = [cellsBy(section, "change_as_is"), cellsBy(section, "interval_as_is")];
    return {
      head: words.text("waits.as_is", { release: answer.base }),
      cell: (touchpoint) => [
        format.cell(change(touchpoint)),
        change(touchpoint) !== "none" && h("small", {}, format.cell(interval(touchpoint))),
      ],
    };
  };
  const where = <T>(make: (of: Newest) => T) => found.then((of) => (of === undefined ? undefined : make(of)));
  // Why there is none is said once.
  return [where(held), where(asIs).catch(() => undefined)];
}

/** The release that the page is about against the one before it. */
export async function before(pen: Pen, wanted: AbortSignal): Promise<Newest | undefined> {
  const [base, head] = await latest(pen);
  return head === undefined || base === undefined ? undefined : against(pen, [base, head], wanted);
}

/** The same against this one. */
export async function since(pen: Pen, base: string, wanted: AbortSignal): Promise<Newest | undefined> {
  const [, head] = await latest(pen);
  return head === undefined ? undefined : against(pen, [base, head], wanted);
}

/** The release that the address pins, else the one that the bank does; nothing where that stands there anyway. */
export async function pinned(pen: Pen): Promise<string | undefined> {
  const asked = pen.address.word("pinned");
  const [previous, head] = await latest(pen);
  const base = asked || (await pen.releases).pinned;
  const isThere = base === head || (asked === "" && base === previous);
  return !base || isThere ? undefined : base;
}

/** The release before, and the one that the page is about. */
async function latest(pen: Pen): Promise<[base: string | undefined, head: string | undefined]> {
  const { releases } = await pen.releases;
  const head = pen.address.word("version") || releases.at(-1);
  return [head === undefined ? undefined : releases[releases.indexOf(head) - 1], head];
}

const TONES: Record<string, string> = { slower: "pause", faster: "fine" };

function by(section: Section | undefined): Map<string, Row> {
  const rows = (section?.rows ?? []).flatMap((row): [string, Row][] =>
    row.touchpoint === undefined ? [] : [[row.touchpoint, row]],
  );
  return new Map(rows);
}

function cellsBy(section: Section | undefined, key: string): (touchpoint: string) => Cell {
  const rows = by(section);
  return (touchpoint) => {
    const row = rows.get(touchpoint);
    return section === undefined || row === undefined ? "none" : cellOf(section, row, key);
  };
}
