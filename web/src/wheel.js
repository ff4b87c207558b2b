/**
 * The wheel that travels beside these modules in the npm package.
 *
 * Packing writes another wheel.js, with its URL, which a bundler finds. A checkout has no wheel:
 * `connect` is told one, or Pyodide knows libredb by its name.
 */

/** @type {URL | null} */
export const WHEEL = null;
