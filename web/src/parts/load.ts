// Reading something from the node into a page: first, again on demand, and after the live stream skipped.
import { useCallback, useEffect, useRef, useState } from "react";
import { useLiveEpoch } from "../api/live";

export interface Loaded<T> {
    data: T | null;
    error: unknown;
    reload: () => void;
    set: (change: (data: T) => T) => void;
}

/** Reads when `key` changes, every `every_ms` if given, and whenever live messages may have been missed. */
export function useLoad<T>(key: string, read: () => Promise<T>, every_ms?: number): Loaded<T> {
    const [held, setHeld] = useState<{ key: string; data: T | null; error: unknown }>({ key, data: null, error: null });
    const [turn, setTurn] = useState(0);
    const epoch = useLiveEpoch();
    const reading = useRef(read);
    reading.current = read;
    useEffect(() => {
        let current = true;
        const once = () => reading.current().then(
            (data) => current && setHeld({ key, data, error: null }),
            (error: unknown) => current && setHeld((old) => ({ key, data: old.key === key ? old.data : null, error })),
        );
        void once();
        // What could not be read without a network is read when there is one again.
        addEventListener("online", once);
        const timer = every_ms ? setInterval(() => document.hidden || void once(), every_ms) : undefined;
        return () => {
            current = false;
            removeEventListener("online", once);
            clearInterval(timer);
        };
    }, [key, turn, epoch, every_ms]);
    const reload = useCallback(() => setTurn((old) => old + 1), []);
    const set = useCallback((change: (data: T) => T) =>
        setHeld((old) => (old.data === null ? old : { ...old, data: change(old.data) })), []);
    const mine = held.key === key;
    return { data: mine ? held.data : null, error: mine ? held.error : null, reload, set };
}

/** Runs an action with its busy flag and error, for forms. Resolves to whether it succeeded. */
export function useAction() {
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<unknown>(null);
    const run = useCallback(async (action: () => Promise<void>): Promise<boolean> => {
        setBusy(true);
        setError(null);
        try {
            await action();
            return true;
        } catch (failure) {
            setError(failure);
            return false;
        } finally {
            setBusy(false);
        }
    }, []);
    return { busy, error, run, clear: () => setError(null) };
}

/** `value` once it has rested for `wait_ms`: one question per search, not one per key. */
export function useRested<T>(value: T, wait_ms: number): T {
    const [rested, setRested] = useState(value);
    useEffect(() => {
        const timer = setTimeout(() => setRested(value), wait_ms);
        return () => clearTimeout(timer);
    }, [value, wait_ms]);
    return rested;
}
