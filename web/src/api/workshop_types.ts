// The shapes of docs/protocols/orders-api.md for the workshop, one to one.
import type { Job, Order, OrderState, Reason } from "./order_types";
import type { Connection } from "./types";

export interface OrderStep {
    at: string;
    kind: string;
    text: string;
    reason: Reason | null;
    job: string | null;
    by: string | null;
}

export interface Cost {
    currency: string;
    items: { what: string; count: number; unit: "h" | "m" | "piece"; amount_minor: number }[];
    total_minor: number;
    price_minor: number;
    margin_minor: number;
}

export interface Board {
    columns: { state: OrderState; count: number; items: Order[] }[];
}

export interface Plan {
    made_at: string;
    jobs: number;
    machines: number;
    late_jobs: number;
    late_s: number;
    setup_s: number;
    took_ms: number;
    proven: boolean;
}

export interface SewingProfile {
    enabled: boolean;
    heads: number;
    needles: number;
    hoop_mm: [number, number];
    rpm_max: number;
    dialect: string;
    delivery: "mqtt" | "folder" | "http";
    folder: string | null;
    threads: (string | null)[];
}

export interface SewingMachine extends SewingProfile {
    machine: string;
    name: string;
    source: "machine" | "people";
}

export interface MachineQueue {
    machine: string;
    name: string;
    connection: Connection;
    enabled: boolean;
    running: Job | null;
    queue: Job[];
    free_at: string | null;
    profile: SewingMachine;
}

export interface Queues {
    machines: MachineQueue[];
    unplanned: Job[];
    plan: Plan | null;
}

export type OeeRatio = "availability" | "effectiveness" | "quality_ratio" | "oee" | "utilisation" | "setup_rate" | "scrap_ratio" | "rework_ratio";

export interface Oee extends Record<OeeRatio, number | null> {
    machine: string;
    name: string;
    from: string;
    until: string;
    /** What PBT is made of: the shifts of the machine's site, or all of the time. */
    planned: "shifts" | "always";
    times_s: Record<"PBT" | "AUBT" | "AUPT" | "APT" | "ASUT" | "ADOT", number>;
    pieces: Record<"PQ" | "GQ" | "RQ" | "SQ", number>;
    PRU_s: number | null;
    formulas: Record<OeeRatio, string>;
}

export interface Stops {
    from: string;
    until: string;
    items: { reason: string; count: number; seconds: number; share: number; cumulative: number }[];
}

export interface ShopLink {
    id: string;
    name: string;
    url: string;
    created_at: string;
    created_by: string;
    expires_at: string | null;
    orders_per_hour: number;
    quantity_max: number;
    orders: number;
}

export interface Prices {
    currency: string;
    setup_minor: number;
    thousand_stitches_minor: number;
    colour_minor: number;
    piece_min_minor: number;
    machine_hour_minor: number;
    thread_km_minor: number;
}
