/**
 * A page for people who write only Python: what is in the editor runs in the worker that has the
 * database, and what it prints is shown while it runs.
 *
 * Stopping ends the worker and starts another one: Python's names are gone, what was committed is
 * there. runner.py is the part that is in the worker.
 */

import { connect } from "../../client/client.js";
import { keepPages } from "../keeping.js";
import { asked, part, say, trying } from "../page.js";
import { started } from "../starting.js";
import { makeEditor, replaceAll } from "./editor.js";
import { EXAMPLES } from "./examples.js";
import { showView } from "./view.js";

/** Where the program is kept for the next visit. */
const PROGRAM = "libredb python program";

const code = part("code", HTMLTextAreaElement);
const output = part("output", HTMLPreElement);
const example = part("example", HTMLSelectElement);
const run = part("run", HTMLButtonElement);
const stop = part("stop", HTMLButtonElement);
const clear = part("clear", HTMLButtonElement);

/** @type {import("../../client/client.js").Client} */
let db;
let isStopping = false;
/** @type {BroadcastChannel | undefined} */
let channel;

/** @param {Partial<import("../../client/client.js").Options>} options */
function open(options) {
  return connect({
    name: "python",
    pyodide: new URL("../../pyodide.mjs", import.meta.url),
    worker: new URL("../worker.js", import.meta.url),
    module: new URL("runner.py", import.meta.url),
    ...options,
  });
}

async function start() {
  db = await started(open);
  await look();
}

async function look() {
  await showView(part("view", HTMLElement), db);
  run.disabled = clear.disabled = false;
}

async function runProgram() {
  if (run.disabled) return;
  run.disabled = clear.disabled = true;
  stop.disabled = false;
  output.replaceChildren();
  part("error", HTMLElement).replaceChildren();
  say("Running ...");
  const begun = performance.now();
  try {
    const isDone = await db.callWith({ deadline_ms: null }, "run", code.value, listen());
    const ms = Math.round(performance.now() - begun);
    say(isDone ? `Done in ${ms} ms.` : "It ended with an error.");
  } catch (error) {
    if (!isStopping) throw error;
    isStopping = false;
    say("Stopped.");
    await start();
    say("Stopped. Python has begun anew; what was committed is there.");
  } finally {
    stop.disabled = true;
  }
  await look();
}

/** Show what a run posts, and return the name of the channel that it does so on. */
function listen() {
  channel?.close(); // whatever is still to come of the last run
  channel = new BroadcastChannel(`libredb python ${crypto.randomUUID()}`);
  channel.onmessage = ({ data }) => {
    const end = data.indexOf(" ");
    const piece = document.createElement("span");
    piece.className = data.slice(0, end);
    piece.textContent = data.slice(end + 1);
    output.append(piece);
    output.scrollTop = output.scrollHeight;
  };
  return channel.name;
}

function stopProgram() {
  isStopping = true;
  stop.disabled = true;
  db.terminate();
}

async function deleteAll() {
  const text = "All namespaces and keys of this page's database will be gone.";
  if (!(await asked("Delete all of it?", text, "Delete all"))) return;
  run.disabled = clear.disabled = true;
  await db.destroy();
  await start();
  say("The database is empty.");
}

function chooseExample() {
  const chosen = EXAMPLES[example.value];
  if (chosen) replaceAll(code, chosen);
}

example.append(new Option("choose one ...", ""));
for (const title of Object.keys(EXAMPLES)) example.append(new Option(title));
example.addEventListener("change", chooseExample);
code.value = localStorage.getItem(PROGRAM) ?? EXAMPLES.Documents;
code.addEventListener("input", () => localStorage.setItem(PROGRAM, code.value));
output.tabIndex = 0; // so that the keyboard can scroll it
makeEditor(code, trying(runProgram));
run.addEventListener("click", trying(runProgram));
stop.addEventListener("click", stopProgram);
clear.addEventListener("click", trying(deleteAll));
await start();
await keepPages();
