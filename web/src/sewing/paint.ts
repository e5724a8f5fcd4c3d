// Threads into pixels, without a graphics card: every stitch is a round thread of 0.4 mm that shines across its length,
// twisted, darker at its sides and where the needle went in. 100,000 stitches take well under half a second once and
// nothing afterwards, because what is sewn stays sewn.
import type { Pattern } from "./pattern";

export interface Raster {
    width: number;
    height: number;
    /** RGBA, as ImageData has it. */
    data: Uint8ClampedArray;
}

/** Where a millimetre lies in the raster. */
export interface View {
    scale: number;
    left: number;
    top: number;
}

export interface Rgb {
    r: number;
    g: number;
    b: number;
}

export const thread_mm = 0.4;
const light = { x: 0.6, y: 0.8 };  // falls from the left above
const levels = 64;

export function rgbOf(colour: string): Rgb {
    const value = /^#[0-9a-f]{6}$/i.test(colour) ? parseInt(colour.slice(1), 16) : 0x283c78;
    return { r: (value >> 16) & 255, g: (value >> 8) & 255, b: value & 255 };
}

/** A thread's colour in every light, from its shadow to its gleam. */
function shades(colour: Rgb): Uint8ClampedArray {
    const out = new Uint8ClampedArray(levels * 3);
    for (let level = 0; level < levels; level += 1) {
        const part = level / (levels - 1);
        const dark = Math.min(1, 0.28 + part * 0.98);
        const gleam = Math.max(0, part - 0.72) * 0.95;
        [colour.r, colour.g, colour.b].forEach((value, index) => {
            const lit = value * dark;
            // Black thread shines, too, or it would be a hole.
            out[level * 3 + index] = lit + (255 - lit) * gleam + 10 * part;
        });
    }
    return out;
}

export class Painter {
    private readonly colours: Uint8ClampedArray[];

    constructor(readonly pattern: Pattern, threads: string[]) {
        this.colours = Array.from({ length: Math.max(pattern.threads, threads.length, 1) },
            (_, index) => shades(rgbOf(threads[index] ?? threads[threads.length - 1] ?? "#283c78")));
    }

    /** Sews the stitches [from, until) onto the raster. */
    sew(on: Raster, view: View, from: number, until: number) {
        const { pattern } = this;
        const { scale } = view;
        for (let at = from; at < until; at += 1) {
            const ax = (pattern.fromX[at]! - view.left) * scale, ay = (pattern.fromY[at]! - view.top) * scale;
            const bx = (pattern.x[at]! - view.left) * scale, by = (pattern.y[at]! - view.top) * scale;
            if (ax === bx && ay === by) continue;
            if (Math.max(ax, bx) < -9 || Math.min(ax, bx) > on.width + 9 || Math.max(ay, by) < -9 || Math.min(ay, by) > on.height + 9) continue;
            stitch(on, ax, ay, bx, by, scale, this.colours[pattern.thread[at]!]!, at);
        }
    }
}

function stitch(on: Raster, ax: number, ay: number, bx: number, by: number, scale: number, colour: Uint8ClampedArray, seed: number) {
    const dx = bx - ax, dy = by - ay;
    const length = Math.hypot(dx, dy);
    const ux = dx / length, uy = dy / length;
    const half = Math.max(0.55, (thread_mm / 2) * scale * 1.08);
    const reach = half + 1;  // a pixel of shadow beside it
    // A touch of chance per stitch, always the same for the same stitch: threads never lie alike.
    const chance = ((seed * 2654435761) >>> 24) / 255;
    const sheen = 0.5 + 0.34 * Math.abs(ux * light.y - uy * light.x) + 0.06 * (chance - 0.5);
    const side = ux * light.y - uy * light.x > 0 ? -1 : 1;  // which flank looks into the light
    const twist = scale > 5 ? 0.07 : 0;
    const turn = 2 * Math.PI / (0.55 * scale);
    const dip = Math.min(length / 3, 0.5 * scale);
    const isFlat = Math.abs(dx) >= Math.abs(dy);
    const slope = isFlat ? dy / dx : dx / dy;
    const across = reach / Math.max(0.5, isFlat ? Math.abs(ux) : Math.abs(uy));
    const [a, b] = isFlat ? [ax, bx] : [ay, by];
    const main_max = isFlat ? on.width : on.height, cross_max = isFlat ? on.height : on.width;
    const first = Math.max(0, Math.floor(Math.min(a, b) - reach)), last = Math.min(main_max - 1, Math.ceil(Math.max(a, b) + reach));
    const { data, width } = on;
    for (let main = first; main <= last; main += 1) {
        const middle = isFlat ? ay + (main + 0.5 - ax) * slope : ax + (main + 0.5 - ay) * slope;
        const low = Math.max(0, Math.floor(middle - across)), high = Math.min(cross_max - 1, Math.ceil(middle + across));
        for (let cross = low; cross <= high; cross += 1) {
            const px = (isFlat ? main : cross) + 0.5 - ax, py = (isFlat ? cross : main) + 0.5 - ay;
            const along = px * ux + py * uy;
            const off = py * ux - px * uy;
            const beyond = along < 0 ? -along : along > length ? along - length : 0;
            const away = beyond > 0 ? Math.hypot(off, beyond) : Math.abs(off);
            if (away >= reach) continue;
            const place = ((isFlat ? cross * width + main : main * width + cross)) * 4;
            const cover = half + 0.5 - away;
            if (cover <= 0) {
                // The shadow it throws: only away from the light.
                if (off * side < 0) continue;
                const dark = 1 - 0.2 * (reach - away);
                data[place] = data[place]! * dark;
                data[place + 1] = data[place + 1]! * dark;
                data[place + 2] = data[place + 2]! * dark;
                continue;
            }
            const part = off / half;
            let level = sheen * (1 - 0.46 * part * part) - 0.13 * part * side;
            if (twist > 0) level += twist * Math.sin(along * turn + part * 2.4);
            const end = Math.min(along, length - along);
            if (end < dip) level -= 0.2 * (1 - Math.max(0, end) / dip);
            const shade = (level <= 0 ? 0 : level >= 1 ? levels - 1 : (level * (levels - 1)) | 0) * 3;
            const solid = cover >= 1 ? 1 : cover;
            data[place] = data[place]! + (colour[shade]! - data[place]!) * solid;
            data[place + 1] = data[place + 1]! + (colour[shade + 1]! - data[place + 1]!) * solid;
            data[place + 2] = data[place + 2]! + (colour[shade + 2]! - data[place + 2]!) * solid;
        }
    }
}

/** The view that shows the whole pattern with a margin, in the middle of the raster. */
export function fit(pattern: Pattern, width: number, height: number, margin_mm = 4): View {
    const { left, top, right, bottom } = pattern.bounds;
    const wide = right - left + 2 * margin_mm, high = bottom - top + 2 * margin_mm;
    const scale = Math.max(0.05, Math.min(width / wide, height / high));
    return { scale, left: (left + right) / 2 - width / scale / 2, top: (top + bottom) / 2 - height / scale / 2 };
}

/** Closer by `zoom`, with the pattern's place (x, y) in the middle. */
export function closer(view: View, zoom: number, width: number, height: number, x: number, y: number): View {
    const scale = view.scale * zoom;
    return { scale, left: x - width / scale / 2, top: y - height / scale / 2 };
}
