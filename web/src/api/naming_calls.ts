// Calls of the naming API. A handle stands in an address whole, each of its parts percent-encoded.
import { ask, path, withQuery } from "./client";
import type {
    Application, ApplicationState, ApplicationStatus, ApplicationTicket, BulkJob, HandleValue, Identifier, IdentifierPage, Json, NamingNode, NamingStatistics, NewApplication, NewValue,
    Prefix, Resolution, SigningKey, TemplateTrial,
} from "./naming_types";
import type { Page } from "./types";

export const handlePath = (handle: string) => handle.split("/").map(encodeURIComponent).join("/");

const of = (...parts: string[]) => path("naming", ...parts);
const identifier = (handle: string) => `${of("identifiers")}/${handlePath(handle)}`;

export const naming = {
    node: () => ask<NamingNode>("GET", of()),

    identifiers: (query: { prefix?: string; q?: string; limit?: number; cursor?: string | null }, signal?: AbortSignal) =>
        ask<IdentifierPage>("GET", withQuery(of("identifiers"), { ...query, values: true }), { signal }),
    identifier: (handle: string) => ask<Identifier>("GET", identifier(handle)),
    mint: (body: { prefix: string; suffix?: string; values?: NewValue[] }) => ask<Identifier>("POST", of("identifiers"), { body }),
    changeIdentifier: (handle: string, body: { set?: NewValue[]; remove?: number[] }) =>
        ask<Identifier>("PATCH", identifier(handle), { body }),
    removeIdentifier: (handle: string) => ask<void>("DELETE", identifier(handle)),

    /** The identifier that the node gave a machine; null: none. */
    ofMachine: (machine: string) => ask<NamingNode>("GET", of())
        .then((node) => (node.machines ? ask<{ handle: string }>("GET", of("machines", machine)).then((told) => told.handle) : null)).catch(() => null),

    jobs: () => ask<Page<BulkJob>>("GET", withQuery(of("bulk"), { limit: 20 })),
    job: (key: string) => ask<BulkJob>("GET", of("bulk", key)),
    refusedRows: (key: string) => ask<Page<{ row: number; why: string }>>("GET", withQuery(of("bulk", key, "refused"), { limit: 200 })),
    bulkAddress: (from: number) => withQuery(of("bulk"), { from }),
    exportOf: (prefix: string) => withQuery(of("export"), { prefix }),

    prefixes: () => ask<Page<Prefix>>("GET", withQuery(of("prefixes"), { limit: 1000 })).then((page) => page.items),
    prefix: (prefix: string) => ask<Prefix>("GET", of("prefixes", prefix)),
    changePrefix: (prefix: string, body: { quota?: number | null; template?: string | null; address?: string | null }) =>
        ask<Prefix>("PATCH", of("prefixes", prefix), { body }),
    stepPrefix: (prefix: string, step: "suspend" | "resume" | "revoke", reason: string) =>
        ask<Prefix>("POST", of("prefixes", prefix, step), { body: { reason } }),
    signingKey: (prefix: string) => ask<SigningKey>("GET", of("prefixes", prefix, "key"), { patience_ms: 20_000 }),
    certify: (prefix: string, body: { public_key?: Json; life_days: number }) => ask<{ until: string }>("POST", of("prefixes", prefix, "certificate"), { body }),
    tryTemplate: (template: string, handle: string) => ask<TemplateTrial>("POST", of("templates", "try"), { body: { template, handle } }),

    apply: (body: NewApplication) => ask<ApplicationTicket>("POST", of("applications"), { body, quiet401: true }),
    applicationStatus: (ticket: string) => ask<ApplicationStatus>("GET", of("applications", "status", ticket), { quiet401: true }),
    applications: (query: { state?: ApplicationState | ""; q?: string; cursor?: string | null; limit?: number }) =>
        ask<Page<Application>>("GET", withQuery(of("applications"), { ...query })),
    application: (id: string) => ask<Application>("GET", of("applications", id)),
    decide: (id: string, step: "approve" | "refuse", reason: string) =>
        ask<Application>("POST", of("applications", id, step), { body: reason ? { reason } : {} }),
    allocate: (id: string, body: { prefix?: string; organisation?: string; quota?: number }) =>
        ask<Application>("POST", of("applications", id, "allocate"), { body }),

    statistics: (query: { prefix?: string; from?: string; until?: string; by: "hour" | "day" }) =>
        ask<NamingStatistics>("GET", withQuery(of("statistics"), query)),
    missing: (query: { from?: string; until?: string; limit?: number }) =>
        ask<Page<{ handle: string; count: number }>>("GET", withQuery(of("statistics", "missing"), query)),

    /** Walks the chain, which may take a while where servers do not answer. */
    resolve: (handle: string, signal?: AbortSignal) =>
        ask<Resolution>("GET", withQuery(`${of("resolve")}/${handlePath(handle)}`, { trace: true }), { signal, quiet401: true, patience_ms: 60_000 }),
    label: (handle: string, query: { format: "svg" | "png"; size?: number; text?: boolean }) =>
        withQuery(`${of("label")}/${handlePath(handle)}`, query),
};

/** What a person reads of a value, whatever its type. */
export function textOf(value: Pick<HandleValue, "data">): string {
    const { data } = value;
    if (data === null) return "";
    return typeof data === "string" ? data : JSON.stringify(data);
}
