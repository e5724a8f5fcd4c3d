// Where rows of a bulk come from, as lines of NDJSON: a numbered series, a file of lines, a table.

/** `EXC-####` numbered: the longest run of # is the number, padded to its length; none: behind the end. */
export function numbered(pattern: string, number: number): string {
    const runs = pattern.match(/#+/g) ?? [];
    const run = runs.reduce((best, one) => (one.length > best.length ? one : best), "");
    return run === "" ? `${pattern}${number}` : pattern.replace(run, String(number).padStart(run.length, "0"));
}

const key_max = 128;

/** A job's name as the node takes it: 1 to 128 printable letters without slash. Others are percent-encoded, a long one is cut and gets a sum of all of it. */
export function plainKey(key: string): string {
    const signs = [...key.trim()].map((sign) => (sign <= " " || sign > "~" || sign === "/" ? encodeURIComponent(sign) : sign));
    const plain = signs.join("");
    if (plain.length <= key_max) return plain;
    let sum = 0x811c9dc5;  // FNV-1a
    for (let at = 0; at < plain.length; at += 1) sum = Math.imul(sum ^ plain.charCodeAt(at), 0x01000193) >>> 0;
    let begin = "";
    for (const sign of signs) {
        if (begin.length + sign.length > key_max - 9) break;
        begin += sign;
    }
    return `${begin}~${sum.toString(16).padStart(8, "0")}`;
}

/** And back, for people. */
export function readableKey(key: string): string {
    try {
        return decodeURIComponent(key);
    } catch {
        return key;
    }
}

export interface Series {
    prefix: string;
    pattern: string;
    first: number;
    count: number;
    /** {name} and {number} stand for the row's own. */
    url: string;
}

export function* seriesLines({ prefix, pattern, first, count, url }: Series): Generator<string> {
    for (let number = first; number < first + count; number += 1) {
        const name = numbered(pattern, number);
        const address = url.trim().replaceAll("{name}", encodeURIComponent(name)).replaceAll("{number}", String(number));
        yield JSON.stringify({ handle: `${prefix}/${name}`, values: address ? [{ type: "URL", data: address }] : [] });
    }
}

/** Lines of a text that comes in pieces; empty ones are left out, as the node counts rows. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
    let rest = "";
    for await (const piece of pieces) {
        const lines = (rest + piece).split("\n");
        rest = lines.pop()!;
        for (const line of lines) if (line.trim() !== "") yield line.trimEnd();
    }
    if (rest.trim() !== "") yield rest.trimEnd();
}

/** Records of a CSV file (RFC 4180), whatever way it is cut. */
export async function* recordsOf(pieces: AsyncIterable<string>): AsyncGenerator<string[]> {
    let field = "", record: string[] = [], isQuoted = false, wasQuote = false;
    for await (const piece of pieces) {
        for (const sign of piece) {
            if (wasQuote) {
                wasQuote = false;
                if (sign === '"') {
                    field += '"';
                    continue;
                }
                isQuoted = false;
            }
            if (isQuoted) {
                if (sign === '"') wasQuote = true;
                else field += sign;
            } else if (sign === '"' && field === "") isQuoted = true;
            else if (sign === ",") {
                record.push(field);
                field = "";
            } else if (sign === "\n") {
                record.push(field.replace(/\r$/, ""));
                if (record.some((one) => one !== "")) yield record;
                field = "";
                record = [];
            } else field += sign;
        }
    }
    record.push(field.replace(/\r$/, ""));
    if (record.some((one) => one !== "")) yield record;
}

/** A table's rows: the first column (handle, suffix or name) names, every other column is a value of the type above it. */
export async function* tableLines(prefix: string, records: AsyncIterable<string[]>): AsyncGenerator<string> {
    let head: string[] | null = null;
    for await (const record of records) {
        if (!head) {
            head = record.map((one) => one.trim().replace(/^\ufeff/, ""));
            continue;
        }
        const name = record[0]!.trim();
        const values = head.slice(1).flatMap((type, column) => {
            const data = record[column + 1] ?? "";
            return type && data !== "" ? [{ type: type.toUpperCase() === type ? type : type.toUpperCase(), data }] : [];
        });
        const isWhole = name.startsWith(`${prefix}/`) || head[0]!.toLowerCase() === "handle";
        yield JSON.stringify(name === "" ? { prefix, values } : { handle: isWhole ? name : `${prefix}/${name}`, values });
    }
}

/** The text of a file, piece by piece: a file larger than memory is never read whole. */
export async function* piecesOf(file: Blob, onBytes: (bytes: number) => void): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    const slice_bytes = 1 << 20;
    for (let at = 0; at < file.size; at += slice_bytes) {
        const bytes = new Uint8Array(await file.slice(at, at + slice_bytes).arrayBuffer());
        onBytes(Math.min(file.size, at + slice_bytes));
        yield decoder.decode(bytes, { stream: true });
    }
    yield decoder.decode();
}
