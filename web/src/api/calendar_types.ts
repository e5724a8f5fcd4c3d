// A tag by the hours, shifts, days, weeks, months and years of its site (docs/protocols/http-api.md, Machines).
import type { TagKind } from "./types";

export type PeriodUnit = "hour" | "shift" | "day" | "week" | "month" | "year";

export interface Period {
    label: string;
    from: string;
    until: string;
    samples: number;
    count: number;
    min: number | null;
    max: number | null;
    average: number | null;
    sum: number | null;
    first: number | null;
    last: number | null;
    completeness: number | null;
}

export interface Periods {
    time_zone: string;
    series: { tag: string; kind: TagKind; unit: string | null; cadence_ms: number | null; kept_from: string | null; periods: Period[] }[];
}
