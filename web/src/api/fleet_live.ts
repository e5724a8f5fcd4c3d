// The fleet's own stream, while a fleet page is in sight. One per page; a hidden tab gives it back.
import { useEffect, useRef } from "react";
import type { Decision, FleetRequest } from "./dispatch_types";
import type { Counts, CrossingEvent, MapRow } from "./fleet_types";

export interface FleetLive {
    machines?: (rows: MapRow[]) => void;
    counts?: (counts: Counts) => void;
    crossing?: (crossing: CrossingEvent) => void;
    request?: (request: FleetRequest) => void;
    plan?: (plan: { version: number; made_at: string }) => void;
    decision?: (decision: Decision) => void;
    /** Something may have been missed: read again what is shown. */
    again?: () => void;
}

const kinds = ["machines", "counts", "crossing", "request", "plan", "decision"] as const;

/** Calls `take` with what the node tells. After a loss, and after time in the dark, `again`. */
export function useFleetLive(take: FleetLive) {
    const now = useRef(take);
    now.current = take;
    useEffect(() => {
        let source: EventSource | null = null;
        let timer: ReturnType<typeof setTimeout> | undefined;
        let hidden: ReturnType<typeof setTimeout> | undefined;
        let attempts = 0, lost = false;
        const open = () => {
            const stream = new EventSource("/api/v1/fleet/live");
            source = stream;
            stream.onopen = () => {
                attempts = 0;
                if (lost) now.current.again?.();
                lost = false;
            };
            stream.onerror = () => {
                if (stream !== source) return;
                close();
                lost = true;
                timer = setTimeout(open, Math.min(10_000, 500 * 2 ** attempts) * (0.8 + Math.random() * 0.4));
                attempts += 1;
            };
            stream.addEventListener("gap", () => now.current.again?.());
            for (const kind of kinds) {
                stream.addEventListener(kind, (event) => {
                    try {
                        (now.current[kind] as ((data: unknown) => void) | undefined)?.(JSON.parse((event as MessageEvent<string>).data));
                    } catch (error) {
                        console.warn(`fleet stream: a message "${kind}" could not be read`, error);
                    }
                });
            }
        };
        const close = () => {
            clearTimeout(timer);
            source?.close();
            source = null;
        };
        const seen = () => {
            clearTimeout(hidden);
            if (document.hidden) {
                hidden = setTimeout(() => {
                    close();
                    lost = true;
                }, 60_000);
            } else if (!source) {
                clearTimeout(timer);
                open();
            }
        };
        open();
        document.addEventListener("visibilitychange", seen);
        return () => {
            document.removeEventListener("visibilitychange", seen);
            clearTimeout(hidden);
            close();
        };
    }, []);
}
