// Custom production: what a shop link opens, orders, job orders, machines that sew.
import { ask, path, withQuery } from "./client";
import type { Design, DesignWish, Job, JobMethod, Order, OrderCertificate, OrderWish, PieceQuality, Quote, Shop, Thread } from "./order_types";
import type { Page } from "./types";
import type { Board, Cost, Oee, OrderStep, Plan, Prices, Queues, SewingMachine, SewingProfile, ShopLink, Stops } from "./workshop_types";

const patience_ms = 40_000;  // a large drawing on a slow node

/** What a customer may do with a shop link; an operator at the desk does the same with their own rights. */
export interface Counter {
    design: (wish: DesignWish, signal: AbortSignal) => Promise<Design>;
    look: (id: string, signal: AbortSignal) => Promise<Design>;
    quote: ((design: string, quantity: number) => Promise<Quote>) | null;
    place: (order: OrderWish, key: string) => Promise<Order>;
}

export const shopCounter = (link: string): Counter => ({
    design: (body, signal) => ask<Design>("POST", path("shops", link, "designs"), { body, signal, patience_ms, quiet401: true }),
    look: (id, signal) => ask<Design>("GET", path("shops", link, "designs", id), { signal, quiet401: true }),
    quote: (design, quantity) => ask<Quote>("POST", path("shops", link, "quotes"), { body: { design, quantity }, quiet401: true }),
    place: (body, key) => ask<Order>("POST", path("shops", link, "orders"), { body, key, quiet401: true }),
});

export const deskCounter: Counter = {
    design: (body, signal) => ask<Design>("POST", path("designs"), { body, signal, patience_ms }),
    look: (id, signal) => ask<Design>("GET", path("designs", id), { signal }),
    quote: null,
    place: (body, key) => ask<Order>("POST", path("orders"), { body, key }),
};

export const orderCalls = {
    shop: (link: string) => ask<Shop>("GET", path("shops", link), { quiet401: true }),
    threadChart: () => ask<Page<Thread>>("GET", path("thread-chart"), { quiet401: true }).then((page) => page.items),
    order: (id: string) => ask<Order>("GET", path("orders", id), { quiet401: true }),
    certificate: (id: string) => ask<OrderCertificate>("GET", path("orders", id, "certificate"), { quiet401: true }),
    stitchesOf: (id: string) => path("orders", id, "files", "dst"),

    board: () => ask<Board>("GET", path("board")),
    orders: (query: { q?: string; state?: string; cursor?: string | null; limit?: number }) => ask<Page<Order>>("GET", withQuery(path("orders"), query)),
    act: (id: string, what: "hold" | "release" | "refuse", why?: string) =>
        ask<Order>("POST", path("orders", id, what), { body: why ? { why } : {} }),
    changeOrder: (id: string, body: { due_at?: string | null; priority?: number; note?: string }) => ask<Order>("PATCH", path("orders", id), { body }),
    history: (id: string) => ask<Page<OrderStep>>("GET", withQuery(path("orders", id, "history"), { limit: 200 })),
    cost: (id: string) => ask<Cost>("GET", path("orders", id, "cost")),
    judge: (id: string, piece: number, quality: PieceQuality, why?: string) =>
        ask<Order>("POST", path("orders", id, "pieces", String(piece)), { body: { quality, ...(why && { why }) } }),

    method: (job: string, method: JobMethod, body: Record<string, unknown> = {}) => ask<Job>("POST", path("job-orders", job, method), { body }),
    queues: () => ask<Queues>("GET", path("queues")),
    put: (job: string, machine: string, position: number) => ask<Job>("PUT", path("job-orders", job, "place"), { body: { machine, position } }),
    unpin: (job: string) => ask<Job>("DELETE", path("job-orders", job, "place")),
    plan: () => ask<Plan>("POST", path("plans")),
    machineFile: (machine: string, barcode: string) => path("machines", machine, "files", barcode),

    sewingMachines: () => ask<Page<SewingMachine>>("GET", path("sewing-machines")).then((page) => page.items),
    changeSewing: (machine: string, body: SewingProfile) => ask<SewingMachine>("PUT", path("machines", machine, "sewing"), { body }),
    resetSewing: (machine: string) => ask<void>("DELETE", path("machines", machine, "sewing")),
    oee: (from: string) => ask<Page<Oee>>("GET", withQuery(path("oee"), { from })).then((page) => page.items),
    stops: (from: string, machine?: string) => ask<Stops>("GET", withQuery(path("stops"), { from, machine })),

    shopLinks: () => ask<Page<ShopLink>>("GET", path("shop-links")).then((page) => page.items),
    addShopLink: (body: { name: string; expires_at?: string; orders_per_hour?: number; quantity_max?: number }) => ask<ShopLink>("POST", path("shop-links"), { body }),
    removeShopLink: (id: string) => ask<void>("DELETE", path("shop-links", id)),
    prices: () => ask<Prices>("GET", path("prices")),
    setPrices: (body: Prices) => ask<Prices>("PUT", path("prices"), { body }),
};
