// The shapes of docs/protocols/fleet-api.md, one to one: machines, sites, the index. Requests and plans: dispatch_types.ts.
import type { Stage } from "./dispatch_types";

/** Why something is as it is: what was met, and what it was held against; `text` is a name, or what a person or a machine wrote. */
export interface Reason {
    code: string;
    now?: number;
    limit?: number;
    text?: string;
    rent_cost?: number;
}

export type FleetState = "working" | "idle" | "off" | "fault" | "silent";
export type Counts = Record<FleetState, number>;

/** A row of the map as it comes: see MapAnswer.columns. */
export type MapRow = [
    id: string, name: string | null, type: string | null, latitude: number | null, longitude: number | null,
    heading: number | null, state: FleetState, last_seen_ms: number | null, fault: string | null, site: string | null,
];

export interface MapAnswer {
    at: string;
    version: number;
    counts: Counts;
    columns: string[];
    machines: MapRow[];
}

export type PositionTrouble = "zero" | "nowhere" | "jump" | "frozen" | "vague";

export interface FleetFault {
    code: string;
    spn: number | null;
    fmi: number | null;
    at: string;
    until?: string | null;
    stops?: boolean;
}

export interface Facts {
    type: string | null;
    attachments: string[];
    region: string | null;
    maker: string | null;
    model: string | null;
    serial: string | null;
    pin: string | null;
    weight_kg: number | null;
    drives_itself: boolean | null;
    capacity_kg: number | null;
    fixed_cost: number | null;
    cost_per_km: number | null;
    cost_per_hour: number | null;
    time_factor: number | null;
    service_every_h: number | null;
    service_last_h: number | null;
    service_at: string | null;
    rent_until: string | null;
    rent_cost_per_day: number | null;
    is_out_of_service: boolean | null;
    note: string | null;
}

export interface Use {
    date: string;
    hours: number;
    working_s: number;
    idle_s: number;
    off_s: number;
    fault_s: number;
    silent_s: number;
    utilisation: number | null;
    idle_ratio: number | null;
    fuel_l: number | null;
    fuel_l_per_h: number | null;
}

export interface FleetMachine {
    id: string;
    name: string | null;
    type: string | null;
    region: string | null;
    state: FleetState;
    state_since: string | null;
    state_why: string | null;
    state_reason: Reason | null;
    last_seen: string | null;
    position: { latitude: number; longitude: number; accuracy_m: number | null; at: string } | null;
    position_trouble: PositionTrouble | null;
    clock_trouble_s: number | null;
    heading_deg: number | null;
    speed_kmh: number | null;
    site: string | null;
    hours: number | null;
    idle_hours: number | null;
    fuel_percent: number | null;
    fuel_used_l: number | null;
    fuel_l_per_h: number | null;
    load_percent: number | null;
    rpm: number | null;
    faults: FleetFault[];
    service: { due_at_h: number | null; due_in_h: number | null; expected_at: string | null } | null;
    job: { request: string; place: number; stage: Stage } | null;
    can_be_planned: boolean;
    why_not: string | null;
    why_not_reason: Reason | null;
    /** Whose it is, when another organisation of the node shares it with ours. */
    shared_by: string | null;
    /** Other organisations see it. */
    is_shared: boolean;
    facts: Facts;
    today?: Use;
}

/** Other organisations of the node that see the machine. */
export interface Shares {
    machine: string;
    organisations: { id: string; name: string }[];
}

export interface Trail {
    from: string;
    until: string;
    points: [ms: number, latitude: number, longitude: number, speed_kmh: number | null][];
    left_out: { zero: number; jump: number; nowhere: number };
    is_thinned: boolean;
}

export interface UseRules {
    running_rpm: number;
    working_rpm: number;
    working_load_percent: number;
    working_speed_kmh: number;
    silent_after_s: number;
}

export interface FleetSite {
    id: string;
    name: string;
    time_zone: string;
    latitude: number | null;
    longitude: number | null;
    border: [latitude: number, longitude: number][] | null;
    area_m2: number | null;
    region: string | null;
    machines: string[];
    overlaps: string[];
}

export interface CrossingEvent {
    id: string;
    at: string;
    machine: string;
    site: string;
    kind: "entered" | "left";
}

export interface IndexRow {
    month: string;
    type: string | null;
    region: string | null;
    machines: number | null;
    index: number | null;
    year_on_year: number | null;
    working_days: number | null;
    observed_days: number | null;
    is_withheld: boolean;
}

export interface IndexAnswer {
    definition: { hours_min: number; machines_min: number; sentence: string };
    computed_at: string;
    machines: number;
    rows: IndexRow[];
}
