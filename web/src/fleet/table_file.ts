// A CSV table as the node reads it, to be seen before it is sent, and its receipts row by row. Pure.
import type { Refusal } from "../api/fleet_setup";

export interface TableRow {
    /** Where it begins in the file, from 1; the node names rows by it. */
    line: number;
    cells: string[];
}

export interface Table {
    columns: string[];
    rows: TableRow[];
    /** A quote that was opened and not closed: nothing can be sent then. */
    openQuote: number | null;
}

export const table_bytes_max = 1_048_576;

export const tableColumns = {
    machines: ["machine", "type", "attachments", "region", "maker", "model", "serial", "pin", "weight_kg", "drives_itself", "capacity_kg", "fixed_cost", "cost_per_km", "cost_per_hour",
        "time_factor", "service_every_h", "service_last_h", "service_at", "rent_until", "rent_cost_per_day", "is_out_of_service", "note"],
    requests: ["title", "site", "type", "attachments", "from", "until", "duration_h", "count", "priority", "rent_cost"],
} as const;
export type TableKind = keyof typeof tableColumns;

const needed: Record<TableKind, string[]> = { machines: ["machine"], requests: ["site", "type", "duration_h"] };

/** Tables come from spreadsheets: UTF-8, or what Excel writes in China. */
export function decodeTable(bytes: ArrayBuffer): string {
    try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
        return new TextDecoder("gb18030").decode(bytes);
    }
}

export function readTable(text: string): Table {
    const body = text.replace(/^\uFEFF/, "");
    const header = body.split("\n", 1)[0] ?? "";
    const times = (one: string) => header.split(one).length;
    const separator = [";", "\t"].reduce((best, one) => (times(one) > times(best) ? one : best), ",");
    const table: Table = { columns: [], rows: [], openQuote: null };
    let row: TableRow = { line: 1, cells: [] };
    let cell = "", line = 1, isQuoted = false, wasQuoted = false;
    const endRow = () => {
        row.cells.push(wasQuoted ? cell : cell.trim());
        if (row.cells.some((one) => one !== "") || row.cells.length > 1) {
            if (table.columns.length === 0) table.columns = row.cells.map((name) => name.trim().toLowerCase());
            else table.rows.push(row);
        }
        [cell, wasQuoted, row] = ["", false, { line: line + 1, cells: [] }];
    };
    for (let i = 0; i < body.length; i += 1) {
        const c = body[i]!;
        if (isQuoted) {
            if (c === '"' && body[i + 1] === '"') [cell, i] = [`${cell}"`, i + 1];
            else if (c === '"') isQuoted = false;
            else cell += c;
            if (c === "\n") line += 1;
        } else if (c === '"' && cell.trim() === "") [cell, isQuoted, wasQuoted] = ["", true, true];
        else if (c === separator) {
            row.cells.push(wasQuoted ? cell : cell.trim());
            [cell, wasQuoted] = ["", false];
        } else if (c === "\n") {
            endRow();
            line += 1;
        } else if (!(wasQuoted && (c === "\r" || c === " "))) cell += c;
    }
    if (isQuoted) table.openQuote = row.line;
    else endRow();
    return table;
}

/** Columns that must be there and are not, and those nobody reads. */
export function checkColumns(table: Table, kind: TableKind): { missing: string[]; unknown: string[] } {
    const known: readonly string[] = tableColumns[kind];
    return { missing: needed[kind].filter((one) => !table.columns.includes(one)), unknown: table.columns.filter((one) => one !== "" && !known.includes(one)) };
}

export interface Receipt {
    line: number;
    name: string;
    /** The request that was made of it; null for machines. */
    made: string | null;
    why: string | null;
}

/** What became of each row. `added` stands in the order of the rows that were taken. */
export function receiptsOf(table: Table, kind: TableKind, refused: Refusal[], added: string[] = []): Receipt[] {
    const why = new Map(refused.map((one) => [one.line, one.why]));
    const at = table.columns.indexOf(kind === "machines" ? "machine" : "title");
    let next = 0;
    return table.rows.map((row) => {
        const reason = why.get(row.line) ?? null;
        return { line: row.line, name: row.cells[at] ?? "", why: reason, made: reason === null && kind === "requests" ? added[next++] ?? null : null };
    });
}

const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
export const receiptsText = (receipts: Receipt[]) =>
    ["line,name,request,refused", ...receipts.map((one) => [one.line, one.name, one.made ?? "", one.why ?? ""].map((each) => quoted(String(each))).join(","))].join("\n") + "\n";
