// Which stretch of time a trend shows, and how zooming and panning change it. Half-open [from, until).

export const rangeKeys = ["1m", "10m", "1h", "8h", "24h", "7d", "30d", "all"] as const;
export type RangeKey = (typeof rangeKeys)[number];

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const lengths: Record<Exclude<RangeKey, "all">, number> = {
    "1m": minute, "10m": 10 * minute, "1h": hour, "8h": 8 * hour, "24h": day, "7d": 7 * day, "30d": 30 * day,
};

export const rangeLength = (key: RangeKey): number | null => (key === "all" ? null : lengths[key]);

/** Either the last stretch up to now, or a stretch that a person chose by zooming. */
export type View = { kind: "last"; range: RangeKey } | { kind: "fixed"; from: number; until: number };

export interface Window {
    from: number;
    until: number;
}

export const span_ms_min = 1000;
export const span_ms_max = 50 * 365 * day;
const earliest_ms = Date.UTC(1990, 0, 1);

/** Short ranges follow the live stream sample by sample; longer ones are read again now and then. */
export const isLive = (view: View) =>
    view.kind === "last" && view.range !== "all" && lengths[view.range] <= hour;

/** `first` is the instant of the first sample, known once "all" has been read. */
export function windowOf(view: View, now: number, first: number | null): Window {
    if (view.kind === "fixed") return { from: view.from, until: view.until };
    const length = rangeLength(view.range);
    if (length !== null) return { from: now - length, until: now };
    return { from: Math.min(first ?? now - day, now - minute), until: now };
}

/** Keeps a window within what can exist: a second at least, not beyond a minute from now. */
export function clamp(window: Window, now: number): Window {
    const span = Math.min(span_ms_max, Math.max(span_ms_min, window.until - window.from));
    const middle = (window.from + window.until) / 2;
    let from = Math.round(middle - span / 2);
    let until = Math.round(middle + span / 2);
    const latest = now + minute;
    if (until > latest) {
        from -= until - latest;
        until = latest;
    }
    from = Math.max(earliest_ms, from);
    return { from, until: Math.max(until, from + span_ms_min) };
}

/** Zooms by `factor` (below one is closer) and keeps the instant `at` where it is on the screen. */
export function zoomAt(window: Window, at: number, factor: number, now: number): Window {
    return clamp({ from: at - (at - window.from) * factor, until: at + (window.until - at) * factor }, now);
}

/** Moves by a fraction of the span; positive is later. */
export function panBy(window: Window, fraction: number, now: number): Window {
    const shift = (window.until - window.from) * fraction;
    return clamp({ from: window.from + shift, until: window.until + shift }, now);
}
