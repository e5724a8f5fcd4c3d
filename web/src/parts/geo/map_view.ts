// A map on a canvas: layers, a camera, and the gestures that move it. No React: it draws when something changed, and only then.
import { panBy, viewOf, zoomAt, type Camera, type View } from "../../fleet/mercator";
import { readLook, type Look } from "./look";
import { Pictures } from "./pictures";

export type { Look } from "./look";
export type Pen = CanvasRenderingContext2D;

export interface Drag {
    move(px: number, py: number): void;
    end(): void;
}

export interface Layer {
    /** Drawn once on a picture larger than the frame, over those below it, which is then only moved. */
    readonly cached: boolean;
    /** While the zoom changes, the old picture will do for a moment. */
    readonly stretches?: boolean;
    version: number;
    draw(pen: Pen, view: View, look: Look): void;
    /** Whether something of the layer is at the pixel and takes the click. */
    tap?(px: number, py: number, view: View): boolean;
    /** Something that follows the pointer instead of the map. */
    grab?(px: number, py: number, view: View): Drag | null;
    /** The pointer's shape over it; null for the map's own. */
    cursor?(px: number, py: number, view: View): string | null;
}

/** So long after the last step of a zoom its picture is stretched. */
const settle_ms = 90;

export class MapView {
    view: View = viewOf({ x: 0.5, y: 0.5, zoom: 2 }, 1, 1);
    look: Look;
    onMove: (view: View) => void = () => {};
    onTapNothing: (px: number, py: number) => void = () => {};
    layers: Layer[] = [];
    /** How long the last frame took to draw, for measuring. */
    frame_ms = 0;
    private readonly pen: Pen;
    private readonly pictures = new Pictures();
    private asked = 0;
    private glide = 0;
    private zoomedAt = 0;
    private settling: ReturnType<typeof setTimeout> | undefined;
    private readonly leaving: (() => void)[] = [];

    constructor(readonly canvas: HTMLCanvasElement) {
        this.pen = canvas.getContext("2d", { alpha: false })!;
        this.look = readLook(canvas);
        const scheme = matchMedia("(prefers-color-scheme: light)");
        // For whoever measures or tests it in a browser.
        Object.assign(canvas, { map: this });
        const repaint = () => {
            this.look = readLook(canvas);
            this.pictures.forget();
            this.ask();
        };
        scheme.addEventListener("change", repaint);
        this.leaving.push(() => scheme.removeEventListener("change", repaint));
    }

    get ratio() {
        return Math.min(2, devicePixelRatio || 1);
    }

    resize(width: number, height: number) {
        this.canvas.width = Math.round(width * this.ratio);
        this.canvas.height = Math.round(height * this.ratio);
        this.view = viewOf(this.view, width, height);
        this.pictures.forget();
        this.draw();
    }

    look_at(camera: Camera) {
        this.stop();
        this.set(viewOf(camera, this.view.width, this.view.height));
    }

    /** Moves there in a third of a second, or at once where motion is not wanted. */
    fly_to(camera: Camera) {
        this.stop();
        const from = this.view, to = viewOf(camera, this.view.width, this.view.height);
        const dx = to.x - from.x - Math.round(to.x - from.x);
        const far = Math.hypot(dx, to.y - from.y) * Math.min(from.scale, to.scale) > 4 * from.width;
        if (far || matchMedia("(prefers-reduced-motion: reduce)").matches) return this.set(to);
        const began = performance.now();
        const step = () => {
            const t = Math.min(1, (performance.now() - began) / 320);
            const eased = 1 - (1 - t) ** 3;
            this.set(viewOf({ x: from.x + dx * eased, y: from.y + (to.y - from.y) * eased, zoom: from.zoom + (to.zoom - from.zoom) * eased }, from.width, from.height));
            this.glide = t < 1 ? requestAnimationFrame(step) : 0;
        };
        step();
    }

    pan(dx: number, dy: number) {
        this.set(panBy(this.view, dx, dy));
    }

    zoom(steps: number, px = this.view.width / 2, py = this.view.height / 2) {
        this.set(zoomAt(this.view, px, py, steps));
    }

    stop() {
        if (this.glide) cancelAnimationFrame(this.glide);
        this.glide = 0;
    }

    /** Goes on with a pixel speed per ms and comes to rest. */
    let_go(vx: number, vy: number) {
        if (Math.hypot(vx, vy) < 0.15 || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
        let before = performance.now();
        const step = (now: number) => {
            const passed = Math.min(40, now - before);
            before = now;
            this.pan(vx * passed, vy * passed);
            const keep = Math.exp(-passed / 160);
            vx *= keep;
            vy *= keep;
            this.glide = Math.hypot(vx, vy) > 0.02 ? requestAnimationFrame(step) : 0;
        };
        this.glide = requestAnimationFrame(step);
    }

    private set(view: View) {
        if (view.zoom !== this.view.zoom) this.zoomedAt = performance.now();
        this.view = view;
        this.onMove(view);
        this.ask();
    }

    /** Draws in the next frame. */
    ask() {
        this.asked ||= requestAnimationFrame(() => this.draw());
    }

    draw() {
        this.asked = 0;
        const { width, height } = this.view;
        if (width < 2 || height < 2) return;
        const began = performance.now();
        this.pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
        const drawn = this.pictures.draw(this.pen, this.layers, this.view, this.look, this.ratio, performance.now() - this.zoomedAt < settle_ms);
        if (this.pictures.is_stretched(this.view)) {
            clearTimeout(this.settling);
            this.settling = setTimeout(() => this.ask(), settle_ms + 10);
        }
        for (const layer of this.layers.slice(drawn)) layer.draw(this.pen, this.view, this.look);
        this.frame_ms = performance.now() - began;
    }

    /** A layer's clicks, topmost first. */
    tap(px: number, py: number) {
        for (const layer of [...this.layers].reverse()) if (layer.tap?.(px, py, this.view)) return;
        this.onTapNothing(px, py);
    }

    grab(px: number, py: number): Drag | null {
        for (const layer of [...this.layers].reverse()) {
            const drag = layer.grab?.(px, py, this.view);
            if (drag) return drag;
        }
        return null;
    }

    cursor(px: number, py: number): string {
        for (const layer of [...this.layers].reverse()) {
            const shape = layer.cursor?.(px, py, this.view);
            if (shape) return shape;
        }
        return "";
    }

    end() {
        this.stop();
        if (this.asked) cancelAnimationFrame(this.asked);
        clearTimeout(this.settling);
        for (const leave of this.leaving) leave();
    }
}
