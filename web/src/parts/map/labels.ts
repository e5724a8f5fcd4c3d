// Where a site's label goes so that labels do not cover each other: right, left, above, below, or nudged.

export interface Box {
    x: number;
    y: number;
    width: number;
    height: number;
}

let pen: CanvasRenderingContext2D | null = null;
const widths = new Map<string, number>();

/** Width of a text in the page's own font, half bold, in pixels. */
export function textWidth(text: string, size: number): number {
    const key = `${Math.round(size * 10)} ${text}`;
    let width = widths.get(key);
    if (width === undefined) {
        pen ??= document.createElement("canvas").getContext("2d");
        if (!pen) return text.length * size * 0.65;
        pen.font = `650 ${size}px ${getComputedStyle(document.documentElement).getPropertyValue("--font")}`;
        width = pen.measureText(text).width;
        if (widths.size > 2000) widths.clear();
        widths.set(key, width);
    }
    return width;
}

const overlap = (a: Box, b: Box) => {
    const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
    const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
    return across > 0 && down > 0 ? across * down : 0;
};

/**
 * Places one box per anchor in order; each takes the spot that covers least of what is there already.
 * `kept` remembers the spots: a label moves only for a clearly better one, so that a wall stays calm.
 */
export function placeLabels(
    anchors: (Box & { key: string })[],
    area: { width: number; height: number }, gap: number, taken: Box[], kept: Map<string, number>,
): Box[] {
    const dots: Box[] = anchors.map((each) => ({ x: each.x - gap, y: each.y - gap, width: 2 * gap, height: 2 * gap }));
    const placed: Box[] = [];
    anchors.forEach(({ key, x, y, width, height }, index) => {
        let spot = 0;
        let chosen = 0;
        let best: Box | null = null;
        let least = Infinity;
        for (const lift of [0, -0.7, 0.7, -1.4, 1.4, -2.1, 2.1]) {
            const shift = lift * height;
            const spots = lift === 0
                ? [[x + gap, y - height / 2], [x - gap - width, y - height / 2], [x - width / 2, y - gap - height], [x - width / 2, y + gap]]
                : [[x + gap, y - height / 2 + shift], [x - gap - width, y - height / 2 + shift]];
            for (const [left, top] of spots as [number, number][]) {
                const box = { x: left, y: top, width, height };
                const outside = width * height - overlap(box, { x: 4, y: 4, width: area.width - 8, height: area.height - 8 });
                let cost = outside * 4 + Math.abs(lift);
                const covered = [...placed, ...taken].reduce((sum, other) => sum + overlap(box, other), 0);
                cost += covered * 3;
                if (covered === 0 && kept.get(key) === spot) cost -= width * height * 0.8;
                dots.forEach((dot, i) => i !== index && (cost += overlap(box, dot)));
                if (cost < least) {
                    least = cost;
                    best = box;
                    chosen = spot;
                }
                spot += 1;
            }
        }
        kept.set(key, chosen);
        placed.push(best!);
    });
    return placed;
}
