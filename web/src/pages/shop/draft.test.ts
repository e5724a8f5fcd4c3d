import { describe, expect, it } from "vitest";
import type { Hoop } from "../../api/order_types";
import { clothFor, clothText, firstDraft, hoopFor, nearest, pictured, smaller, tooLarge, wishOf } from "./draft";

const hoop = (width_mm: number, height_mm: number): Hoop => ({ name: `${width_mm} × ${height_mm}`, width_mm, height_mm });
const hoops = [hoop(100, 100), hoop(360, 360), hoop(130, 180)];
const shop = { fonts: ["sans", "script"], fabrics: ["twill"], hoops, threads: [{ code: "005", name: "Red", colour: "#ec0000" }] };
const draft = firstDraft(shop, "Rose");

describe("a draft", () => {
    it("begins with the largest hoop and a thread of the chart", () => {
        expect(draft.hoop).toBe("360 × 360");
        expect(draft.colour).toBe("#ec0000");
    });
    it("is nothing to sew without words or a file", () => {
        expect(wishOf({ ...draft, text: "  " }, hoops)).toBeNull();
        expect(wishOf({ ...draft, kind: "svg" }, hoops)).toBeNull();
        expect(wishOf({ ...draft, kind: "image" }, hoops)).toBeNull();
    });
    it("asks for what was chosen and nothing else", () => {
        expect(wishOf({ ...draft, text: " Rose " }, hoops)).toEqual({ name: "Rose", artwork: { text: "Rose", font: "script", height_mm: 25, colour: "#ec0000" }, fabric: "twill", hoop_mm: [360, 360] });
        expect(wishOf({ ...draft, kind: "svg", svg: { file: "my.leaf.svg", content: "<svg/>" } }, hoops)).toEqual({ name: "my.leaf", artwork: { svg: "<svg/>", width_mm: 80 }, fabric: "twill", hoop_mm: [360, 360] });
    });
});

describe("a design larger than its hoop", () => {
    const size = tooLarge("the design is 291.7 x 139.2 mm and the hoop 100.0 x 100.0 mm: 191.7 mm too wide, 39.2 mm too high");
    it("is known by its sentence", () => {
        expect(size).toEqual({ width_mm: 291.7, height_mm: 139.2, hoop_mm: [100, 100] });
        expect(tooLarge("no font has the character U+10FFFF")).toBeNull();
    });
    it("gets the smallest hoop that holds it, or fits once shrunk", () => {
        expect(hoopFor(hoops, 120, 170)?.name).toBe("130 × 180");
        expect(hoopFor(hoops, 400, 10)).toBeNull();
        expect(smaller({ ...draft, height_mm: 100 }, 0.3)?.height_mm).toBe(30);
        expect(smaller({ ...draft, height_mm: 10 }, 0.3)).toBeNull();
    });
});

it("the nearest thread is the one eyes would choose", () => {
    const threads = [{ colour: "#ec0000" }, { colour: "#1a0a94" }, { colour: "#f0f0f0" }, { colour: "#141414" }];
    expect(nearest(threads, "#c01020")?.colour).toBe("#ec0000");
    expect(nearest(threads, "#101060")?.colour).toBe("#1a0a94");
    expect(nearest(threads, "#ffffff")?.colour).toBe("#f0f0f0");
    expect(nearest([], "#ffffff")).toBeNull();
});

it("light threads are shown on dark cloth", () => {
    expect(clothFor(["#e4a945"])).toBe("navy");
    expect(clothFor(["#a01030", "#1a0a94"])).toBe("natural");
    expect(clothFor([])).toBe("natural");
});

it("pictures an order on the cloth that was chosen, else on one its threads are seen on", () => {
    expect(pictured({ fabric: "terry", colour: "navy" }, [])).toEqual({ fabric: "terry", cloth: "#22304d" });
    expect(pictured({ fabric: null, colour: "#123456" }, [])).toEqual({ fabric: "twill", cloth: "#123456" });
    expect(pictured({ fabric: null, colour: null }, ["#e4a945"]).cloth).toBe("#22304d");
    const words = { cloths: { navy: "Navy" }, fabrics: { terry: "Terry" } };
    expect(clothText({ fabric: "terry", colour: "navy" }, words, ", ")).toBe("Navy, Terry");
    expect(clothText({ fabric: null, colour: null }, words, ", ")).toBeNull();
});
