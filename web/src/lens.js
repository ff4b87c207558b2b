/**
 * What the lenses have in common: whom they ask, and how they read page by page.
 *
 * Methods are called as in Python, in JavaScript's spelling; each is one transaction. The last
 * argument of each holds options, and `deadline_ms` and `signal` are always among them. What crosses
 * is as protocol.js says. Absent on purpose: `where` with a function, joins and groups, which do not
 * cross; `client.call` runs a Python function that does them.
 */

import { Pages } from "./pages.js";

/**
 * @typedef {import("./calls.js").Calls} Calls
 * @typedef {import("./calls.js").CallOptions} CallOptions
 * @typedef {Record<string, any>} Filter  as in Python: {level: "warn", at: {$gte: 5}}
 * @typedef {{if_version?: number}} Expectation  0 expects that nothing is there
 *
 * @typedef {object} SearchOptions
 * @property {string | (string | string[])[]} [order_by]  paths, each with a - in front if descending
 * @property {number} [limit]  how many at most
 * @property {number} [offset]  how many to leave out
 * @property {string} [after]  a cursor of a page of the same search
 * @property {number} [page]  how many are read at once
 */

/** What the three have in common: whom they ask, and of which namespace. */
export class Lens {
  #calls;
  #kind;
  #fixed;

  /**
   * @param {Calls} calls
   * @param {string} kind
   * @param {Record<string, unknown>} fixed  what every call says
   */
  constructor(calls, kind, fixed) {
    this.#calls = calls;
    this.#kind = kind;
    this.#fixed = fixed;
  }

  /**
   * @protected
   * @param {string} call
   * @param {Record<string, unknown>} args
   * @param {CallOptions} options
   */
  ask(call, args, options) {
    return this.#calls.value(`${this.#kind}.${call}`, { ...this.#fixed, ...args }, options);
  }

  /**
   * @protected
   * @param {string} call
   * @param {Record<string, unknown>} args
   * @param {CallOptions} options
   */
  async read(call, args, options) {
    const name = `${this.#kind}.${call}`;
    const { value, version } = await this.#calls.answer(name, { ...this.#fixed, ...args }, options);
    return { rows: value.rows ?? value.entries, next: value.next, version };
  }

  /**
   * @protected
   * @param {Filter | undefined} filter
   * @param {SearchOptions & CallOptions} options
   * @returns {Pages<any>}
   */
  search(filter, options) {
    const { order_by, offset = 0, ...rest } = options;
    return new Pages((limit, after) => {
      // A cursor is behind what was left out, but for one that the caller has brought along.
      const skipped = after === null || after === options.after ? offset : 0;
      const args = { filter, order_by, limit, after: after ?? undefined, offset: skipped };
      return this.read("find", args, rest);
    }, rest);
  }
}
