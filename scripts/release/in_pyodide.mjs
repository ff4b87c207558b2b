/**
 * Runs a Python program in Pyodide: `node in_pyodide.mjs PYODIDE PROGRAM IN OUT`.
 *
 * PYODIDE is the folder of the npm package. The program sees IN and OUT as its two arguments, which
 * are files: what it reads from the first is there, and what it writes into the second is kept.
 */

import { readFile, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const START = `
import runpy, sys
sys.argv = ["/program.py", "/in", "/out"]
runpy.run_path("/program.py", run_name="__main__")
`;

const [folder, program, source, target] = process.argv.slice(2);
const { loadPyodide } = await import(new URL("pyodide.mjs", pathToFileURL(`${folder}/`)).href);
const pyodide = await loadPyodide();
pyodide.FS.writeFile("/program.py", await readFile(program, "utf8"));
pyodide.FS.writeFile("/in", new Uint8Array(await readFile(source)));
pyodide.runPython(START);
await writeFile(target, pyodide.FS.readFile("/out"));
