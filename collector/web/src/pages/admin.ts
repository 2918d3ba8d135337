// What an admin changes: the budgets that waits are judged by, and what is known of somebody.
//
// Owns: the two forms. Refuses: who is an admin and what may be changed (the collector says).
// Invariant: nothing is deleted before it was said how much that is.

import { type Reader, Refusal, budgets, deletion, setBudgets } from "../api";
import { fillWith, h } from "../dom";
import { later } from "../later";
import type { Pen } from "../table";

/** What can be deleted; all but the last by an id or a name. */
const KINDS = ["session", "install", "version", "feedback"] as const;

/** What an admin can do here; nothing for anybody else. */
export function admin(reader: Reader, pen: Pen, wanted: AbortSignal): Node[] {
  if (reader.role !== "admin") return [];
  const { words } = pen;
  return [
    h("h2", {}, words.text("admin.title")),
    h(
      "details",
      {},
      h("summary", {}, words.text("admin.budgets")),
      h("p", {}, words.text("admin.budgets.how")),
      later(
        budgets(wanted).then((toml) => [budgetsForm(toml, pen)]),
        pen,
        wanted,
      ),
    ),
    h(
      "details",
      {},
      h("summary", {}, words.text("admin.delete")),
      h("p", {}, words.text("admin.delete.how")),
      deletionForm(pen),
    ),
  ];
}

function budgetsForm(toml: string, pen: Pen): HTMLElement {
  const { words } = pen;
  const text = h("textarea", { rows: 16, spellcheck: "false", lang: "en" }, toml);
  const outcome = h("p", { role: "status" });
  const save = h("button", { type: "submit" }, words.text("admin.keep"));
  return h(
    "form",
    {
      class: "admin",
      onsubmit: (event: Event) => {
        event.preventDefault();
        const kept = setBudgets(text.value).then((now) => {
          text.value = now;
          return words.text("admin.kept");
        });
        void told(kept, outcome, save, pen);
      },
    },
    h("label", {}, words.text("admin.toml"), text),
    save,
    outcome,
  );
}

function deletionForm(pen: Pen): HTMLElement {
  const { address, words, format } = pen;
  const kind = h(
    "select",
    {},
    KINDS.map((kind) => h("option", { value: kind }, words.text(`admin.of.${kind}`))),
  );
  const id = h("input", { autocomplete: "off", spellcheck: "false", value: address.word("session") });
  const outcome = h("p", { role: "status" });
  const look = h("button", { type: "submit" }, words.text("admin.look"));
  const sure = h("button", { type: "button", class: "danger", hidden: true }, words.text("admin.sure"));
  const question = () => ({
    ...(address.word("tenant") === "" ? {} : { tenant: address.word("tenant") }),
    [kind.value]: kind.value === "feedback" ? true : id.value.trim(),
  });
  /** What was looked at, and goes if it is wanted. */
  let found = question();
  const forget = () => {
    sure.hidden = true;
    fillWith(outcome, []);
  };
  sure.addEventListener("click", () => {
    const gone = deletion({ ...found, sure: true }).then((went) => {
      sure.hidden = true;
      return words.text(went.is_deleted ? (went.is_in_log ? "admin.gone.log" : "admin.gone") : "admin.goes");
    });
    void told(gone, outcome, sure, pen);
  });
  return h(
    "form",
    {
      class: "admin",
      onchange: forget,
      oninput: forget,
      onsubmit: (event: Event) => {
        event.preventDefault();
        forget();
        found = question();
        const looked = deletion(found).then(({ batches, sessions, reviews }) => {
          sure.hidden = false;
          const counts = { batches, sessions, reviews };
          return words.text(
            kind.value === "feedback" ? "admin.found.reviews" : "admin.found",
            Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, format.count(n)])),
          );
        });
        void told(looked, outcome, look, pen);
      },
    },
    h("label", {}, words.text("admin.what"), kind),
    h("label", {}, words.text("admin.id"), id),
    look,
    outcome,
    sure,
  );
}

/** Says what became of something, or why nothing did. The button waits meanwhile. */
async function told(
  work: Promise<string>,
  outcome: HTMLElement,
  button: HTMLButtonElement,
  { words }: Pen,
): Promise<void> {
  button.disabled = true;
  fillWith(outcome, words.text("admin.works"));
  const text = await work.catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    const isFinal = error instanceof Refusal && error.isFinal;
    return words.text(isFinal ? "state.refused" : "state.error", { reason });
  });
  fillWith(outcome, text);
  button.disabled = false;
}
