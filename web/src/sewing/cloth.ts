// The cloth under the stitches, woven pixel by pixel: each fabric has its own grain. Only a picture; nothing is measured from it.
import { rgbOf, type Raster, type View } from "./paint";

type Weave = (x: number, y: number) => number;  // millimetres → light, about -1..1

const wave = (value: number) => Math.sin(value * 2 * Math.PI);

// A lattice of chance, smoothed: felt and leather have no threads to see.
function grain(x: number, y: number): number {
    const cellX = Math.floor(x), cellY = Math.floor(y);
    const partX = x - cellX, partY = y - cellY;
    const at = (i: number, j: number) => {
        let n = (Math.imul(i, 374761393) + Math.imul(j, 668265263)) | 0;
        n = Math.imul(n ^ (n >>> 13), 1274126177);
        return ((n ^ (n >>> 16)) >>> 0) / 2147483648 - 1;
    };
    const smoothX = partX * partX * (3 - 2 * partX), smoothY = partY * partY * (3 - 2 * partY);
    const upper = at(cellX, cellY) * (1 - smoothX) + at(cellX + 1, cellY) * smoothX;
    const lower = at(cellX, cellY + 1) * (1 - smoothX) + at(cellX + 1, cellY + 1) * smoothX;
    return upper * (1 - smoothY) + lower * smoothY;
}

const plain = (pitch: number): Weave => (x, y) => {
    const over = (Math.floor(x / pitch) + Math.floor(y / pitch)) % 2 === 0;
    return 0.55 * (over ? Math.abs(wave(y / pitch / 2)) : Math.abs(wave(x / pitch / 2))) + (over ? 0.12 : -0.12) - 0.35;
};
const slanted = (pitch: number, strength: number): Weave => (x, y) => strength * (wave((x + y) / pitch) * 0.7 + wave((x - y) / pitch / 3) * 0.2);
const knit = (pitch: number): Weave => (x, y) => {
    const column = x / pitch - Math.floor(x / pitch);
    return 0.8 * wave(y / (pitch * 0.9) + Math.abs(column - 0.5) * 0.9) * 0.5 - 0.45 * Math.exp(-60 * Math.min(column, 1 - column) ** 2);
};
const pile = (size: number): Weave => (x, y) => 0.6 * grain(x / size, y / size) + 0.4 * grain(x / size * 2.3 + 17, y / size * 2.3);

const weaves: Record<string, Weave> = {
    twill: slanted(0.55, 0.55),
    canvas: plain(0.62),
    denim: slanted(0.7, 1),
    felt: pile(0.55),
    silk: (x, y) => 0.22 * wave(y / 0.3) + 0.5 * grain(x / 40, y / 9),
    leather: (x, y) => 0.5 - 1.2 * Math.abs(grain(x / 1.3, y / 1.3)) + 0.2 * grain(x / 5, y / 5),
    cap: slanted(0.62, 0.8),
    pique: (x, y) => 0.6 * wave(x / 1.1 + (Math.floor(y / 0.55) % 2) / 2) * Math.abs(wave(y / 1.1)) - 0.1,
    jersey: knit(0.75),
    fleece: pile(0.8),
    terry: pile(1.2),
};

/** Lays the cloth over the whole raster. The grain keeps its size in millimetres and fades where it is finer than two pixels. */
export function layCloth(on: Raster, view: View, fabric: string, colour: string) {
    const weave = weaves[fabric] ?? weaves.twill!;
    const base = rgbOf(colour);
    const bright = (base.r * 0.3 + base.g * 0.59 + base.b * 0.11) / 255;
    const seen = Math.min(1, Math.max(0.15, (view.scale - 1.2) / 4));
    const strength = (bright > 0.5 ? 17 : 13) * seen;
    const { data, width, height } = on;
    const middleX = width / 2, middleY = height / 2, far = Math.hypot(middleX, middleY);
    for (let y = 0; y < height; y += 1) {
        const mmY = y / view.scale + view.top;
        for (let x = 0; x < width; x += 1) {
            const edge = ((x - middleX) ** 2 + (y - middleY) ** 2) / (far * far);
            const light = weave(x / view.scale + view.left, mmY) * strength - edge * 9;
            const place = (y * width + x) * 4;
            data[place] = base.r + light;
            data[place + 1] = base.g + light;
            data[place + 2] = base.b + light;
            data[place + 3] = 255;
        }
    }
}
