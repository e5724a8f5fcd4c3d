import { expect, test } from "vitest";
import { csvOf, linesOf, ndjsonOf, type SqlAnswer } from "./answer";

const answer: SqlAnswer = {
    columns: [{ name: "b", type: "timestamptz" }, { name: "machine", type: "text" }, { name: "avg", type: "float8" }],
    rows: [
        ["2026-11-21T09:00:00Z", "b", 3], ["2026-11-21T08:00:00Z", "a", 1.5], ["2026-11-21T09:00:00Z", "a", null],
        ["2026-11-21T10:00:00Z", "a", 2], ["2026-11-21T08:00:00Z", "b", 4],
    ],
    truncated: false,
};

test("a line for each machine, by time, without NULL", () => {
    const at = (hour: number) => Date.UTC(2026, 10, 21, hour);
    expect(linesOf(answer)).toEqual([
        { name: "b", points: [[at(8), 4], [at(9), 3]] },
        { name: "a", points: [[at(8), 1.5], [at(10), 2]] },
    ]);
});

test("no chart where the first column is no time, or there is one row", () => {
    expect(linesOf({ ...answer, columns: [{ name: "b", type: "text" }, ...answer.columns.slice(1)] })).toEqual([]);
    expect(linesOf({ ...answer, rows: answer.rows.slice(0, 1) })).toEqual([]);
});

test("CSV quotes what needs it and tells NULL from an empty text", () => {
    const odd: SqlAnswer = { columns: [{ name: 'a"b', type: "text" }, { name: "c", type: "text" }], rows: [["x,y", null], ["", "line\nbreak"]], truncated: false };
    expect(csvOf(odd)).toBe('"a""b",c\r\n"x,y",\r\n"","line\nbreak"\r\n');
    expect(ndjsonOf(odd)).toBe('{"a\\"b":"x,y","c":null}\n{"a\\"b":"","c":"line\\nbreak"}\n');
});
