// The program of the page: it shows what the address says, and goes where a link leads.

import { Address, PATHS } from "./address";
import { Refusal, releases as known, reader } from "./api";
import { h } from "./dom";
import { Format } from "./format";
import { filters, frame, greet, offer } from "./frame";
import { gaps } from "./pages/gaps";
import { health } from "./pages/health";
import { indicators } from "./pages/indicators";
import { journeys } from "./pages/journeys";
import { listening } from "./pages/listening";
import { map } from "./pages/map";
import { releases } from "./pages/releases";
import { service } from "./pages/service";
import { session } from "./pages/session";
import { today } from "./pages/today";
import { touchpoint } from "./pages/touchpoint";
import { waits } from "./pages/waits";
import type { Pen } from "./table";
import { Words } from "./words";
import "./style.css";

const PAGES = {
  today,
  waits,
  journeys,
  touchpoint,
  session,
  releases,
  service,
  indicators,
  gaps,
  map,
  listening,
  health,
};

/** The sign-in is over, and the collector says so. */
const UNAUTHORIZED = 401;

/** Who reads: nobody else as long as the document is the same, since signing in and out loads another. */
const who = reader(new AbortController().signal);

/** Ends what the page before still waits for. */
let leave = new AbortController();

/** Shows an address; `isElsewhere` if the reader was at another one, so that their keyboard and screen reader go on here. */
async function show(address: Address, isElsewhere = false): Promise<void> {
  leave.abort();
  leave = new AbortController();
  const wanted = leave.signal;
  const words = await Words.load(address.language);
  if (wanted.aborted) return;
  const pen: Pen = { address, words, format: new Format(words), releases: known(address.query(), wanted) };
  const title = words.text(`page.${address.page}`);
  document.documentElement.lang = address.language;
  document.title = `${title} · NoWait`;
  const main = h(
    "main",
    { id: "content", tabindex: -1, "aria-busy": "true" },
    h("h1", {}, title),
    h("progress", { "aria-label": words.text("state.loading") }),
  );
  document.body.replaceChildren(frame(address, words), filters(address, words, go), main);
  if (isElsewhere) main.focus({ preventScroll: true });
  void pen.releases.then(
    ({ releases }) => offer(releases),
    () => {
      // Then a release has to be written out; why nothing is answered stands in the page.
    },
  );
  void who.then(
    (reader) => !wanted.aborted && greet(reader, words),
    () => {},
  );
  const parts = await PAGES[address.page](pen, wanted).catch((error: unknown) =>
    failure(error, address, words),
  );
  if (wanted.aborted) return;
  main.querySelector("progress")?.remove();
  main.append(...(parts.length > 0 ? parts : [h("p", {}, words.text("state.empty"))]));
  main.setAttribute("aria-busy", "false");
}

/** Why there is nothing to see, and what can be done. */
function failure(error: unknown, address: Address, words: Words): Node[] {
  if (error instanceof Refusal && error.status === UNAUTHORIZED) {
    location.assign(`/login?${new URLSearchParams({ next: String(address) })}`);
    return [];
  }
  const reason = error instanceof Error ? error.message : String(error);
  const isFinal = error instanceof Refusal && error.isFinal;
  const text = words.text(isFinal ? "state.refused" : "state.error", { reason });
  const again = h("button", { type: "button", onclick: () => void show(address) }, words.text("state.again"));
  return [h("div", { role: "alert" }, h("p", {}, text), !isFinal && again)];
}

/** Shows another address, from which the back button leads here. */
function go(to: Address): void {
  history.pushState(null, "", String(to));
  scrollTo(0, 0);
  void show(to, true);
}

addEventListener("popstate", () => void show(Address.of(location), true));

addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (link === null || !isPlain || link.origin !== location.origin || link.hash !== "") return;
  if (!(Object.values(PATHS) as string[]).includes(link.pathname)) return;
  event.preventDefault();
  go(Address.of(link));
});

void show(Address.of(location));
