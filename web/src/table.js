/**
 * Rows of a table, found by their key and by filters: the methods of `libredb.table`.
 *
 * The columns are those of the file, or of the schema of `connect`. Dates, decimals and UUIDs are
 * text here, in rows and in filters; a key of several columns is an array.
 */

import { Lens } from "./lens.js";

/**
 * @typedef {import("./calls.js").Calls} Calls
 * @typedef {import("./calls.js").CallOptions} CallOptions
 * @typedef {import("./lens.js").Expectation} Expectation
 * @typedef {import("./lens.js").Filter} Filter
 * @typedef {import("./lens.js").SearchOptions} SearchOptions
 * @typedef {Record<string, any>} Row
 */

/** The rows of one table. */
export class Table extends Lens {
  /**
   * @param {Calls} calls
   * @param {string} namespace
   */
  constructor(calls, namespace) {
    super(calls, "table", { namespace });
  }

  /** Write a row that is not there yet. @param {Row} row @param {CallOptions} [options] */
  insert(row, options = {}) {
    return this.ask("insert", { row }, options);
  }

  /** Write rows that are not there yet, all or none; return how many. @param {Row[]} rows @param {CallOptions} [options] */
  insertMany(rows, options = {}) {
    return this.ask("insert_many", { rows }, options);
  }

  /** Write a row in place of what has its key. @param {Row} row @param {Expectation & CallOptions} [options] */
  put(row, { if_version, ...options } = {}) {
    return this.ask("put", { row, if_version }, options);
  }

  /** Do the same; return "inserted" or "updated". @param {Row} row @param {CallOptions} [options] */
  upsert(row, options = {}) {
    return this.ask("upsert", { row }, options);
  }

  /**
   * Set columns of a row; return whether it was there.
   * @param {any} key
   * @param {Row} columns
   * @param {Expectation & CallOptions} [options]
   */
  update(key, columns, { if_version, ...options } = {}) {
    return this.ask("update", { key, columns, if_version }, options);
  }

  /** Set columns of all rows of a filter; return how many. @param {Filter} filter @param {Row} columns @param {CallOptions} [options] */
  updateWhere(filter, columns, options = {}) {
    return this.ask("update_where", { filter, columns }, options);
  }

  /** Delete a row; return whether it was there. @param {any} key @param {Expectation & CallOptions} [options] */
  delete(key, { if_version, ...options } = {}) {
    return this.ask("delete", { key, if_version }, options);
  }

  /** Delete all rows of a filter; return how many. @param {Filter} filter @param {CallOptions} [options] */
  deleteWhere(filter, options = {}) {
    return this.ask("delete_where", { filter }, options);
  }

  /** Delete all rows; return how many. @param {CallOptions} [options] */
  clear(options = {}) {
    return this.ask("clear", {}, options);
  }

  /** Delete an index that is declared no more. @param {string} name @param {CallOptions} [options] */
  dropIndex(name, options = {}) {
    return this.ask("drop_index", { name }, options);
  }

  /** Return a row, or null. @param {any} key @param {CallOptions} [options] */
  get(key, options = {}) {
    return this.ask("get", { key }, options);
  }

  /**
   * Return a row and its version, for `if_version`; null and 0 where there is none.
   * @param {any} key
   * @param {CallOptions} [options]
   * @returns {Promise<{row: Row | null, version: number}>}
   */
  getVersioned(key, options = {}) {
    return this.ask("get_versioned", { key }, options);
  }

  /** Return several rows. @param {any[]} keys @param {CallOptions} [options] */
  getMany(keys, options = {}) {
    return this.ask("get_many", { keys }, options);
  }

  /** Return whether there is a row. @param {any} key @param {CallOptions} [options] */
  has(key, options = {}) {
    return this.ask("has", { key }, options);
  }

  /**
   * Return the rows that a filter is true of.
   * @param {Filter} [filter]
   * @param {SearchOptions & CallOptions} [options]
   * @returns {import("./pages.js").Pages<Row>}
   */
  find(filter, options = {}) {
    return this.search(filter, options);
  }

  /** Return the first row of a filter, or null. @param {Filter} [filter] @param {SearchOptions & CallOptions} [options] */
  findOne(filter, { order_by, ...options } = {}) {
    return this.ask("find_one", { filter, order_by }, options);
  }

  /** Return how many rows a filter is true of. @param {Filter} [filter] @param {CallOptions} [options] */
  count(filter, options = {}) {
    return this.ask("count", { filter }, options);
  }

  /** Return how a search is done, in a line. @param {Filter} [filter] @param {SearchOptions & CallOptions} [options] */
  explain(filter, { order_by, ...options } = {}) {
    return this.ask("explain", { filter, order_by }, options);
  }

  /** Return the names of all indexes. @param {CallOptions} [options] */
  indexes(options = {}) {
    return this.ask("indexes", {}, options);
  }

  /** Return where rows and indexes do not agree. @param {CallOptions} [options] */
  check(options = {}) {
    return this.ask("check", {}, options);
  }
}
