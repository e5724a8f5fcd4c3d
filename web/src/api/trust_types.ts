// The shapes of accounts, organisations and the audit log (docs/protocols/http-api.md).
import type { PersonRecord } from "./types";

export interface Account extends Omit<PersonRecord, "totp"> {
    organisation: string;
    totp: { enabled: boolean; required: boolean; recovery_codes: number };
}

export interface BrowserSession {
    id: string;
    created_at: string;
    last_seen_at: string;
    origin: string;
    own: boolean;
}

export type LimitName = "machines_max" | "sessions_max" | "messages_per_s" | "samples_per_s" | "retained_bytes_max";
export type OrganisationLimits = Record<LimitName, number | null>;

export interface Organisation {
    id: string;
    name: string;
    title: string | null;
    created_at: string;
    limits: OrganisationLimits;
    in_force: OrganisationLimits;
    use: { machines: number; sessions: number; retained_bytes: number };
    refused: Record<string, number>;
}

export interface AuditLine {
    index: number;
    at: string;
    steady_ms: number;
    clock: "unknown" | "synchronised" | "unsynchronised";
    stepped_ms: number;
    who: string;
    kind: "nobody" | "person" | "token" | "local" | "node" | "certificate";
    who_id: string;
    address: string;
    action: string;
    target: string;
    outcome: "allowed" | "refused" | "failed";
    detail: string;
    left_out: number;
}
