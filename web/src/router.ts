// Addresses of the console. A machine's id stands in the path as one percent-encoded part.
import { createStore, useStore } from "./api/store";

/** The fleet's set-up: its rules, ways between sites, tables to import, feeds. */
export const setupParts = ["settings", "ways", "imports", "feeds"] as const;
export type SetupPart = (typeof setupParts)[number];

export type Route =
    | { page: "screen" }
    | { page: "machines" }
    | { page: "machine"; id: string }
    | { page: "sites" }
    | { page: "shop"; id: string }
    | { page: "order"; id: string }
    | { page: "proof"; id: string }
    | { page: "orders"; id?: string }
    | { page: "desk" }
    | { page: "queues" }
    | { page: "performance" }
    | { page: "shopkeeping" }
    | { page: "connections" }
    | { page: "topics" }
    | { page: "sql" }
    | { page: "tokens" }
    | { page: "certificates" }
    | { page: "people" }
    | { page: "organisations" }
    | { page: "audit" }
    | { page: "account" }
    | { page: "handle" | "apply" | "identifier" | "prefix"; id: string }
    | { page: "identifiers" | "prefixes" | "applications" | "naming" | "bulk" | "labels" | "retention" }
    | { page: "fleet" | "fleet_requests" | "cab"; id: string | null }
    | { page: "fleet_plan" | "fleet_index" }
    | { page: "fleet_setup"; id: SetupPart }
    | { page: "unknown" };

export const links = {
    screen: "/screen",
    machines: "/machines",
    machine: (id: string) => `/machines/${encodeURIComponent(id)}`,
    sites: "/sites",
    shop: (link: string) => `/shop/${encodeURIComponent(link)}`,
    order: (id: string) => `/order/${encodeURIComponent(id)}`,
    proof: (id: string) => `/order/${encodeURIComponent(id)}/certificate`,
    orders: "/orders",
    ordersOne: (id: string) => `/orders/${encodeURIComponent(id)}`,
    desk: "/orders/new",
    queues: "/queues",
    performance: "/performance",
    shopkeeping: "/shopkeeping",
    connections: "/connections",
    topics: "/topics",
    sql: "/sql",
    tokens: "/tokens",
    certificates: "/certificates",
    people: "/people",
    organisations: "/organisations",
    audit: "/audit",
    fleet: "/fleet",
    fleetMachine: (id: string) => `/fleet/machines/${encodeURIComponent(id)}`,
    fleetRequests: "/fleet/requests",
    fleetRequest: (id: string) => `/fleet/requests/${encodeURIComponent(id)}`,
    fleetPlan: "/fleet/plan",
    fleetIndex: "/fleet/index",
    fleetSetup: (part: SetupPart) => `/fleet/${part}`,
    cabs: "/cab",
    cab: (machine: string) => `/cab/${encodeURIComponent(machine)}`,
    account: "/account",
    /** An identifier's public page; "" is where one is looked up. */
    handle: (handle: string) => `/h/${handlePath(handle)}`,
    apply: "/apply",
    application: (ticket: string) => `/apply/${encodeURIComponent(ticket)}`,
    identifiers: "/identifiers",
    identifier: (handle: string) => `/identifiers/${handlePath(handle)}`,
    prefixes: "/prefixes",
    prefix: (prefix: string) => `/prefixes/${encodeURIComponent(prefix)}`,
    applications: "/applications",
    naming: "/naming",
    bulk: "/bulk",
    labels: "/labels",
    retention: "/retention",
};

// A handle's slashes are the address's own; what is between them is percent-encoded.
const handlePath = (handle: string) => handle.split("/").map(encodeURIComponent).join("/");

const here = createStore(location.pathname);
addEventListener("popstate", () => here.set(location.pathname));

export function navigate(to: string) {
    if (to === location.pathname) return;
    history.pushState(null, "", to);
    here.set(location.pathname);
    scrollTo(0, 0);
}

export function parse(pathname: string): Route {
    const parts = pathname.split("/").filter(Boolean);
    const [first, second] = parts;
    if (!first) return { page: "machines" };
    if (first === "machines" && second !== undefined && parts.length === 2) {
        try {
            return { page: "machine", id: decodeURIComponent(second) };
        } catch {
            return { page: "unknown" };
        }
    }
    const held = first === "h" ? "handle" : first === "apply" ? "apply" : first === "identifiers" && second ? "identifier" : first === "prefixes" && second ? "prefix" : null;
    if (held) {
        try {
            return { page: held, id: decodeURIComponent(pathname.slice(first.length + 2)) };
        } catch {
            return { page: "unknown" };
        }
    }
    const produced = productionOf(parts);
    if (produced) return produced;
    if (first === "fleet" || first === "cab") return fleetPage(parts);
    if (parts.length > 1) return { page: "unknown" };
    switch (first) {
        case "screen": case "machines": case "sites": case "connections": case "topics": case "sql": case "tokens": case "certificates": case "people":
        case "organisations": case "audit": case "account": case "identifiers": case "prefixes": case "applications": case "naming": case "bulk": case "labels": case "retention":
            return { page: first };
        default:
            return { page: "unknown" };
    }
}

// Customers' addresses are short; the workshop's stand under its pages.
function productionOf([first, second, third, ...more]: string[]): Route | null {
    if (second === undefined) return first === "orders" || first === "queues" || first === "performance" || first === "shopkeeping" ? { page: first } : null;
    let id: string;
    try {
        id = decodeURIComponent(second);
    } catch {
        return null;
    }
    if (more.length > 0) return null;
    if (first === "order" && third === "certificate") return { page: "proof", id };
    if (third !== undefined) return null;
    if (first === "shop" || first === "order") return { page: first, id };
    if (first === "orders") return second === "new" ? { page: "desk" } : { page: "orders", id };
    return null;
}

function fleetPage([first, second, third, ...more]: string[]): Route {
    try {
        if (first === "cab") return third === undefined ? { page: "cab", id: second === undefined ? null : decodeURIComponent(second) } : { page: "unknown" };
        if (more.length > 0) return { page: "unknown" };
        const id = third === undefined ? null : decodeURIComponent(third);
        if (second === undefined) return { page: "fleet", id: null };
        if (second === "machines" && id !== null) return { page: "fleet", id };
        if (second === "requests") return { page: "fleet_requests", id };
        if (second === "plan" && id === null) return { page: "fleet_plan" };
        if (second === "index" && id === null) return { page: "fleet_index" };
        const part = setupParts.find((one) => one === second);
        if (part && id === null) return { page: "fleet_setup", id: part };
    } catch {
        // Not percent-encoded as addresses are.
    }
    return { page: "unknown" };
}

export const useRoute = (): Route => parse(useStore(here));
