// The land, from Natural Earth as it is in the console's own files: 1:50m at once, 1:10m when looked at closely. No borders.
import closeUrl from "world-atlas/land-10m.json?url";
import wideUrl from "world-atlas/land-50m.json?url";
import type { Shore } from "./shores";

export type { Shore } from "./shores";

export type Detail = "wide" | "close";

const urls: Record<Detail, string> = { wide: wideUrl, close: closeUrl };
/** A map without its coast is still a map: no haste to ask again. */
const again_ms = 30_000;
const loads = new Map<Detail, Promise<Shore[]>>();
const shores = new Map<Detail, Shore[]>();

/** What is there of it now; asks for it once, and calls back when it came. */
export function coast(detail: Detail, arrived: () => void): Shore[] | null {
    const known = shores.get(detail);
    if (known) return known;
    if (!loads.has(detail)) {
        loads.set(detail, load(urls[detail]));
        loads.get(detail)!.then((all) => {
            shores.set(detail, all);
            arrived();
        }, () => setTimeout(() => loads.delete(detail), again_ms));
    }
    return null;
}

/** Read and decoded beside the page: three megabytes of it would make the map halt. */
function load(url: string): Promise<Shore[]> {
    return new Promise((done, failed) => {
        const worker = new Worker(new URL("./coast_worker.ts", import.meta.url), { type: "module" });
        worker.onmessage = (event: MessageEvent<Shore[] | null>) => {
            worker.terminate();
            if (event.data) done(event.data);
            else failed(new Error("no coast"));
        };
        worker.onerror = () => {
            worker.terminate();
            failed(new Error("no coast"));
        };
        worker.postMessage(new URL(url, location.href).href);
    });
}
