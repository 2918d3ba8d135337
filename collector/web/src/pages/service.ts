// A month of service on one page, to be printed or sent.

import { service as ask } from "../api";
import { h } from "../dom";
import { type Pen, table } from "../table";
import { span } from "./waits";

/** The page, as soon as its figures are there. */
export async function service(pen: Pen, wanted: AbortSignal): Promise<Node[]> {
  const { address, words, format } = pen;
  const answer = await ask(address.query(), wanted);
  const file = `/v1/service/file?${address.query()}`;
  const month = h("input", { type: "month", name: "month", value: answer.month });
  month.addEventListener("change", () => {
    const there = h("a", { href: String(address.with([["month", month.value]])), hidden: true });
    document.body.append(there);
    there.click();
    there.remove();
  });
  return [
    h("p", { class: "headline" }, format.month(answer.month)),
    ...span(answer, pen),
    h(
      "p",
      { class: "tools" },
      h("label", {}, words.text("service.month"), month),
      h("a", { href: file, download: "" }, words.text("service.file")),
    ),
    ...answer.sections.filter((section) => section.rows.length > 0).map((section) => table(section, pen)),
  ];
}
