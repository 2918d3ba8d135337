// What the address says: which page, in which language, about what.
//
// Owns: reading and writing the address. Refuses: what the words of a question mean (the collector says).
// Invariant: everything that decides what is shown stands in the address, so that a link shows the same to somebody else.

import { LANGUAGES, type Language, languageOf } from "./words";

/** The pages, by their paths. The collector answers each of these paths with this program. */
export const PATHS = {
  today: "/",
  waits: "/waits",
  journeys: "/journeys",
  touchpoint: "/touchpoint",
  session: "/session",
  releases: "/releases",
  service: "/service",
  indicators: "/indicators",
  gaps: "/gaps",
  map: "/map",
  listening: "/listening",
  health: "/health",
} as const;

/** The name of a page. */
export type PageName = keyof typeof PATHS;

const LANGUAGE = "lang";

/** The words that a page has for itself: on another one they mean nothing. */
const OWN: Record<PageName, readonly string[]> = {
  today: [],
  waits: ["page", "pinned"],
  journeys: ["journey"],
  touchpoint: ["touchpoint", "by"],
  session: ["session"],
  releases: ["base", "head"],
  service: ["month"],
  indicators: [],
  gaps: ["factor"],
  map: [],
  listening: [],
  health: [],
};

/** The words of other pages that mean nothing on one. */
const ELSEWHERE: Partial<Record<PageName, readonly string[]>> = {
  releases: ["version"],
  service: ["since", "until", "hours"],
};

/** An address of this program. */
export class Address {
  constructor(
    readonly page: PageName,
    readonly language: Language,
    /** The words of the question, as the collector understands them. */
    readonly question: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** The address that the browser shows; a language that it does not say is the browser's. */
  static of(location: { pathname: string; search: string }): Address {
    const found = Object.entries(PATHS).find(([, path]) => path === location.pathname);
    const search = new URLSearchParams(location.search);
    const language = languageOf(search.get(LANGUAGE), navigator.languages);
    search.delete(LANGUAGE);
    return new Address((found?.[0] ?? "today") as PageName, language, mapped(search));
  }

  /** The first word of this name, or an empty one. */
  word(name: string): string {
    return this.question.get(name)?.[0] ?? "";
  }

  /** The same about something else: words replace those of their name, and an empty one takes them away. */
  with(words: Iterable<readonly [name: string, word: string]>): Address {
    const said = [...words];
    const question = new Map<string, readonly string[]>(this.question);
    for (const [name] of said) question.delete(name);
    for (const [name, word] of said)
      if (word !== "") question.set(name, [...(question.get(name) ?? []), word]);
    return new Address(this.page, this.language, question);
  }

  /** The same question on another page, without the words that belong to this one. */
  on(page: PageName): Address {
    const question = new Map(this.question);
    for (const name of [...OWN[this.page], ...(ELSEWHERE[page] ?? [])]) question.delete(name);
    return new Address(page, this.language, question);
  }

  /** The same in another language. */
  in(language: Language): Address {
    return new Address(this.page, language, this.question);
  }

  /** The page about everybody: what it is about stays. */
  bare(): Address {
    const own = [...this.question].filter(([name]) => name !== "page" && OWN[this.page].includes(name));
    return new Address(this.page, this.language, new Map(own));
  }

  /** The question as the collector takes it. */
  query(): URLSearchParams {
    const query = new URLSearchParams();
    for (const [name, words] of this.question) for (const word of words) query.append(name, word);
    return query;
  }

  toString(): string {
    const query = this.query();
    query.append(LANGUAGE, this.language);
    return `${PATHS[this.page]}?${query}`;
  }
}

/** All languages, by their tags. */
export function languages(): Language[] {
  return Object.keys(LANGUAGES) as Language[];
}

function mapped(search: URLSearchParams): Map<string, string[]> {
  const question = new Map<string, string[]>();
  for (const [name, word] of search) {
    if (word.trim() !== "") question.set(name, [...(question.get(name) ?? []), word]);
  }
  return question;
}
