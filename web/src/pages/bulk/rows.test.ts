import { expect, test } from "vitest";
import { linesOf, numbered, plainKey, readableKey, recordsOf, seriesLines, tableLines } from "./rows";

async function* pieces(...all: string[]) { yield* all; }
async function all<T>(from: AsyncIterable<T>) { const out: T[] = []; for await (const one of from) out.push(one); return out; }

test("a series numbers the longest run of #", () => {
    expect(numbered("EXC-####", 42)).toBe("EXC-0042");
    expect(numbered("A#-###", 7)).toBe("A#-007");
    expect(numbered("EXC-##", 12345)).toBe("EXC-12345");
    expect(numbered("EXC-", 3)).toBe("EXC-3");
    const lines = [...seriesLines({ prefix: "88.101.7", pattern: "A B#", first: 9, count: 2, url: "http://localhost/{name}?n={number}" })];
    expect(lines.map((line) => JSON.parse(line))).toEqual([
        { handle: "88.101.7/A B9", values: [{ type: "URL", data: "http://localhost/A%20B9?n=9" }] },
        { handle: "88.101.7/A B10", values: [{ type: "URL", data: "http://localhost/A%20B10?n=10" }] },
    ]);
    expect([...seriesLines({ prefix: "8", pattern: "x", first: 1, count: 0, url: "" })]).toEqual([]);
});

test("lines are whole however the text is cut", async () => {
    const text = '{"a":1}\n\n{"b":2}\r\n{"c":3}';
    for (let cut = 0; cut <= text.length; cut += 1) {
        expect(await all(linesOf(pieces(text.slice(0, cut), text.slice(cut))))).toEqual(['{"a":1}', '{"b":2}', '{"c":3}']);
    }
});

test("a table with quotes, commas and lines in fields, however it is cut", async () => {
    const text = 'suffix,URL,desc\r\nA1,http://localhost/1,"say ""hi"", twice\nand again"\r\n\r\n88.101.7/A2,,plain\r\n,http://localhost/3,\n';
    for (let cut = 0; cut <= text.length; cut += 1) {
        const rows = (await all(tableLines("88.101.7", recordsOf(pieces(text.slice(0, cut), text.slice(cut)))))).map((line) => JSON.parse(line));
        expect(rows).toEqual([
            { handle: "88.101.7/A1", values: [{ type: "URL", data: "http://localhost/1" }, { type: "DESC", data: 'say "hi", twice\nand again' }] },
            { handle: "88.101.7/A2", values: [{ type: "DESC", data: "plain" }] },
            { prefix: "88.101.7", values: [{ type: "URL", data: "http://localhost/3" }] },
        ]);
    }
});

test("a job's name survives the header", () => {
    expect(plainKey(" EXC-####-2026-11-22T12:19:04 ")).toBe("EXC-####-2026-11-22T12:19:04");
    expect(plainKey("设备/1.csv 12")).toBe("%E8%AE%BE%E5%A4%87%2F1.csv%2012");
    expect(readableKey(plainKey("设备/1.csv 12"))).toBe("设备/1.csv 12");
    expect(plainKey("a".repeat(128))).toBe("a".repeat(128));
    const long = ["a".repeat(129), "a".repeat(130), "设".repeat(40), `x${"设".repeat(40)}`, `xy${"设".repeat(40)}`].map(plainKey);
    for (const key of long) expect(key).toMatch(/^[!-.0-~]{10,128}~?[0-9a-f]{8}$/);
    expect(new Set(long).size).toBe(5);
    expect(readableKey(long[2]!)).toMatch(/^设+~/);
    expect(readableKey(plainKey("设备.csv 12"))).toBe("设备.csv 12");
    expect(readableKey("100 %")).toBe("100 %");
});
