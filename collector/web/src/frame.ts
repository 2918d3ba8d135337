// What stands around every page: its name, the way to the others, the language, and whose waits are meant.
//
// Owns: the navigation and the form of the filters. Refuses: figures.
// Invariant: the form says what the address says.

import { type Address, PATHS, type PageName, languages } from "./address";
import type { Reader } from "./api";
import { type Attributes, h } from "./dom";
import { type Key, LANGUAGES, type Words } from "./words";

const SYSTEMS = ["android", "ios", "linux", "macos", "windows", "other"];
const TIERS = ["unknown", "low", "mid", "high"];
const NETWORKS = ["unknown", "offline", "wifi", "cellular", "wired"];

/** The names of the systems in every language. */
const NAMES: Record<string, string> = {
  android: "Android",
  ios: "iOS",
  linux: "Linux",
  macos: "macOS",
  windows: "Windows",
};

/** The pages that stand in the navigation; a number leads to the others. */
const PAGES = (Object.keys(PATHS) as PageName[]).filter(
  (page) => page !== "touchpoint" && page !== "session",
);

/** The head of the page, which leads to the others. */
export function frame(address: Address, words: Words): HTMLElement {
  return h(
    "header",
    {},
    h("a", { class: "skip", href: "#content" }, words.text("app.skip")),
    h("span", { class: "brand" }, "NoWait"),
    h(
      "nav",
      { "aria-label": words.text("app.pages") },
      PAGES.map((page) => pageLink(page, address, words)),
    ),
    h(
      "nav",
      { "aria-label": words.text("app.language"), class: "languages" },
      languages().map((language) =>
        h(
          "a",
          {
            href: String(address.in(language)),
            lang: language,
            "aria-current": language === address.language && "true",
          },
          LANGUAGES[language],
        ),
      ),
    ),
  );
}

/** Says who reads, if that is somebody who signed in, and the way out. */
export function greet(reader: Reader, words: Words): void {
  if (!reader.is_signed_in || reader.tenant === null) return;
  const who = words.text("reader.signed_in", {
    tenant: reader.tenant,
    role: words.text(`role.${reader.role}`),
  });
  document
    .querySelector("header")
    ?.append(
      h(
        "form",
        { method: "post", action: "/logout", class: "reader" },
        h("span", {}, who),
        h("button", { type: "submit" }, words.text("reader.sign_out")),
      ),
    );
}

function pageLink(page: PageName, address: Address, words: Words): HTMLElement {
  const href = String(address.on(page));
  return h("a", { href, "aria-current": page === address.page && "page" }, words.text(`page.${page}`));
}

/** The fields that take a release, where a page has others than the one. */
const RELEASES: Partial<Record<PageName, string[]>> = {
  releases: ["base", "head"],
  waits: ["version", "pinned"],
};

/** The form that says whose waits are meant; `go` is called with what it says. */
export function filters(address: Address, words: Words, go: (to: Address) => void): HTMLFormElement {
  const named = (group: string) => (value: string) => NAMES[value] ?? words.named(`${group}.${value}`);
  const form = h(
    "form",
    {
      role: "search",
      "aria-label": words.text("filter.title"),
      onsubmit: (event: Event) => {
        event.preventDefault();
        const said = [...new FormData(form)].map(([name, word]) => [name, String(word).trim()] as const);
        go(address.with([["page", ""], ...said]));
      },
    },
    (RELEASES[address.page] ?? ["version"]).map((name) => field(name, address, words, { list: CHOICES })),
    choice("os", address, words, SYSTEMS, named("os")),
    choice("tier", address, words, TIERS, named("tier")),
    choice("network", address, words, NETWORKS, named("network")),
    field("country", address, words, { placeholder: words.text("filter.example.country"), class: "short" }),
    field("model", address, words),
    // There may be several: one field for each that is said, and one where none is.
    (address.question.get("dimension") ?? [""]).map((value) =>
      field("dimension", address, words, { value, placeholder: words.text("filter.example.dimension") }),
    ),
    // A month says from when until when.
    address.page !== "service" &&
      ["since", "until"].map((name) => field(name, address, words, { type: date(address.word(name)) })),
    h("button", { type: "submit" }, words.text("filter.show")),
    String(address.bare()) !== String(address) &&
      h("a", { href: String(address.bare()) }, words.text("filter.clear")),
  );
  return form;
}

/** A date, unless the address says a moment that a date cannot: `7d`, or one with a time. */
function date(word: string): string {
  return word === "" || /^\d{4}-\d\d-\d\d$/.test(word) ? "date" : "text";
}

/** What fields of releases offer. */
const CHOICES = "releases";

/** Offers these releases in the fields that take one. */
export function offer(releases: readonly string[]): void {
  const options = releases.map((value) => h("option", { value }));
  document.body.append(h("datalist", { id: CHOICES }, options));
}

function field(name: string, address: Address, words: Words, attributes: Attributes = {}): HTMLElement {
  return h(
    "label",
    {},
    words.text(`filter.${name}` as Key),
    h("input", { name, value: address.word(name), autocomplete: "off", ...attributes }),
  );
}

function choice(
  name: string,
  address: Address,
  words: Words,
  values: string[],
  text: (value: string) => string,
): HTMLElement {
  const chosen = address.word(name);
  return h(
    "label",
    {},
    words.text(`filter.${name}` as Key),
    h(
      "select",
      { name },
      h("option", { value: "" }, words.text("filter.any")),
      // What the address says and nobody knows is shown all the same: the collector says why it is refused.
      [...values, ...(chosen === "" || values.includes(chosen) ? [] : [chosen])].map((value) =>
        h("option", { value, selected: value === chosen }, values.includes(value) ? text(value) : value),
      ),
    ),
  );
}
