/**
 * The worker that has the database: Pyodide, the wheel, the user's own Python, and a server.
 *
 * The page sends {kind: "start"} first, then requests, then {kind: "close"}; protocol.js has all of
 * them. Whatever ends the server for good is posted as "fatal", so that no call waits for a dead
 * worker. Absent on purpose: a rule about pages that are left; client.js ends this worker then.
 */

/**
 * @typedef {import("./protocol.js").FromWorker} FromWorker
 * @typedef {import("./protocol.js").Start} Start
 * @typedef {import("./protocol.js").ToldError} ToldError
 * @typedef {import("./protocol.js").ToWorker} ToWorker
 */

import { digestOf, startFromSnapshot } from "./snapshot.js";

const HOST = `
import json
from dataclasses import asdict

import libredb
import libredb_opfs
from libredb.remote import Host, Server
from libredb.remote.message import error_as_json


class Serving:
    """A server on the files of a database; what fails is told as JSON, otherwise None."""

    async def acquire(self, name, patience_seconds):
        try:
            self.fs = await libredb_opfs.acquire(name, patience_seconds=patience_seconds)
        except libredb.LibreDBError as error:
            return json.dumps(error_as_json(error))

    def open(self, name):
        try:
            self.server = Server(self.host(f"{name}.libredb"))
        except libredb.LibreDBError as error:
            self.fs.close()
            return json.dumps(error_as_json(error))
        self.answer = self.server.answer

    def host(self, path):
        async def storage():
            return asdict(await libredb_opfs.storage())

        return Host(
            open=lambda: libredb.open(path, fs=self.fs),
            restore=lambda pieces: libredb.restore(pieces, path, fs=self.fs, replace=True),
            storage=storage,
            request_persistence=libredb_opfs.request_persistence,
        )

    def close(self):
        try:
            self.server.close()
        except libredb.LibreDBError as error:
            return json.dumps(error_as_json(error))
        finally:
            self.fs.close()
`;

/** Where the wheel is for Python, which imports from the archive: unpacking it takes longer. */
const WHEEL_PATH = "/lib/libredb.whl";

const ADD_WHEEL = `import sys; sys.path.append("${WHEEL_PATH}")`;

const MODULE_NAME = "libredb_module";

const QUIET = { messageCallback: () => {} };

/** @type {any} */
let serving;
/** @type {(text: string) => any} */
let answer;

/** @param {FromWorker} message */
function post(message) {
  self.postMessage(message);
}

/** @param {import("./protocol.js").Step} step  that begins @param {string} [note]  on the one before */
function progress(step, note) {
  post({ kind: "progress", step, note });
}

/**
 * Load everything and open the database.
 * @param {Start} start
 * @returns {Promise<ToldError | null>}  why it could not be opened
 */
async function open(start) {
  progress("pyodide");
  requireFunctionsOfTexts();
  const wheel = start.wheel === null ? null : fetched(start.wheel, "the wheel", "PK");
  const [pyodide, text] = await Promise.all([
    wheel !== null && start.snapshot ? restored(start, wheel) : prepared(start, wheel),
    start.module ? textOf(start.module) : null,
  ]);
  if (start.packages.length > 0) {
    progress("packages");
    await pyodide.loadPackage(start.packages, QUIET);
  }
  if (text !== null) {
    progress("module");
    await importModule(pyodide, text);
  }
  serving = pyodide.runPython("Serving()");
  progress("acquire");
  const patience = start.patience_ms === null ? Number.POSITIVE_INFINITY : start.patience_ms / 1000;
  const refusal = await serving.acquire(start.name, patience);
  if (refusal) return JSON.parse(refusal);
  progress("open");
  const damage = serving.open(start.name);
  if (damage) return JSON.parse(damage);
  answer = serving.answer;
  return null;
}

/** Pyodide makes functions of texts when it starts; where a policy forbids that, it waits for ever. */
function requireFunctionsOfTexts() {
  try {
    new Function();
  } catch (error) {
    throw new Error(
      "the content security policy that this worker's script is served with keeps Pyodide from " +
        `starting; it needs script-src 'self' blob: 'unsafe-eval' (${error})`,
    );
  }
}

