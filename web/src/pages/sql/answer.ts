// What an answer of SQL is made into: files to take away, and lines of a chart.

export interface SqlColumn { name: string; type: "bool" | "int8" | "float8" | "text" | "timestamptz" | "bytea" }
export type SqlValue = string | number | boolean | null;
export interface SqlAnswer { columns: SqlColumn[]; rows: SqlValue[][]; truncated: boolean }

const csvField = (value: SqlValue) => {
    const text = value === null ? "" : String(value);
    return /[",\r\n]/.test(text) || (text === "" && value !== null) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** RFC 4180; NULL is empty, an empty text is "". */
export const csvOf = ({ columns, rows }: SqlAnswer) =>
    [columns.map((column) => csvField(column.name)), ...rows.map((row) => row.map(csvField))]
        .map((line) => line.join(",") + "\r\n").join("");

export const ndjsonOf = ({ columns, rows }: SqlAnswer) =>
    rows.map((row) => JSON.stringify(Object.fromEntries(columns.map((column, index) => [column.name, row[index] ?? null]))) + "\n").join("");

export interface Line { name: string; points: [number, number][] }
const lines_max = 8;

/** Lines over time, when the first column is one: a line for each column of numbers, and for each of its names where texts stand beside. */
export function linesOf({ columns, rows }: SqlAnswer): Line[] {
    if (columns[0]?.type !== "timestamptz" || rows.length < 2) return [];
    const numbers = columns.flatMap((column, index) => (index > 0 && (column.type === "float8" || column.type === "int8") ? [index] : []));
    const texts = columns.flatMap((column, index) => (column.type === "text" ? [index] : []));
    const lines = new Map<string, Line>();
    for (const row of rows) {
        const at = Date.parse(String(row[0]));
        const who = texts.map((index) => row[index]).filter((text) => text !== null).join(" ");
        for (const index of numbers) {
            const value = row[index];
            if (typeof value !== "number" || !Number.isFinite(at)) continue;
            const name = [who, numbers.length > 1 || !who ? columns[index]!.name : ""].filter(Boolean).join(" ");
            let line = lines.get(name);
            if (!line) {
                if (lines.size >= lines_max) continue;
                lines.set(name, line = { name, points: [] });
            }
            line.points.push([at, value]);
        }
    }
    const found = [...lines.values()].filter((line) => line.points.length > 1);
    for (const line of found) line.points.sort((a, b) => a[0] - b[0]);
    return found;
}
