import { browserZone } from "../format/time";
import type { SqlAnswer } from "../pages/sql/answer";
import { ask, path, withQuery } from "./client";
import type { Account, AuditLine, BrowserSession, Organisation, OrganisationLimits } from "./trust_types";
import type { Periods, PeriodUnit } from "./calendar_types";
import type { BrokerNow, Client, ClientDetail, ClientState, TopicDetail, TopicPage } from "./traffic_types";
import type { Authority, Certificate, Connection, Enrolment, Erasure, Machine, MachineDetail, Node, Overview, Page, Person, PersonRecord, PlantEvent, Role, Shift, Site, StoredSample, Tag, TagValue, Token, Trend } from "./types";

const session = path("session");

export const calls = {
    whoAmI: () => ask<{ person: Person }>("GET", session, { quiet401: true }),
    setup: (body: { secret: string; name: string; password: string }) =>
        ask<{ person: Person }>("POST", path("session", "setup"), { body, quiet401: true }),
    signIn: (body: { name: string; password: string; code?: string }) =>
        ask<{ person: Person }>("POST", session, { body, quiet401: true }),
    signOut: () => ask<void>("DELETE", session, { quiet401: true }),

    node: () => ask<Node>("GET", path("node")),
    overview: () => ask<Overview>("GET", path("overview")),

    machines: (query: MachineQuery, signal?: AbortSignal) =>
        ask<Page<Machine>>("GET", withQuery(path("machines"), { ...query }), { signal }),
    machine: (id: string) => ask<MachineDetail>("GET", path("machines", id)),
    changeMachine: (id: string, body: MachineChange) =>
        ask<Machine>("PATCH", path("machines", id), { body }),
    eraseMachine: (id: string) => ask<Erasure>("DELETE", path("machines", id)),
    erasure: (id: string) => ask<Erasure>("GET", path("erasures", id)),
    trend: (id: string, query: TrendQuery, signal?: AbortSignal) =>
        ask<Trend>("GET", withQuery(path("machines", id, "trend"), { ...query }), { signal }),
    periods: (id: string, query: PeriodsQuery) =>
        ask<Periods>("GET", withQuery(path("machines", id, "periods"), { ...query })),
    /** The newest sample before an instant: what a state was when the picture begins. */
    sampleBefore: (id: string, tag: string, until: string, signal?: AbortSignal) =>
        ask<Page<StoredSample>>("GET", withQuery(path("machines", id, "samples"), { tag, until, limit: 1, order: "desc" }), { signal }),
    machineEvents: (id: string, cursor?: string | null) =>
        ask<Page<PlantEvent>>("GET", withQuery(path("machines", id, "events"), { limit: 50, cursor })),
    changeTag: (id: string, tag: string, body: TagChange) =>
        ask<Tag>("PATCH", path("machines", id, "tags", tag), { body }),
    writeTag: (id: string, tag: string, value: TagValue) =>
        ask<{ sent_at: string; topic: string }>("POST", path("machines", id, "tags", tag, "write"), { body: { value } }),

    broker: () => ask<BrokerNow>("GET", path("broker")),
    clients: (query: ClientQuery, signal?: AbortSignal) =>
        ask<Page<Client>>("GET", withQuery(path("connections"), { ...query }), { signal }),
    client: (id: string) => ask<ClientDetail>("GET", path("connections", id)),
    endClient: (id: string, forget: boolean) =>
        ask<void>("DELETE", withQuery(path("connections", id), { forget: forget || undefined })),

    /** `prefix` undefined: the first levels; an empty one is the empty first level. */
    topics: (prefix: string | undefined, cursor?: string | null) => {
        const query = withQuery(path("topics"), { limit: 200, cursor });
        return ask<TopicPage>("GET", prefix === undefined ? query : `${query}&prefix=${encodeURIComponent(prefix)}`);
    },
    topic: (topic: string) => ask<TopicDetail>("GET", path("topics", topic)),

    events: (query: { limit?: number; since?: string; cursor?: string | null }) =>
        ask<Page<PlantEvent>>("GET", withQuery(path("events"), { ...query })),

    /** Longer than a statement may take (sql.timeout), so that the node says so. */
    sql: (sql: string, limit: number, signal?: AbortSignal) =>
        ask<SqlAnswer>("POST", path("sql"), { body: { sql, limit, time_zone: browserZone() }, signal, patience_ms: 3_700_000 }),

    sites: () => everyPage<Site>((cursor) => withQuery(path("sites"), { limit: 1000, cursor })),
    addSite: (body: SiteFields) => ask<Site>("POST", path("sites"), { body }),
    changeSite: (id: string, body: Partial<SiteFields>) => ask<Site>("PATCH", path("sites", id), { body }),
    removeSite: (id: string) => ask<void>("DELETE", path("sites", id)),

    people: () => everyPage<PersonRecord>((cursor) => withQuery(path("people"), { limit: 1000, cursor })),
    addPerson: (body: { name: string; role: Role; password: string }) =>
        ask<PersonRecord>("POST", path("people"), { body }),
    removePerson: (id: string) => ask<void>("DELETE", path("people", id)),
    changePerson: (id: string, body: { role?: Role; password?: string; totp?: false }) =>
        ask<PersonRecord>("PATCH", path("people", id), { body }),

    account: () => ask<Account>("GET", path("account")),
    changePassword: (current: string, password: string) =>
        ask<void>("POST", path("account", "password"), { body: { current, password } }),
    offerTotp: (password: string) =>
        ask<{ secret: string; uri: string }>("POST", path("account", "totp"), { body: { password } }),
    confirmTotp: (code: string) =>
        ask<{ recovery_codes: string[] }>("POST", path("account", "totp", "confirm"), { body: { code } }),
    removeTotp: (password: string) => ask<void>("DELETE", path("account", "totp"), { body: { password } }),
    /** Of a person by id, or (null) one's own. */
    browserSessions: (person: string | null) =>
        ask<Page<BrowserSession>>("GET", person === null ? path("account", "sessions") : path("people", person, "sessions")).then((page) => page.items),
    endBrowserSession: (person: string | null, id: string) =>
        ask<void>("DELETE", person === null ? path("account", "sessions", id) : path("people", person, "sessions", id)),
    endBrowserSessions: (person: string) => ask<void>("DELETE", path("people", person, "sessions")),

    organisations: () => ask<Page<Organisation>>("GET", path("organisations")).then((page) => page.items),
    addOrganisation: (body: { name: string; title: string | null }) => ask<Organisation>("POST", path("organisations"), { body }),
    changeOrganisation: (id: string, body: Partial<OrganisationLimits> & { title?: string | null }) =>
        ask<Organisation>("PATCH", path("organisations", id), { body }),
    addPersonTo: (organisation: string, body: { name: string; role: Role; password: string }) =>
        ask<PersonRecord>("POST", path("organisations", organisation, "people"), { body }),

    audit: (query: AuditQuery) => ask<Page<AuditLine>>("GET", withQuery(path("audit"), { ...query })),
    auditExport: (format: "csv" | "ndjson", query: AuditQuery) => withQuery(path("audit", "export"), { ...query, format }),
    auditCheckpoint: () => ask<{ checkpoint: string; verifier: string }>("GET", path("audit", "checkpoint")),

    tokens: () => everyPage<Token>((cursor) => withQuery(path("tokens"), { limit: 1000, cursor })),
    createToken: (body: { name: string; role: Role } | { name: string; machine: string }) =>
        ask<Token & { token: string }>("POST", path("tokens"), { body }),
    revokeToken: (id: string) => ask<void>("DELETE", path("tokens", id)),

    certificates: () => ask<Page<Certificate>>("GET", withQuery(path("certificates"), { limit: 1000 })),
    revokeCertificate: (serial: string) => ask<Certificate>("POST", path("certificates", serial, "revoke")),
    authority: () => ask<Authority>("GET", path("certificates", "authority")),
    enrol: (machine: string) => ask<Enrolment>("POST", path("machines", machine, "enrolments")),
};

