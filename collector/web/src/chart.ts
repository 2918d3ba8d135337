// Sections as pictures: how waits are spread, how days went, which hours are slow.
//
// Owns: which picture a section is. Refuses: figures: each point is a cell of a row, and the table with all of them stands below.
// Invariant: a picture is loaded only where one is shown, and nothing is said by colour alone.

import type { Cell, Section } from "./api";
import { h } from "./dom";
import { type Pen, cellOf, nanoseconds, shareOf, table } from "./table";

type Plot = typeof import("./plot");
type Drawing = (plot: Plot, width: number) => Element;

/** Lines of a figure, as pictures of data have them. */
const HEIGHT = 260;

/** How long waits were, with the target and four times the target in it. */
export function distribution(section: Section, targetNs: number, pen: Pen): HTMLElement {
  const { words, format } = pen;
  const bars = section.rows.flatMap((row) => {
    const [from, below] = [
      nanoseconds(cellOf(section, row, "from")),
      nanoseconds(cellOf(section, row, "below")),
    ];
    const beyond = format.cell(cellOf(section, row, "beyond"));
    return (["answered", "unanswered"] as const).map((key) => ({
      from,
      below,
      beyond,
      n: count(cellOf(section, row, key)),
      what: words.named(`column.${key}`),
      colour: key === "answered" ? "var(--data)" : "var(--bad)",
    }));
  });
  const limits = [
    { at: targetNs, text: words.text("chart.target", { target: format.duration(targetNs) }) },
    { at: 4 * targetNs, text: words.text("chart.tolerable", { target: format.duration(4 * targetNs) }) },
  ];
  return figure(section, pen, (plot, width) =>
    plot.plot({
      ...frame(width, words.text("chart.distribution")),
      marginTop: 36,
      x: {
        type: "log",
        label: null,
        ticks: Math.max(3, width / 120),
        tickFormat: (at: number) => format.duration(at),
      },
      y: { label: words.named("column.n"), grid: true, tickFormat: (n: number) => format.count(n) },
      marks: [
        plot.rectY(
          bars.filter((bar) => bar.n > 0),
          {
            x1: "from",
            x2: "below",
            y: "n",
            fill: "colour",
            inset: 0.5,
            title: (bar: (typeof bars)[number]) =>
              words.text("chart.bar", {
                from: format.duration(bar.from),
                below: format.duration(bar.below),
                n: format.count(bar.n),
                what: bar.what,
                beyond: bar.beyond,
              }),
            tip: true,
          },
        ),
        plot.ruleX(limits, { x: "at", stroke: "var(--ink)", strokeDasharray: "4 3" }),
        plot.text(limits, {
          x: "at",
          text: "text",
          frameAnchor: "top",
          dy: -14,
          dx: -4,
          textAnchor: "end",
          fill: "var(--ink)",
        }),
        plot.ruleY([0]),
      ],
    }),
  );
}

