import { useSyncExternalStore } from "react";

/** A value people may watch; `set` tells them. The whole state library of this console. */
export interface Store<T> {
    get(): T;
    set(value: T): void;
    subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
    let current = initial;
    const listeners = new Set<() => void>();
    return {
        get: () => current,
        set(value) {
            if (Object.is(value, current)) return;
            current = value;
            for (const listener of [...listeners]) listener();
        },
        subscribe(listener) {
            listeners.add(listener);
            return () => listeners.delete(listener);
        },
    };
}

export function useStore<T>(store: Store<T>): T {
    return useSyncExternalStore(store.subscribe, store.get);
}
