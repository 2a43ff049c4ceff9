export async function keepForOffline(about) {
    if (!("serviceWorker" in navigator) || !("caches" in window))
        return false;
    await navigator.serviceWorker.register("sw.js");
    const used = performance.getEntriesByType("resource").map((entry) => entry.name);
    const inside = used.filter((url) => url.startsWith(new URL(".", document.baseURI).href));
    const needed = [about.golden.input, ...about.golden.outputs, ...Object.values(about.tables), ...Object.values(about.resampling)];
    const all = new Set(["./", ...needed].map((path) => new URL(path, document.baseURI).href).concat(inside));
    const cache = await caches.open(about.cache);
    await cache.addAll([...all].filter((url) => !url.endsWith("sw.js")));
    return true;
}
