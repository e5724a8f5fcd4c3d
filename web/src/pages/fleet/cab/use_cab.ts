// What the cab knows: the node's last word, and the presses it does not have yet. Both outlive a reload.
import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../../../api/client";
import { nodeNow } from "../../../api/clock";
import { fleetCalls } from "../../../api/fleet_calls";
import type { Cab } from "../../../api/dispatch_types";
import { refreshSession, session } from "../../../api/session";
import { cabKey } from "../../../fleet/cab_memory";
import { ahead, keep, type Press } from "../../../fleet/presses";

const pace_ms = 5000;
const patience_ms = 15_000;

interface Stored {
    cab: Cab | null;
    at: number | null;
    presses: Press[];
}

function read(key: string): Stored {
    try {
        const stored = JSON.parse(localStorage.getItem(key) ?? "null") as Stored | null;
        if (stored && Array.isArray(stored.presses)) return stored;
    } catch {
        // Unreadable or forbidden: it begins anew.
    }
    return { cab: null, at: null, presses: [] };
}

export function useCab(machine: string) {
    const key = cabKey(machine);
    const [stored, setStored] = useState<Stored>(() => read(key));
    const [error, setError] = useState<unknown>(null);
    const [refused, setRefused] = useState<string | null>(null);
    const [online, setOnline] = useState(true);
    const now = useRef(stored);
    const sending = useRef(false);
    const put = useCallback((change: Partial<Stored>) => {
        now.current = { ...now.current, ...change };
        setStored(now.current);
        try {
            localStorage.setItem(key, JSON.stringify(now.current));
        } catch {
            // Then presses live as long as the page.
        }
    }, [key]);
    const turn = useCallback(async () => {
        if (sending.current) return;
        sending.current = true;
        try {
            // In their order; one that is refused is told and does not hold up the others.
            while (now.current.presses.length > 0) {
                const [press] = now.current.presses;
                try {
                    const { key: once, at: _, ...body } = press!;
                    const cab = await fleetCalls.cabAct(machine, body, once);
                    put({ presses: now.current.presses.slice(1), cab, at: nodeNow() });
                } catch (failure) {
                    if (!(failure instanceof ApiError) || failure.status === 0 || failure.status >= 500 || failure.status === 429 || failure.status === 401) throw failure;
                    setRefused(failure.detail || failure.message);
                    put({ presses: now.current.presses.slice(1) });
                }
            }
            put({ cab: await fleetCalls.cab(machine), at: nodeNow() });
            setOnline(true);
            setError(null);
            // Opened without a network: only now is it known who is here.
            if (session.get().state === "unreachable") void refreshSession();
        } catch (failure) {
            setOnline(failure instanceof ApiError && failure.status > 0 && failure.status < 500);
            setError(failure);
        } finally {
            sending.current = false;
        }
    }, [machine, put]);
    useEffect(() => {
        void turn();
        const timer = setInterval(() => document.hidden || void turn(), pace_ms);
        const now_ = () => void turn();
        addEventListener("online", now_);
        document.addEventListener("visibilitychange", now_);
        return () => {
            clearInterval(timer);
            removeEventListener("online", now_);
            document.removeEventListener("visibilitychange", now_);
        };
    }, [turn]);
    const press = useCallback((body: Omit<Press, "key" | "at">) => {
        put({ presses: keep(now.current.presses, body, nodeNow()) });
        void turn();
    }, [put, turn]);
    return {
        cab: stored.cab ? ahead(stored.cab, stored.presses) : null, at: stored.at, waiting: stored.presses.filter((each) => !online || nodeNow() - each.at > patience_ms),
        error, online, press, refused, forget: () => setRefused(null),
    };
}
