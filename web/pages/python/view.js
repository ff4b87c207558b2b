/**
 * What is in a database, by the catalog: each namespace with its kind, its count and its first rows.
 *
 * It asks what any page can ask; no Python is behind it.
 */

import { made } from "../page.js";

/** How many rows of a namespace are shown. */
const ROWS = 5;

/** How many characters of a value are. */
const LENGTH = 60;

/**
 * @typedef {import("../../client/client.js").Client} Client
 * @typedef {{name: string, kind: string, count: number, rows: Record<string, any>[]}} Found
 */

/**
 * Show what is in a database in the place of what was shown.
 * @param {HTMLElement} place
 * @param {Client} db
 */
export async function showView(place, db) {
  const found = await lookInto(db);
  const nothing = made("p", { className: "quiet" }, "Nothing yet.");
  place.replaceChildren(...(found.length ? found.map(shown) : [nothing]));
}

/**
 * @param {Client} db
 * @returns {Promise<Found[]>}
 */
async function lookInto(db) {
  const found = [];
  for (const name of await db.namespaces()) {
    const { kind } = await db.describe(name);
    found.push(kind === "kv" ? await keysOf(db, name) : await rowsOf(db, name, kind));
  }
  const count = await db.count({ end: LENSES });
  if (count) found.push(await bytesOf(db, count));
  return found;
}

/** Where the lenses begin to keep what is theirs. */
const LENSES = new Uint8Array([0xfe]);

/**
 * @param {Client} db
 * @param {string} name
 * @param {string} kind
 */
async function rowsOf(db, name, kind) {
  const lens = kind === "table" ? db.table(name) : db.documents(name);
  const { rows } = await lens.find({}, { limit: ROWS }).page();
  return { name, kind, count: await lens.count(), rows };
}

/**
 * @param {Client} db
 * @param {string} name
 */
async function keysOf(db, name) {
  const kv = db.kv(name);
  const { rows } = await kv.scan({ limit: ROWS }).page();
  const entries = rows.map(([key, value]) => ({ key, value }));
  return { name, kind: "text keys", count: await kv.count(), rows: entries };
}

/**
 * @param {Client} db
 * @param {number} count
 */
async function bytesOf(db, count) {
  const { rows } = await db.scan({ end: LENSES, limit: ROWS }).page();
  const entries = rows.map(([key, value]) => ({ key, value }));
  return { name: "Bytes", kind: "keys without a namespace", count, rows: entries };
}

/** @param {Found} found */
function shown({ name, kind, count, rows }) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const head = columns.map((column) => made("th", { scope: "col" }, column));
  const body = rows.map((row) =>
    made("tr", {}, ...columns.map((column) => made("td", {}, textOf(row[column])))),
  );
  const table = made("table", {}, made("thead", {}, made("tr", {}, ...head)));
  table.append(made("tbody", {}, ...body));
  const scroll = made("div", { className: "scroll", tabIndex: 0, ariaLabel: `Rows of ${name}` });
  scroll.role = "region";
  scroll.append(table);
  const more = count > rows.length ? `, the first ${rows.length}:` : "";
  return made(
    "section",
    { className: "namespace" },
    made("h3", {}, name),
    made("div", { className: "quiet" }, `${kind}, ${count}${more}`),
    ...(rows.length ? [scroll] : []),
  );
}

/**
 * Return a value as Python would write it, as far as it fits.
 * @param {unknown} value
 */
function textOf(value) {
  const text = written(value);
  return text.length > LENGTH ? `${text.slice(0, LENGTH)} ...` : text;
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function written(value) {
  if (value === undefined) return "";
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `b'${[...value].map(byteText).join("")}'`;
  if (typeof value === "bigint") return String(value);
  return typeof value === "string" ? value : JSON.stringify(value, bigintsToo);
}

/** @param {number} byte */
function byteText(byte) {
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

/**
 * @param {string} _name
 * @param {unknown} value
 */
function bigintsToo(_name, value) {
  return typeof value === "bigint" ? String(value) : value;
}
