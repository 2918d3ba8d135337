// A value a day as a line, as small as a word.
//
// Owns: the line. Refuses: values. Plot would draw it, too, but weighs 80 kB that the page of the waits does without.
// Invariant: heights begin at 0, and a day without a value is a gap.

import { type Child, svg } from "./dom";
import type { Pen } from "./table";

const WIDTH = 90;
const HEIGHT = 22;

/** The values with what they say in words; that they are too few where no line can be drawn. */
export function sparkline(values: (number | null)[], { words, format }: Pen): Child {
  const known = values.filter((value) => value !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined || known.length < 2)
    return words.named("verdict.too_few_samples");
  const longest = Math.max(...known);
  const places = values.map((value, day) => {
    const y = HEIGHT - 2 - ((value ?? 0) / Math.max(longest, 1)) * (HEIGHT - 4);
    return value === null ? null : { x: 2 + (day * (WIDTH - 4)) / (values.length - 1), y };
  });
  const runs: { x: number; y: number }[][] = [[]];
  for (const place of places) place === null ? runs.push([]) : runs.at(-1)?.push(place);
  const end = places.filter((place) => place !== null).at(-1);
  const text = words.text("trend.label", {
    n: format.count(values.length),
    first: format.duration(first),
    last: format.duration(last),
    longest: format.duration(longest),
  });
  return svg(
    "svg",
    { class: "trend", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": text },
    svg("title", {}, text),
    runs.map((run) =>
      svg("polyline", { points: run.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ") }),
    ),
    // A day between two gaps is a point and no line.
    runs
      .filter((run) => run.length === 1)
      .map(([one]) => one !== undefined && svg("circle", { cx: one.x, cy: one.y, r: 1 })),
    end !== undefined && svg("circle", { cx: end.x, cy: end.y, r: 2 }),
  );
}
