// Asks the browser to keep the shell of pages that must open without a network: the cab's, and those of customers.

/** Which shell a page belongs to; null for the console's own pages, of which nothing is kept. */
export function shellOf(pathname: string): "/cab" | "/shop/" | "/order/" | null {
    if (pathname === "/cab" || pathname.startsWith("/cab/")) return "/cab";
    return pathname.startsWith("/shop/") ? "/shop/" : pathname.startsWith("/order/") ? "/order/" : null;
}

/** The node's own files among what the page has loaded, as paths. */
export const ownFiles = (urls: string[], origin: string): string[] =>
    [...new Set(urls.filter((url) => url.startsWith(`${origin}/assets/`)).map((url) => new URL(url).pathname))];

const settle_ms = 3000;

/** Once the page stands: its files are told to the worker, which keeps them. Only where browsers allow workers (HTTPS, or this machine). */
export function keepShell() {
    const scope = shellOf(location.pathname);
    if (!scope || !import.meta.env.PROD || !("serviceWorker" in navigator)) return;
    setTimeout(() => {
        void navigator.serviceWorker.register("/shell_worker.js", { scope }).then(async (registration) => {
            const worker = registration.active ?? (await started(registration));
            const urls = [...performance.getEntriesByType("resource").map((entry) => entry.name), ...[...document.querySelectorAll<HTMLScriptElement>("script[src]")].map((script) => script.src)];
            worker?.postMessage({ keep: ownFiles(urls, location.origin) });
        }).catch(() => {
            // Forbidden, or a certificate the browser does not trust: the page works as before, with a network.
        });
    }, settle_ms);
}

function started(registration: ServiceWorkerRegistration): Promise<ServiceWorker | null> {
    const coming = registration.installing ?? registration.waiting;
    if (!coming) return Promise.resolve(registration.active);
    return new Promise((done) => coming.addEventListener("statechange", () => (coming.state === "activated" || coming.state === "redundant") && done(registration.active)));
}
