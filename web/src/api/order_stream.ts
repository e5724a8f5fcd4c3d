// Orders as they happen: one stream for an order a customer follows, or one for the whole board. It comes back by itself;
// a new stream begins with everything, so nothing is missed in between.
import { useEffect, useRef, useState } from "react";
import { path } from "./client";
import type { Job, Order, Progress } from "./order_types";
import type { Connection } from "./types";
import type { Board, Plan } from "./workshop_types";

export interface OrderEvents {
    order?: (order: Order) => void;
    board?: (board: Board) => void;
    job?: (job: Job) => void;
    progress?: (progress: Progress) => void;
    piece?: (piece: { order: string; number: number }) => void;
    plan?: (plan: Plan) => void;
    machine?: (machine: { machine: string; connection: Connection; enabled: boolean }) => void;
    gap?: () => void;
}

const names = ["order", "board", "job", "progress", "piece", "plan", "machine", "gap"] as const;
const blink_ms = 2_000;        // a shorter loss is not worth a word
const hidden_max_ms = 60_000;  // a hidden tab gives its connection back

/** Whether the stream has been gone for so long that people should know. `order` null: the board's. */
export function useOrderStream(order: string | null, events: OrderEvents, isWanted = true): boolean {
    const [isOpen, setOpen] = useState(false);
    const [isLost, setLost] = useState(false);
    const taking = useRef(events);
    taking.current = events;
    useEffect(() => {
        if (!isWanted) return;
        let source: EventSource | null = null;
        let retry: ReturnType<typeof setTimeout> | undefined, hiding: ReturnType<typeof setTimeout> | undefined;
        let attempts = 0;
        const close = () => {
            clearTimeout(retry);
            source?.close();
            source = null;
            setOpen(false);
        };
        const open = () => {
            close();
            const stream = (source = new EventSource(order === null ? path("board", "events") : path("orders", order, "events")));
            stream.onopen = () => {
                attempts = 0;
                setOpen(true);
            };
            stream.onerror = () => {
                if (stream !== source) return;
                close();
                retry = setTimeout(open, Math.min(10_000, 500 * 2 ** attempts) * (0.8 + Math.random() * 0.4));
                attempts += 1;
            };
            for (const name of names) {
                stream.addEventListener(name, (event) => {
                    if (stream !== source) return;
                    try {
                        const take = taking.current[name] as ((data: unknown) => void) | undefined;
                        take?.(JSON.parse((event as MessageEvent<string>).data || "{}"));
                    } catch (error) {
                        console.warn(`orders: a message "${name}" could not be read`, error);
                    }
                });
            }
        };
        const look = () => {
            clearTimeout(hiding);
            if (document.hidden) hiding = setTimeout(close, hidden_max_ms);
            else if (!source) open();
        };
        document.addEventListener("visibilitychange", look);
        open();
        return () => {
            document.removeEventListener("visibilitychange", look);
            clearTimeout(hiding);
            close();
        };
    }, [order, isWanted]);
    useEffect(() => {
        if (isOpen || !isWanted) return setLost(false);
        const timer = setTimeout(() => setLost(true), blink_ms);
        return () => clearTimeout(timer);
    }, [isOpen, isWanted]);
    return isLost;
}
