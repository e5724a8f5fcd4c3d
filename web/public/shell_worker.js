// Keeps the shell of the cab's page and of customers' pages, so that they open without a network. What the API says is never kept:
// requests below /api/ are not even looked at. See docs/decisions/0022-shell-worker.md.
const scope = new URL(self.registration.scope).pathname;
const store = `lineshaft-shell ${scope}`;
const files_max = 60, patience_ms = 4000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const isAsset = (url) => url.origin === self.location.origin && /^\/(assets\/[\w.-]+|mark\.svg)$/.test(url.pathname);

/** Keeps the page and all its files, or nothing: a page without its files would not open. */
async function keep(paths) {
    const page = await fetch(scope, { cache: "no-cache", credentials: "omit" });
    if (!page.ok || !(page.headers.get("content-type") ?? "").startsWith("text/html")) return;
    const named = [...(await page.clone().text()).matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((found) => found[1]);
    const wanted = new Set([...named, ...paths].map((path) => new URL(path, self.location.origin)).filter(isAsset).map((url) => url.pathname));
    // The node has newer files than the page that asks: its next visit keeps them.
    if (wanted.size > files_max || named.some((path) => path.startsWith("/assets/") && !paths.includes(path))) return;
    const kept = await caches.open(store);
    const known = new Set((await kept.keys()).map((request) => new URL(request.url).pathname));
    const missing = [...wanted].filter((path) => !known.has(path));
    const files = await Promise.all(missing.map((path) => fetch(path, { credentials: "omit" })));
    if (files.some((file) => !file.ok)) return;
    await Promise.all(files.map((file, i) => kept.put(missing[i], file)));
    await kept.put(scope, page);
    await Promise.all([...known].filter((path) => path !== scope && !wanted.has(path)).map((path) => kept.delete(path)));
}

self.addEventListener("message", (event) => {
    const { keep: paths } = event.data ?? {};
    if (Array.isArray(paths)) event.waitUntil(keep(paths.filter((path) => typeof path === "string")).catch(() => {}));
});

async function pageOf(request) {
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), patience_ms);
    try {
        return await fetch(request, { signal: ended.signal });
    } catch (error) {
        const kept = await (await caches.open(store)).match(scope);
        if (kept) return kept;
        throw error;
    } finally {
        clearTimeout(timer);
    }
}

const fileOf = async (request) => (await (await caches.open(store)).match(request)) ?? fetch(request);

self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin) return;
    if (request.mode === "navigate" && url.pathname.startsWith(scope)) event.respondWith(pageOf(request));
    else if (isAsset(url)) event.respondWith(fileOf(request));
});
