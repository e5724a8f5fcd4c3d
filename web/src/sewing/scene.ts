// What stands on the canvas: cloth, the stitches sewn so far, and (where somebody watches a machine) a faint promise of the
// rest. Going on costs only the new stitches; going back starts from the nearest kept picture.
import { layCloth } from "./cloth";
import { closer, fit, Painter, type View } from "./paint";
import type { Pattern } from "./pattern";

export interface Look {
    pattern: Pattern;
    threads: string[];
    fabric: string;
    cloth: string;
    /** The part not sewn yet shows faintly. */
    isPromised: boolean;
}

const kept_pictures = 6;
const kept_bytes_max = 8_000_000;  // of one picture
const pixels_max = 2_600_000;
const batch = 400;

export class Scene {
    drawn = 0;
    private image: ImageData | null = null;
    private view: View = { scale: 1, left: 0, top: 0 };
    private painter: Painter;
    private kept: { at: number; data: Uint8ClampedArray }[] = [];
    private ratio = 1;

    constructor(private readonly canvas: HTMLCanvasElement, private readonly look: Look) {
        this.painter = new Painter(look.pattern, look.threads);
    }

    /** Lays fresh cloth for this size in CSS pixels; `zoom` above 1 keeps (x, y), in millimetres, in the middle. */
    resize(width: number, height: number, zoom: number, x: number, y: number) {
        const { pattern, threads, fabric, cloth, isPromised } = this.look;
        const wanted = Math.min(2, devicePixelRatio || 1);
        this.ratio = Math.min(wanted, Math.sqrt(pixels_max / Math.max(1, width * height)));
        const w = Math.max(1, Math.round(width * this.ratio)), h = Math.max(1, Math.round(height * this.ratio));
        this.canvas.width = w;
        this.canvas.height = h;
        const image = (this.image = new ImageData(w, h));
        const whole = fit(pattern, w, h);
        this.view = zoom > 1 ? closer(whole, zoom, w, h, x, y) : whole;
        this.kept = [];
        this.drawn = 0;
        layCloth(image, this.view, fabric, cloth);
        if (isPromised) {
            const bare = image.data.slice();
            new Painter(pattern, threads).sew(image, this.view, 0, pattern.count);
            for (let at = 0; at < bare.length; at += 1) image.data[at] = bare[at]! * 0.84 + image.data[at]! * 0.16;
        }
        this.keep(0);
        this.show();
    }

    private keep(at: number) {
        if (!this.image || this.image.data.length > kept_bytes_max) return;
        this.kept.push({ at, data: this.image.data.slice() });
    }

    private show() {
        if (this.image) this.canvas.getContext("2d", { alpha: false })?.putImageData(this.image, 0, 0);
    }

    /** Sews on towards (or back to) stitch `target` for at most `budget_ms`. True once it is there. */
    reach(target: number, budget_ms: number): boolean {
        const { image } = this;
        const { pattern } = this.look;
        const goal = Math.max(0, Math.min(pattern.count, Math.floor(target)));
        if (!image || goal === this.drawn) return true;
        const end = performance.now() + budget_ms;
        if (goal < this.drawn) {
            const from = this.kept.filter((one) => one.at <= goal).pop();
            if (!from) return true;
            image.data.set(from.data);
            this.drawn = from.at;
        }
        const every = Math.max(1, Math.ceil(pattern.count / kept_pictures));
        while (this.drawn < goal) {
            const last = this.kept[this.kept.length - 1];
            const stop = last && this.drawn < last.at + every ? last.at + every : Infinity;
            const next = Math.min(goal, this.drawn + batch, stop);
            this.painter.sew(image, this.view, this.drawn, next);
            this.drawn = next;
            if (next === stop) this.keep(next);
            if (performance.now() > end) break;
        }
        this.show();
        return this.drawn === goal;
    }

    /** Where the needle is, in CSS pixels of the canvas, and what thread it carries. */
    needle(): { x: number; y: number; colour: string } | null {
        const { pattern, threads } = this.look;
        const at = this.drawn - 1;
        if (at < 0 || !this.image) return null;
        return {
            x: ((pattern.x[at]! - this.view.left) * this.view.scale) / this.ratio,
            y: ((pattern.y[at]! - this.view.top) * this.view.scale) / this.ratio,
            colour: threads[pattern.thread[at]!] ?? "#283c78",
        };
    }

    /** Millimetres under one CSS pixel. */
    pixel_mm(): number {
        return this.ratio / this.view.scale;
    }
}