/**
 * Return a Pyodide that has imported libredb.
 * @param {Start} start
 * @param {Promise<ArrayBuffer> | null} fetching  the wheel
 */
async function prepared(start, fetching) {
  const [loadPyodide, wheel] = await Promise.all([loader(start.pyodide), fetching]);
  const pyodide = await loadPyodide();
  progress("wheel");
  if (wheel) addWheel(pyodide, wheel);
  else await pyodide.loadPackage("libredb", QUIET);
  progress("import");
  pyodide.runPython(HOST);
  return pyodide;
}

/**
 * Return one that has imported libredb at an earlier start.
 * @param {Start} start
 * @param {Promise<ArrayBuffer>} fetching  the wheel
 */
async function restored(start, fetching) {
  const [loadPyodide, wheel] = await Promise.all([loader(start.pyodide), fetching]);
  const digest = await digestOf(wheel, HOST);
  const { pyodide, note } = await startFromSnapshot(loadPyodide, start.pyodide, digest, (fresh) => {
    addWheel(fresh, wheel);
    fresh.runPython(HOST);
  });
  progress("wheel", note);
  pyodide.FS.writeFile(WHEEL_PATH, new Uint8Array(wheel)); // files are in no snapshot
  progress("import");
  return pyodide;
}

/**
 * @param {any} pyodide
 * @param {ArrayBuffer} wheel
 */
function addWheel(pyodide, wheel) {
  pyodide.FS.writeFile(WHEEL_PATH, new Uint8Array(wheel));
  pyodide.runPython(ADD_WHEEL);
}

/** @param {string} url  of pyodide.mjs */
async function loader(url) {
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ url)).loadPyodide;
  } catch (error) {
    await fetched(url, "Pyodide", ""); // says more than an import does
    throw error;
  }
}

/**
 * Return what is at a URL, or say what is there instead.
 * @param {string} url
 * @param {string} what
 * @param {string} begin  what it begins with
 */
async function fetched(url, what, begin) {
  const response = await fetch(url).catch((error) => {
    throw new Error(`${what} cannot be fetched from ${url}: ${error.message}`);
  });
  if (!response.ok) throw new Error(`${what} is not at ${url}: status ${response.status}`);
  const data = await response.arrayBuffer();
  const found = new TextDecoder("latin1").decode(data.slice(0, begin.length));
  if (found !== begin) {
    throw new Error(`what is at ${url} is not ${what}: the server answers with something else`);
  }
  return data;
}

/** @param {{url: string} | {text: string}} module */
async function textOf(module) {
  if ("text" in module) return module.text;
  return new TextDecoder().decode(await fetched(module.url, "the module", ""));
}

/**
 * Import the user's own Python, which registers functions.
 * @param {any} pyodide
 * @param {string} text
 */
async function importModule(pyodide, text) {
  pyodide.FS.writeFile(`/home/pyodide/${MODULE_NAME}.py`, text);
  pyodide.pyimport(MODULE_NAME).destroy();
}

/** @param {string} text */
async function reply(text) {
  const found = answer(text);
  post({ kind: "reply", text: typeof found === "string" ? found : await found });
}

/** @param {ToWorker} message */
async function handle(message) {
  if (message.kind === "request") {
    await reply(message.text);
  } else if (message.kind === "start") {
    const refusal = await open(message);
    post(refusal ? { kind: "failed", error: refusal } : { kind: "ready" });
  } else {
    const refusal = serving?.close();
    post({ kind: "closed", error: refusal ? JSON.parse(refusal) : null });
    self.close();
  }
}

self.onmessage = async ({ data }) => {
  try {
    await handle(data);
  } catch (error) {
    post({ kind: "fatal", message: error instanceof Error ? error.message : String(error) });
    self.close();
  }
};

post({ kind: "hello" });
