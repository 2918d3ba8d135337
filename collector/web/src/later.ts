// What takes longer than the rest of a page, which does not wait for it.

import { h } from "./dom";
import type { Pen } from "./table";

/** A part of a page that is filled when `nodes` are known, or with why they are not. */
export function later(nodes: Promise<Node[]>, { words }: Pen, wanted: AbortSignal): HTMLElement {
  const part = h(
    "div",
    { "aria-busy": "true" },
    h("progress", { "aria-label": words.text("state.loading") }),
  );
  void nodes
    .catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      return [h("p", { role: "alert" }, words.text("state.error", { reason }))];
    })
    .then((shown) => {
      if (wanted.aborted) return;
      part.replaceChildren(...shown);
      part.setAttribute("aria-busy", "false");
    });
  return part;
}
