import { useSyncExternalStore } from "react";

// Ages are told by the node's clock: a browser on a wall may be minutes off.
let offset_ms = 0;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;
let second = Math.floor(Date.now() / 1000);

export function setNodeNow(now: string) {
    const at = Date.parse(now);
    // Below two seconds it is the way of the answer, not the clock.
    if (Number.isFinite(at)) offset_ms = Math.abs(at - Date.now()) < 2000 ? 0 : at - Date.now();
}

/** Milliseconds since 1970 by the node's clock. */
export function nodeNow(): number {
    return Date.now() + offset_ms;
}

function subscribe(listener: () => void) {
    listeners.add(listener);
    timer ??= setInterval(() => {
        second = Math.floor(nodeNow() / 1000);
        for (const each of [...listeners]) each();
    }, 1000);
    return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && timer !== null) {
            clearInterval(timer);
            timer = null;
        }
    };
}

/** The node's time in whole seconds; one timer drives every age on the page. */
export function useSecond(): number {
    return useSyncExternalStore(subscribe, () => second);
}
