// The plan as lanes over time: what lies where, in pixels. Pure.
import type { Plan, PlanCall } from "../api/dispatch_types";

export interface Bar {
    call: PlanCall;
    machine: string;
    key: string;
    arrival: number;
    begin: number;
    end: number;
    /** When what is before it ended: the machine is free, or on its way. */
    since: number | null;
}

/** A machine carried by a low-loader. */
export interface Carry {
    machine: string;
    from: number;
    until: number;
}

export interface Lane {
    machine: string;
    bars: Bar[];
    carries: Carry[];
}

/** From each loading to its unloading, in the order of the tour. */
export function carriesOf(tour: Plan["tours"][number]): Carry[] {
    const loaded = new Map<string, number>();
    const carries: Carry[] = [];
    for (const stop of tour.stops) {
        if (stop.kind === "load") loaded.set(stop.machine, Date.parse(stop.arrival));
        else carries.push({ machine: stop.machine, from: loaded.get(stop.machine) ?? Date.parse(stop.arrival), until: Date.parse(stop.end) });
    }
    return carries;
}

export const keyOf = (each: { request: string; place: number }) => `${each.request}/${each.place}`;

const isFree = (lane: Lane) => lane.bars.length + lane.carries.length === 0;

export function lanesOf(plan: Plan, others: string[]): Lane[] {
    const lanes = plan.routes.map(({ machine, calls }): Lane => {
        let since: number | null = null;
        const bars = calls.map((call): Bar => {
            const bar = { call, machine, key: keyOf(call), arrival: Date.parse(call.arrival), begin: Date.parse(call.begin), end: Date.parse(call.end), since };
            since = bar.end;
            return bar;
        });
        return { machine, bars, carries: [] };
    });
    for (const tour of plan.tours ?? []) {
        const lane = lanes.find((each) => each.machine === tour.loader);
        if (lane) lane.carries.push(...carriesOf(tour));
        else lanes.push({ machine: tour.loader, bars: [], carries: carriesOf(tour) });
    }
    const known = new Set(lanes.map((lane) => lane.machine));
    for (const machine of others) if (!known.has(machine)) lanes.push({ machine, bars: [], carries: [] });
    return lanes.sort((a, b) => Number(isFree(a)) - Number(isFree(b)) || a.machine.localeCompare(b.machine, "en", { numeric: true }));
}

export interface Span {
    from: number;
    until: number;
}

/** From the hour before what is going on, to the hour after the last job, at least `least_ms`. */
export function spanOf(lanes: Lane[], now: number, least_ms: number): Span {
    const hour = 3_600_000;
    let from = now - hour, until = now + least_ms;
    for (const lane of lanes) {
        for (const bar of lane.bars) {
            // What was done long ago does not push the present out of sight.
            if (bar.end > now - 6 * hour) from = Math.min(from, Math.max(bar.arrival, now - 12 * hour));
            until = Math.max(until, bar.end + hour / 2);
        }
        for (const carry of lane.carries) until = Math.max(until, carry.until + hour / 2);
    }
    return { from: Math.floor(from / hour) * hour, until: Math.min(Math.ceil(until / hour) * hour, now + 14 * 24 * hour) };
}

/** Whether people may still move it. */
export const isMovable = (call: PlanCall) => call.stage === "requested" || call.stage === "planned" || call.stage === "accepted";

/** The lane `by` steps from another, staying inside. */
export function laneAway(lanes: Lane[], from: number, by: number): number {
    return Math.min(lanes.length - 1, Math.max(0, from + by));
}
