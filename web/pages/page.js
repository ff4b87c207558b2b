/**
 * What every page here does: find its parts, make new ones, say what happened and what went wrong.
 *
 * A page has a place with the id `said` (role status) and one with the id `error` (role alert), so
 * that whoever does not see the page is told as well.
 */

import { DatabaseFailedError, OutcomeUnknownError, WorkerError } from "../client/client.js";

/**
 * Return the part of the page with an id.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function part(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`the page has no ${kind.name} with the id ${id}`);
}

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name
 * @param {Partial<HTMLElementTagNameMap[N]>} properties
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[N]}
 */
export function made(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/**
 * Make a button.
 * @param {string} text
 * @param {() => unknown} onclick
 * @param {Partial<HTMLButtonElement>} [properties]
 */
export function button(text, onclick, properties = {}) {
  return made("button", { type: "button", onclick: trying(onclick), ...properties }, text);
}

/**
 * Say what happened.
 * @param {...(Node | string)} what
 */
export function say(...what) {
  part("said", HTMLElement).replaceChildren(...what);
}

/**
 * Return a listener that does some work, and says what goes wrong with it.
 * @param {(event: any) => unknown} work
 */
export function trying(work) {
  return async (/** @type {any} */ event = undefined) => {
    try {
      await work(event);
    } catch (error) {
      complain(error);
    }
  };
}

/**
 * The errors after which a page starts again, and what is to be known before the text of one, which
 * is for whoever writes the page.
 */
const ENDS = [
  {
    kind: OutcomeUnknownError,
    text: "It is not known whether that was done. Start again, and look before you repeat it.",
  },
  { kind: WorkerError, text: "The database of this page has ended. What was kept is still there." },
  { kind: DatabaseFailedError, text: "The database has to be opened again, after a failure." },
];

/**
 * Say what went wrong, until it is dismissed or something else does.
 * @param {unknown} error
 */
export function complain(error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const end = ENDS.find(({ kind }) => error instanceof kind);
  const place = part("error", HTMLElement);
  place.replaceChildren(
    made("p", {}, made("strong", {}, end?.text ?? "That did not work.")),
    made("p", { className: "details" }, `${name}: ${message}`),
    end
      ? button("Start again", () => location.reload())
      : button("Dismiss", () => place.replaceChildren()),
  );
}

/**
 * Ask a question in the dialog with the id `ask`; return whether the answer is yes.
 * @param {string} title
 * @param {string} text
 * @param {string} yes  what the answer is called
 * @returns {Promise<boolean>}
 */
export function asked(title, text, yes) {
  const dialog = part("ask", HTMLDialogElement);
  const answer = (/** @type {string} */ value) => () => dialog.close(value);
  dialog.replaceChildren(
    made("h2", { id: "ask-title" }, title),
    made("p", {}, text),
    made(
      "div",
      { className: "buttons" },
      button("Cancel", answer("no"), { autofocus: true }),
      button(yes, answer("yes"), { className: "danger" }),
    ),
  );
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/**
 * Return a size as people read it.
 * @param {number} bytes
 */
export function sizeText(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let power = 0;
  while (bytes >= 1000 && power < units.length - 1) {
    bytes /= 1000;
    power++;
  }
  return `${bytes.toFixed(bytes < 10 && power ? 1 : 0)} ${units[power]}`;
}
