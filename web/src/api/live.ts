// One EventSource for the whole page. Parts watch topics; they are told at most once a frame.
import { useEffect, useSyncExternalStore } from "react";
import { applyEvent, applyMachine, applyRates, applyValues, emptyLiveState, valueKey } from "./live_state";
import { withQuery } from "./client";
import { refreshSession } from "./session";
import type { LiveBatch, Machine, PlantEvent, Rates } from "./types";

export type LiveStatus = "off" | "opening" | "open" | "lost";

const silence_max_ms = 20_000; // `rates` comes every second, so silence means a dead connection.
const hidden_max_ms = 60_000; // A hidden tab gives its connection back: browsers allow six per host.

export const liveState = emptyLiveState();

let status: LiveStatus = "off";
let epoch = 0;
let source: EventSource | null = null;
let openedFor = "";
let users = 0;
let attempts = 0;
let heardAt = 0;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let changeTimer: ReturnType<typeof setTimeout> | undefined;
let hiddenTimer: ReturnType<typeof setTimeout> | undefined;
const wanted = new Map<string, number>();

const watchers = new Map<string, Set<() => void>>();
const dirty = new Set<string>();
let frame = 0;

function touch(topic: string) {
    dirty.add(topic);
    frame ||= requestAnimationFrame(flush);
}

function flush() {
    frame = 0;
    const topics = [...dirty];
    dirty.clear();
    for (const topic of topics) for (const watcher of [...(watchers.get(topic) ?? [])]) watcher();
}

export function onLive(topic: string, watcher: () => void): () => void {
    let all = watchers.get(topic);
    if (!all) watchers.set(topic, (all = new Set()));
    all.add(watcher);
    return () => {
        all.delete(watcher);
        if (all.size === 0) watchers.delete(topic);
    };
}

export const topics = {
    status: "status",
    epoch: "epoch",
    rates: "rates",
    events: "events",
    machines: "machines",
    value: (machine: string, tag: string) => `value\0${valueKey(machine, tag)}`,
    valuesOf: (machine: string) => `values\0${machine}`,
};

function setStatus(next: LiveStatus) {
    if (status === next) return;
    status = next;
    touch(topics.status);
}

function listen<T>(from: EventSource, name: string, take: (data: T) => void) {
    from.addEventListener(name, (event) => {
        if (from !== source) return;
        heardAt = Date.now();
        try {
            take(JSON.parse((event as MessageEvent<string>).data) as T);
        } catch (error) {
            console.warn(`live stream: a message "${name}" could not be read`, error);
        }
    });
}

const machinesWanted = () => [...wanted.keys()].sort();

function open() {
    close();
    if (users === 0) return;
    const machines = machinesWanted();
    openedFor = machines.join("\0");
    if (status !== "lost") setStatus("opening");
    const stream = new EventSource(withQuery("/api/v1/live", { machine: machines }));
    source = stream;
    heardAt = Date.now();
    stream.onopen = () => {
        if (stream !== source) return;
        attempts = 0;
        heardAt = Date.now();
        // What changed while we were away is not repeated: pages read again.
        if (status === "lost") skipped();
        setStatus("open");
    };
    stream.onerror = () => stream === source && lost();
    listen<LiveBatch[]>(stream, "values", (batches) => {
        for (const key of applyValues(liveState, batches)) touch(`value\0${key}`);
        for (const { machine } of batches) touch(topics.valuesOf(machine));
    });
    listen<Machine>(stream, "machine", (machine) => {
        applyMachine(liveState, machine);
        touch(topics.machines);
    });
    listen<PlantEvent>(stream, "event", (event) => applyEvent(liveState, event) && touch(topics.events));
    listen<Rates>(stream, "rates", (rates) => {
        applyRates(liveState, rates);
        touch(topics.rates);
    });
    listen<unknown>(stream, "gap", skipped);
}

function skipped() {
    epoch += 1;
    touch(topics.epoch);
}

function close() {
    clearTimeout(retryTimer);
    source?.close();
    source = null;
}

function lost() {
    close();
    setStatus("lost");
    const wait = Math.min(10_000, 500 * 2 ** attempts) * (0.8 + Math.random() * 0.4);
    attempts += 1;
    retryTimer = setTimeout(open, wait);
    // EventSource does not tell why; the session does.
    void refreshSession();
}

setInterval(() => {
    if (source && Date.now() - heardAt > silence_max_ms) lost();
}, 5000);

// A pulled cable is known at once; a node on this very machine answers the next attempt all the same.
addEventListener("offline", () => source && lost());
addEventListener("online", () => {
    if (status !== "lost") return;
    attempts = 0;
    open();
});

document.addEventListener("visibilitychange", () => {
    clearTimeout(hiddenTimer);
    if (document.hidden) {
        hiddenTimer = setTimeout(() => {
            close();
            setStatus("off");
        }, hidden_max_ms);
    } else if (users > 0 && !source) {
        open();
        skipped();
    }
});

/** Keeps the stream open while the calling part is on the page. */
export function useLiveStream() {
    useEffect(() => {
        users += 1;
        if (users === 1) open();
        return () => {
            users -= 1;
            if (users > 0) return;
            close();
            attempts = 0;
            setStatus("off");
        };
    }, []);
}

/** Asks the stream for this machine's tag values while the calling part is on the page. */
export function useMachineValues(machine: string) {
    useEffect(() => {
        wanted.set(machine, (wanted.get(machine) ?? 0) + 1);
        changed();
        return () => {
            const count = (wanted.get(machine) ?? 1) - 1;
            if (count > 0) wanted.set(machine, count);
            else {
                wanted.delete(machine);
                forget(machine);
            }
            changed();
        };
    }, [machine]);
}

function changed() {
    clearTimeout(changeTimer);
    changeTimer = setTimeout(() => {
        if (source && machinesWanted().join("\0") !== openedFor) open();
    }, 0);
}

function forget(machine: string) {
    const prefix = valueKey(machine, "");
    liveState.heard.delete(machine);
    for (const map of [liveState.values, liveState.recent]) {
        for (const key of [...map.keys()]) if (key.startsWith(prefix)) map.delete(key);
    }
}

export function useLive<T>(topic: string, get: () => T): T {
    return useSyncExternalStore((watcher) => onLive(topic, watcher), get);
}

export const useLiveStatus = () => useLive(topics.status, () => status);
/** Grows whenever something may have been missed: read again what you show. */
export const useLiveEpoch = () => useLive(topics.epoch, () => epoch);
