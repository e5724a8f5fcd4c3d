import { describe, expect, it } from "vitest";
import { layCloth } from "./cloth";
import { closer, fit, Painter, rgbOf, type Raster } from "./paint";
import { readDst, threadBlocks } from "./pattern";

const header = new Uint8Array(512).fill(0x20);
header.set([0x4c, 0x41, 0x3a]);

/** One record: balanced ternary, written from the format's description and not from the reader. */
function record(dx: number, dy: number, kind: "stitch" | "jump" | "colour"): number[] {
    const bytes = [0, 0, kind === "stitch" ? 0x03 : kind === "jump" ? 0x83 : 0xc3];
    const places: [number, [number, number], [number, number]][] = [[81, [2, 2], [2, 5]], [27, [1, 2], [1, 5]], [9, [0, 2], [0, 5]], [3, [1, 0], [1, 7]], [1, [0, 0], [0, 7]]];
    const put = (value: number, axis: 1 | 2) => {
        let rest = value;
        for (const [size, ...at] of places) {
            const digit = rest > size / 2 ? 1 : rest < -size / 2 ? -1 : 0;
            rest -= digit * size;
            const [byte, bit] = at[axis - 1]!;
            // Plus x is the lower of two bits, plus y (which points up) the higher.
            if (digit !== 0) bytes[byte]! |= 1 << (axis === 1 ? (digit > 0 ? bit : bit + 1) : digit > 0 ? bit : bit - 1);
        }
        expect(rest === 0).toBe(true);
    };
    put(dx, 1);
    put(-dy, 2);
    return bytes;
}

const end = [0, 0, 0xf3];
const file = (...records: number[][]) => new Uint8Array([...header, ...records.flat(), ...end]);

describe("a stitch file", () => {
    it("becomes places in millimetres, y downwards", () => {
        const read = readDst(file(record(0, 0, "stitch"), record(121, -121, "stitch"), record(-5, 40, "stitch")));
        expect([...read.x].map((one) => Math.round(one * 10))).toEqual([0, 121, 116]);
        expect([...read.y].map((one) => Math.round(one * 10))).toEqual([0, -121, -81]);
        expect(read.bounds.top).toBeCloseTo(-12.1);
        expect(read.cuts).toEqual([0]);
    });
    it("draws no thread over a cut, a move or a change of colour", () => {
        const jump = record(30, 0, "jump");
        const read = readDst(file(record(0, 0, "stitch"), record(10, 0, "stitch"), jump, jump, jump, record(10, 0, "stitch"), record(10, 0, "stitch"), record(0, 0, "colour"), record(10, 0, "stitch")));
        expect(read.count).toBe(5);
        expect(read.cuts).toEqual([0, 2, 4]);
        expect(read.fromX[2]).toBe(read.x[2]);
        expect(read.fromX[3]).toBeCloseTo(read.x[2]!);
        expect([...read.thread]).toEqual([0, 0, 0, 0, 1]);
        expect(threadBlocks(read)).toEqual([{ from: 0, count: 4 }, { from: 4, count: 1 }]);
    });
    it.each([
        ["no header", new Uint8Array(600)],
        ["too short", new Uint8Array([0x4c, 0x41])],
        ["no end", new Uint8Array([...header, ...record(3, 3, "stitch")])],
        ["no stitch", file(record(3, 3, "jump"))],
    ])("is refused: %s", (_, bytes) => expect(() => readDst(bytes)).toThrow());
});

const raster = (width: number, height: number): Raster => ({ width, height, data: new Uint8ClampedArray(width * height * 4) });
const at = (on: Raster, x: number, y: number) => [...on.data.slice((y * on.width + x) * 4, (y * on.width + x) * 4 + 3)];

describe("threads in pixels", () => {
    const line = readDst(file(record(0, 0, "stitch"), record(100, 0, "stitch"), record(0, 50, "stitch")));
    it("colour what lies under them and nothing else", () => {
        const on = raster(120, 80);
        layCloth(on, { scale: 8, left: -2, top: -2 }, "twill", "#ffffff");
        const bare = on.data.slice();
        new Painter(line, ["#c00000"]).sew(on, { scale: 8, left: -2, top: -2 }, 0, line.count);
        const [r, g, b] = at(on, 56, 16) as [number, number, number];
        expect(r).toBeGreaterThan(90);
        expect(r).toBeGreaterThan(g + 60);
        expect(Math.abs(g - b)).toBeLessThan(20);
        const far = (60 * 120 + 20) * 4;
        expect([...on.data.slice(far, far + 4)]).toEqual([...bare.slice(far, far + 4)]);
    });
    it("are the same whether sewn at once or stitch by stitch", () => {
        const whole = raster(120, 80), pieces = raster(120, 80);
        const painter = new Painter(line, ["#005599"]);
        painter.sew(whole, { scale: 8, left: -2, top: -2 }, 0, line.count);
        for (let stitch = 0; stitch < line.count; stitch += 1) painter.sew(pieces, { scale: 8, left: -2, top: -2 }, stitch, stitch + 1);
        expect(pieces.data).toEqual(whole.data);
    });
    it("stay inside the raster however close one looks", () => {
        const on = raster(40, 30);
        const view = closer(fit(line, 40, 30), 50, 40, 30, 5, 0);
        expect(() => new Painter(line, ["#005599"]).sew(on, view, 0, line.count)).not.toThrow();
        expect(fit(line, 40, 30).scale).toBeGreaterThan(0);
    });
    it("have a colour even when none was told", () => expect(rgbOf("red")).toEqual(rgbOf("#283c78")));
});
