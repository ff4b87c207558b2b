/**
 * The messages between a client and a server: what crosses, as types, and how values are written.
 *
 * A request and a reply are JSON texts, the same as in libredb/remote/message.py. What JSON lacks is
 * an object with a tag (libredb/remote/values.py):
 *
 *     Uint8Array {"$bytes": base64}      bigint {"$int": "1"}      Infinity {"$float": "inf"}
 *     Date {"$datetime": microseconds}   an object of one name with a $ {"$object": {...}}
 *
 * What Python has and JavaScript has not comes as text: dates, decimals, UUIDs, datetimes without a
 * zone. A Date with microseconds has them in `microseconds`, and keeps them when it is sent back.
 */

import { errorOf, ProtocolError, UsageTypeError, UsageValueError } from "./errors.js";

/**
 * @typedef {object} Request
 * @property {1} protocol
 * @property {number} id  tells which reply is whose
 * @property {string} client
 * @property {number} seq  how many writes this client has sent
 * @property {number | null} epoch  the owner that the client thinks it talks to
 * @property {number | null} deadline_ms  how long the client waits
 * @property {string} call
 * @property {Record<string, Json>} args
 *
 * @typedef {{id: number | null, version: number, value: Json}} ValueReply
 * @typedef {{id: number | null, error: {code: string, message: string, fields: Record<string, Json>}}}
 *   ErrorReply
 * @typedef {ValueReply | ErrorReply} Reply
 *
 * @typedef {null | boolean | number | string | Json[] | {[name: string]: Json}} Json
 *
 * @typedef {null | boolean | number | bigint | string | Date | Uint8Array | Value[] |
 *   {[name: string]: Value}} Value  what comes back
 *
 * What a page and its worker say to each other besides:
 * @typedef {object} Start
 * @property {"start"} kind
 * @property {string} name  of the database
 * @property {string} pyodide  URL of pyodide.mjs
 * @property {string | null} wheel  URL of the wheel; null where Pyodide knows libredb by name
 * @property {string[]} packages  of Pyodide, for the module
 * @property {{url: string} | {text: string} | null} module  the user's own Python
 * @property {number | null} patience_ms  how long to wait for a database that is open; null for ever
 * @property {boolean} snapshot  whether the memory of Python is kept for the next start
 *
 * @typedef {Start | {kind: "request", text: string} | {kind: "close"}} ToWorker
 * @typedef {"pyodide" | "wheel" | "import" | "packages" | "module" | "acquire" | "open" | "ready"}
 *   Step
 * @typedef {{code: string, message: string, fields: Record<string, Json>}} ToldError
 * @typedef {{kind: "hello"} | {kind: "progress", step: Step, note?: string} |
 *   {kind: "ready"} |
 *   {kind: "failed", error: ToldError} | {kind: "reply", text: string} |
 *   {kind: "fatal", message: string} | {kind: "closed", error: ToldError | null}} FromWorker
 */

export const PROTOCOL = 1;

/** How deep values may nest; more would overflow the stack of the worker, which ends it. */
export const MAX_LEVELS = 128;

/** The calls that change nothing, so that a lost one is no question. All others are writes. */
export const READS = new Set([
  ...["get", "get_many", "has", "count", "scan", "sync", "stats", "backup", "storage"],
  ...["get", "get_many", "get_versioned", "has", "count", "scan", "check"].map((n) => `kv.${n}`),
  ...["get", "get_many", "get_versioned", "has", "count", "find", "find_one", "one"].map(
    (n) => `documents.${n}`,
  ),
  ...["distinct", "explain", "indexes", "check"].map((n) => `documents.${n}`),
  ...["get", "get_many", "get_versioned", "has", "count", "find", "find_one"].map(
    (n) => `table.${n}`,
  ),
  ...["explain", "indexes", "check"].map((n) => `table.${n}`),
  ...["names", "describe", "check"].map((n) => `catalog.${n}`),
]);

/**
 * Return a reply as it was said: a value, or an error to throw.
 * @param {string} text
 * @returns {{id: number | null, version: number, value: any} |
 *   {id: number | null, error: import("./errors.js").LibreDBError}}
 */
export function readReply(text) {
  /** @type {Reply} */
  const reply = JSON.parse(text);
  if ("error" in reply) {
    const { code, message, fields } = reply.error;
    const decoded = Object.entries(fields).map(([name, value]) => [name, decode(value)]);
    return { id: reply.id, error: errorOf({ code, message, fields: Object.fromEntries(decoded) }) };
  }
  return { id: reply.id, version: reply.version, value: decode(reply.value) };
}

/**
 * Return a value as JSON with tags.
 * @param {unknown} value
 * @returns {Json}
 */
export function encode(value) {
  return encoded(value, 0);
}

