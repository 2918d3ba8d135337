// The words of the page in each of its languages: those of a report's tables, and the page's own.
//
// Owns: which languages there are, and the text of a key. Refuses: numbers and dates (see format.ts).
// Invariant: a language without one of the texts does not compile.

import type reportEn from "../../../report/words/en.json";
import type ownEn from "../words/en.json";

type Texts = typeof reportEn & typeof ownEn;

/** A key of a text that every language has. */
export type Key = keyof Texts;

/** A language of the page, by its tag (BCP 47), with its name in itself. */
export const LANGUAGES = { en: "English", "zh-Hans": "简体中文", "zh-Hant": "繁體中文" } as const;

/** The tag of a language. */
export type Language = keyof typeof LANGUAGES;

const LOAD: Record<Language, () => Promise<Texts>> = {
  en: async () => join(await import("../../../report/words/en.json"), await import("../words/en.json")),
  "zh-Hans": async () =>
    join(await import("../../../report/words/zh-Hans.json"), await import("../words/zh-Hans.json")),
  "zh-Hant": async () =>
    join(await import("../../../report/words/zh-Hant.json"), await import("../words/zh-Hant.json")),
};

/** The texts of one language. */
export class Words {
  private constructor(
    readonly language: Language,
    private readonly texts: Texts,
  ) {}

  static async load(language: Language): Promise<Words> {
    return new Words(language, await LOAD[language]());
  }

  /** The text of a key, with each `{place}` filled. */
  text(key: Key, places: Record<string, string> = {}): string {
    return fill(this.texts[key], places);
  }

  /** The text of a key that the collector named; the key's last part if this page is older than the collector. */
  named(key: string, places: Record<string, string> = {}): string {
    const text: unknown = Object.hasOwn(this.texts, key) ? this.texts[key as Key] : undefined;
    return typeof text === "string" ? fill(text, places) : key.slice(key.indexOf(".") + 1);
  }
}

/** The language of this tag, or of the browser, or English. */
export function languageOf(tag: string | null, preferred: readonly string[]): Language {
  for (const one of [...(tag === null ? [] : [tag]), ...preferred]) {
    const found = spoken(one);
    if (found !== undefined) return found;
  }
  return "en";
}

function spoken(tag: string): Language | undefined {
  let locale: Intl.Locale;
  try {
    // `zh-TW` is written in traditional characters without saying so.
    locale = new Intl.Locale(tag).maximize();
  } catch {
    return undefined;
  }
  if (locale.language === "zh") return locale.script === "Hant" ? "zh-Hant" : "zh-Hans";
  return locale.language === "en" ? "en" : undefined;
}

function fill(text: string, places: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, place: string) => places[place] ?? whole);
}

function join(report: { default: typeof reportEn }, own: { default: typeof ownEn }): Texts {
  return { ...report.default, ...own.default };
}
