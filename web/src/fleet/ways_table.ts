// Ways between sites as people edit them, and as a file tells them. Pure.
import type { Leg } from "../api/fleet_setup";
import type { Table } from "./table_file";

export interface WayDraft {
    from: string;
    to: string;
    km: string;
    minutes: string;
}

export const draftOf = (leg: Leg): WayDraft => ({ from: leg.from, to: leg.to, km: String(Math.round(leg.metres) / 1000), minutes: String(Math.round(leg.seconds / 6) / 10) });
export const legOf = (way: WayDraft): Leg => ({ from: way.from, to: way.to, metres: Math.round(Number(way.km) * 1000), seconds: Math.round(Number(way.minutes) * 60) });

const isNumber = (text: string) => text.trim() !== "" && Number(text) >= 0 && Number.isFinite(Number(text));

/** What is wrong with a way among the others; null when it may be saved. */
export function wayTrouble(ways: WayDraft[], index: number): "same" | "twice" | "number" | null {
    const way = ways[index]!;
    if (way.from === way.to) return "same";
    if (ways.findIndex((one) => one.from === way.from && one.to === way.to) < index) return "twice";
    return isNumber(way.km) && isNumber(way.minutes) ? null : "number";
}

/** Ways back, as long as the ways there, where none is told yet. */
export function withBacks(ways: WayDraft[]): WayDraft[] {
    const known = new Set(ways.map((way) => `${way.from}\n${way.to}`));
    return [...ways, ...ways.filter((way) => way.from !== way.to && !known.has(`${way.to}\n${way.from}`)).map((way) => ({ ...way, from: way.to, to: way.from }))];
}

/** Rows of a file with from, to, km or metres, minutes or seconds; sites by number or by name. */
export function waysOfTable(table: Table, sites: { id: string; name: string }[]): { ways: WayDraft[]; lost: number } {
    const at = (name: string) => table.columns.indexOf(name);
    const siteOf = (cell: string) => sites.find((one) => one.id === cell)?.id ?? sites.find((one) => one.name === cell)?.id ?? null;
    const measure = (cells: string[], whole: string, part: string, parts: number) => {
        const text = cells[at(whole)] ?? "", small = cells[at(part)] ?? "";
        return isNumber(text) ? text : isNumber(small) ? String(Number(small) / parts) : null;
    };
    const ways = table.rows.flatMap(({ cells }) => {
        const [from, to, km, minutes] = [siteOf(cells[at("from")] ?? ""), siteOf(cells[at("to")] ?? ""), measure(cells, "km", "metres", 1000), measure(cells, "minutes", "seconds", 60)];
        return from !== null && to !== null && km !== null && minutes !== null ? [{ from, to, km, minutes }] : [];
    });
    return { ways, lost: table.rows.length - ways.length };
}
