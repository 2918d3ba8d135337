// A section of a report as a table.
//
// Owns: heads, rows, and which rows are folded away. Refuses: choosing sections.
// Invariant: it shows the cells that the collector sent, in its order, and computes none.

import type { Address } from "./address";
import type { Cell, Column, Releases, Row, Section } from "./api";
import { type Child, fillWith, h } from "./dom";
import { type Format, NONE } from "./format";
import type { Words } from "./words";

/** What a table is written with. */
export interface Pen {
  address: Address;
  words: Words;
  format: Format;
  /** The releases there are. */
  releases: Promise<Releases>;
}

/** The section with its title, its note and its rows. */
export function table(section: Section, pen: Pen): HTMLElement {
  const { words, format } = pen;
  const title = `section-${section.key}`;
  const note = words.named(`section.${section.key}.note`, { n: format.count(section.n ?? 0) });
  const longest = section.is_ranked ? Math.max(...section.rows.map((row) => lost(section, row))) : 0;
  return h(
    "section",
    { "aria-labelledby": title },
    h("h2", { id: title }, words.named(`section.${section.key}`)),
    h("p", {}, note),
    h(
      "div",
      { class: "wide", tabindex: 0, role: "group", "aria-labelledby": title },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            section.columns.map((column) => head(column, words)),
          ),
        ),
        items(section.rows).map((rows) => item(section, rows, longest, pen)),
      ),
    ),
    section.more > 0 && h("p", {}, words.text("section.more", { n: format.count(section.more) })),
  );
}

/** What stands beside each row, once it is known. */
export interface Beside {
  /** What the column is called, if more is known of that by then. */
  head?: Child;
  /** What stands beside the row about this touchpoint. */
  cell: (touchpoint: string) => Child;
}

/** Adds a column that is filled later than the table, and goes if there is nothing to fill it with. */
export function column(
  whole: HTMLElement,
  section: Section,
  title: string,
  found: Promise<Beside | undefined>,
  { words }: Pen,
  wanted: AbortSignal,
): void {
  const head = h(
    "th",
    { scope: "col", class: "text", "aria-busy": "true" },
    title,
    h("progress", { "aria-label": words.text("state.loading") }),
  );
  const cells = section.rows.map(() => h("td", { class: "text beside" }));
  whole.querySelector("thead tr")?.append(head);
  whole.querySelectorAll("tbody tr").forEach((line, at) => line.append(cells[at] ?? ""));
  const fill = (beside: Beside | undefined) => {
    if (wanted.aborted) return;
    if (beside === undefined) for (const cell of [head, ...cells]) cell.remove();
    head.setAttribute("aria-busy", "false");
    fillWith(head, beside?.head ?? title);
    section.rows.forEach((row, at) => {
      const cell = cells[at];
      if (cell !== undefined && row.touchpoint !== undefined) fillWith(cell, beside?.cell(row.touchpoint));
    });
  };
  void found.then(fill, (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    fill({ cell: () => NONE });
    if (!wanted.aborted) whole.append(h("p", { role: "alert" }, words.text("state.error", { reason })));
  });
}

/** The cell of a row in the column of this key. */
export function cellOf(section: Section, row: Row, key: string): Cell {
  return row.cells[section.columns.findIndex((column) => column.key === key)] ?? "none";
}

/** How long a duration is; 0 if the cell is none. */
export function nanoseconds(cell: Cell): number {
  return typeof cell === "object" && "duration_ns" in cell ? cell.duration_ns : 0;
}

/** A share from 0 to 1; nothing if the cell is none. */
export function shareOf(cell: Cell): number | undefined {
  return typeof cell === "object" && "share" in cell ? cell.share : undefined;
}

function head(column: Column, words: Words): HTMLElement {
  return h("th", { scope: "col", class: column.is_text && "text" }, words.named(`column.${column.key}`));
}

/** Each row with its parts behind it. */
export function items(rows: Row[]): Row[][] {
  const items: Row[][] = [];
  for (const row of rows) {
    const last = items.at(-1);
    if (row.is_part && last !== undefined) last.push(row);
    else items.push([row]);
  }
  return items;
}

/** A row, and a button for its parts if it has any. */
function item(section: Section, [row, ...parts]: Row[], longest: number, pen: Pen): HTMLElement {
  const body = h("tbody");
  if (row === undefined) return body;
  const hidden = parts.map((part) => line(section, part, 0, pen));
  for (const part of hidden) part.hidden = true;
  const shown = line(section, row, longest, pen);
  if (hidden.length > 0) shown.firstElementChild?.append(" ", opener(hidden, pen.words, shown));
  body.append(shown, ...hidden);
  return body;
}

function opener(parts: HTMLElement[], words: Words, of: HTMLElement): HTMLElement {
  const name = of.firstElementChild?.textContent ?? "";
  const button = h(
    "button",
    {
      type: "button",
      class: "parts",
      "aria-expanded": "false",
      "aria-label": words.text("section.parts", { name }),
      onclick: () => {
        const isOpen = button.getAttribute("aria-expanded") === "true";
        button.setAttribute("aria-expanded", String(!isOpen));
        for (const part of parts) part.hidden = isOpen;
      },
    },
    "▸",
  );
  return button;
}

function line(section: Section, row: Row, longest: number, pen: Pen): HTMLElement {
  // The name of what a row is about: its touchpoint, or what stands first.
  const named = Math.max(
    0,
    section.columns.findIndex((column) => column.key === "touchpoint"),
  );
  const cells = section.columns.map((column, at) => {
    const cell = row.cells[at] ?? "none";
    const attributes = { class: column.is_text && "text" };
    const text = linked(pen.format.cell(cell), cell, column, at === named ? row.touchpoint : undefined, pen);
    const written =
      at === 0 && !row.is_part ? h("th", { scope: "row", ...attributes }, text) : h("td", attributes, text);
    if (column.key === "lost" && longest > 0) bar(written, lost(section, row) / longest);
    return written;
  });
  return h("tr", { class: row.is_part && "part" }, cells);
}

/** What is written in a cell, as a link where a page has more of it. */
function linked(
  text: string,
  cell: Cell,
  column: Column,
  touchpoint: string | undefined,
  { address }: Pen,
): Node | string {
  if (column.key === "session" && typeof cell === "object" && "text" in cell)
    return h("a", { href: String(address.on("session").with([["session", cell.text]])) }, text);
  if (touchpoint === undefined || address.page === "touchpoint") return text;
  return h("a", { href: String(address.on("touchpoint").with([["touchpoint", touchpoint]])) }, text);
}

/** How long the row is in its ranking, beside the first one. */
function bar(cell: HTMLElement, share: number): void {
  cell.classList.add("bar");
  cell.style.setProperty("--share", share.toFixed(3));
}

function lost(section: Section, row: Row): number {
  return row.is_part ? 0 : nanoseconds(cellOf(section, row, "lost"));
}
