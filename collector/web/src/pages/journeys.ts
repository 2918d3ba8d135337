// One journey, step by step and across channels: where customers leave it, where the time goes, and how it felt.
//
// Owns: the choice of a journey, and drawing its curve. Refuses: figures: each point and each cell is the collector's.
// Invariant: what the curve shows stands in the table below it too, in the same order.

import { type JourneyMap, journey, journeyNames, sections } from "../api";
import { h, svg } from "../dom";
import { type Pen, table } from "../table";
import { span } from "./waits";

/** The page, as soon as its figures are there. */
export async function journeys(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const all = pen.address.with([["journey", ""]]);
  const chosen = pen.address.word("journey");
  const names = await journeyNames(all.query(), wanted);
  const choices = names.map(({ name, label }) =>
    h("a", { href: String(all.with([["journey", name]])), "aria-current": name === chosen && "true" }, label),
  );
  const choice = h("nav", { class: "choices", "aria-label": pen.words.text("journeys.all") }, choices);
  if (chosen !== "") return [choice, ...(await one(pen, wanted))];
  const answer = await sections(all.query(), wanted);
  const listed = answer.sections.filter(({ key }) => key === "journeys" || key === "steps");
  if (listed.length === 0) return [];
  return [
    ...span(answer, pen),
    h("p", { class: "headline" }, pen.words.text("journeys.choose")),
    choice,
    ...listed.map((section) => table(section, pen)),
  ];
}

/** The journey that the address names. */
async function one(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const query = pen.address.query();
  const answer = await journey(query, wanted);
  return [
    ...span(answer, pen),
    h("p", { class: "headline" }, sentence(answer.journey, pen)),
    curve(answer.journey, pen),
    ...answer.sections.map((section) => table(section, pen)),
  ];
}

/** What customers keep of it, in a sentence; only its name where no step has a value. */
function sentence({ label, peak_end: found }: JourneyMap, { words, format }: Pen): string {
  if (found === null) return label;
  return words.text("journeys.headline", {
    journey: label,
    worst: found.worst.label,
    low: format.score(found.worst.moment),
    last: format.score(found.last.moment),
    remembered: format.score(found.remembered),
  });
}

/** Units of the drawing: its height from 0 to 10 on the scale, and the room around it. */
const [HEIGHT, STEP, ROOM] = [150, 80, 28];
const WORST = 0;
const BEST = 10;

/** The emotion map: a point for each step that has a value, and a line between neighbours that both have one. */
function curve(map: JourneyMap, { words, format }: Pen): HTMLElement {
  const title = h("h2", {}, words.text("journeys.curve"));
  const formula = h("p", {}, words.text("journeys.formula"));
  if (map.steps.every(({ moment }) => moment === null))
    return h("section", {}, title, formula, h("p", {}, words.text("journeys.few")));
  const width = Math.max(map.steps.length * STEP, 4 * STEP);
  const at = (nth: number): number => (nth + 0.5) * (width / map.steps.length);
  const height = (moment: number): number => HEIGHT * (1 - moment / BEST);
  const points = map.steps.flatMap(({ moment, label }, nth) =>
    moment === null ? [] : [{ x: at(nth), y: height(moment), moment, label, nth }],
  );
  const lines = points.flatMap((point, nth) => {
    const next = points[nth + 1];
    return next?.nth === point.nth + 1
      ? [svg("line", { x1: point.x, y1: point.y, x2: next.x, y2: next.y, class: "curve" })]
      : [];
  });
  const rules = [WORST, BEST / 2, BEST].map((value) => [
    svg("line", { x1: 0, y1: height(value), x2: width, y2: height(value), class: "rule" }),
    svg("text", { x: -6, y: height(value) + 4, class: "scale" }, format.count(value)),
  ]);
  const marks = points.map(({ x, y, moment, label }) => [
    svg("circle", { cx: x, cy: y, r: 4 }, svg("title", {}, `${label} ${format.score(moment)}`)),
    svg("text", { x, y: y - 9, class: "value" }, format.score(moment)),
  ]);
  const numbers = map.steps.map((_, nth) =>
    svg("text", { x: at(nth), y: HEIGHT + 18, class: "value" }, format.count(nth + 1)),
  );
  const drawing = svg(
    "svg",
    {
      viewBox: `${-ROOM} ${-ROOM / 2} ${width + ROOM} ${HEIGHT + ROOM * 1.5}`,
      preserveAspectRatio: "xMinYMid",
      role: "img",
      "aria-label": words.text("journeys.curve.label", { journey: map.label }),
      class: "emotion",
    },
    rules,
    lines,
    marks,
    numbers,
  );
  const legend = h(
    "ol",
    { class: "legend" },
    map.steps.map(({ label }) => h("li", {}, label)),
  );
  return h("section", {}, title, formula, h("figure", {}, drawing, legend));
}
