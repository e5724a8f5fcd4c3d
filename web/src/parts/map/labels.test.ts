import { expect, it } from "vitest";
import { placeLabels } from "./labels";

const area = { width: 800, height: 600 };
const box = (key: string, x: number, y: number, width = 160) => ({ key, x, y, width, height: 44 });
const areOver = (a: { x: number; y: number; width: number; height: number }, b: typeof a) =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

it("a label that grew leaves the spot it kept before it covers another", () => {
    const kept = new Map<string, number>();
    const sites = (width: number) => [box("Nansha", 300, 250, 120), box("Cuiheng", 220, 310, width)];
    placeLabels(sites(120), area, 12, [], kept);
    // The spot above its dot: free while the label is narrow, over the other one when it is wide.
    kept.set("Cuiheng", 2);
    const [first, second] = placeLabels(sites(240), area, 12, [], kept);
    expect(areOver(first!, second!)).toBe(false);
});

it("a label stays where it is while nothing is in its way", () => {
    const kept = new Map<string, number>([["a", 3]]);
    const [label] = placeLabels([box("a", 400, 300)], area, 12, [], kept);
    expect(label!.y).toBe(312);
});
