// Round marks for axes: instants in a zone's own wall time, values in 1-2-5 steps.
import { offsetMinutes } from "../format/time";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const steps = [
    second, 2 * second, 5 * second, 10 * second, 15 * second, 30 * second,
    minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute,
    hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day, 14 * day,
    30 * day, 91 * day, 182 * day, 365 * day, 730 * day, 1825 * day, 3650 * day,
];

export interface TimeTicks {
    step_ms: number;
    at: number[];
}

/** At most `count` marks that fall on round wall-clock times of `zone`. */
export function timeTicks(from: number, until: number, count: number, zone: string): TimeTicks {
    const wanted = (until - from) / Math.max(1, count);
    const step = steps.find((each) => each >= wanted) ?? 3650 * day;
    if (step >= 30 * day) return { step_ms: step, at: calendarTicks(from, until, step, zone) };
    const at: number[] = [];
    const offset = offsetMinutes(from, zone) * minute;
    for (let wall = Math.ceil((from + offset) / step) * step; at.length < 200; wall += step) {
        // The offset may change between two marks: ask again, so that midnight stays midnight.
        const guess = wall - offset;
        const instant = wall - offsetMinutes(guess, zone) * minute;
        if (instant >= until) break;
        if (instant >= from && instant !== at[at.length - 1]) at.push(instant);
    }
    return { step_ms: step, at };
}

function calendarTicks(from: number, until: number, step: number, zone: string): number[] {
    const months = step >= 365 * day ? Math.round(step / (365 * day)) * 12 : Math.max(1, Math.round(step / (30.4 * day)));
    const start = new Date(from + offsetMinutes(from, zone) * minute);
    let month = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / months) * months;
    const at: number[] = [];
    for (; at.length < 200; month += months) {
        const wall = Date.UTC(Math.floor(month / 12), month % 12, 1);
        const instant = wall - offsetMinutes(wall, zone) * minute;
        if (instant >= until) break;
        if (instant >= from) at.push(instant);
    }
    return at;
}

export interface Scale {
    min: number;
    max: number;
    step: number;
}

/** The smallest 1-2-5 scale with about `count` steps that holds both values. */
export function valueScale(low: number, high: number, count: number): Scale {
    if (!Number.isFinite(low) || !Number.isFinite(high)) return { min: 0, max: 1, step: 1 };
    if (high - low < Math.max(Math.abs(low), Math.abs(high)) * 1e-9) {
        const room = Math.abs(low) > 0 ? Math.abs(low) * 0.1 : 1;
        low -= room;
        high += room;
    }
    const rough = (high - low) / Math.max(1, count);
    const power = 10 ** Math.floor(Math.log10(rough));
    const lead = rough / power;
    const step = (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
    const min = Math.floor(low / step + 1e-9) * step;
    const max = Math.ceil(high / step - 1e-9) * step;
    return { min, max: max > min ? max : min + step, step };
}
