// The utilisation index as a table and a file: which rows belong to which question. Pure.
import type { IndexRow } from "../api/fleet_types";

export type Dimension = "type" | "region" | "both";

export interface Group {
    key: string;
    type: string | null;
    region: string | null;
    /** By month, ascending; months the node gave no row for are left out. */
    rows: IndexRow[];
}

export const keyOf = (row: { type: string | null; region: string | null }) => `${row.type ?? ""}\0${row.region ?? ""}`;

export function belongs(row: IndexRow, dimension: Dimension): boolean {
    if (row.type === null && row.region === null) return true;
    if (dimension === "type") return row.region === null;
    if (dimension === "region") return row.type === null;
    return row.type !== null && row.region !== null;
}

/** The sum of all first, then the groups by name. */
export function groupsOf(rows: IndexRow[], dimension: Dimension): Group[] {
    const groups = new Map<string, Group>();
    for (const row of rows) {
        if (!belongs(row, dimension)) continue;
        const key = keyOf(row);
        let group = groups.get(key);
        if (!group) groups.set(key, (group = { key, type: row.type, region: row.region, rows: [] }));
        group.rows.push(row);
    }
    for (const group of groups.values()) group.rows.sort((a, b) => a.month.localeCompare(b.month));
    const all = "\0";
    return [...groups.values()].sort((a, b) => Number(b.key === all) - Number(a.key === all) || a.key.localeCompare(b.key, "en"));
}

export const yearBefore = (month: string) => `${Number(month.slice(0, 4)) - 1}${month.slice(4)}`;

/** "2026-11" and how many months away. */
export function monthAway(month: string, by: number): string {
    const count = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 + by;
    return `${Math.floor(count / 12)}-${String((count % 12) + 1).padStart(2, "0")}`;
}

/** Months between two, both inclusive. */
export function monthsOf(from: string, until: string, most = 36): string[] {
    const months: string[] = [];
    for (let month = from; month <= until && months.length < most; month = monthAway(month, 1)) months.push(month);
    return months;
}

const cell = (value: string | number | null) => {
    const text = value === null ? "" : String(value);
    // A spreadsheet must not take a name for a formula.
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** RFC 4180, with its definition in the first lines as comments do not exist: as two columns. */
export function indexCsv(rows: IndexRow[], definition: string): string {
    const lines = [["definition", definition].map(cell).join(","), "month,type,region,machines,index,year_on_year,working_days,observed_days,is_withheld"];
    for (const row of rows) lines.push([row.month, row.type, row.region, row.machines, row.index, row.year_on_year, row.working_days, row.observed_days, String(row.is_withheld)].map(cell).join(","));
    return `${lines.join("\r\n")}\r\n`;
}
