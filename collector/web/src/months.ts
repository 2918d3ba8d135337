// The months of each indicator as a small picture with its target in it.
//
// Owns: the picture. Refuses: shares: each point is a cell of the table below.
// Invariant: what is 100 % is at the top of every picture, and both ends of its scale are written on it.

import type { Row, Section } from "./api";
import { h, svg } from "./dom";
import { type Pen, cellOf, items, shareOf } from "./table";

const WIDTH = 240;
const HEIGHT = 80;
/** Room for the ends of the scale. */
const LEFT = 44;
const EDGE = 8;

/** A picture for each indicator that has a month with a share, in the order of the table. */
export function pictures(section: Section, pen: Pen): HTMLElement {
  const shown = items(section.rows).map(([latest, ...before]) =>
    latest === undefined ? null : picture(section, [...before.reverse(), latest], latest, pen),
  );
  return h("div", { class: "months" }, shown);
}

function picture(section: Section, months: Row[], latest: Row, { words, format }: Pen): HTMLElement | null {
  const shares = months.map((row) => shareOf(cellOf(section, row, "went_well")));
  const known = shares.filter((share) => share !== undefined);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return null;
  const target = shareOf(cellOf(section, latest, "target_share"));
  const low = floor(Math.min(...known, target ?? 1));
  const y = (share: number) => EDGE + ((1 - share) / (1 - low)) * (HEIGHT - 2 * EDGE);
  const x = (month: number) => LEFT + (month * (WIDTH - LEFT - EDGE)) / Math.max(1, months.length - 1);
  const points = shares.flatMap((share, month) =>
    share === undefined ? [] : [{ x: x(month).toFixed(1), y: y(share).toFixed(1), month }],
  );
  const name = format.cell(cellOf(section, latest, "indicator"));
  const places = {
    name,
    first: format.share(first),
    last: format.share(last),
    target: target === undefined ? "" : format.share(target),
  };
  const text = words.text(target === undefined ? "months.label" : "months.label.target", places);
  return h(
    "figure",
    {},
    h(
      "figcaption",
      {},
      name,
      h("small", {}, target === undefined ? places.last : words.text("months.caption", places)),
    ),
    svg(
      "svg",
      { class: "month", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": text },
      svg("title", {}, text),
      [1, low].map((end) => svg("text", { x: LEFT - 6, y: y(end) + 4 }, format.percent(end))),
      target !== undefined &&
        svg("line", { class: "target", x1: LEFT, x2: WIDTH - EDGE, y1: y(target), y2: y(target) }),
      runs(points).map((run) => svg("polyline", { points: run.map(({ x, y }) => `${x},${y}`).join(" ") })),
      points.map(({ x, y }) => svg("circle", { cx: x, cy: y, r: 2.5 })),
    ),
  );
}

/** Points of months that follow each other. */
function runs<T extends { month: number }>(points: T[]): T[][] {
  const runs: T[][] = [];
  for (const point of points) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1)?.month === point.month - 1) run.push(point);
    else runs.push([point]);
  }
  return runs;
}

/** The twentieth below a share, so that what is near 100 % still has a shape; never 100 % itself. */
function floor(share: number): number {
  return Math.max(0, Math.min(0.95, Math.floor(share * 20 - 1e-9) / 20));
}