/**
 * Return the arguments of a call; what is undefined is left out.
 * @param {Record<string, unknown>} args
 * @returns {Record<string, Json>}
 */
export function encodeArguments(args) {
  const given = Object.entries(args).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, encode(value)]));
}

/**
 * Return the value of JSON with tags; it takes the place of the JSON.
 * @param {Json} stored
 * @returns {any}
 */
export function decode(stored) {
  if (typeof stored !== "object" || stored === null) return stored;
  if (Array.isArray(stored)) {
    for (let index = 0; index < stored.length; index++) stored[index] = decode(stored[index]);
    return stored;
  }
  const tag = tagOf(stored);
  if (!tag) return decodedInside(stored);
  const inside = stored[tag];
  if (tag === "$object") return decodedInside(/** @type {{[name: string]: Json}} */ (inside));
  const read = READERS[tag];
  if (!read) throw new ProtocolError(`${tag} is no tag of a value; client and wheel differ`);
  return read(inside);
}

/**
 * Return bytes: text is UTF-8.
 * @param {unknown} data
 * @param {string} what  for the message
 * @returns {Uint8Array}
 */
export function bytesOf(data, what) {
  if (typeof data === "string") {
    if (/\p{Surrogate}/u.test(data)) throw new UsageValueError(`${what} has half of a character`);
    return new TextEncoder().encode(data);
  }
  const bytes = viewOf(data);
  if (!bytes) throw new UsageTypeError(`${what} is bytes or text, not ${described(data)}`);
  return bytes;
}

/** @param {unknown} data */
function viewOf(data) {
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (!ArrayBuffer.isView(data)) return undefined;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * @param {unknown} value
 * @param {number} depth
 * @returns {Json}
 */
function encoded(value, depth) {
  if (depth > MAX_LEVELS) {
    const message = `a value of more than ${MAX_LEVELS} levels, or that holds itself, cannot cross`;
    throw new UsageValueError(message);
  }
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return encodedNumber(value);
  if (typeof value === "bigint") return { $int: String(value) };
  if (Array.isArray(value)) return value.map((each) => encoded(each, depth + 1));
  if (value instanceof Date) return encodedDate(value);
  const bytes = viewOf(value);
  if (bytes) return { $bytes: toBase64(bytes) };
  if (typeof value === "object" && isPlain(value)) {
    const given = Object.entries(value).filter(([, each]) => each !== undefined);
    const object = Object.fromEntries(
      given.map(([name, each]) => [name, encoded(each, depth + 1)]),
    );
    return tagOf(object) ? { $object: object } : object;
  }
  throw new UsageTypeError(`${described(value)} cannot cross; send what JSON or a tag can be`);
}

/** @param {number} value */
function encodedNumber(value) {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) throw new UsageValueError("NaN cannot cross");
  return { $float: value > 0 ? "inf" : "-inf" };
}

/** @param {Date & {microseconds?: number}} date */
function encodedDate(date) {
  const milliseconds = date.getTime();
  if (Number.isNaN(milliseconds)) throw new UsageValueError("an invalid Date cannot cross");
  const exact = date.microseconds;
  const isSame = exact !== undefined && Math.floor(exact / 1000) === milliseconds;
  return { $datetime: isSame ? exact : milliseconds * 1000 };
}

/** @type {Record<string, (inside: any) => any>} */
const READERS = {
  $bytes: fromBase64,
  $int: BigInt,
  $float: (text) => (text === "inf" ? Infinity : -Infinity),
  $datetime: (told) => (typeof told === "number" ? dateOf(told) : told),
  $date: String,
  $decimal: String,
  $uuid: String,
};

/** @param {number} microseconds */
function dateOf(microseconds) {
  const date = new Date(Math.floor(microseconds / 1000));
  return microseconds % 1000 ? Object.assign(date, { microseconds }) : date;
}

/** @param {{[name: string]: Json}} object */
function decodedInside(object) {
  for (const name of Object.keys(object)) object[name] = decode(object[name]);
  return object;
}

/** @param {object} object */
function tagOf(object) {
  const names = Object.keys(object);
  return names.length === 1 && names[0].startsWith("$") ? names[0] : "";
}

/** @param {object} value */
function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null; // of any frame
}

/** @param {unknown} value */
function described(value) {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  return `a ${value.constructor?.name ?? "object"}`;
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  const known = /** @type {{toBase64?: () => string}} */ (bytes);
  if (known.toBase64) return known.toBase64();
  let text = "";
  for (let start = 0; start < bytes.length; start += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return btoa(text);
}

/** @param {string} text */
function fromBase64(text) {
  const known = /** @type {{fromBase64?: (text: string) => Uint8Array}} */ (Uint8Array);
  if (known.fromBase64) return known.fromBase64(text);
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
