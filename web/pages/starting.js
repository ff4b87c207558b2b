/**
 * Starts the database of a page, and says how that goes, in the part with the id `starting`.
 *
 * Whatever goes wrong is shown with what can be done about it. Another tab has the database: try
 * again, or wait until it is closed there. Anything else: try again. A page that is shown "loading"
 * and nothing more helps nobody.
 */

import { DatabaseLockedError } from "../client/client.js";
import { button, made, part } from "./page.js";

/** @typedef {Partial<import("../client/client.js").Options>} Waiting */

/** How long a start may take: a slow phone on a slow network is shown what it waits for. */
const START_MS = 180_000;

/** @type {Record<string, string>} */
const STEPS = {
  pyodide: "Loading Python: 13 MB the first time, nothing later ...",
  wheel: "Loading libredb ...",
  import: "Loading libredb ...",
  module: "Loading the functions of this page ...",
  acquire: "Waiting for the files ...",
  open: "Opening the files ...",
  ready: "Looking ...",
};

/**
 * Return what `open` opens, however often it has to be tried.
 * @template T
 * @param {(options: Waiting) => Promise<T>} open
 * @returns {Promise<T>}
 */
export async function started(open) {
  const place = part("starting", HTMLElement);
  place.hidden = false;
  for (let tried = tryOnce(open, place); ; ) {
    try {
      const opened = await tried;
      place.hidden = true;
      return opened;
    } catch (error) {
      const shallWait = await choice(place, error);
      tried = shallWait ? waitFor(open, place, error) : tryOnce(open, place);
    }
  }
}

/**
 * @template T
 * @param {(options: Waiting) => Promise<T>} open
 * @param {HTMLElement} place
 */
function tryOnce(open, place) {
  place.replaceChildren(STEPS.pyodide);
  const onProgress = (/** @type {{step: string}} */ { step }) =>
    place.replaceChildren(STEPS[step] ?? step);
  return open({ patience_ms: 3000, start_deadline_ms: START_MS, onProgress });
}

/**
 * Wait for another tab; who stops waiting is where they were before.
 * @template T
 * @param {(options: Waiting) => Promise<T>} open
 * @param {HTMLElement} place
 * @param {unknown} error
 */
function waitFor(open, place, error) {
  const aborting = new AbortController();
  place.replaceChildren(
    made("p", {}, "Waiting until the other tab is closed ..."),
    button("Stop waiting", () => aborting.abort(error)),
  );
  return open({ wait: true, signal: aborting.signal });
}

/**
 * Show an error, and return whether to wait or to try again.
 * @param {HTMLElement} place
 * @param {unknown} error
 * @returns {Promise<boolean>}
 */
function choice(place, error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const isLocked = error instanceof DatabaseLockedError;
  const meaning = isLocked
    ? "This page is open in another tab, which has the database."
    : "The database could not be opened.";
  return new Promise((resolve) => {
    const buttons = made("div", { className: "buttons" });
    buttons.append(button("Try again", () => resolve(false), { className: "first" }));
    if (isLocked) buttons.append(button("Wait for it", () => resolve(true)));
    place.replaceChildren(
      made("p", {}, made("strong", {}, meaning)),
      made("p", { className: "details" }, `${name}: ${message}`),
      buttons,
    );
  });
}
