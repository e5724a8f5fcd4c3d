// The list of machines: read by filter, page by page, kept fresh by the live stream and a slow re-read.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { calls, type MachineQuery } from "../../api/calls";
import { liveState, topics, useLiveEpoch, onLive } from "../../api/live";
import type { Machine } from "../../api/types";

const page_size = 100;
const pages_max = 10;
const refresh_ms = 5000; // `last_seen` alone is no news to the stream, so freshness is read.

export interface MachineList {
    machines: Machine[] | null;
    total: number;
    more: boolean;
    error: unknown;
    loadMore: () => void;
    reload: () => void;
}

export function useMachines(query: MachineQuery): MachineList {
    const key = JSON.stringify(query);
    const [pages, setPages] = useState(1);
    const [turn, setTurn] = useState(0);
    const [held, setHeld] = useState<{ machines: Machine[] | null; total: number; next: string | null }>({ machines: null, total: 0, next: null });
    const [error, setError] = useState<unknown>(null);
    const epoch = useLiveEpoch();
    useEffect(() => setPages(1), [key]);

    useEffect(() => {
        const ended = new AbortController();
        let reading = false;
        const read = async () => {
            if (reading) return;
            reading = true;
            try {
                const machines: Machine[] = [];
                let cursor: string | null = null;
                let total = 0;
                for (let page = 0; page < pages; page += 1) {
                    const answer = await calls.machines({ ...(JSON.parse(key) as MachineQuery), limit: page_size, cursor }, ended.signal);
                    machines.push(...answer.items);
                    cursor = answer.next;
                    total = answer.total ?? Math.max(total, machines.length);
                    if (!cursor) break;
                }
                if (ended.signal.aborted) return;
                setHeld({ machines, total, next: cursor });
                setError(null);
            } catch (failure) {
                if (!ended.signal.aborted) setError(failure);
            } finally {
                reading = false;
            }
        };
        void read();
        const timer = setInterval(() => document.hidden || void read(), refresh_ms);
        return () => {
            ended.abort();
            clearInterval(timer);
        };
    }, [key, pages, turn, epoch]);

    const live = useLiveMachines();
    const machines = useMemo(() => held.machines?.map((known) => newer(known, live.get(known.id))) ?? null, [held.machines, live]);
    return {
        machines, total: held.total, error,
        more: held.next !== null && pages < pages_max,
        loadMore: useCallback(() => setPages((old) => old + 1), []),
        reload: useCallback(() => setTurn((old) => old + 1), []),
    };
}

const newer = (read: Machine, told: Machine | undefined) =>
    told && Date.parse(told.last_seen) > Date.parse(read.last_seen) ? told : read;

/** All machines the stream has told about; a new map at most twice a second. */
export function useLiveMachines(): Map<string, Machine> {
    const [machines, setMachines] = useState(() => new Map(liveState.machines));
    const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
    useEffect(() => {
        const stop = onLive(topics.machines, () => {
            timer.current ??= setTimeout(() => {
                timer.current = undefined;
                setMachines(new Map(liveState.machines));
            }, 500);
        });
        return () => {
            stop();
            clearTimeout(timer.current);
            timer.current = undefined;
        };
    }, []);
    return machines;
}
