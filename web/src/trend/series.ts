// From the API's trend to what is drawn: points, runs between gaps, state bands, and the live tail.
import type { LiveValue, TagKind, TagValue, TrendSeries } from "../api/types";

/** One drawn point. For raw samples min = max = value. */
export interface Point {
    at: number;
    value: number;
    min: number;
    max: number;
    poor: boolean;
}

export interface Band {
    from: number;
    until: number;
    text: string;
}

/** A point of a text or boolean series; null means that the value is unknown from here on. */
interface Step {
    at: number;
    text: string | null;
}

export interface Plot {
    tag: string;
    kind: TagKind;
    unit: string | null;
    /** null: every stored sample is here. */
    step_ms: number | null;
    /** Ascending. A null stands where the value is known to be missing. */
    points: (Point | { at: number; value: null })[];
    steps: Step[];
}

export const isNumeric = (kind: TagKind) => kind === "double" || kind === "integer";

const asNumber = (value: TagValue): number | null => {
    const number = typeof value === "string" ? Number(value) : value;
    return typeof number === "number" && Number.isFinite(number) ? number : null;
};

const asText = (value: TagValue): string | null => (value === null ? null : String(value));

export function plotOf(series: TrendSeries): Plot {
    const plot: Plot = {
        tag: series.tag, kind: series.kind, unit: series.unit,
        step_ms: series.raw ? null : series.step_ms, points: [], steps: [],
    };
    if (series.raw) {
        for (const [at, value, quality] of series.samples) addSample(plot, at, value, quality);
    } else if (isNumeric(series.kind)) {
        for (const [start, min, max, average, , , , quality] of series.columns) {
            const at = start + series.step_ms / 2;
            if (average === null) plot.points.push({ at, value: null });
            else plot.points.push({ at, value: average, min: min ?? average, max: max ?? average, poor: poor(quality) });
        }
    } else {
        for (const [start, , , , first, last] of series.columns) {
            plot.steps.push({ at: start, text: asText(first) });
            if (first !== last) plot.steps.push({ at: start + series.step_ms / 2, text: asText(last) });
        }
    }
    return plot;
}

const poor = (quality: string | undefined) => quality !== undefined && quality !== "good";

function addSample(plot: Plot, at: number, value: TagValue, quality: string | undefined) {
    if (!isNumeric(plot.kind)) {
        plot.steps.push({ at, text: quality === "missing" ? null : asText(value) });
        return;
    }
    const number = asNumber(value);
    if (number === null || quality === "missing") plot.points.push({ at, value: null });
    else plot.points.push({ at, value: number, min: number, max: number, poor: poor(quality) });
}

/** Adds a live value at the end; a late one is left to the next reading. Returns whether it was added. */
export function append(plot: Plot, live: LiveValue): boolean {
    const at = Date.parse(live.at);
    const list = isNumeric(plot.kind) ? plot.points : plot.steps;
    const last = list[list.length - 1];
    if (!Number.isFinite(at) || (last && at <= last.at && plot.step_ms === null)) return false;
    if (plot.step_ms === null || !isNumeric(plot.kind)) {
        if (last && at <= last.at) return false;
        addSample(plot, at, live.value, live.quality);
        return true;
    }
    const number = asNumber(live.value);
    if (number === null) return false;
    const middle = Math.floor(at / plot.step_ms) * plot.step_ms + plot.step_ms / 2;
    const column = plot.points[plot.points.length - 1];
    if (column && column.value !== null && Math.abs(column.at - middle) < plot.step_ms) {
        column.min = Math.min(column.min, number);
        column.max = Math.max(column.max, number);
        // The count is not known here; half-way to the new value is near enough until the next reading.
        column.value = (column.value + number) / 2;
        return true;
    }
    if (column && middle <= column.at) return false;
    plot.points.push({ at: middle, value: number, min: number, max: number, poor: poor(live.quality) });
    return true;
}

/** Drops what lies before `from`, but keeps the one point that leads into the window. */
export function trim(plot: Plot, from: number) {
    for (const list of [plot.points, plot.steps] as { at: number }[][]) {
        let drop = 0;
        while (drop + 1 < list.length && list[drop + 1]!.at < from) drop += 1;
        if (drop > 0) list.splice(0, drop);
    }
}

/**
 * The distance between neighbours above which a line is broken: three empty columns where columns are
 * usually full, else six times the usual distance. So a slow tag is a line and an outage is not.
 */
export function gapLength(plot: Plot): number {
    const distances: number[] = [];
    for (let i = 1; i < plot.points.length; i += 1) distances.push(plot.points[i]!.at - plot.points[i - 1]!.at);
    if (distances.length === 0) return Infinity;
    distances.sort((a, b) => a - b);
    const usual = distances[Math.floor(distances.length / 2)]!;
    const isFull = plot.step_ms !== null && usual < plot.step_ms * 1.5;
    return Math.max(isFull ? plot.step_ms! * 3 : usual * 6, 2500);
}

/** Points grouped so that within a run no gap lies. */
export function runs(plot: Plot): Point[][] {
    const longest = gapLength(plot);
    const all: Point[][] = [];
    let run: Point[] = [];
    let before = -Infinity;
    for (const point of plot.points) {
        if (point.value === null || point.at - before > longest) {
            if (run.length) all.push(run);
            run = [];
        }
        if (point.value !== null) run.push(point);
        before = point.at;
    }
    if (run.length) all.push(run);
    return all;
}

/** A text holds until the next one, the last until `until`. Equal neighbours are one band. */
export function bands(plot: Plot, until: number): Band[] {
    const all: Band[] = [];
    plot.steps.forEach((step, index) => {
        const end = plot.steps[index + 1]?.at ?? Math.max(until, step.at);
        const last = all[all.length - 1];
        if (step.text === null) return;
        if (last && last.text === step.text && last.until === step.at) last.until = end;
        else all.push({ from: step.at, until: end, text: step.text });
    });
    return all;
}

/** The point or text at an instant, for the readout under the cursor. */
export function pointAt(plot: Plot, at: number, reach_ms: number): Point | null {
    let low = 0;
    let high = plot.points.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (plot.points[middle]!.at < at) low = middle + 1;
        else high = middle;
    }
    let best: Point | null = null;
    for (const candidate of [plot.points[low - 1], plot.points[low]]) {
        if (!candidate || candidate.value === null || Math.abs(candidate.at - at) > reach_ms) continue;
        if (!best || Math.abs(candidate.at - at) < Math.abs(best.at - at)) best = candidate;
    }
    return best;
}

export function textAt(plot: Plot, at: number): string | null {
    let text: string | null = null;
    for (const step of plot.steps) {
        if (step.at > at) break;
        text = step.text;
    }
    return text;
}
