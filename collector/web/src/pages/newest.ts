// Whether the newest release may go on: its verdict against the one before it, in a sentence with its reason.
//
// Owns: which releases are compared, and what a verdict asks for. Refuses: judging (the collector does).

import type { Address } from "../address";
import { type Compared, type Section, compared } from "../api";
import { h } from "../dom";
import { type Pen, cellOf } from "../table";

/** What is asked of who rolls a release out. */
const ADVICE = { slower: "pause", faster: "fine", equivalent: "fine" } as const;

/** Touchpoints that the sentence names. */
const NAMED_MAX = 3;

/** The newest release against the one before it, and the page with its figures. */
export interface Newest {
  there: Address;
  answer: Compared;
}

/** The comparison; nothing where there is no release to compare with. */
export async function newest(pen: Pen, wanted: AbortSignal): Promise<Newest | undefined> {
  const [base, head] = (await pen.releases).releases.slice(-2);
  return base === undefined || head === undefined ? undefined : against(pen, [base, head], wanted);
}

/** A release against an earlier one. */
export async function against(
  { address }: Pen,
  [base, head]: [base: string, head: string],
  wanted: AbortSignal,
): Promise<Newest> {
  const there = address.on("releases").with([
    ["base", base],
    ["head", head],
  ]);
  return { there, answer: await compared(there.query(), wanted) };
}

/** The touchpoints of a comparison. */
export function touchpointsOf({ answer }: Newest): Section | undefined {
  return answer.sections.find((section) => section.key === "compared");
}

/** The sentence about a comparison. */
export function advice(found: Newest, { words, format }: Pen): (Node | string)[] {
  const { there, answer } = found;
  const verdict =
    typeof answer.verdict === "object" && "word" in answer.verdict ? answer.verdict.word[1] : "";
  const advice = ADVICE[verdict as keyof typeof ADVICE] ?? "watch";
  const { slower, judged } = judgement(touchpointsOf(found));
  const places = {
    base: answer.base,
    head: answer.head,
    n: format.count(slower.length),
    all: format.count(judged),
    list: format.list(slower, NAMED_MAX),
  };
  return [
    h("strong", { class: advice }, words.text(`advice.${advice}`, places)),
    " ",
    words.text(`advice.${advice}.why`, places),
    " ",
    h("a", { href: String(there) }, words.text("advice.figures")),
  ];
}

/** The touchpoints that are slower, and how many could be judged. */
export function judgement(section: Section | undefined): { slower: string[]; judged: number } {
  const slower: string[] = [];
  let judged = 0;
  if (section === undefined) return { slower, judged };
  for (const row of section.rows) {
    const [said, name] = [cellOf(section, row, "verdict"), cellOf(section, row, "touchpoint")];
    // Where waits are missing stands how many, and no verdict.
    if (typeof said !== "object" || !("word" in said) || said.word[1] === "too_few_samples") continue;
    judged++;
    if (said.word[1] === "slower" && typeof name === "object" && "text" in name) slower.push(name.text);
  }
  return { slower, judged };
}
