/** Keeps what the page used, so that it opens without a network; only where the browser allows (https, localhost). */

import type { Description } from "./description.ts";

/** Whether the page now opens without a network. */
export async function keepForOffline(about: Description): Promise<boolean> {
  if (!("serviceWorker" in navigator) || !("caches" in window)) return false;
  await navigator.serviceWorker.register("sw.js");
  const used = performance.getEntriesByType("resource").map((entry) => entry.name);
  const inside = used.filter((url) => url.startsWith(new URL(".", document.baseURI).href));
  const needed = [about.golden.input, ...about.golden.outputs, ...Object.values(about.tables), ...Object.values(about.resampling)];
  const all = new Set(["./", ...needed].map((path) => new URL(path, document.baseURI).href).concat(inside));
  const cache = await caches.open(about.cache);
  await cache.addAll([...all].filter((url) => !url.endsWith("sw.js")));
  return true;
}
