/**
 * Has these pages kept for the time without a network, and says so.
 *
 * A newer version of them is fetched beside this one, and used when the reader says so: a page that
 * is open never changes by itself. offline.js does the keeping.
 */

import { button, part } from "./page.js";

/** Keep the pages; where that is not possible they work all the same, with a network. */
export async function keepPages() {
  const place = part("offline", HTMLElement);
  if (!navigator.serviceWorker) {
    place.textContent = "This browser cannot keep the page: it needs a network.";
    return;
  }
  const script = new URL("offline.js", import.meta.url);
  try {
    const registration = await navigator.serviceWorker.register(script, { type: "module" });
    await kept(registration);
    place.textContent = "This page works without a network.";
    offerNext(registration, place);
  } catch (error) {
    place.textContent = `This page needs a network: it could not be kept (${error}).`;
  }
}

/**
 * Wait until one version has all of its files; rejects if it cannot get them.
 * @param {ServiceWorkerRegistration} registration
 * @returns {Promise<void>}
 */
function kept(registration) {
  const { active, waiting, installing } = registration;
  if (active || waiting || !installing) return Promise.resolve();
  return new Promise((resolve, reject) => {
    installing.addEventListener("statechange", () => {
      if (installing.state === "activated") resolve();
      if (installing.state === "redundant") reject(new Error("a file is missing, or another one"));
    });
  });
}

/**
 * @param {ServiceWorkerRegistration} registration
 * @param {HTMLElement} place
 */
function offerNext(registration, place) {
  const offer = () => {
    const { waiting } = registration;
    if (!waiting) return;
    const reload = () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
      waiting.postMessage("go on");
    };
    place.replaceChildren("There is a newer version of this page. ", button("Use it", reload));
  };
  offer();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", offer);
  });
}
