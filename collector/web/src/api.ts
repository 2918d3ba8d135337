// The collector's read API, as far as the page asks it.
//
// Owns: the shapes of its answers and what a refusal means. Refuses: what is shown.
// Invariant: an answer that is no longer wanted is given up, and the collector stops working on it.

/** What is in a cell of a table; see `GET /v1/sections`. */
export type Cell =
  | "none"
  | { text: string }
  | { day: string }
  | { month: string }
  | { word: [group: string, key: string] }
  | { count: number }
  | { duration_ns: number }
  | { trend: (number | null)[] }
  | { share: number }
  | { people: { part: number; whole: number } }
  | { apdex: { index: number; is_of_few: boolean } }
  | { bytes: number }
  | { score: number }
  | { range: { low: Cell; high: Cell } }
  | { within: { from_ns: number; below_ns: number | null } }
  | { quantity: { unit: string; value: number } }
  | { sides: [base: number, head: number] }
  | { change: Change }
  | { interval: { low: Change | null; high: Change | null } }
  | { counts: [group: string, counts: [what: string, n: number][]] };

/** How much something changed; see `GET /v1/compare/sections`. */
export type Change =
  | { ratio: number }
  | { points: number }
  | { score: number }
  | { chance: number }
  | { difference: { unit: string; value: number } };

/** A column of a table. */
export interface Column {
  key: string;
  is_text: boolean;
}

/** A row; a part is of the row before it that is none. */
export interface Row {
  is_part: boolean;
  cells: Cell[];
  /** The touchpoint that it is about, as `touchpoint` in an address. */
  touchpoint?: string;
}

/** A part of a report as a table. */
export interface Section {
  key: string;
  about: "waits" | "nowait" | "releases" | "bank";
  n?: number;
  is_ranked: boolean;
  columns: Column[];
  rows: Row[];
  more: number;
}

/** The answer of `GET /v1/sections`. */
export interface Sections {
  sections_version: number;
  scope: { from_unix_ms: number; until_unix_ms: number; zone: string; filters: Record<string, string> };
  uncounted: Record<string, number>;
  sections: Section[];
}

/** The answer of `GET /v1/compare/sections`. */
export interface Compared {
  sections_version: number;
  base: string;
  head: string;
  verdict: Cell;
  sections: Section[];
}

/** The answer of `GET /v1/gaps/sections` and its like. */
export interface Tables {
  sections_version: number;
  sections: Section[];
  /** What to write into the budgets file where it says nothing yet. */
  example?: string;
  /** What to write into it so that it says what the address tries out. */
  toml?: string;
}

/** The answer of `GET /v1/reader`. */
export interface Reader {
  tenant: string | null;
  role: "viewer" | "admin";
  is_signed_in: boolean;
}

/** Why there is no answer. */
export class Refusal extends Error {
  constructor(
    /** The status, or 0 if nothing came back. */
    readonly status: number,
    reason: string,
  ) {
    super(reason);
  }

