/**
 * Keeps these pages in the browser, so that they work without a network: a service worker.
 *
 *     install    fetch what is not kept yet; each file has to be what files.js says: all, or none
 *     activate   forget what this version does not name
 *     fetch      what is named comes from what is kept; nothing else is touched
 *
 * A file is kept under its address and its digest together. So what a page gets is of one version,
 * never a mixture, and a new version fetches only what has changed. It waits until no page of the
 * old one is open, or a page says "go on" (keeping.js).
 */

import { FILES } from "./files.js";

/**
 * The parts of a service worker that are used here; the checker knows only those of a page.
 * @typedef {Event & {waitUntil(work: Promise<unknown>): void}} LifeEvent
 * @typedef {LifeEvent & {request: Request, respondWith(response: Promise<Response>): void}} AskedEvent
 * @typedef {object} ServiceWorkerSelf
 * @property {ServiceWorkerRegistration} registration
 * @property {{claim(): Promise<void>}} clients
 * @property {() => Promise<void>} skipWaiting
 * @property {(kind: string, listener: (event: any) => void) => void} addEventListener
 */

const worker = /** @type {ServiceWorkerSelf} */ (/** @type {unknown} */ (self));

/** One for each place where these pages are served; others of the same origin have their own. */
const CACHE = `libredb ${worker.registration.scope}`;

/** The address that each file is asked by, and the one that it is kept under. */
const KEPT = new Map(
  Object.entries(FILES).map(([path, digest]) => {
    const address = new URL(path, self.location.href).href;
    return [address, `${address}?${digest}`];
  }),
);

worker.addEventListener("install", (/** @type {LifeEvent} */ event) => {
  event.waitUntil(fetchMissing());
});

worker.addEventListener("activate", (/** @type {LifeEvent} */ event) => {
  event.waitUntil(forgetOthers().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {AskedEvent} */ event) => {
  const kept = KEPT.get(plain(event.request.url));
  if (kept) event.respondWith(answer(event.request, kept));
});

worker.addEventListener("message", (/** @type {MessageEvent} */ { data }) => {
  if (data === "go on") worker.skipWaiting();
});

async function fetchMissing() {
  const cache = await caches.open(CACHE);
  const missing = Object.entries(FILES).map(async ([path, integrity]) => {
    const address = new URL(path, self.location.href).href;
    const key = `${address}?${integrity}`;
    if (await cache.match(key)) return;
    const response = await fetch(address, { integrity, cache: "no-cache" });
    if (!response.ok) throw new Error(`${address}: status ${response.status}`);
    await cache.put(key, response);
  });
  await Promise.all(missing);
}

async function forgetOthers() {
  const cache = await caches.open(CACHE);
  const named = new Set([...KEPT.values()].map((key) => new URL(key).href));
  for (const { url } of await cache.keys()) if (!named.has(url)) await cache.delete(url);
}

/**
 * @param {Request} request
 * @param {string} kept
 */
async function answer(request, kept) {
  const cache = await caches.open(CACHE);
  return (await cache.match(kept, { ignoreVary: true })) ?? fetch(request);
}

/**
 * Return an address as the list has it: a page is a folder, and what follows a ? is for the page.
 * @param {string} url
 */
function plain(url) {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/index\.html$/, "/");
}
