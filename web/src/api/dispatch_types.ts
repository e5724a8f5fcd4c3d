// The shapes of docs/protocols/fleet-api.md, one to one: requests, plans, the cab.
import type { FleetState, Reason, UseRules } from "./fleet_types";

export type Stage = "requested" | "planned" | "accepted" | "travelling" | "arrived" | "working" | "done" | "withdrawn";

export interface PlaceOfRequest {
    index: number;
    stage: Stage;
    machine: string | null;
    arrival: string | null;
    begin: string | null;
    end: string | null;
    is_pinned: boolean;
    why_not: string | null;
    why_not_reason: Reason | null;
}

export interface FleetRequest {
    id: string;
    title: string | null;
    site: string | null;
    position: { latitude: number; longitude: number };
    type: string;
    attachments: string[];
    windows: { from: string; until: string }[];
    duration_s: number;
    count: number;
    priority: number;
    rent_cost: number | null;
    note: string | null;
    created_at: string;
    created_by: string;
    places: PlaceOfRequest[];
}

export interface RequestFields {
    title?: string;
    site?: string;
    position?: { latitude: number; longitude: number };
    type: string;
    attachments?: string[];
    windows?: { from: string; until: string }[];
    duration_s: number;
    count?: number;
    priority?: number;
    rent_cost?: number | null;
    note?: string;
    rush?: boolean;
}

export type Obstacle = "skills" | "pinned" | "load" | "stops" | "no_road" | "window_missed" | "shift_over" | "delays_others";

export interface Candidate {
    machine: string;
    is_possible: boolean;
    arrival: string | null;
    begin: string | null;
    distance_m: number;
    extra_cost: number | null;
    terms: { fixed: number; way: number; changed: number; extra_metres: number; extra_driving_s: number; slack_s: number } | null;
    obstacle: Obstacle | null;
    late_s: number | null;
    missing: string[];
    delays: { request: string; place: number } | null;
    sentence: string;
}

export type Haul = { loader: string; leaves: string; arrives: string } | { loader: null; why: string; advice: string | null };

export interface PlanCall {
    request: string;
    place: number;
    title: string | null;
    site: string | null;
    latitude?: number | null;
    longitude?: number | null;
    stage: Stage;
    arrival: string;
    begin: string;
    end: string;
    way_metres: number;
    late_s: number;
    is_pinned: boolean;
    haul: Haul | null;
}

export interface PlanChange {
    request: string;
    place: number;
    from: string | null;
    to: string | null;
    shift_s: number;
    sentence: string;
    terms?: { from: Candidate | null; to: Candidate | null } | null;
}

export interface LeftOut {
    request: string;
    place: number;
    why: "no_skills" | "too_heavy" | "not_in_time" | "not_worth_it" | "crowded_out" | "past";
    rent_cost: number | null;
    advice: "rent" | null;
    sentence: string;
}

export interface Tour {
    loader: string;
    stops: { kind: "load" | "unload"; machine: string; latitude: number; longitude: number; arrival: string; begin: string; end: string; weight_kg: number | null }[];
}

export interface Plan {
    id?: string;
    version: number;
    made_at: string | null;
    is_in_force: boolean;
    cost: { total: number; fixed: number; distance: number; time: number; skipped: number; changed: number; missing: number };
    is_checked: boolean;
    routes: { machine: string; calls: PlanCall[] }[];
    left_out: LeftOut[];
    tours: Tour[];
    changes: PlanChange[];
}

export type FleetEvent =
    | { kind: "breakdown"; machine: string; text?: string }
    | { kind: "repaired"; machine: string }
    | { kind: "late"; machine: string; minutes: number }
    | { kind: "takes_longer"; request: string; place: number; minutes: number }
    | { kind: "road_closed" | "road_open"; from: string; to: string }
    | { kind: "rush_job"; request: RequestFields };

export interface WhatIf {
    events?: FleetEvent[];
    requests?: RequestFields[];
    without?: string[];
}

export interface Decision {
    id: string;
    at: string;
    by: string;
    cause: { kind: string; machine: string | null; request: string | null; text: string | null; reason: Reason | null };
    version: number;
    took_ms: number;
    cost_before: number | null;
    cost_after: number | null;
    kept: number;
    changes?: PlanChange[];
    left_out: number;
    was_adopted: boolean;
    why: string | null;
    why_reason: Reason | null;
    proposal?: string;
}

export interface CabJob {
    request: string;
    place: number;
    title: string | null;
    site_name: string | null;
    latitude: number;
    longitude: number;
    stage: Stage;
    arrival: string | null;
    begin: string | null;
    end: string | null;
    note: string | null;
    actions: CabAction[];
    haul: Haul | null;
}

export type CabAction = "accept" | "depart" | "arrive" | "begin" | "finish" | "problem" | "fixed";

export interface Cab {
    machine: string;
    name: string | null;
    state: FleetState;
    position: { latitude: number; longitude: number } | null;
    now: CabJob | null;
    next: CabJob[];
    service_due_in_h: number | null;
    /** Why nothing is planned for it. */
    why_not?: string | null;
    why_not_reason?: Reason | null;
}

export interface FleetSettings {
    use: UseRules;
    fence: { hysteresis_m: number; accuracy_max_m: number; confirmations: number; frozen_after_s: number };
    index: { hours_min: number; machines_min: number };
    speeds: { detour: number; slow_m: number; slow_kmh: number; fast_kmh: number };
    replan: "auto" | "ask";
    breakdown_after_s: number;
}

/** What may still be changed of a request; null takes a cost away. */
export interface RequestChange {
    title?: string;
    windows?: { from: string; until: string }[];
    duration_s?: number;
    priority?: number;
    rent_cost?: number | null;
    note?: string;
}
