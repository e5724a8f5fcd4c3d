// The fleet as the map knows it: rows by id, folded with what the live stream tells. Pure but for its listeners.
import type { Counts, FleetState, MapAnswer, MapRow } from "../api/fleet_types";
import { worldX, worldY } from "./mercator";
import type { Points } from "./clusters";

/** Worst first: the order of the clusters' rings and of lists. */
export const states: FleetState[] = ["fault", "working", "idle", "silent", "off"];
export const stateMark = { fault: "fault", working: "run", idle: "idle", silent: "silent", off: "off" } as const;

export interface Spot {
    id: string;
    name: string | null;
    type: string | null;
    latitude: number | null;
    longitude: number | null;
    heading: number | null;
    state: FleetState;
    last_seen_ms: number | null;
    fault: string | null;
    site: string | null;
}

const trail_max = 40;
const order = new Intl.Collator("en", { numeric: true });

export const nameOf = (spot: { id: string; name: string | null }) => spot.name ?? spot.id;

export function spotOf(row: MapRow): Spot {
    const [id, name, type, latitude, longitude, heading, state, last_seen_ms, fault, site] = row;
    return { id, name, type, latitude, longitude, heading, state, last_seen_ms, fault, site };
}

export interface Filter {
    q: string;
    states: ReadonlySet<FleetState>;
    type: string;
    /** A site's id, "" for any, "-" for none. */
    site: string;
}

export const noFilter: Filter = { q: "", states: new Set(), type: "", site: "" };

export function passes(spot: Spot, filter: Filter): boolean {
    if (filter.states.size > 0 && !filter.states.has(spot.state)) return false;
    if (filter.type && (spot.type ?? "") !== filter.type) return false;
    if (filter.site && (spot.site ?? "-") !== filter.site) return false;
    if (!filter.q) return true;
    const wanted = filter.q.toLowerCase();
    return spot.id.toLowerCase().includes(wanted) || (spot.name ?? "").toLowerCase().includes(wanted);
}

export class Roster {
    spots: Spot[] = [];
    counts: Counts = { working: 0, idle: 0, off: 0, fault: 0, silent: 0 };
    points: Points = emptyPoints();
    /** Where machines were while this page looked: the newest last, as world x, y. */
    readonly trails = new Map<number, number[]>();
    version = 0;
    /** Indexes in the order of names: sorting ten thousand of them again every second would be seen. */
    byName: number[] = [];
    private readonly index = new Map<string, number>();
    private filter = noFilter;

    at = (id: string): Spot | undefined => this.spots[this.index.get(id) ?? -1];
    indexOf = (id: string) => this.index.get(id) ?? -1;

    replace(answer: MapAnswer) {
        this.spots = answer.machines.map(spotOf);
        this.counts = answer.counts;
        this.index.clear();
        this.trails.clear();
        this.spots.forEach((spot, i) => this.index.set(spot.id, i));
        this.build();
    }

    /** Rows that changed. New machines are appended. */
    apply(rows: MapRow[]) {
        let grown = false;
        for (const row of rows) {
            const spot = spotOf(row);
            const i = this.index.get(spot.id);
            if (i === undefined) {
                this.index.set(spot.id, this.spots.length);
                this.spots.push(spot);
                grown = true;
                continue;
            }
            this.remember(i, spot);
            this.spots[i] = spot;
            if (!grown) this.put(i, spot);
        }
        if (grown) this.build();
        else this.version += 1;
    }

    select(filter: Filter) {
        this.filter = filter;
        this.spots.forEach((spot, i) => (this.points.shown[i] = spot.latitude !== null && passes(spot, filter) ? 1 : 0));
        this.version += 1;
    }

    private remember(i: number, next: Spot) {
        const before = this.spots[i]!;
        if (before.latitude === null || next.latitude === null) return;
        if (before.latitude === next.latitude && before.longitude === next.longitude) return;
        let trail = this.trails.get(i);
        if (!trail) this.trails.set(i, (trail = [this.points.x[i]!, this.points.y[i]!]));
        trail.push(worldX(next.longitude!), worldY(next.latitude));
        if (trail.length > 2 * trail_max) trail.splice(0, trail.length - 2 * trail_max);
    }

    private build() {
        const count = this.spots.length;
        this.points = { count, x: new Float64Array(count), y: new Float64Array(count), state: new Uint8Array(count), shown: new Uint8Array(count) };
        this.spots.forEach((spot, i) => this.put(i, spot));
        const names = this.spots.map(nameOf);
        this.byName = names.map((_, i) => i).sort((a, b) => order.compare(names[a]!, names[b]!));
        this.version += 1;
    }

    /** The first of those the filter lets through, the worst state first, then by name; and how many there are. */
    list(filter: Filter, most: number): { spots: Spot[]; count: number } {
        const byState = states.map((): Spot[] => []);
        let count = 0;
        for (const i of this.byName) {
            const spot = this.spots[i]!;
            if (!passes(spot, filter)) continue;
            count += 1;
            const of = byState[states.indexOf(spot.state)]!;
            if (of.length < most) of.push(spot);
        }
        return { spots: byState.flat().slice(0, most), count };
    }

    private put(i: number, spot: Spot) {
        const placed = spot.latitude !== null && spot.longitude !== null;
        this.points.x[i] = placed ? worldX(spot.longitude!) : 0;
        this.points.y[i] = placed ? worldY(spot.latitude!) : 0;
        this.points.state[i] = states.indexOf(spot.state);
        this.points.shown[i] = placed && passes(spot, this.filter) ? 1 : 0;
    }
}

const emptyPoints = (): Points => ({ count: 0, x: new Float64Array(), y: new Float64Array(), state: new Uint8Array(), shown: new Uint8Array() });