  /** Whether asking the same again cannot help. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 429;
  }
}

/** The tables of a report. */
export function sections(question: URLSearchParams, wanted: AbortSignal): Promise<Sections> {
  return ask("/v1/sections", question, wanted);
}

/** The latest releases side by side. */
export function sideBySide(question: URLSearchParams, wanted: AbortSignal): Promise<Sections> {
  return ask("/v1/releases/sections", question, wanted);
}

/** The touchpoints of a report, day by day. */
export function daily(question: URLSearchParams, wanted: AbortSignal): Promise<Sections> {
  return ask("/v1/daily/sections", question, wanted);
}

/** The tables of one touchpoint. */
export function touchpoint(question: URLSearchParams, wanted: AbortSignal): Promise<Sections> {
  return ask("/v1/touchpoint/sections", question, wanted);
}

/** The tables of a month of service. */
export function service(
  question: URLSearchParams,
  wanted: AbortSignal,
): Promise<Sections & { month: string }> {
  return ask("/v1/service/sections", question, wanted);
}

/** The tables of one session. */
export function session(question: URLSearchParams, wanted: AbortSignal): Promise<{ sections: Section[] }> {
  return ask("/v1/session/sections", question, wanted);
}

/** The tables of a comparison. */
export function compared(question: URLSearchParams, wanted: AbortSignal): Promise<Compared> {
  return ask("/v1/compare/sections", question, wanted);
}

/** How customers fare. */
export function indicators(question: URLSearchParams, wanted: AbortSignal): Promise<Tables> {
  return ask("/v1/indicators/sections", question, wanted);
}

/** The same from month to month. */
export function months(question: URLSearchParams, wanted: AbortSignal): Promise<Tables> {
  return ask("/v1/indicators/months/sections", question, wanted);
}

/** The touchpoints over the life of a customer. */
export function map(question: URLSearchParams, wanted: AbortSignal): Promise<Tables> {
  return ask("/v1/map/sections", question, wanted);
}

/** What customers say in reviews and calls. */
export function listening(question: URLSearchParams, wanted: AbortSignal): Promise<Tables> {
  return ask("/v1/listening/sections", question, wanted);
}

/** What they said in the app, beside how long they had waited. */
export function ratings(question: URLSearchParams, wanted: AbortSignal): Promise<Tables> {
  return ask("/v1/listening/ratings/sections", question, wanted);
}

/** How far the bank is from what its customers expect. */
export function gaps(question: URLSearchParams, wanted: AbortSignal): Promise<Tables> {
  return ask("/v1/gaps/sections", question, wanted);
}

/** What became of the gaps that were chosen. */
export function targets(question: URLSearchParams, wanted: AbortSignal): Promise<Tables> {
  return ask("/v1/gaps/targets/sections", question, wanted);
}

/** How it went at a step, 0 to 10. */
export interface Moment {
  channel: string;
  label: string;
  moment: number;
}

/** One journey, as far as its curve is drawn; see `GET /v1/journey/sections`. */
export interface JourneyMap {
  label: string;
  steps: { channel: string; label: string; moment: number | null }[];
  peak_end: { worst: Moment; last: Moment; remembered: number } | null;
}

/** The journeys that there are, by their names and what a person calls them. */
export async function journeyNames(
  question: URLSearchParams,
  wanted: AbortSignal,
): Promise<{ name: string; label: string }[]> {
  return (await ask<{ journeys: { name: string; label: string }[] }>("/v1/report", question, wanted))
    .journeys;
}

/** One journey, step by step, with its tables. */
export function journey(
  question: URLSearchParams,
  wanted: AbortSignal,
): Promise<Sections & { journey: JourneyMap }> {
  return ask("/v1/journey/sections", question, wanted);
}

/** What arrives from devices, as of now. */
export function arrivals(question: URLSearchParams, wanted: AbortSignal): Promise<Tables> {
  return ask("/v1/arrivals/sections", ofTenant(question), wanted);
}

/** Who asks. */
export function reader(wanted: AbortSignal): Promise<Reader> {
  return ask("/v1/reader", new URLSearchParams(), wanted);
}

/** The releases that there are, the earliest first, and the one that the bank holds every other one against. */
export interface Releases {
  releases: string[];
  pinned: string | null;
}

/** The releases that there are. */
export function releases(question: URLSearchParams, wanted: AbortSignal): Promise<Releases> {
  return ask("/v1/releases", ofTenant(question), wanted);
}

/** The budgets that waits are judged by, as TOML. */
export async function budgets(wanted: AbortSignal): Promise<string> {
  return (await answered("/v1/budgets", { signal: wanted })).text();
}

/** Judges by these from now on, for admins; the budgets as they are kept. */
export async function setBudgets(toml: string): Promise<string> {
  return (await answered("/v1/budgets", { method: "PUT", body: toml })).text();
}

/** What is known of somebody; see `POST /v1/deletions`. */
export interface Removed {
  batches: number;
  sessions: number;
  reviews: number;
  is_deleted: boolean;
  is_in_log: boolean;
}

/** What would be deleted, or, if that is sure, what was, for admins. */
export async function deletion(wanted: Record<string, string | boolean>): Promise<Removed> {
  const response = await answered("/v1/deletions", { method: "POST", body: JSON.stringify(wanted) });
  return (await response.json()) as Removed;
}

/** Nothing of a question but whose figures it is about. */
function ofTenant(question: URLSearchParams): URLSearchParams {
  const tenant = question.get("tenant");
  return new URLSearchParams(tenant === null ? {} : { tenant });
}

async function ask<T>(path: string, question: URLSearchParams, wanted: AbortSignal): Promise<T> {
  return (await (await answered(`${path}?${question}`, { signal: wanted })).json()) as T;
}

async function answered(address: string, request: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { ...request, headers: { accept: "application/json" } });
  } catch (error) {
    request.signal?.throwIfAborted();
    throw new Refusal(0, error instanceof Error ? error.message : String(error));
  }
  if (response.ok) return response;
  throw new Refusal(response.status, await reason(response));
}

async function reason(response: Response): Promise<string> {
  try {
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null && "reason" in body) return String(body.reason);
  } catch {
    // A proxy answers in a form of its own.
  }
  return `${response.status} ${response.statusText}`;
}