/** How long waits were from day to day, with the first day of each release and what the bank marked. */
export function trend(
  days: Section,
  begun: Section | undefined,
  marked: Section | undefined,
  targetNs: number,
  pen: Pen,
): HTMLElement {
  const { words, format } = pen;
  const points = days.rows.flatMap((row) =>
    (["p50", "p75", "p95"] as const).flatMap((key) => {
      const [day, value] = [date(cellOf(days, row, "day")), nanoseconds(cellOf(days, row, key))];
      return value > 0 && day !== undefined
        ? [{ day, value, key: words.named(`column.${key}`), n: count(cellOf(days, row, "n")) }]
        : [];
    }),
  );
  const marks = (begun?.rows ?? []).flatMap((row) => {
    const day = date(cellOf(begun as Section, row, "first_day"));
    return day === undefined ? [] : [{ day, release: format.cell(cellOf(begun as Section, row, "release")) }];
  });
  const banks = marksOf(marked, pen).flatMap((mark) =>
    mark.at === undefined ? [] : [{ ...mark, at: mark.at }],
  );
  return figure(days, pen, (plot, width) =>
    plot.plot({
      ...frame(width, words.text("chart.trend")),
      marginRight: 40,
      x: {
        type: "utc",
        ticks: Math.max(2, Math.floor(width / 90)),
        label: null,
        tickFormat: (day: Date) => format.dayShort(day.toISOString().slice(0, 10)),
      },
      y: { label: null, grid: true, zero: true, tickFormat: (at: number) => format.duration(at) },
      marks: [
        plot.ruleY([targetNs], { stroke: "var(--ink)", strokeDasharray: "4 3" }),
        plot.ruleX(marks, { x: "day", stroke: "var(--line)" }),
        plot.text(marks, {
          x: "day",
          text: "release",
          frameAnchor: "top",
          textAnchor: "start",
          dx: 3,
          fill: "var(--soft)",
        }),
        plot.lineY(points, { x: "day", y: "value", z: "key", stroke: "var(--data)", strokeWidth: 1.5 }),
        plot.dot(points, {
          x: "day",
          y: "value",
          r: 2.5,
          fill: "var(--data)",
          title: (point: (typeof points)[number]) =>
            words.text("chart.point", {
              day: format.day(point.day.toISOString().slice(0, 10)),
              key: point.key,
              value: format.duration(point.value),
              n: format.count(point.n),
            }),
          tip: true,
        }),
        plot.text(
          points,
          plot.selectLast({
            x: "day",
            y: "value",
            z: "key",
            text: "key",
            textAnchor: "start",
            dx: 6,
            fill: "var(--ink)",
          }),
        ),
        plot.ruleY([0]),
        // A payday is a diamond and maintenance a square, on the axis of the days.
        plot.dot(banks, {
          className: "marked",
          x: "at",
          frameAnchor: "bottom",
          symbol: "symbol",
          r: 4,
          fill: "var(--soft)",
          title: "title",
          tip: true,
        }),
      ],
    }),
  );
}

/** What the bank marked, day by day. */
function marksOf(section: Section | undefined, { format, words }: Pen) {
  return (section?.rows ?? []).map((row) => {
    const cell = (key: string): Cell => cellOf(section as Section, row, key);
    const [kind, from, until] = [cell("mark_kind"), hourOf(cell("from_hour")), hourOf(cell("until_hour"))];
    const isPayday = typeof kind === "object" && "word" in kind && kind.word[1] === "payday";
    const day = format.cell(cell("day"));
    const name = format.cell(cell("mark"));
    return {
      at: date(cell("day")),
      day,
      from,
      until,
      name,
      symbol: isPayday ? "diamond2" : "square2",
      title: words.text("chart.mark", { day, name, kind: format.cell(kind) }),
    };
  });
}

/** The hour of a clock. */
function hourOf(cell: Cell): number {
  return typeof cell === "object" && "text" in cell ? Number.parseInt(cell.text, 10) : 0;
}

/** How touchpoints went from release to release, one above the other, each on an axis from zero of its own. */
export function creep(section: Section, pen: Pen): HTMLElement {
  const { words, format } = pen;
  const points = section.rows.flatMap((row) => {
    const value = nanoseconds(cellOf(section, row, "p75"));
    const place = `${format.cell(cellOf(section, row, "touchpoint"))} (${format.cell(cellOf(section, row, "kind"))})`;
    const release = format.cell(cellOf(section, row, "release"));
    return value > 0 ? [{ place, release, value, n: count(cellOf(section, row, "n")) }] : [];
  });
  const places = [...new Set(points.map((point) => point.place))];
  const most = new Map(
    places.map((place) => [
      place,
      Math.max(...points.filter((of) => of.place === place).map((of) => of.value)),
    ]),
  );
  const relative = points.map((point) => ({ ...point, height: point.value / (most.get(point.place) ?? 1) }));
  return figure(section, pen, (plot, width) =>
    plot.plot({
      ...frame(width, words.text("chart.creep")),
      height: 50 + 60 * places.length,
      marginLeft: 20,
      marginRight: Math.min(220, width / 3),
      x: { type: "point", domain: [...new Set(points.map((point) => point.release))], label: null },
      y: { axis: null, domain: [0, 1.25] },
      fy: { domain: places, label: null, axis: "right" },
      marks: [
        plot.ruleY([0], { stroke: "var(--line)" }),
        plot.lineY(relative, { x: "release", y: "height", fy: "place", stroke: "var(--data)" }),
        plot.dot(relative, {
          x: "release",
          y: "height",
          fy: "place",
          r: 3,
          fill: "var(--data)",
          title: (of: (typeof relative)[number]) =>
            words.text("chart.release", {
              release: of.release,
              value: format.duration(of.value),
              n: format.count(of.n),
            }),
          tip: true,
        }),
        plot.text(relative, {
          x: "release",
          y: "height",
          fy: "place",
          dy: -9,
          fill: "var(--ink)",
          text: (of: (typeof relative)[number]) => format.duration(of.value),
        }),
      ],
    }),
  );
}

