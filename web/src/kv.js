/** Text keys and their values, in the order of the keys: the methods of `libredb.kv`. */

import { Lens } from "./lens.js";
import { Pages } from "./pages.js";

/**
 * @typedef {import("./calls.js").Calls} Calls
 * @typedef {import("./calls.js").CallOptions} CallOptions
 *
 * @typedef {object} RangeOptions
 * @property {string} [start]
 * @property {string} [end]  the first key that is not in the range
 * @property {string} [prefix]  instead of both
 *
 * @typedef {{reverse?: boolean, limit?: number, page?: number}} ScanOptions
 */

/** A dict of text keys; its values are JSON, text or bytes. */
export class KV extends Lens {
  /**
   * @param {Calls} calls
   * @param {string} namespace
   * @param {{values?: "json" | "str" | "bytes"}} options
   */
  constructor(calls, namespace, { values } = {}) {
    super(calls, "kv", { namespace, values });
  }

  /** Return a value, or null. @param {string} key @param {CallOptions} [options] */
  get(key, options = {}) {
    return this.ask("get", { key }, options);
  }

  /**
   * Return a value and its version, for `putIf`; null and 0 where there is none.
   * @param {string} key
   * @param {CallOptions} [options]
   * @returns {Promise<{value: any, version: number}>}
   */
  getVersioned(key, options = {}) {
    return this.ask("get_versioned", { key }, options);
  }

  /** Return several values. @param {string[]} keys @param {CallOptions} [options] */
  getMany(keys, options = {}) {
    return this.ask("get_many", { keys }, options);
  }

  /** Return whether a key is there. @param {string} key @param {CallOptions} [options] */
  has(key, options = {}) {
    return this.ask("has", { key }, options);
  }

  /** Return how many keys there are; reads them all. @param {CallOptions} [options] */
  count(options = {}) {
    return this.ask("count", {}, options);
  }

  /**
   * Return the entries of a range, or all, in the order of their keys.
   * @param {RangeOptions & ScanOptions & CallOptions} [options]
   * @returns {Pages<[string, any]>}
   */
  scan(options = {}) {
    const { start, end, prefix, reverse, ...rest } = options;
    const range = { start, end, prefix, reverse };
    const read = (/** @type {number} */ limit, /** @type {string | null} */ after) =>
      this.read("scan", { ...range, limit, after: after ?? undefined }, rest);
    return new Pages(read, { limit: rest.limit, page: rest.page });
  }

  /**
   * Set a key; with `ttl_ms` it is there for so long only.
   * @param {string} key
   * @param {any} value
   * @param {{ttl_ms?: number} & CallOptions} [options]
   */
  set(key, value, { ttl_ms, ...options } = {}) {
    return this.ask("set", { key, value, ttl_ms }, options);
  }

  /**
   * Set several keys, all or none.
   * @param {Record<string, any> | Iterable<[string, any]>} entries
   * @param {{ttl_ms?: number} & CallOptions} [options]
   */
  async setMany(entries, { ttl_ms, ...options } = {}) {
    const pairs = Symbol.iterator in entries ? entries : Object.entries(entries);
    const list = Array.from(/** @type {Iterable<[string, any]>} */ (pairs));
    return this.ask("set_many", { entries: list, ttl_ms }, options);
  }

  /**
   * Set a key if its version is still this one; return whether it was.
   * @param {string} key
   * @param {any} value
   * @param {number} version
   * @param {CallOptions} [options]
   */
  putIf(key, value, version, options = {}) {
    return this.ask("put_if", { key, value, version }, options);
  }

  /** Add to an integer; return the sum. @param {string} key @param {number | bigint} [by] @param {CallOptions} [options] */
  incr(key, by = 1, options = {}) {
    return this.ask("incr", { key, by }, options);
  }

  /** Delete a key; return whether it was there. @param {string} key @param {CallOptions} [options] */
  delete(key, options = {}) {
    return this.ask("delete", { key }, options);
  }

  /** Delete a key; return its value, or null. @param {string} key @param {CallOptions} [options] */
  pop(key, options = {}) {
    return this.ask("pop", { key }, options);
  }

  /** Return a value; set it if there is none. @param {string} key @param {any} value @param {CallOptions} [options] */
  setDefault(key, value, options = {}) {
    return this.ask("setdefault", { key, value }, options);
  }

  /** Delete a range; return how many. @param {RangeOptions & CallOptions} range */
  deleteRange({ start, end, prefix, ...options }) {
    return this.ask("delete_range", { start, end, prefix }, options);
  }

  /** Delete every key. @param {CallOptions} [options] */
  clear(options = {}) {
    return this.ask("clear", {}, options);
  }

  /** Delete what is expired; return how many entries. @param {CallOptions} [options] */
  purgeExpired(options = {}) {
    return this.ask("purge_expired", {}, options);
  }

  /** Return what is wrong; empty if nothing. @param {CallOptions} [options] */
  check(options = {}) {
    return this.ask("check", {}, options);
  }
}
