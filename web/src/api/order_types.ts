// The shapes of docs/protocols/orders-api.md around an order, one to one.

export interface Thread {
    code: string;
    name: string;
    colour: string;
}

export interface Hoop {
    name: string;
    width_mm: number;
    height_mm: number;
}

export interface Shop {
    name: string;
    organisation: string | null;
    currency: string;
    fonts: string[];
    fabrics: string[];
    hoops: Hoop[];
    threads: Thread[];
    quantity_max: number;
    expires_at: string | null;
}

export interface DesignWarning {
    code: string;
    text: string;
    at_mm?: [number, number];
}

export interface Design {
    id: string;
    name: string;
    state: "working" | "ready" | "refused";
    why?: string;
    stitches?: number;
    colour_changes?: number;
    threads?: { colour: string }[];
    bounds_mm?: [number, number, number, number];
    minutes?: number;
    thread_m?: number;
    warnings?: DesignWarning[];
    files?: Record<string, string>;
}

export type Artwork =
    | { text: string; font: string; height_mm: number; colour: string }
    | { svg: string; width_mm: number }
    | { image: string; width_mm: number; colours: number };

export interface DesignWish {
    name: string;
    artwork: Artwork;
    fabric: string;
    hoop_mm: [number, number];
}

export interface QuoteItem {
    what: string;
    count: number;
    unit_minor: number;
    amount_minor: number;
}

export interface Quote {
    currency: string;
    quantity: number;
    items: QuoteItem[];
    piece_minor: number;
    total_minor: number;
    minutes: number;
    ready_at: string | null;
}

export interface OrderWish {
    design: string;
    quantity: number;
    customer: { name: string; contact?: string };
    cloth?: string;
    note?: string;
    due_at?: string;
}

/** Why, as a code with its parts; null: nothing, or people's own words. */
export interface Reason {
    code: string;
    parts: string[];
}

/** What is sewn on. `colour` is a word of `shop.cloths`, or "#22304d". */
export interface ClothChoice {
    fabric: string | null;
    colour: string | null;
}

export type OrderState = "new" | "planned" | "running" | "held" | "done" | "refused";
export type JobState = "NotAllowedToStart" | "AllowedToStart" | "Running" | "Interrupted" | "Ended" | "Aborted";
export type JobMethod = "Start" | "RevokeStart" | "Update" | "Pause" | "Resume" | "Stop" | "Abort" | "Cancel" | "Clear";
export type PieceQuality = "good" | "rework" | "scrap";

export interface Job {
    id: string;
    order: string;
    order_name: string;
    state: JobState;
    substate: string | null;
    asked: string | null;
    methods: JobMethod[];
    machine: string | null;
    machine_name: string | null;
    position: number | null;
    pinned: boolean;
    why: string | null;
    reason: Reason | null;
    pieces: { wanted: number; good: number; rework: number; scrap: number };
    stitch: { current: number; total: number };
    colour: { index: number; count: number };
    needle: number | null;
    rpm: number | null;
    thread_breaks: number[];
    stop_reason: string | null;
    threads: string[];
    design: { name: string; hash: string };
    due_at: string | null;
    planned_start: string | null;
    planned_end: string | null;
    setup_s: number | null;
    began_at: string | null;
    ended_at: string | null;
    barcode: string;
    file: string;
    delivery: string | null;
    delivered_at: string | null;
    replaces: string | null;
}

export interface Order {
    id: string;
    number: number;
    state: OrderState;
    why: string | null;
    reason: Reason | null;
    name: string;
    cloth: ClothChoice;
    customer: { name: string; contact?: string };
    note?: string | null;
    quantity: number;
    priority: number;
    placed_at: string;
    due_at: string | null;
    planned_end: string | null;
    done_at: string | null;
    design: { id: string; name: string; hash: string; stitches: number; colours: number; minutes: number; width_mm: number; height_mm: number; threads: string[] };
    price: { currency: string; total_minor: number };
    pieces: { good: number; rework: number; scrap: number };
    progress: { stitches_done: number; stitches_total: number; share: number };
    identifier: string | null;
    jobs: Job[];
    picture: string;
    source: "shop" | "desk";
}

export interface Progress {
    order: string;
    job: string;
    machine_name: string | null;
    at: string;
    piece: number;
    wanted: number;
    stitch: number;
    total: number;
    colour: number;
    needle: number | null;
    rpm: number | null;
    stop_reason: string | null;
    share: number;
}

export interface Piece {
    number: number;
    identifier: string | null;
    machine: string | null;
    machine_name: string | null;
    stitches: number;
    thread_breaks: number;
    began_at: string | null;
    done_at: string | null;
    quality: PieceQuality;
}

export interface OrderCertificate {
    order: string;
    number: number;
    name: string;
    identifier: string | null;
    resolve: string | null;
    maker: string | null;
    cloth: ClothChoice;
    done_at: string;
    design: { name: string; hash: string; stitches: number; colours: number; width_mm: number; height_mm: number; threads: string[] };
    quantity: number;
    pieces: Piece[];
    stitches_total: number;
}
