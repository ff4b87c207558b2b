/**
 * The files that offline.js keeps: each as seen from there, and the digest of what is in it.
 *
 * Making a site writes another files.js, with all of them. A checkout keeps none.
 */

/** @type {Record<string, string>} */
export const FILES = {};
