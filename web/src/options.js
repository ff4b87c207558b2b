/**
 * What `connect` is told, checked before a worker is started: each mistake says what to do instead.
 */

import { UsageError } from "./errors.js";
import { WHEEL } from "./wheel.js";

/**
 * @typedef {object} Options
 * @property {string} name  of the database; each has files of its own
 * @property {string | URL} pyodide  where pyodide.mjs is, with the other files of Pyodide beside it
 * @property {string | URL} [wheel]  where the wheel of libredb is; that of the npm package if there
 *   is one, otherwise Pyodide has to know libredb by its name, as it does in a release folder
 * @property {string | URL} [worker]  where worker.js is; beside this module by default
 * @property {Record<string, object>} [schema]  namespaces and indexes, made if they are missing
 * @property {string | URL | {text: string}} [module]  Python of your own: a URL, or its text
 * @property {string[]} [packages]  of Pyodide, that the module needs
 * @property {number | null} [deadline_ms]  how long a call may take, 30 s by default; null for ever
 * @property {number} [start_deadline_ms]  how long starting may take, 60 s by default
 * @property {number} [patience_ms]  how long to wait for a database that is open elsewhere, 5 s
 * @property {boolean} [wait]  wait for it without an end; then starting has no deadline either
 * @property {AbortSignal} [signal]  ends the starting
 * @property {(progress: Progress) => void} [onProgress]  told when a step begins
 * @property {false | "experimental"} [snapshot]  keep the memory of Python, for the next start to
 *   begin with: see snapshot.js
 *
 * @typedef {object} Progress
 * @property {import("./protocol.js").Step} step
 * @property {number} ms  since the start
 * @property {string} [note]  what became of the snapshot, if there is one
 *
 * @typedef {object} Checked
 * @property {string} name
 * @property {URL | null} worker  null is the one beside client.js
 * @property {import("./protocol.js").Start} start  what the worker is told
 * @property {Record<string, object>} schema
 * @property {number | null} deadline_ms  of starting
 * @property {AbortSignal | undefined} signal
 * @property {(progress: Progress) => void} onProgress
 */

const KNOWN = new Set([
  ...["name", "pyodide", "wheel", "worker", "schema", "module", "packages", "deadline_ms"],
  ...["start_deadline_ms", "patience_ms", "wait", "signal", "onProgress", "snapshot"],
]);

/**
 * Return the options with what they leave open.
 * @param {Options} options
 * @returns {Checked}
 */
export function checkedOptions(options) {
  if (!(options instanceof Object)) {
    throw new UsageError("connect() takes an object: connect({ name: 'app', pyodide: ... })");
  }
  const unknown = Object.keys(options).find((name) => !KNOWN.has(name));
  if (unknown) throw new UsageError(`connect() has no option ${unknown}: ${[...KNOWN].join(", ")}`);
  checkSurroundings();
  const { name, wait = false, patience_ms = 5000, start_deadline_ms = 60_000 } = options;
  if (typeof name !== "string" || !name || /[/\\\0]/.test(name) || /^\.\.?$/.test(name)) {
    throw new UsageError(`the name of a database is that of a folder, not ${JSON.stringify(name)}`);
  }
  if (options.pyodide === undefined) {
    throw new UsageError(
      "connect() needs pyodide: the URL of pyodide.mjs, as in '/pyodide/pyodide.mjs'",
    );
  }
  const wheel = options.wheel ?? WHEEL;
  return {
    ...{ name, signal: options.signal, schema: options.schema ?? {} },
    worker: options.worker === undefined ? null : urlOf("worker", options.worker),
    start: {
      ...{
        kind: "start",
        name,
        packages: options.packages ?? [],
        module: moduleOf(options.module),
      },
      pyodide: urlOf("pyodide", options.pyodide).href,
      wheel: wheel === null ? null : urlOf("wheel", wheel).href,
      patience_ms: wait ? null : patience_ms,
      snapshot: isExperimental(options.snapshot),
    },
    deadline_ms: wait ? null : start_deadline_ms,
    onProgress: options.onProgress ?? (() => {}),
  };
}

/** Refuse where no database can be, with the reason. */
function checkSurroundings() {
  if (typeof Worker === "undefined" || typeof document === "undefined") {
    throw new UsageError(
      "libredb's client runs in a page: in a worker of yours, or elsewhere, use libredb in Python",
    );
  }
  if (!globalThis.isSecureContext) {
    throw new UsageError(
      `${location.origin} is not a secure context, and has no files: serve the page by https, or from 127.0.0.1`,
    );
  }
  if (!navigator.storage?.getDirectory) {
    throw new UsageError(
      "this browser gives the page no files (OPFS): it is too old, or the window is a private one",
    );
  }
}

/** @param {Options["snapshot"]} snapshot */
function isExperimental(snapshot = false) {
  if (snapshot === false || snapshot === "experimental") return Boolean(snapshot);
  throw new UsageError("snapshot is false or 'experimental': it needs a private part of Pyodide");
}

/** @param {Options["module"]} module */
function moduleOf(module) {
  if (module === undefined) return null;
  if (typeof module === "string" && module.includes("\n")) {
    throw new UsageError("module is a URL; pass Python itself as { text: ... }");
  }
  if (typeof module === "string" || module instanceof URL) {
    return { url: urlOf("module", module).href };
  }
  if (typeof module?.text === "string") return { text: module.text };
  throw new UsageError("module is a URL, or { text: ... } with Python in it");
}

/**
 * @param {string} option
 * @param {string | URL} given
 */
function urlOf(option, given) {
  if (String(given).includes("VERSION")) {
    throw new UsageError(
      `put the version of your file in the place of VERSION: ${option}: ${given}`,
    );
  }
  try {
    return new URL(given, document.baseURI);
  } catch {
    throw new UsageError(`${option} is a URL, not ${JSON.stringify(given)}`);
  }
}
