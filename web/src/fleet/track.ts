// Where a machine was: a way over time, its gaps, and the place at an instant. Pure.
import type { Trail } from "../api/fleet_types";
import { metresBetween, turn, worldX, worldY } from "./mercator";

/** Longer than this between two places, nobody knows the way: the line breaks. */
export const gap_ms = 15 * 60_000;

export interface Track {
    count: number;
    at: Float64Array;
    x: Float64Array;
    y: Float64Array;
    latitude: Float64Array;
    longitude: Float64Array;
    /** km/h as told, else from the way since the place before; NaN when neither is known. */
    speed: Float64Array;
    metres: number;
}

export function trackOf({ points }: Pick<Trail, "points">): Track {
    const count = points.length;
    const make = () => new Float64Array(count);
    const track: Track = { count, at: make(), x: make(), y: make(), latitude: make(), longitude: make(), speed: make(), metres: 0 };
    points.forEach(([at, latitude, longitude, speed], i) => {
        track.at[i] = at;
        track.latitude[i] = latitude;
        track.longitude[i] = longitude;
        track.x[i] = worldX(longitude);
        track.y[i] = worldY(latitude);
        const before = i > 0 && at - track.at[i - 1]! < gap_ms;
        const step = before ? metresBetween({ latitude: track.latitude[i - 1]!, longitude: track.longitude[i - 1]! }, { latitude, longitude }) : 0;
        track.metres += step;
        track.speed[i] = speed ?? (before ? (step / Math.max(1, at - track.at[i - 1]!)) * 3600 : NaN);
    });
    return track;
}

/** The last index at or before the instant; -1 before the first. */
export function indexAt(track: Track, at: number): number {
    let low = 0, high = track.count;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (track.at[middle]! <= at) low = middle + 1;
        else high = middle;
    }
    return low - 1;
}

export interface Moment {
    x: number;
    y: number;
    speed: number;
    /** False inside a gap: it was there before, and nobody knows since. */
    is_known: boolean;
    at: number;
}

/** Between two places that are near in time, on the line between them. */
export function momentAt(track: Track, at: number): Moment | null {
    if (track.count === 0) return null;
    const i = Math.max(0, indexAt(track, at));
    const next = i + 1;
    const span = next < track.count ? track.at[next]! - track.at[i]! : Infinity;
    if (span >= gap_ms || at < track.at[i]!) return { x: track.x[i]!, y: track.y[i]!, speed: NaN, is_known: Math.abs(at - track.at[i]!) < gap_ms, at: track.at[i]! };
    const share = (at - track.at[i]!) / Math.max(1, span);
    return {
        x: track.x[i]! + turn(track.x[i]!, track.x[next]!) * share,
        y: track.y[i]! + (track.y[next]! - track.y[i]!) * share,
        speed: track.speed[next]!, is_known: true, at,
    };
}

/** Stretches of the slider where something is known, as shares of it. */
export function knownStretches(track: Track, from: number, until: number): [number, number][] {
    const stretches: [number, number][] = [];
    const share = (at: number) => Math.min(1, Math.max(0, (at - from) / Math.max(1, until - from)));
    for (let i = 0; i < track.count; i += 1) {
        const last = stretches[stretches.length - 1];
        if (last && track.at[i]! - track.at[i - 1]! < gap_ms) last[1] = share(track.at[i]!);
        else stretches.push([share(track.at[i]!), share(track.at[i]!)]);
    }
    return stretches;
}
