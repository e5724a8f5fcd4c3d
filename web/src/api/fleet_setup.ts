// The fleet's set-up, as docs/protocols/fleet-api.md says: settings, ways between sites, tables, feeds.
import { ask, path } from "./client";
import type { FleetSettings } from "./dispatch_types";
import type { Page } from "./types";

const fleet = (...parts: string[]) => path("fleet", ...parts);
const table = (content: string) => ({ text: { type: "text/csv", content }, patience_ms: 60_000 });

export type FeedAuth = "none" | "basic" | "bearer" | "oauth2";

export interface Feed {
    id: string;
    name: string;
    url: string;
    period_s: number;
    auth: FeedAuth;
    user: string | null;
    token_url: string | null;
    last_at: string | null;
    last_error: string | null;
    machines: number;
    samples: number;
    notes: string[];
}

export interface NewFeed {
    name: string;
    url: string;
    period_s: number;
    auth: FeedAuth;
    user?: string;
    secret?: string;
    token_url?: string;
}

export interface Refusal {
    line: number;
    why: string;
}

export interface Leg {
    from: string;
    to: string;
    metres: number;
    seconds: number;
}

export interface Travel {
    legs: Leg[];
    closed: { from: string; to: string }[];
}

/** Any part of the settings; what is left out stays. */
export type SettingsChange = { [Part in keyof FleetSettings]?: Partial<FleetSettings[Part]> };

export const setupCalls = {
    settings: () => ask<FleetSettings>("GET", fleet("settings")),
    changeSettings: (body: SettingsChange) => ask<FleetSettings>("PATCH", fleet("settings"), { body }),
    travel: () => ask<Travel>("GET", fleet("travel")),
    putTravel: (legs: Leg[]) => ask<Travel>("PUT", fleet("travel"), { body: { legs } }),
    importMachines: (csv: string) => ask<{ changed: number; refused: Refusal[]; notes: string[] }>("POST", fleet("machines", "import"), table(csv)),
    importRequests: (csv: string) => ask<{ added: string[]; refused: Refusal[] }>("POST", fleet("requests", "import"), table(csv)),
    feeds: () => ask<Page<Feed>>("GET", fleet("feeds")).then((page) => page.items),
    addFeed: (body: NewFeed) => ask<Feed>("POST", fleet("feeds"), { body }),
    removeFeed: (id: string) => ask<void>("DELETE", fleet("feeds", id)),
    /** One round now; a slow server may take its time. */
    pollFeed: (id: string) => ask<Feed>("POST", fleet("feeds", id, "poll"), { patience_ms: 120_000 }),
};
