// Typed calls of docs/protocols/fleet-api.md.
import { ask, path, withQuery } from "./client";
import type { Cab, CabAction, Candidate, Decision, FleetEvent, FleetRequest, FleetSettings, Plan, RequestChange, RequestFields, WhatIf } from "./dispatch_types";
import type { CrossingEvent, Facts, FleetFault, FleetMachine, FleetSite, IndexAnswer, MapAnswer, Shares, Trail, Use, UseRules } from "./fleet_types";
import type { Page } from "./types";

const fleet = (...parts: string[]) => path("fleet", ...parts);
const placePath = (request: string, place: number, end: string) => fleet("requests", request, "places", String(place), end);

/** Calls that wait for a plan: on a busy node they stand in line for the one planner. */
const plan_patience_ms = 60_000;

export interface IndexQuery {
    from: string;
    until: string;
    hours_min?: number;
    machines_min?: number;
    lang: string;
}

export const fleetCalls = {
    map: () => ask<MapAnswer>("GET", fleet("map")),
    machine: (id: string) => ask<FleetMachine>("GET", fleet("machines", id)),
    machines: (query: { q?: string; type?: string; state?: string; due?: boolean; limit?: number; cursor?: string | null }) =>
        ask<Page<FleetMachine>>("GET", withQuery(fleet("machines"), { ...query })),
    changeFacts: (id: string, facts: Partial<Facts>) => ask<FleetMachine>("PATCH", fleet("machines", id), { body: facts }),
    shares: (id: string) => ask<Shares>("GET", fleet("machines", id, "shares")),
    setShares: (id: string, organisations: string[]) => ask<Shares>("PUT", fleet("machines", id, "shares"), { body: { organisations } }),
    trail: (id: string, from: number, until: number) =>
        ask<Trail>("GET", withQuery(fleet("machines", id, "trail"), { from: iso(from), until: iso(until) })),
    use: (id: string, from: number, until: number) =>
        ask<{ rules: UseRules; days: Use[] }>("GET", withQuery(fleet("machines", id, "use"), { from: iso(from), until: iso(until) })),
    faults: (id: string) => ask<Page<FleetFault>>("GET", fleet("machines", id, "faults")).then((page) => page.items),

    sites: () => every<FleetSite>((cursor) => withQuery(fleet("sites"), { limit: 1000, cursor })),
    addSite: (body: { name: string; time_zone: string; border: [number, number][]; region?: string }) => ask<FleetSite>("POST", fleet("sites"), { body }),
    changeSite: (id: string, body: { border?: [number, number][] | null; name?: string; region?: string | null }) =>
        ask<FleetSite>("PATCH", fleet("sites", id), { body }),
    checkBorder: (border: [number, number][]) => ask<{ area_m2: number; overlaps: string[] }>("POST", fleet("sites", "check"), { body: { border } }),
    crossings: (query: { machine?: string; site?: string; limit?: number; cursor?: string | null }) =>
        ask<Page<CrossingEvent>>("GET", withQuery(fleet("crossings"), { ...query })),

    index: (query: IndexQuery) => ask<IndexAnswer>("GET", withQuery(fleet("index"), { ...query }), { patience_ms: 60_000 }),

    requests: (open: boolean) => every<FleetRequest>((cursor) => withQuery(fleet("requests"), { open: open || undefined, limit: 1000, cursor })),
    request: (id: string, lang: string) => ask<FleetRequest>("GET", withQuery(fleet("requests", id), { lang })),
    changeRequest: (id: string, body: RequestChange, lang: string) => ask<FleetRequest>("PATCH", withQuery(fleet("requests", id), { lang }), { body }),
    /** The same `key` makes the same request once, however often it is sent. */
    addRequest: (body: RequestFields, key: string) => ask<FleetRequest>("POST", fleet("requests"), { body, key, patience_ms: plan_patience_ms }),
    removeRequest: (id: string) => ask<void>("DELETE", fleet("requests", id)),
    candidates: (request: string, place: number, lang: string, limit = 12) =>
        ask<Page<Candidate>>("GET", withQuery(fleet("requests", request, "candidates"), { place, limit, lang })).then((page) => page.items),

    plan: (lang: string) => ask<Plan>("GET", withQuery(fleet("plan"), { lang })),
    propose: (body: { seconds?: number; what_if?: WhatIf }, lang: string) =>
        ask<Plan>("POST", withQuery(fleet("plan", "proposals"), { lang }), { body, patience_ms: plan_patience_ms }),
    proposal: (id: string, lang: string) => ask<Plan>("GET", withQuery(fleet("plan", "proposals", id), { lang })),
    adopt: (id: string) => ask<Plan>("POST", fleet("plan", "proposals", id, "adopt"), { patience_ms: plan_patience_ms }),
    /** Without `keep` nothing changes: it is only what it would cost. */
    move: (request: string, place: number, machine: string, keep: boolean, lang: string) =>
        ask<{ extra_cost: number; plan: Plan }>("POST", withQuery(placePath(request, place, "move"), { lang }), { body: { machine, keep }, patience_ms: plan_patience_ms }),
    pin: (request: string, place: number, machine: string) => ask<FleetRequest>("PUT", placePath(request, place, "pin"), { body: { machine } }),
    unpin: (request: string, place: number) => ask<FleetRequest>("DELETE", placePath(request, place, "pin")),
    act: (request: string, place: number, action: string) => ask<FleetRequest>("POST", placePath(request, place, "actions"), { body: { action } }),
    acceptAll: (until?: string) => ask<{ accepted: number }>("POST", fleet("plan", "accept"), { body: until ? { until } : {}, patience_ms: plan_patience_ms }),
    tell: (event: FleetEvent, lang: string) => ask<{ decision: Decision }>("POST", withQuery(fleet("events"), { lang }), { body: event, patience_ms: plan_patience_ms }),
    decisions: (lang: string, cursor?: string | null) => ask<Page<Decision>>("GET", withQuery(fleet("decisions"), { limit: 20, lang, cursor })),

    cab: (machine: string) => ask<Cab>("GET", fleet("cabs", machine)),
    cabAct: (machine: string, body: { action: CabAction; request?: string; place?: number; text?: string }, key: string) =>
        ask<Cab>("POST", fleet("cabs", machine, "actions"), { body, key, patience_ms: 8_000 }),
    settings: () => ask<FleetSettings>("GET", fleet("settings")),
};

const iso = (ms: number) => new Date(ms).toISOString();

async function every<T>(url: (cursor: string | null) => string): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < 20; pages += 1) {
        const page: Page<T> = await ask<Page<T>>("GET", url(cursor));
        items.push(...page.items);
        cursor = page.next;
        if (!cursor) break;
    }
    return items;
}
