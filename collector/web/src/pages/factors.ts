// A form for the numbers of the factors: what they would rank first, before anybody writes them into the bank's file.
//
// Nothing is stored: the address has the numbers, so that a link shows the same to a colleague, and the file, which an operator
// reads and everybody can look at, stays the one place where they are kept. The page shows what to write into it.
//
// Owns: what the form says in the address. Refuses: figures (the collector computes the table).

import type { Cell, Row, Section } from "../api";
import { h } from "../dom";
import { type Pen, cellOf } from "../table";

/** The numbers of a factor, in the order in which the address has them behind its name. */
const NUMBERS = ["experience", "expectation", "importance", "ideal"] as const;

/** Lines for factors that there are not yet. */
const NEW_MAX = 3;

interface Line {
  /** What it said at first. */
  before: string;
  row: HTMLElement;
  said: () => string;
}

/** The form, with a line for each factor of the table. */
export function factors(section: Section | undefined, pen: Pen): HTMLElement {
  const { address, words } = pen;
  const tried = new Set((address.question.get("factor") ?? []).map(nameOf));
  const known = (section?.rows ?? []).filter((row) => !row.is_part);
  const lines = [
    ...known.map((row) => line(section, row, pen)),
    ...Array.from({ length: NEW_MAX }, () => line(undefined, undefined, pen)),
  ];
  const form = h(
    "form",
    {
      class: "factors",
      onsubmit: (event: Event) => {
        event.preventDefault();
        const said = lines
          .map((of) => ({ ...of, now: of.said() }))
          .filter(({ before, now }) => nameOf(now) !== "" && (now !== before || tried.has(nameOf(now))))
          .map(({ now }) => ["factor", now] as const);
        location.assign(String(address.with([["factor", ""], ...said])));
      },
    },
    h(
      "div",
      { class: "wide" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["factor", ...NUMBERS].map((key) =>
              h("th", { scope: "col", class: key === "factor" && "text" }, words.named(`column.${key}`)),
            ),
          ),
        ),
        h(
          "tbody",
          {},
          lines.map((of) => of.row),
        ),
      ),
    ),
    h("button", { type: "submit" }, words.text("gaps.try")),
    tried.size > 0 && h("a", { href: String(address.with([["factor", ""]])) }, words.text("gaps.untry")),
  );
  return h(
    "details",
    { open: tried.size > 0 },
    h("summary", {}, words.text("gaps.form")),
    h("p", {}, words.text("gaps.form.how")),
    form,
  );
}

function line(section: Section | undefined, row: Row | undefined, { words, format }: Pen): Line {
  const cell = (key: string): Cell =>
    section === undefined || row === undefined ? "none" : cellOf(section, row, key);
  const name = row === undefined ? "" : format.cell(cell("factor"));
  // Where touchpoints measure it the number is theirs, and one of the bank would not count.
  const isMeasured = score(cell("n")) === undefined && typeof cell("n") === "object";
  const numbers = NUMBERS.map((key) =>
    h("input", {
      type: "number",
      min: 0,
      max: 10,
      step: "any",
      class: "short",
      value: key === "experience" && isMeasured ? "" : (score(cell(key)) ?? ""),
      placeholder: key === "experience" && isMeasured ? format.cell(cell(key)) : "",
      "aria-label": `${name || words.text("gaps.new")}: ${words.named(`column.${key}`)}`,
    }),
  );
  const named = h("input", {
    type: "text",
    maxlength: 80,
    autocomplete: "off",
    "aria-label": words.text("gaps.new"),
  });
  const said = () =>
    [row === undefined ? named.value.trim() : name, ...numbers.map((input) => input.value)].join(":");
  const head =
    row === undefined ? h("td", { class: "text" }, named) : h("th", { scope: "row", class: "text" }, name);
  return {
    before: said(),
    said,
    row: h(
      "tr",
      {},
      head,
      numbers.map((input) => h("td", {}, input)),
    ),
  };
}

/** The name of a factor in a word of the address, which has four numbers behind it. */
function nameOf(word: string): string {
  return word.split(":").slice(0, -NUMBERS.length).join(":");
}

function score(cell: Cell): number | undefined {
  return typeof cell === "object" && "score" in cell ? cell.score : undefined;
}