/** In which hours of which days waits were beyond the target: the darker, the more of them. */
export function hours(section: Section, marked: Section | undefined, pen: Pen): HTMLElement {
  const { words, format } = pen;
  const cells = section.rows.flatMap((row) => {
    const [day, inTime] = [cellOf(section, row, "day"), shareOf(cellOf(section, row, "in_time"))];
    const hour = hourOf(cellOf(section, row, "hour"));
    return inTime === undefined
      ? []
      : [{ day: format.cell(day), hour, late: 1 - inTime, n: count(cellOf(section, row, "n")) }];
  });
  return figure(section, pen, (plot, width) => {
    const days = [...new Set(cells.map((cell) => cell.day))];
    const banks = marksOf(marked, pen).filter((mark) => days.includes(mark.day));
    const named = [...new Set(banks.map((mark) => mark.day))].map((day) => {
      const ofDay = banks.filter((mark) => mark.day === day);
      return {
        day,
        name: format.list(
          ofDay.map((mark) => mark.name),
          2,
        ),
        title: ofDay.map((mark) => mark.title).join("\n"),
      };
    });
    const outlined = banks.flatMap((mark) =>
      Array.from({ length: mark.until - mark.from }, (_, at) => ({ ...mark, hour: mark.from + at })),
    );
    return plot.plot({
      ...frame(width, words.text("chart.hours")),
      height: 60 + 18 * days.length,
      marginLeft: 110,
      marginRight: banks.length > 0 ? Math.min(160, width / 4) : 20,
      x: {
        domain: Array.from({ length: 24 }, (_, hour) => hour),
        label: null,
        ticks: 8,
        tickFormat: (hour: number) => (hour % 3 === 0 ? `${hour}:00` : ""),
      },
      y: { domain: days, label: null },
      opacity: { domain: [0, 1], range: [0.08, 1] },
      marks: [
        plot.cell(cells, {
          x: "hour",
          y: "day",
          fill: "var(--bad)",
          fillOpacity: "late",
          inset: 0.5,
          title: (cell: (typeof cells)[number]) =>
            words.text("chart.hour", {
              day: cell.day,
              hour: `${cell.hour}:00`,
              late: format.share(cell.late),
              n: format.count(cell.n),
            }),
          tip: true,
        }),
        // What the bank marked has an edge, and its name at the end of its line.
        plot.cell(outlined, {
          className: "marked",
          x: "hour",
          y: "day",
          stroke: "var(--ink)",
          fill: "none",
          inset: 1,
          title: "title",
        }),
        plot.text(named, {
          y: "day",
          text: "name",
          frameAnchor: "right",
          textAnchor: "start",
          dx: 6,
          fill: "var(--ink)",
          lineWidth: Math.min(160, width / 4) / 12,
          textOverflow: "ellipsis",
          title: "title",
        }),
      ],
    });
  });
}

