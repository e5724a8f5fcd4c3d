// The shapes of docs/protocols/http-api.md, one to one.

export type Role = "viewer" | "operator" | "engineer" | "admin" | "auditor";
export type Connection = "online" | "stale" | "offline";
export type TagKind = "double" | "integer" | "boolean" | "string";
export type Quality = "good" | "uncertain" | "bad" | "missing";
/** Integers over 2^53 come as strings, NaN and infinities as null. */
export type TagValue = number | string | boolean | null;

export interface Person {
    name: string;
    role: Role;
    organisation: string;
    /** Must set up a second factor before anything else. */
    totp_missing: boolean;
}

export interface Node {
    version: string;
    name: string;
    role: string;
    started_at: string;
    now: string;
    durability: "synced" | "fast";
    accepting: boolean;
    read_only: boolean;
    damage: string;
    listeners: { name: string; address: string }[];
    shards: number;
    demo: boolean;
}

export interface Rates {
    messages_per_s: number;
    samples_per_s: number;
    messages_total: number;
    samples_total: number;
    refused_total: number;
    commit_ms: number;
}

export interface SiteSummary {
    id: string;
    name: string;
    latitude: number | null;
    longitude: number | null;
    time_zone: string;
    machines: number;
    online: number;
    faults: number;
}

export interface Overview {
    machines: { online: number; stale: number; offline: number; discovered: number; total: number };
    states: { state: string; count: number }[];
    rates: Rates;
    sites: SiteSummary[];
    now: string;
}

export interface Position {
    latitude: number;
    longitude: number;
}

/** How far the erasing of a machine is. */
export interface Erasure {
    id: string;
    machine: string;
    state: "erasing" | "done";
    asked_by: string;
    asked_at: string;
    done_at: string | null;
    series_left: number;
    merges_left: number;
    why: string | null;
}

export interface Machine {
    id: string;
    name: string | null;
    kind: string | null;
    site: string | null;
    adopted: boolean;
    connection: Connection;
    state: string | null;
    fault: string | null;
    source: string;
    first_seen: string;
    last_seen: string;
    tags: number;
    position: Position | null;
}

export interface Tag {
    name: string;
    label: string | null;
    kind: TagKind;
    unit: string | null;
    low: number | null;
    high: number | null;
    writable: boolean;
    value: TagValue;
    at: string | null;
    quality: Quality;
}

export interface MachineDetail extends Machine {
    values: Tag[];
}

export type RawSample = [ms: number, value: TagValue, quality?: Quality];
export type Column = [
    start_ms: number, min: number | null, max: number | null, average: number | null,
    first: TagValue, last: TagValue, count: number, quality?: Quality,
];

export type TrendSeries =
    | { tag: string; kind: TagKind; unit: string | null; raw: true; samples: RawSample[] }
    | { tag: string; kind: TagKind; unit: string | null; raw: false; step_ms: number; columns: Column[] };

export interface StoredSample {
    at: string;
    value: TagValue;
    quality: Quality;
}

export interface Trend {
    from: string | number;
    until: string | number;
    series: TrendSeries[];
}

export type EventKind =
    | "discovered" | "adopted" | "birth" | "death" | "stale" | "rebirth"
    | "fault" | "fault_cleared" | "state" | "write" | "answer" | "refused" | "ended" | "overload";

export interface PlantEvent {
    id: string;
    at: string;
    machine: string | null;
    kind: EventKind;
    text: string;
}

export interface Site {
    id: string;
    name: string;
    time_zone: string;
    latitude: number | null;
    longitude: number | null;
    /** Local times, "06:00". */
    day_starts: string;
    week_starts: number;
    shifts: Shift[];
    machines: number;
}

/** Lasts until the next one. `weekdays` 1 (Monday) to 7; left out: every day; empty: a rest. */
export interface Shift {
    name: string;
    starts: string;
    weekdays?: number[];
}

export interface Token {
    id: string;
    name: string;
    role: Role | null;
    machine: string | null;
    created_at: string;
    created_by: string;
    last_used_at: string | null;
}

export interface Certificate {
    serial: string;
    machine: string;
    state: "live" | "revoked" | "expired";
    fingerprint: string;
    not_before: string;
    not_after: string;
    renew_at: string;
    issued_at: string;
    issued_by: string;
    revoked_at: string | null;
    revoked_by: string | null;
}

export interface Authority {
    certificate: string;
    fingerprint: string;
    not_after: string;
}

export interface Enrolment {
    machine: string;
    token: string;
    expires_at: string;
}

export interface PersonRecord {
    id: string;
    name: string;
    role: Role;
    created_at: string;
    last_seen_at: string | null;
    /** Signs in with a second factor. */
    totp: boolean;
}

export interface Page<T> {
    items: T[];
    next: string | null;
    total?: number;
}

/** One tag of a `values` message of the live stream. */
export interface LiveValue {
    tag: string;
    value: TagValue;
    at: string;
    quality: Quality;
}

export interface LiveBatch {
    machine: string;
    values: LiveValue[];
}
