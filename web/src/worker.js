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

const HOST = `
import json
from dataclasses import asdict

import libredb
import libredb_opfs
from libredb.remote import Host, Server
from libredb.remote.message import error_as_json


class Serving:
    """A server on the files of a database; what fails is told as JSON, otherwise None."""

    async def open(self, name, patience_seconds):
        try:
            self.fs = await libredb_opfs.acquire(name, patience_seconds=patience_seconds)
        except libredb.LibreDBError as error:
            return json.dumps(error_as_json(error))
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


Serving()
`;

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

/**
 * Load everything and open the database.
 * @param {Start} start
 * @returns {Promise<ToldError | null>}  why it could not be opened
 */
async function open(start) {
  post({ kind: "progress", step: "pyodide" });
  const [pyodide, wheel, text] = await Promise.all([
    loaded(start.pyodide),
    start.wheel === null ? null : fetched(start.wheel, "the wheel", "PK"),
    start.module ? textOf(start.module) : null,
  ]);
  post({ kind: "progress", step: "wheel" });
  if (wheel) pyodide.unpackArchive(wheel, "wheel");
  else await pyodide.loadPackage("libredb", QUIET);
  if (start.packages.length > 0) {
    post({ kind: "progress", step: "packages" });
    await pyodide.loadPackage(start.packages, QUIET);
  }
  if (text !== null) {
    post({ kind: "progress", step: "module" });
    await importModule(pyodide, text);
  }
  post({ kind: "progress", step: "open" });
  serving = await pyodide.runPythonAsync(HOST);
  const patience = start.patience_ms === null ? Number.POSITIVE_INFINITY : start.patience_ms / 1000;
  const refusal = await serving.open(start.name, patience);
  if (refusal) return JSON.parse(refusal);
  answer = serving.answer;
  return null;
}

/** @param {string} url  of pyodide.mjs */
async function loaded(url) {
  try {
    const { loadPyodide } = await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
    return await loadPyodide();
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
