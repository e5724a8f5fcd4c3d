import { describe, expect, it } from "vitest";
import * as live from "./live_state";
import type { LiveValue, PlantEvent, Rates } from "./types";

const at = (seconds: number) => new Date(1e12 + seconds * 1000).toISOString();
const value = (tag: string, seconds: number, value: LiveValue["value"]): LiveValue =>
    ({ tag, value, at: at(seconds), quality: "good" });
const event = (id: string, seconds: number): PlantEvent => ({ id, at: at(seconds), machine: null, kind: "birth", text: "" });

describe("live state", () => {
    it("takes the newest value of each tag of each machine", () => {
        const state = live.emptyLiveState();
        expect(live.applyValues(state, [{ machine: "a", values: [value("x", 1, 1), value("y", 1, "on")] }]))
            .toEqual(["a\0x", "a\0y"]);
        expect(live.applyValues(state, [{ machine: "a", values: [value("x", 0, 9)] }])).toEqual([]);
        live.applyValues(state, [{ machine: "b", values: [value("x", 5, 7)] }]);
        expect(state.values.get("a\0x")?.value).toBe(1);
        expect(state.values.get("b\0x")?.value).toBe(7);
    });
    it("keeps numbers for the sparkline, bounded and thinned", () => {
        const state = live.emptyLiveState();
        for (let i = 0; i < 2000; i += 1) live.applyValues(state, [{ machine: "a", values: [value("x", i, i)] }]);
        const recent = state.recent.get("a\0x")!;
        expect(recent.at.length).toBeLessThanOrEqual(live.limits.recent);
        expect(recent.value[recent.value.length - 1]).toBe(1999);
        const distances = recent.at.slice(1, -1).map((ms, i) => ms - recent.at[i]!);
        expect(Math.min(...distances)).toBeGreaterThanOrEqual(2000);
    });
    it("puts stored points before live ones without doubling", () => {
        const state = live.emptyLiveState();
        live.applyValues(state, [{ machine: "a", values: [value("x", 100, 5)] }]);
        live.seedRecent(state, "a\0x", [1e12, 1e12 + 100_000, 1e12 + 200_000], [1, 2, 3]);
        expect(state.recent.get("a\0x")).toEqual({ at: [1e12, 1e12 + 100_000], value: [1, 5] });
    });
    it("shows an event once and forgets the oldest", () => {
        const state = live.emptyLiveState();
        expect(live.applyEvent(state, event("1", 1))).toBe(true);
        expect(live.applyEvent(state, event("1", 1))).toBe(false);
        for (let i = 0; i < 400; i += 1) live.applyEvent(state, event(`e${i}`, i));
        expect(state.events).toHaveLength(live.limits.events);
        expect(state.events[0]!.id).toBe("e399");
    });
    it("merges stored and live events, newest first", () => {
        const merged = live.mergeEvents([event("b", 2), event("a", 1)], [event("c", 3), event("b", 2)], 2);
        expect(merged.map((each) => each.id)).toEqual(["c", "b"]);
    });
    it("bounds the rates", () => {
        const state = live.emptyLiveState();
        for (let i = 0; i < 500; i += 1) live.applyRates(state, { messages_per_s: i } as Rates);
        expect(state.rates).toHaveLength(live.limits.rates);
    });
});
