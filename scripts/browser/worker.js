/**
 * A dedicated worker with Pyodide in it, for tests: it loads what it is told to and runs Python.
 *
 * Messages in:  {kind: "load", wheels, archives} and {kind: "run", id, code, argument}.
 * Messages out: {kind: "loaded"}, {kind: "done", id, value}, {kind: "failed", id, message},
 *               {kind: "console", text}, {kind: "fatal", message} when it can do no more, and
 *               whatever the Python code posts itself.
 * `argument` reaches the code as the global name `argument`; `value` is JSON-like or a string.
 */

import { loadPyodide } from "/pyodide/pyodide.mjs";

/** @type {any} */
let pyodide;

/**
 * Load Pyodide, the wheels, and archives of files.
 * @param {{wheels: string[], archives: {url: string, folder: string}[]}} message
 */
async function load(message) {
  /** @param {string} text */
  const print = (text) => self.postMessage({ kind: "console", text });
  pyodide = await loadPyodide({ stdout: print, stderr: print });
  // After a fatal error of WebAssembly no promise settles any more.
  pyodide._api.on_fatal = (/** @type {unknown} */ error) =>
    self.postMessage({ kind: "fatal", message: String(error) });
  await pyodide.loadPackage(message.wheels, { messageCallback: () => {}, checkIntegrity: false });
  for (const { url, folder } of message.archives) {
    const response = await fetch(url);
    pyodide.unpackArchive(await response.arrayBuffer(), "zip", { extractDir: folder });
  }
}

self.onmessage = async ({ data }) => {
  try {
    if (data.kind === "load") {
      await load(data);
      self.postMessage({ kind: "loaded" });
      return;
    }
    pyodide.globals.set("argument", data.argument);
    const value = await pyodide.runPythonAsync(data.code);
    self.postMessage({ kind: "done", id: data.id, value: value?.toJs ? value.toJs() : value });
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    self.postMessage({ kind: "failed", id: data.id, message });
  }
};
