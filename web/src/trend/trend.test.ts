import { describe, expect, it } from "vitest";
import type { TrendSeries } from "../api/types";
import { append, bands, plotOf, pointAt, runs, textAt, trim } from "./series";
import { timeTicks, valueScale } from "./ticks";
import { clamp, isLive, panBy, windowOf, zoomAt } from "./window";

const now = Date.UTC(2026, 10, 21, 8, 15);

describe("window", () => {
    it("ends now for a range and keeps a chosen stretch", () => {
        expect(windowOf({ kind: "last", range: "10m" }, now, null)).toEqual({ from: now - 600_000, until: now });
        expect(windowOf({ kind: "fixed", from: 5, until: 9 }, now, null)).toEqual({ from: 5, until: 9 });
        expect(windowOf({ kind: "last", range: "all" }, now, 1000)).toEqual({ from: 1000, until: now });
    });
    it("keeps the instant under the cursor where it is", () => {
        const before = { from: now - 3_600_000, until: now - 1_800_000 };
        const at = before.from + 450_000;
        const after = zoomAt(before, at, 0.5, now);
        expect((at - after.from) / (after.until - after.from)).toBeCloseTo(0.25, 3);
        expect(after.until - after.from).toBe(900_000);
    });
    it("never shows less than a second nor the far future", () => {
        const tiny = zoomAt({ from: now - 2000, until: now - 1000 }, now - 1500, 0.001, now);
        expect(tiny.until - tiny.from).toBe(1000);
        const late = panBy({ from: now - 60_000, until: now }, 10, now);
        expect(late).toEqual({ from: now, until: now + 60_000 });
        expect(clamp({ from: 10, until: 5 }, now).until).toBeGreaterThan(clamp({ from: 10, until: 5 }, now).from);
    });
    it("follows the stream up to one hour", () => {
        expect(isLive({ kind: "last", range: "1h" })).toBe(true);
        expect(isLive({ kind: "last", range: "8h" })).toBe(false);
        expect(isLive({ kind: "fixed", from: 0, until: 1 })).toBe(false);
    });
});

describe("ticks", () => {
    it("falls on the zone's own midnight, across daylight saving", () => {
        const from = Date.UTC(2026, 2, 28);
        const { at, step_ms } = timeTicks(from, from + 3 * 86_400_000, 3, "Europe/Berlin");
        expect(step_ms).toBe(86_400_000);
        expect(at.map((ms) => new Date(ms).toISOString().slice(5, 16)))
            .toEqual(["03-28T23:00", "03-29T22:00", "03-30T22:00"]);
    });
    it("uses first days of months for long ranges", () => {
        const { at } = timeTicks(Date.UTC(2025, 0, 15), Date.UTC(2026, 0, 15), 12, "UTC");
        expect(at.every((ms) => new Date(ms).getUTCDate() === 1)).toBe(true);
        expect(at.length).toBeGreaterThan(3);
    });
    it("makes value scales of 1-2-5", () => {
        expect(valueScale(0.3, 9.7, 5)).toEqual({ min: 0, max: 10, step: 2 });
        expect(valueScale(-12, 31, 4)).toEqual({ min: -20, max: 40, step: 20 });
        expect(valueScale(5, 5, 4).min).toBeLessThan(5);
        expect(valueScale(NaN, 1, 4)).toEqual({ min: 0, max: 1, step: 1 });
    });
});

const raw = (samples: [number, number | string | boolean | null][], kind: "double" | "string" = "double"): TrendSeries =>
    ({ tag: "t", kind, unit: null, raw: true, samples });

describe("series", () => {
    it("breaks the line at outages and unknown values only", () => {
        const regular: [number, number][] = [0, 1, 2, 3, 30, 31, 32].map((s) => [s * 1000, s]);
        expect(runs(plotOf(raw(regular))).map((run) => run.length)).toEqual([4, 3]);
        expect(runs(plotOf(raw([[0, 1], [1000, null], [2000, 2]]))).map((run) => run.length)).toEqual([1, 1]);
        expect(runs(plotOf(raw([0, 60, 120, 180].map((s) => [s * 1000, s]))))).toHaveLength(1);
    });
    it("puts a column's point in its middle and keeps the band", () => {
        const plot = plotOf({ tag: "t", kind: "double", unit: "A", raw: false, step_ms: 100, columns: [[0, 1, 9, 4, 2, 3, 7]] });
        expect(plot.points).toEqual([{ at: 50, value: 4, min: 1, max: 9, poor: false }]);
    });
    it("joins equal states and leaves a hole where the state is unknown", () => {
        const plot = plotOf(raw([[0, "run"], [10, "run"], [20, null], [30, "idle"]], "string"));
        expect(bands(plot, 50)).toEqual([{ from: 0, until: 20, text: "run" }, { from: 30, until: 50, text: "idle" }]);
        expect(textAt(plot, 15)).toBe("run");
        expect(textAt(plot, 25)).toBe(null);
    });
    it("appends live values to samples and to the last column", () => {
        const at = new Date(5000).toISOString();
        const samples = plotOf(raw([[1000, 1]]));
        expect(append(samples, { tag: "t", value: 7, at, quality: "good" })).toBe(true);
        expect(append(samples, { tag: "t", value: 7, at, quality: "good" })).toBe(false);
        const columns = plotOf({ tag: "t", kind: "double", unit: null, raw: false, step_ms: 1000, columns: [[5000, 1, 3, 2, 1, 3, 4]] });
        append(columns, { tag: "t", value: 9, at, quality: "good" });
        expect(columns.points).toHaveLength(1);
        expect(columns.points[0]).toMatchObject({ min: 1, max: 9 });
        append(columns, { tag: "t", value: 4, at: new Date(6100).toISOString(), quality: "good" });
        expect(columns.points).toHaveLength(2);
    });
    it("trims but keeps the point that leads in", () => {
        const plot = plotOf(raw([[0, 1], [10, 2], [20, 3]]));
        trim(plot, 15);
        expect(plot.points.map((point) => point.at)).toEqual([10, 20]);
    });
    it("finds the nearest point within reach", () => {
        const plot = plotOf(raw([[0, 1], [100, 2]]));
        expect(pointAt(plot, 60, 50)?.value).toBe(2);
        expect(pointAt(plot, 40, 50)?.value).toBe(1);
        expect(pointAt(plot, 300, 50)).toBe(null);
    });
});

it("a line breaks where three columns are empty, a slow tag's does not, an outage of a slow tag does", () => {
    const columns = (step: number, at: number[]) => plotOf({
        tag: "t", kind: "double", unit: null, raw: false, step_ms: step, columns: at.map((n) => [n * step, 1, 1, 1, 1, 1, 1]),
    });
    const sizes = (step: number, at: number[]) => runs(columns(step, at)).map((run) => run.length);
    const full = Array.from({ length: 20 }, (_, n) => n);
    expect(sizes(60_000, [...full, 22, 23])).toEqual([22]);  // two are empty
    expect(sizes(60_000, [...full, 23, 24])).toEqual([20, 2]);  // three are
    const slow = full.map((n) => n * 10);
    expect(sizes(1000, [...slow, 249])).toEqual([21]);
    expect(sizes(1000, [...slow, 251])).toEqual([20, 1]);
});