/** How much of what is said of each indicator is praise, of the own product and of others. */
export function praise(section: Section, pen: Pen): HTMLElement {
  const { words, format } = pen;
  const points = section.rows.flatMap((row) => {
    const [own, others] = [
      shareOf(cellOf(section, row, "praise")),
      shareOf(cellOf(section, row, "praise_others")),
    ];
    const range = cellOf(section, row, "range");
    const indicator = format.cell(cellOf(section, row, "indicator"));
    return row.is_part || (own === undefined && others === undefined)
      ? []
      : [{ indicator, own, others, range, row }];
  });
  // Without a figure there is nothing to draw, and the table says what is missing.
  if (points.length === 0) return table(section, pen);
  const yours = points.flatMap(({ indicator, own, range, row }) =>
    own === undefined
      ? []
      : [
          {
            indicator,
            at: own,
            ...ends(range, own),
            n: cellOf(section, row, "said"),
            range: format.cell(range),
          },
        ],
  );
  const theirs = points.flatMap(({ indicator, others, row }) =>
    others === undefined ? [] : [{ indicator, at: others, n: cellOf(section, row, "said_others") }],
  );
  return figure(section, pen, (plot, width) =>
    plot.plot({
      ...frame(width, words.text("chart.praise")),
      height: 70 + 34 * points.length,
      marginLeft: Math.min(160, width / 3),
      marginTop: 34,
      x: { domain: [0, 1], label: null, grid: true, ticks: 5, tickFormat: (at: number) => format.share(at) },
      y: { domain: points.map((point) => point.indicator), label: null, type: "band" },
      marks: [
        plot.text([words.text("chart.praise.legend")], {
          frameAnchor: "top-left",
          dy: -28,
          fill: "var(--ink)",
        }),
        plot.ruleY(yours, { y: "indicator", x1: "low", x2: "high", stroke: "var(--data)", strokeWidth: 2 }),
        plot.dot(theirs, {
          x: "at",
          y: "indicator",
          r: 5,
          stroke: "var(--ink)",
          title: (of: (typeof theirs)[number]) =>
            words.text("chart.praise.others", {
              indicator: of.indicator,
              share: format.share(of.at),
              n: format.cell(of.n),
            }),
          tip: true,
        }),
        plot.dot(yours, {
          x: "at",
          y: "indicator",
          r: 5,
          fill: "var(--data)",
          title: (of: (typeof yours)[number]) =>
            words.text("chart.praise.own", {
              indicator: of.indicator,
              share: format.share(of.at),
              range: of.range,
              n: format.cell(of.n),
            }),
          tip: true,
        }),
      ],
    }),
  );
}

/** What every picture has in common. */
function frame(width: number, name: string) {
  return {
    width,
    height: HEIGHT,
    marginLeft: 60,
    ariaLabel: name,
    className: "chart",
    style: { background: "none", fontSize: "12px" },
  };
}

/** The picture with its table below. It is drawn as soon as its library is there, and again where there is another width. */
function figure(section: Section, pen: Pen, draw: Drawing): HTMLElement {
  const place = h("div", { class: "drawing" });
  const whole = table(section, pen);
  const rows = whole.querySelector(".wide");
  if (rows !== null) {
    const folded = h("details", {}, h("summary", {}, pen.words.text("chart.table")));
    rows.replaceWith(place, folded);
    folded.append(rows);
  }
  void import("./plot").then((plot) => {
    let drawn = 0;
    new ResizeObserver(([entry]) => {
      const width = Math.round(entry?.contentRect.width ?? 0);
      if (width === 0 || width === drawn) return;
      drawn = width;
      const picture = draw(plot, width);
      picture.setAttribute("role", "img");
      // A picture has one name; its parts have none of their own.
      for (const part of picture.querySelectorAll("g[aria-label]")) {
        part.setAttribute("data-mark", part.getAttribute("aria-label") ?? "");
        part.removeAttribute("aria-label");
      }
      place.replaceChildren(picture);
    }).observe(place);
  });
  return whole;
}

function count(cell: Cell): number {
  return typeof cell === "object" && "count" in cell ? cell.count : 0;
}

/** The ends of a range of shares; where there is none, the share itself. */
function ends(range: Cell, otherwise: number): { low: number; high: number } {
  const of = typeof range === "object" && "range" in range ? range.range : undefined;
  return { low: shareOf(of?.low ?? "none") ?? otherwise, high: shareOf(of?.high ?? "none") ?? otherwise };
}

/** A day as a moment that no zone can move to another day. */
function date(cell: Cell): Date | undefined {
  return typeof cell === "object" && "day" in cell ? new Date(`${cell.day}T00:00:00Z`) : undefined;
}