export interface MachineQuery {
    q?: string;
    connection?: Connection | "";
    site?: string;
    adopted?: boolean;
    limit?: number;
    cursor?: string | null;
}

export interface AuditQuery {
    who?: string;
    what?: string;
    q?: string;
    outcome?: AuditLine["outcome"] | "";
    from?: string;
    until?: string;
    limit?: number;
    cursor?: string | null;
}

export type ClientSort = "client" | "since" | "in" | "out" | "queued" | "lost";

export interface ClientQuery {
    q?: string;
    state?: ClientState | "";
    sort?: ClientSort;
    limit?: number;
    cursor?: string | null;
}

export interface MachineChange {
    name?: string | null;
    kind?: string | null;
    site?: string | null;
    adopted?: boolean;
}

export interface TagChange {
    unit?: string | null;
    label?: string | null;
    low?: number | null;
    high?: number | null;
    writable?: boolean;
}

export interface SiteFields {
    name: string;
    time_zone: string;
    latitude: number | null;
    longitude: number | null;
    day_starts: string;
    week_starts: number;
    shifts: Shift[];
}

export interface PeriodsQuery {
    tag: string;
    by: PeriodUnit;
    from: string;
}

export interface TrendQuery {
    tag: string[];
    from?: string;
    until?: string;
    columns: number;
}

// Sites, people and tokens are few; 20 pages of 1000 is far beyond any plant and still an end.
async function everyPage<T>(url: (cursor: string | null) => string): Promise<T[]> {
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
