/** Documents, found by their ids and by filters: the methods of `libredb.documents`. */

import { newId } from "./ids.js";
import { Lens } from "./lens.js";

/**
 * @typedef {import("./calls.js").Calls} Calls
 * @typedef {import("./calls.js").CallOptions} CallOptions
 * @typedef {import("./lens.js").Expectation} Expectation
 * @typedef {import("./lens.js").Filter} Filter
 * @typedef {import("./lens.js").SearchOptions} SearchOptions
 * @typedef {Record<string, any>} Document
 */

/** JSON objects, found by their ids and by filters. */
export class Documents extends Lens {
  #drawsIds;

  /**
   * @param {Calls} calls
   * @param {string} namespace
   * @param {{ids?: "text" | "counter"}} options
   */
  constructor(calls, namespace, { ids } = {}) {
    super(calls, "documents", { namespace, ids });
    this.#drawsIds = ids !== "counter";
  }

  /** Add a document; return its id, which is drawn here if it has none. @param {Document} document @param {CallOptions} [options] */
  insert(document, options = {}) {
    return this.ask("insert", { document: this.#withId(document) }, options);
  }

  /** Add documents, all or none; return their ids. @param {Document[]} documents @param {CallOptions} [options] */
  async insertMany(documents, options = {}) {
    return this.ask("insert_many", { documents: documents.map((d) => this.#withId(d)) }, options);
  }

  /**
   * Add a document, or replace the one with its id; return the id.
   * @param {Document} document
   * @param {Expectation & CallOptions} [options]
   */
  put(document, { if_version, ...options } = {}) {
    return this.ask("put", { document: this.#withId(document), if_version }, options);
  }

  /** Put documents, all or none; return their ids. @param {Document[]} documents @param {CallOptions} [options] */
  async putMany(documents, options = {}) {
    return this.ask("put_many", { documents: documents.map((d) => this.#withId(d)) }, options);
  }

  /** Return a document, or null. @param {string | number} id @param {CallOptions} [options] */
  get(id, options = {}) {
    return this.ask("get", { id }, options);
  }

  /**
   * Return a document and its version, for `if_version`; null and 0 where there is none.
   * @param {string | number} id
   * @param {CallOptions} [options]
   * @returns {Promise<{document: Document | null, version: number}>}
   */
  getVersioned(id, options = {}) {
    return this.ask("get_versioned", { id }, options);
  }

  /** Return several documents. @param {(string | number)[]} ids @param {CallOptions} [options] */
  getMany(ids, options = {}) {
    return this.ask("get_many", { wanted: ids }, options);
  }

  /** Return whether there is a document. @param {string | number} id @param {CallOptions} [options] */
  has(id, options = {}) {
    return this.ask("has", { id }, options);
  }

  /**
   * Apply a patch, or an object of fields to set; return whether the document was there.
   * @param {string | number} id
   * @param {Record<string, any>} patch
   * @param {Expectation & CallOptions} [options]
   */
  update(id, patch, { if_version, ...options } = {}) {
    return this.ask("update", { id, patch, if_version }, options);
  }

  /** Delete a document; return whether it was there. @param {string | number} id @param {Expectation & CallOptions} [options] */
  delete(id, { if_version, ...options } = {}) {
    return this.ask("delete", { id, if_version }, options);
  }

  /** Delete documents; return how many were there. @param {(string | number)[]} ids @param {CallOptions} [options] */
  deleteMany(ids, options = {}) {
    return this.ask("delete_many", { wanted: ids }, options);
  }

  /** Patch all documents of a filter; return how many. @param {Filter} filter @param {Record<string, any>} patch @param {CallOptions} [options] */
  updateMany(filter, patch, options = {}) {
    return this.ask("update_many", { filter, patch }, options);
  }

  /** Delete all documents of a filter; return how many. @param {Filter} filter @param {CallOptions} [options] */
  deleteWhere(filter, options = {}) {
    return this.ask("delete_where", { filter }, options);
  }

  /** Update the document of a filter, or insert one. @param {Filter} filter @param {Record<string, any>} patch @param {CallOptions} [options] */
  upsert(filter, patch, options = {}) {
    return this.ask("upsert", { filter, patch }, options);
  }

  /** Delete all documents; return how many. @param {CallOptions} [options] */
  clear(options = {}) {
    return this.ask("clear", {}, options);
  }

  /**
   * Return the documents that a filter is true of.
   * @param {Filter} [filter]
   * @param {SearchOptions & CallOptions} [options]
   * @returns {import("./pages.js").Pages<Document>}
   */
  find(filter, options = {}) {
    return this.search(filter, options);
  }

  /** Return the first document of a filter, or null. @param {Filter} [filter] @param {SearchOptions & CallOptions} [options] */
  findOne(filter, { order_by, ...options } = {}) {
    return this.ask("find_one", { filter, order_by }, options);
  }

  /** Return the only document of a filter. @param {Filter} [filter] @param {CallOptions} [options] */
  one(filter, options = {}) {
    return this.ask("one", { filter }, options);
  }

  /** Return how many documents a filter is true of. @param {Filter} [filter] @param {CallOptions} [options] */
  count(filter, options = {}) {
    return this.ask("count", { filter }, options);
  }

  /** Return the different values at a path. @param {string | string[]} path @param {Filter} [filter] @param {CallOptions} [options] */
  distinct(path, filter, options = {}) {
    return this.ask("distinct", { path, filter }, options);
  }

  /** Return how a search is done, in a line. @param {Filter} [filter] @param {SearchOptions & CallOptions} [options] */
  explain(filter, { order_by, ...options } = {}) {
    return this.ask("explain", { filter, order_by }, options);
  }

  /**
   * Make an index, unless it is there; return its name.
   * @param {string | (string | string[])[]} fields
   * @param {{unique?: boolean, each?: boolean, words?: boolean} & CallOptions} [options]
   */
  createIndex(fields, { unique, each, words, ...options } = {}) {
    const list = typeof fields === "string" ? [fields] : fields;
    return this.ask("create_index", { fields: list, unique, each, words }, options);
  }

  /** Delete an index. @param {string} name @param {CallOptions} [options] */
  dropIndex(name, options = {}) {
    return this.ask("drop_index", { name }, options);
  }

  /** Return what is recorded of the indexes. @param {CallOptions} [options] */
  indexes(options = {}) {
    return this.ask("indexes", {}, options);
  }

  /** Return where documents and indexes do not agree. @param {CallOptions} [options] */
  check(options = {}) {
    return this.ask("check", {}, options);
  }

  /** @param {Document} document */
  #withId(document) {
    const draws = this.#drawsIds && document instanceof Object && document.id === undefined;
    return draws ? { ...document, id: newId() } : document;
  }
}
