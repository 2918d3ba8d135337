// Numbers, durations and dates as the readers of a language write them.
//
// Owns: units and digits. Refuses: words (see words.ts).
// Invariant: three significant digits and one unit, as on the terminal, and a dash where nothing is known.

import type { Cell, Change } from "./api";
import type { Words } from "./words";

/** What stands where there is no number. */
export const NONE = "–";

/** Each unit up to the value that three digits of it can no longer write. */
const DURATIONS: [unit: string, ns: number, below: number][] = [
  ["nanosecond", 1, 999.5],
  ["microsecond", 1e3, 999.5e3],
  ["millisecond", 1e6, 999.5e6],
  ["second", 1e9, 119.5e9],
  ["minute", 60e9, 3_570e9],
  ["hour", 3_600e9, Number.POSITIVE_INFINITY],
];

const BYTES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"];

/** Writes what is known in one language. */
export class Format {
  constructor(private readonly words: Words) {}

  count(n: number): string {
    return this.number(n, { maximumFractionDigits: 0 });
  }

  /** A share from 0 to 1. */
  share(share: number): string {
    return this.number(share, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  }

  /** A share from 0 to 1, where whole ones are enough. */
  percent(share: number): string {
    return this.number(share, { style: "percent", maximumFractionDigits: 0 });
  }

  duration(ns: number): string {
    const found = DURATIONS.find(([, , below]) => ns < below) ?? ["hour", 3_600e9, 0];
    const [unit, size] = ns === 0 ? ["second", 1e9] : found;
    return this.quantity(ns / Number(size), String(unit), 3);
  }

  /** A value on a scale, with one decimal. */
  score(score: number): string {
    return this.number(score, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  }

  bytes(bytes: number): string {
    let [value, at] = [bytes, 0];
    for (; value >= 999.5 && at + 1 < BYTES.length; at++) value /= 1e3;
    return this.quantity(value, BYTES[at] ?? "byte", 3);
  }

  /** A moment on the clock of a zone. */
  moment(unixMs: number, zone: string): string {
    return new Intl.DateTimeFormat(this.words.language, {
      dateStyle: "medium",
      timeStyle: "short",
      timeZone: zone,
    }).format(unixMs);
  }

  /** A date, `2026-03-05`. */
  day(day: string): string {
    const noon = new Date(`${day}T12:00:00Z`);
    return new Intl.DateTimeFormat(this.words.language, { dateStyle: "medium", timeZone: "UTC" }).format(
      noon,
    );
  }

  /** The same without its year, for the marks of an axis. */
  dayShort(day: string): string {
    const noon = new Date(`${day}T12:00:00Z`);
    return new Intl.DateTimeFormat(this.words.language, {
      month: "short",
      day: "numeric",
      timeZone: "UTC",
    }).format(noon);
  }

  /** A month, `2026-03`. */
  month(month: string): string {
    const middle = new Date(`${month}-15T12:00:00Z`);
    return new Intl.DateTimeFormat(this.words.language, {
      year: "numeric",
      month: "long",
      timeZone: "UTC",
    }).format(middle);
  }

  people(part: number, whole: number): string {
    return this.words.text("people.of", { part: this.count(part), whole: this.count(whole) });
  }

  /** What is in a cell of a table. */
  cell(cell: Cell): string {
    if (cell === "none") return NONE;
    if ("text" in cell) return cell.text;
    if ("day" in cell) return this.day(cell.day);
    if ("month" in cell) return this.month(cell.month);
    if ("word" in cell) return this.words.named(cell.word.join("."));
    if ("count" in cell) return this.count(cell.count);
    if ("duration_ns" in cell) return this.duration(cell.duration_ns);
    if ("trend" in cell) return this.trend(cell.trend);
    if ("share" in cell) return this.share(cell.share);
    if ("people" in cell) return this.people(cell.people.part, cell.people.whole);
    if ("score" in cell) return this.score(cell.score);
    if ("range" in cell)
      return this.words.text("interval.of", {
        low: this.cell(cell.range.low),
        high: this.cell(cell.range.high),
      });
    if ("bytes" in cell) return this.bytes(cell.bytes);
    if ("apdex" in cell) return this.apdex(cell.apdex.index, cell.apdex.is_of_few);
    if ("within" in cell) return this.within(cell.within.from_ns, cell.within.below_ns);
    if ("quantity" in cell) return this.value(cell.quantity.value, cell.quantity.unit);
    if ("sides" in cell) return cell.sides.map((n) => this.count(n)).join("/");
    if ("change" in cell) return this.change(cell.change);
    if ("interval" in cell) return this.interval(cell.interval.low, cell.interval.high);
    const [group, counts] = cell.counts;
    const what = (key: string) => (group === "" ? key : this.words.named(`${group}.${key}`));
    const one = ([key, n]: [string, number]) =>
      this.words.text("counts.one", { n: this.count(n), what: what(key) });
    return counts.map(one).join(this.words.text("counts.separator")) || NONE;
  }

  /** From the first of some durations to the last. */
  private trend(values: (number | null)[]): string {
    const known = values.filter((value) => value !== null);
    const [first, last] = [known[0], known.at(-1)];
    if (first === undefined || last === undefined) return NONE;
    return this.words.text("interval.of", { low: this.duration(first), high: this.duration(last) });
  }

  /** The first names of a list, and how many more there are. */
  list(names: string[], most: number): string {
    const more = names.length - most;
    const shown = names.slice(0, most);
    if (more > 0) shown.push(this.words.text("list.more", { n: this.count(more) }));
    return new Intl.ListFormat(this.words.language, { type: "conjunction" }).format(shown);
  }

  /** How much something changed, with its sign. */
  change(change: Change): string {
    const signed = { signDisplay: "exceptZero", minimumFractionDigits: 1, maximumFractionDigits: 1 } as const;
    if ("ratio" in change)
      return change.ratio >= 10
        ? this.words.text("change.times", { n: this.number(change.ratio, { maximumSignificantDigits: 3 }) })
        : this.number(change.ratio - 1, { style: "percent", ...signed });
    if ("points" in change)
      return this.words.text("change.points", { n: this.number(change.points * 100, signed) });
    if ("score" in change) return this.number(change.score, signed);
    if ("chance" in change) return this.share(change.chance);
    const { unit, value } = change.difference;
    return `${value > 0 ? "+" : ""}${this.value(value, unit)}`;
  }

  private interval(low: Change | null, high: Change | null): string {
    const end = (of: Change | null) => (of === null ? NONE : this.change(of));
    return this.words.text("interval.of", { low: end(low), high: end(high) });
  }

  /** A value in a unit of UCUM, or in one of a tool. */
  private value(value: number, unit: string): string {
    const sign = value < 0 ? "-" : "";
    const size = Math.abs(value);
    if (unit === "ns") return `${sign}${this.duration(size)}`;
    if (unit === "By") return `${sign}${this.bytes(size)}`;
    const number = this.number(value, { notation: "compact", maximumSignificantDigits: 3 });
    return unit === "1" || unit === "" ? number : `${number} ${unit}`;
  }

  private apdex(index: number, isOfFew: boolean): string {
    const text = this.number(index, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return isOfFew ? this.words.text("apdex.few", { index: text }) : text;
  }

  private within(fromNs: number, belowNs: number | null): string {
    return belowNs === null
      ? this.words.text("within.from", { from: this.duration(fromNs) })
      : this.words.text("within.below", { below: this.duration(belowNs) });
  }

  private quantity(value: number, unit: string, digits: number): string {
    return this.number(value, {
      style: "unit",
      unit,
      unitDisplay: "narrow",
      minimumSignificantDigits: value === 0 ? 1 : digits,
      maximumSignificantDigits: digits,
    });
  }

  private number(value: number, options: Intl.NumberFormatOptions): string {
    return new Intl.NumberFormat(this.words.language, options).format(value);
  }
}
