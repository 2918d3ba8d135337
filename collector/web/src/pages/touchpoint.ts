// One touchpoint: how long its waits are, since when, at which hours, for whom, and the longest of them.

import { touchpoint as ask } from "../api";
import { distribution, hours, trend } from "../chart";
import { h } from "../dom";
import { type Pen, cellOf, nanoseconds, table } from "../table";
import { sentence, span } from "./waits";

/** The page, as soon as its figures are there. */
export async function touchpoint(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const { address, words } = pen;
  if (address.word("touchpoint") === "") return [h("p", {}, words.text("touchpoint.choose"))];
  const answer = await ask(address.query(), wanted);
  const of = (key: string) => answer.sections.find((section) => section.key === key);
  const whole = of("touchpoints");
  const first = whole?.rows[0];
  const targetNs =
    whole === undefined || first === undefined ? 0 : nanoseconds(cellOf(whole, first, "target"));
  const shown = answer.sections.map((section) => {
    if (section.key === "distribution") return distribution(section, targetNs, pen);
    if (section.key === "days" && section.rows.length > 1)
      return trend(section, of("begun"), of("marks"), targetNs, pen);
    if (section.key === "hours") return hours(section, of("marks"), pen);
    return table(section, pen);
  });
  return [...span(answer, pen), ...sentence(whole, pen), splits(pen), ...shown];
}

/** The fields that every app has; the key of a dimension can be written into the address of a filter's form. */
const FIELDS = ["tier", "network", "country", "model"] as const;

/** The ways to split the touchpoint, and back. */
function splits({ address, words }: Pen): HTMLElement {
  const chosen = address.word("by");
  const keys = (address.question.get("dimension") ?? []).map((said) => said.split(":")[0] ?? "");
  const fields = [...new Set([...FIELDS, "channel", ...keys, ...(chosen === "" ? [] : [chosen])])];
  return h(
    "nav",
    { class: "splits", "aria-label": words.text("touchpoint.by") },
    h("span", {}, words.text("touchpoint.by")),
    fields.map((field) =>
      h(
        "a",
        {
          href: String(address.with([["by", field === chosen ? "" : field]])),
          "aria-current": field === chosen && "true",
        },
        words.named(`filter.${field}`),
      ),
    ),
  );
}
