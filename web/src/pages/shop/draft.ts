// What a customer wants, before it is stitches. Pure.
import type { ClothChoice, DesignWish, Hoop, Shop } from "../../api/order_types";

export type Kind = "text" | "svg" | "image";

export interface Draft {
    kind: Kind;
    text: string;
    font: string;
    height_mm: number;
    colour: string;
    svg: { file: string; content: string } | null;
    image: { file: string; content: string } | null;
    width_mm: number;
    colours: number;
    fabric: string;
    hoop: string;
    cloth: string;
}

/** Names are words of `shop.cloths`. */
export const cloths: [name: string, colour: string][] = [
    ["white", "#f3f1ea"], ["natural", "#e2d5bb"], ["grey", "#b9bec2"], ["black", "#232527"],
    ["navy", "#22304d"], ["red", "#8d1f27"], ["green", "#2a513c"], ["rose", "#e6bcc6"],
];
export const clothColour = (name: string) => cloths.find(([one]) => one === name)?.[1] ?? cloths[0]![1];

/** A cloth these threads can be seen on, where nobody has chosen one. */
export function clothFor(threads: string[]): string {
    const light = (colour: string) => [0.3, 0.59, 0.11].reduce((sum, weight, part) => sum + weight * parseInt(colour.slice(1 + 2 * part, 3 + 2 * part), 16), 0) / 255;
    const lights = threads.map(light).filter(Number.isFinite);
    return lights.length > 0 && lights.reduce((sum, one) => sum + one, 0) / lights.length > 0.6 ? "navy" : "natural";
}

/** On what an order is pictured: as it was chosen, else so that its threads can be seen. */
export const pictured = (cloth: ClothChoice, threads: string[]) => ({
    fabric: cloth.fabric ?? "twill",
    cloth: cloth.colour?.startsWith("#") ? cloth.colour : clothColour(cloth.colour ?? clothFor(threads)),
});

/** "Navy, Terry (towel)"; null: nobody chose. */
export function clothText(cloth: ClothChoice, words: { cloths: Record<string, string>; fabrics: Record<string, string> }, comma: string): string | null {
    const parts = [cloth.colour && (words.cloths[cloth.colour] ?? cloth.colour), cloth.fabric && (words.fabrics[cloth.fabric] ?? cloth.fabric)];
    return parts.filter(Boolean).join(comma) || null;
}

export const limits = { height_mm: [5, 120], width_mm: [15, 350], colours: [1, 12], text_max: 60, file_bytes_max: 4_000_000 } as const;

export function firstDraft(shop: Pick<Shop, "fonts" | "fabrics" | "hoops" | "threads">, text: string): Draft {
    const largest = shop.hoops.reduce<Hoop | null>((best, one) => (!best || one.width_mm * one.height_mm > best.width_mm * best.height_mm ? one : best), null);
    const red = shop.threads.find((one) => /carmine|red/i.test(one.name)) ?? shop.threads[0];
    return {
        kind: "text", text, font: shop.fonts.includes("script") ? "script" : (shop.fonts[0] ?? "sans"), height_mm: 25, colour: red?.colour ?? "#a01030",
        svg: null, image: null, width_mm: 80, colours: 4, fabric: shop.fabrics[0] ?? "twill", hoop: largest?.name ?? "", cloth: "natural",
    };
}

export const hoopOf = (hoops: Hoop[], name: string): Hoop => hoops.find((one) => one.name === name) ?? hoops[0] ?? { name: "360 × 360", width_mm: 360, height_mm: 360 };

/** null: there is nothing to sew yet. */
export function wishOf(draft: Draft, hoops: Hoop[]): DesignWish | null {
    const hoop = hoopOf(hoops, draft.hoop);
    const rest = { fabric: draft.fabric, hoop_mm: [hoop.width_mm, hoop.height_mm] as [number, number] };
    if (draft.kind === "text") {
        const text = draft.text.trim();
        if (!text) return null;
        return { name: text.slice(0, 100), artwork: { text, font: draft.font, height_mm: draft.height_mm, colour: draft.colour }, ...rest };
    }
    if (draft.kind === "svg") {
        if (!draft.svg) return null;
        return { name: nameOf(draft.svg.file), artwork: { svg: draft.svg.content, width_mm: draft.width_mm }, ...rest };
    }
    if (!draft.image) return null;
    return { name: nameOf(draft.image.file), artwork: { image: draft.image.content, width_mm: draft.width_mm, colours: draft.colours }, ...rest };
}

const nameOf = (file: string) => file.replace(/\.[^.]*$/, "").slice(0, 100) || "design";

/** How far a design reaches beyond its hoop, as the node's sentence tells it; null: that is not why. */
export function tooLarge(sentence: string): { width_mm: number; height_mm: number; hoop_mm: [number, number] } | null {
    const found = /([\d.]+) x ([\d.]+) mm and the hoop ([\d.]+) x ([\d.]+) mm/.exec(sentence);
    if (!found) return null;
    const [, width, height, across, down] = found.map(Number);
    return { width_mm: width!, height_mm: height!, hoop_mm: [across!, down!] };
}

/** The smallest hoop that holds so much. */
export function hoopFor(hoops: Hoop[], width_mm: number, height_mm: number): Hoop | null {
    const fitting = hoops.filter((one) => one.width_mm >= width_mm && one.height_mm >= height_mm);
    return fitting.sort((a, b) => a.width_mm * a.height_mm - b.width_mm * b.height_mm)[0] ?? null;
}

/** `part` of its size; null: that would be smaller than can be sewn. */
export function smaller(draft: Draft, part: number): Draft | null {
    const shrunk = Math.floor((draft.kind === "text" ? draft.height_mm : draft.width_mm) * part);
    if (draft.kind === "text") return shrunk >= limits.height_mm[0] ? { ...draft, height_mm: shrunk } : null;
    return shrunk >= limits.width_mm[0] ? { ...draft, width_mm: shrunk } : null;
}

/** The thread of the chart that looks most like a colour (weighted after how eyes see red, green and blue). */
export function nearest<T extends { colour: string }>(threads: T[], colour: string): T | null {
    const parts = (text: string) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
    const [r, g, b] = parts(colour);
    let best: T | null = null, least = Infinity;
    for (const one of threads) {
        const [x, y, z] = parts(one.colour);
        const mean = (r! + x!) / 2;
        const far = (2 + mean / 256) * (r! - x!) ** 2 + 4 * (g! - y!) ** 2 + (2 + (255 - mean) / 256) * (b! - z!) ** 2;
        if (far < least) [best, least] = [one, far];
    }
    return best;
}
