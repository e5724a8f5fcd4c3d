// The buttons of the cab while there is no network: kept in order, and shown as if they were known. Pure but for the keys.
import { randomKey } from "../api/client";
import type { Cab, CabAction, CabJob, Stage } from "../api/dispatch_types";

export interface Press {
    action: CabAction;
    request?: string;
    place?: number;
    text?: string;
    /** Sent as the Idempotency-Key: a press that arrived twice counts once. */
    key: string;
    at: number;
}

export const presses_max = 50;

/** The same press twice in a row is one: a glove is not precise. */
export function keep(presses: Press[], body: Omit<Press, "key" | "at">, now: number): Press[] {
    const last = presses[presses.length - 1];
    if (last && last.action === body.action && last.request === body.request && last.place === body.place) return presses;
    return [...presses, { ...body, key: randomKey(), at: now }].slice(-presses_max);
}

const after: Partial<Record<CabAction, { stage: Stage; actions: CabAction[] }>> = {
    accept: { stage: "accepted", actions: ["depart"] },
    depart: { stage: "travelling", actions: ["arrive"] },
    arrive: { stage: "arrived", actions: ["begin"] },
    begin: { stage: "working", actions: ["finish"] },
};

/** The job the cab is about: the one that is its own, else the one it is asked to take. */
export const jobOf = (cab: Cab): CabJob | null => cab.now ?? (cab.next[0]?.actions.includes("accept") ? cab.next[0] : null);

/** What the cab shows once these presses are known; the node's own word replaces it. */
export function ahead(cab: Cab, presses: Press[]): Cab {
    let now: CabJob | null = cab.now;
    let { next, state } = cab;
    for (const press of presses) {
        if (press.action === "problem") [state, now, next] = ["fault", null, []];
        else if (press.action === "fixed") state = "idle";
        else if (press.action === "accept" && now === null && next[0] && press.request === next[0].request && press.place === next[0].place) {
            [now, next] = [{ ...next[0], ...after.accept! }, next.slice(1)];
        }
        else if (now && press.request === now.request && press.place === now.place) {
            const step = after[press.action];
            if (press.action === "finish") [now, next] = [next[0] ?? null, next.slice(1)];
            else if (step) now = { ...now, ...step };
        }
    }
    return { ...cab, now, next, state };
}
