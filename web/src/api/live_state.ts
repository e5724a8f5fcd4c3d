// What the live stream has told so far, and how each message changes it. Pure: no DOM, no clock.
import type { LiveBatch, LiveValue, Machine, PlantEvent, Rates } from "./types";

export const limits = { events: 300, rates: 180, recent: 240 };

/** A tag's numbers of the last minutes, for its sparkline. Changed in place. */
export interface Recent {
    at: number[];
    value: number[];
}

export interface LiveState {
    values: Map<string, LiveValue>;
    recent: Map<string, Recent>;
    /** The newest instant of any value of a machine. */
    heard: Map<string, string>;
    machines: Map<string, Machine>;
    events: PlantEvent[];
    rates: Rates[];
}

export function emptyLiveState(): LiveState {
    return { values: new Map(), recent: new Map(), heard: new Map(), machines: new Map(), events: [], rates: [] };
}

/** Machine ids and tag names may hold anything but a NUL byte. */
export const valueKey = (machine: string, tag: string) => `${machine}\0${tag}`;

/**
 * Folds a `values` message in and returns the keys that changed. A value older than the one we have
 * (a late sample) does not replace it.
 */
export function applyValues(state: LiveState, batches: LiveBatch[]): string[] {
    const changed: string[] = [];
    for (const { machine, values } of batches) {
        for (const value of values) {
            const key = valueKey(machine, value.tag);
            const known = state.values.get(key);
            const at = Date.parse(value.at);
            if (known && Date.parse(known.at) > at) continue;
            state.values.set(key, value);
            const heard = state.heard.get(machine);
            if (!heard || Date.parse(heard) < at) state.heard.set(machine, value.at);
            changed.push(key);
            if (typeof value.value === "number") remember(state.recent, key, at, value.value);
        }
    }
    return changed;
}

/** Keeps at most one point per two seconds, so that 240 of them span at least eight minutes. */
function remember(all: Map<string, Recent>, key: string, at: number, value: number) {
    const before = all.get(key);
    if (!before) {
        all.set(key, { at: [at], value: [value] });
        return;
    }
    const last = before.at.length - 1;
    const previous = before.at[last - 1];
    if (previous !== undefined && before.at[last]! - previous < 2000) {
        before.at[last] = at;
        before.value[last] = value;
        return;
    }
    if (at === before.at[last]) {
        before.value[last] = value;
        return;
    }
    before.at.push(at);
    before.value.push(value);
    if (before.at.length > limits.recent) {
        before.at.splice(0, before.at.length - limits.recent);
        before.value.splice(0, before.value.length - limits.recent);
    }
}

/** Puts stored points before the live ones. */
export function seedRecent(state: LiveState, key: string, at: number[], value: number[]) {
    const live = state.recent.get(key);
    const firstLive = live?.at[0] ?? Infinity;
    const keep = at.filter((ms) => ms < firstLive).length;
    state.recent.set(key, {
        at: [...at.slice(0, keep), ...(live?.at ?? [])].slice(-limits.recent),
        value: [...value.slice(0, keep), ...(live?.value ?? [])].slice(-limits.recent),
    });
}

export function applyMachine(state: LiveState, machine: Machine) {
    state.machines.set(machine.id, machine);
}

/** Newest first, each id once, bounded. */
export function applyEvent(state: LiveState, event: PlantEvent): boolean {
    if (state.events.some((known) => known.id === event.id)) return false;
    state.events = [event, ...state.events].slice(0, limits.events);
    return true;
}

export function applyRates(state: LiveState, rates: Rates) {
    state.rates = [...state.rates, rates].slice(-limits.rates);
}

/** Joins two newest-first lists by id, newest first, at most `count`. */
export function mergeEvents(a: PlantEvent[], b: PlantEvent[], count: number): PlantEvent[] {
    const byId = new Map<string, PlantEvent>();
    for (const event of [...a, ...b]) byId.set(event.id, event);
    return [...byId.values()]
        .sort((x, y) => Date.parse(y.at) - Date.parse(x.at))
        .slice(0, count);
}
