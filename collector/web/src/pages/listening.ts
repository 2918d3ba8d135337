// What customers say: in reviews and calls that the bank imported, and in the app, beside how long they had waited.

import type { Address } from "../address";
import { type Section, listening as asked, ratings } from "../api";
import { praise } from "../chart";
import { h } from "../dom";
import { later } from "../later";
import { type Pen, cellOf, table } from "../table";
import { example } from "./gaps";

/** What no review says. */
const OF_DEVICES = ["os", "tier", "network", "country", "model"] as const;

/** The answers that there are to whether waiting explains the rating. */
const ANSWERS = ["yes", "no", "other_way", "unclear", "too_few_samples"] as const;

/** The page, as soon as its figures are there. */
export async function listening(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const { address, words } = pen;
  const question = ofReviews(address);
  const answer = await asked(question.query(), wanted);
  const said =
    answer.example === undefined
      ? answer.sections.map((section) =>
          section.key === "said_indicators" ? praise(section, pen) : table(section, pen),
        )
      : [
          h("p", { class: "headline" }, words.text("listening.empty")),
          h("p", {}, words.text("listening.import")),
          example(answer.example, pen),
        ];
  // They are read from batches, which takes longer.
  const rated = ratings(address.query(), wanted).then(({ sections }) => explained(sections, pen));
  return [
    h("p", {}, words.text("listening.how")),
    ...(String(question) === String(address) ? [] : [h("p", {}, words.text("listening.less"))]),
    ...said,
    later(rated, pen, wanted),
  ];
}

/** The question without what no review says. */
function ofReviews(address: Address): Address {
  const channels = (address.question.get("dimension") ?? []).filter((word) => word.startsWith("channel:"));
  return address.with([
    ...OF_DEVICES.map((name) => [name, ""] as const),
    ["dimension", ""],
    ...channels.map((word) => ["dimension", word] as const),
  ]);
}

/** The answer in a sentence, and its figures. */
function explained(sections: Section[], pen: Pen): Node[] {
  const { words, format } = pen;
  const section = sections.find(({ key }) => key === "explained");
  const row = section?.rows[0];
  if (section === undefined || row === undefined) return [h("p", {}, words.text("listening.answer.none"))];
  const said = cellOf(section, row, "answer");
  const word = typeof said === "object" && "word" in said ? said.word[1] : "";
  const answer = ANSWERS.find((answer) => answer === word) ?? "unclear";
  const figure = (key: string) => format.cell(cellOf(section, row, key));
  const places = Object.fromEntries(["better", "worse", "n", "n_worse"].map((key) => [key, figure(key)]));
  return [
    h("p", { class: "headline" }, words.text(`listening.answer.${answer}`, places)),
    ...sections.map((section) => table(section, pen)),
    h("p", {}, words.text("listening.why")),
  ];
}
