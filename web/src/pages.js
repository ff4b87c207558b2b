/**
 * What a scan or a find gives: entries or rows that are read page by page, when they are asked for.
 *
 *     for await (const note of notes.find({ level: "warn" })) ...
 *     const all = await notes.find({ level: "warn" }).toArray();
 *
 * Each page is a read of its own, and carries the version that it has seen; what others commit
 * meanwhile may show in the next one. Nothing is read before it is asked for, and each time anew.
 */

import { UsageError } from "./errors.js";

/**
 * @template T
 * @typedef {{rows: T[], next: any, version: number}} Page  `next` is null at the end
 */

/** @template T */
export class Pages {
  #read;
  #limit;
  #page;
  #after;

  /**
   * @param {(limit: number, after: any) => Promise<Page<T>>} read  one page of at most so many
   * @param {{limit?: number | null, page?: number, after?: any}} options
   */
  constructor(read, { limit = null, page = 256, after = null } = {}) {
    if (limit !== null && !(Number.isInteger(limit) && limit >= 0)) {
      throw new UsageError(`limit is a whole number, or null, not ${limit}`);
    }
    if (!(Number.isInteger(page) && page > 0)) {
      throw new UsageError(`page is how many rows are read at once, not ${page}`);
    }
    this.#read = read;
    this.#limit = limit;
    this.#page = page;
    this.#after = after;
  }

  /**
   * Yield the pages. An offset counts for the first one alone, so a search hands it over there.
   * @returns {AsyncGenerator<Page<T>, void, undefined>}
   */
  async *pages() {
    let left = this.#limit ?? Number.POSITIVE_INFINITY;
    let after = this.#after;
    while (left > 0) {
      const page = await this.#read(Math.min(left, this.#page), after);
      left -= page.rows.length;
      after = page.next;
      yield page;
      if (after === null || page.rows.length === 0) return;
    }
  }

  /** @returns {AsyncGenerator<T, void, undefined>} */
  async *[Symbol.asyncIterator]() {
    for await (const page of this.pages()) yield* page.rows;
  }

  /**
   * Return the first page alone, of `limit` rows if there is one; `next` is the `after` of the next.
   * @returns {Promise<Page<T>>}
   */
  page() {
    return this.#read(this.#limit ?? this.#page, this.#after);
  }

  /** Return all of it. */
  async toArray() {
    /** @type {T[]} */
    const all = [];
    for await (const page of this.pages()) all.push(...page.rows);
    return all;
  }

  /** Return the first one, or null. */
  async first() {
    if (this.#limit === 0) return null;
    const { rows } = await this.#read(1, this.#after);
    return rows.length ? rows[0] : null;
  }

  /** What a plain `for` asks for; it is not there, and says so. */
  get [Symbol.iterator]() {
    throw new UsageError("it is read page by page: write `for await`, or await its toArray()");
  }
}
