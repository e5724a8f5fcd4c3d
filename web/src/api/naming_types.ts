// The shapes of docs/protocols/naming-api.md, one to one.

export interface NamingNode {
    role: "top" | "secondary" | "enterprise" | "recursive" | "edge";
    handle_listen: string;
    prefixes: string[];
    case_sensitive: boolean;
    identifiers: number;
    resolves_elsewhere: boolean;
    public_url: string;
    /** SHA-256 of the key it signs with; null: it signs nothing. */
    key: string | null;
    applications: { applied: number; approved: number } | null;
    machines: { prefix: string; count: number } | null;
}

export type ReadRight = "public" | "parties" | "admin";
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface NewValue {
    index?: number;
    type: string;
    data: Json;
    ttl_s?: number;
    read?: ReadRight;
    parties?: string[];
}

export interface HandleValue extends NewValue {
    index: number;
    ttl_s: number;
    changed_at: string;
    read: ReadRight;
    /** Of a resolution: whether it is as somebody signed it. */
    signature?: Signature;
}

export interface Identifier {
    handle: string;
    prefix: string;
    changed_at: string;
    page: string;
    values: HandleValue[];
}

export interface IdentifierPage {
    items: Identifier[];
    next: string | null;
    total: number;
}

export type PrefixState = "active" | "suspended" | "revoked";

export interface Step {
    at: string;
    by: string;
    step: string;
    reason: string | null;
}

export interface Prefix {
    prefix: string;
    kind: "own" | "hosted" | "delegated";
    state: PrefixState;
    company: string | null;
    organisation: string | null;
    address: string | null;
    identifiers: number | null;
    quota: number | null;
    template: string | null;
    certificate: PrefixCertificate | null;
    /** Whether this node is who certifies the prefix's key. */
    certifiable: boolean;
    application: string | null;
    allocated_at: string | null;
    reason: string | null;
    history?: Step[];
}

/** `not_ours`: not of this node's key as it is now. `other_key`: the prefix signs with another one meanwhile. `due`: is renewed by itself. */
export type CertificateState = "valid" | "due" | "ended" | "not_ours" | "other_key";

export interface PrefixCertificate {
    state: CertificateState;
    subject: string;
    issuer: string;
    key: string;
    since: string | null;
    until: string | null;
    renews_at: string | null;
}

export interface SigningKey {
    prefix: string;
    key: string | null;
    source: "own" | "site" | "node" | "none";
    public_key: Json;
    why: string | null;
}

export type ApplicationState = "applied" | "approved" | "allocated" | "refused" | "suspended" | "revoked";

export interface NewApplication {
    company: string;
    contact: string;
    email: string;
    purpose: string;
    credit_code?: string;
    phone?: string;
    wanted?: string;
    hosting?: "hosted" | "own_node";
    address?: string;
    expected?: number;
}

export interface Application {
    id: string;
    state: ApplicationState;
    company: string;
    credit_code: string | null;
    contact: string;
    email: string;
    phone: string | null;
    purpose: string;
    wanted: string | null;
    hosting: "hosted" | "own_node";
    address: string | null;
    expected: number | null;
    prefix: string | null;
    organisation: string | null;
    quota: number | null;
    applied_at: string;
    changed_at: string;
    decided_by: string | null;
    reason: string | null;
    history: Step[];
}

export interface ApplicationTicket {
    id: string;
    state: ApplicationState;
    ticket: string;
    status: string;
}

export interface ApplicationStatus {
    state: ApplicationState;
    company: string;
    prefix: string | null;
    reason: string | null;
    applied_at: string;
    changed_at: string;
}

export interface NamingCounts {
    registered: number;
    changed: number;
    deleted: number;
    resolved: number;
    not_found: number;
}

export interface NamingStatistics {
    from: string;
    until: string;
    by: "hour" | "day";
    totals: NamingCounts;
    periods: (NamingCounts & { at: string })[];
    prefixes: (NamingCounts & { prefix: string; identifiers: number | null })[];
}

export type Signature = "unsigned" | "valid" | "untrusted" | "invalid";
export type Answer = "found" | "not_found" | "suspended" | "elsewhere" | "unreachable" | "invalid";

export interface Hop {
    server: string;
    transport: "udp" | "tcp" | "http" | "https" | null;
    asked: string;
    answer: string;
    note: string | null;
    took_us: number;
    signature: Signature;
}

export interface Voucher {
    prefix: string;
    /** null: nobody said so. */
    by: string | null;
    company: string | null;
    state: PrefixState | null;
}

/** An HS_SIGNATURE among the values. Keys stand there as INDEX:HANDLE. */
export interface ValueSignature {
    index: number;
    state: Signature;
    by: string | null;
    /** Whose key is trusted; null: the chain leads to none. */
    root: string | null;
    /** Whose certificates were found, the signer first. */
    chain: string[];
    covers: number[];
    changed: number[];
    why: string | null;
}

export interface Resolution {
    handle: string;
    answer: Answer;
    why?: string | null;
    at: string;
    values: HandleValue[];
    hidden: number | null;
    computed: boolean;
    from_cache: boolean;
    stale: boolean;
    signature: Signature;
    signatures?: ValueSignature[];
    url: string | null;
    /** Left out where the name is none. */
    vouched?: Voucher[];
    trace?: Hop[];
}

export interface TemplateTrial {
    handle: string;
    base: string;
    extension: string;
    found: boolean;
    values: HandleValue[];
}

export interface BulkCounts {
    rows: number;
    made: number;
    changed: number;
    kept: number;
    deleted: number;
    refused: number;
}

export interface BulkJob extends BulkCounts {
    key: string;
    state: "running" | "stopped" | "done";
    by: string;
    begun_at: string;
    changed_at: string;
    resume_from: number;
}
