// Times as people enter them: wall-clock of a site, and lengths in words. Pure.
import { offsetMinutes } from "../format/time";

/** "2026-11-22T14:30" on the wall of a zone, as an instant; NaN when it is none. In a skipped hour, the hour after. */
export function instantOf(local: string, zone: string): number {
    const asUtc = Date.parse(`${local}Z`);
    if (!Number.isFinite(asUtc)) return NaN;
    const first = asUtc - offsetMinutes(asUtc, zone) * 60_000;
    return asUtc - offsetMinutes(first, zone) * 60_000;
}

/** The wall-clock of a zone as an input field takes it, to the minute. */
export function localOf(ms: number, zone: string): string {
    return new Date(ms + offsetMinutes(ms, zone) * 60_000).toISOString().slice(0, 16);
}

export function hoursAndMinutes(seconds: number): { hours: number; minutes: number } {
    const all = Math.round(Math.abs(seconds) / 60);
    return { hours: Math.floor(all / 60), minutes: all % 60 };
}
