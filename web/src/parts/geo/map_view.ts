// A map on a canvas: layers, a camera, and the gestures that move it. No React: it draws when something changed, and only then.
import { panBy, viewOf, zoomAt, type Camera, type View } from "../../fleet/mercator";
import { readLook, type Look } from "./look";

export type { Look } from "./look";
export type Pen = CanvasRenderingContext2D;

export interface Drag {
    move(px: number, py: number): void;
    end(): void;
}

export interface Layer {
    /** Drawn once on a picture larger than the frame, which is then only moved. */
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

interface Picture {
    canvas: HTMLCanvasElement;
    view: View;
    version: number;
}

const margin_share = 0.3;
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
    private readonly pictures = new Map<Layer, Picture>();
    private asked = 0;
    private settling: ReturnType<typeof setTimeout> | undefined;
    private zoomedAt = 0;
    private glide = 0;
    private readonly leaving: (() => void)[] = [];

    constructor(readonly canvas: HTMLCanvasElement) {
        this.pen = canvas.getContext("2d", { alpha: false })!;
        this.look = readLook(canvas);
        const scheme = matchMedia("(prefers-color-scheme: light)");
        // For whoever measures or tests it in a browser.
        Object.assign(canvas, { map: this });
        const repaint = () => {
            this.look = readLook(canvas);
            this.pictures.clear();
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
        this.pictures.clear();
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
        for (const layer of this.layers) {
            if (layer.cached) this.blit(layer);
            else layer.draw(this.pen, this.view, this.look);
        }
        this.frame_ms = performance.now() - began;
    }

    private blit(layer: Layer) {
        let picture = this.pictures.get(layer);
        const moving = layer.stretches === true && performance.now() - this.zoomedAt < settle_ms;
        if (!picture || picture.version !== layer.version || !this.covers(picture, moving)) picture = this.paint(layer);
        else if (picture.view.zoom !== this.view.zoom) {
            clearTimeout(this.settling);
            this.settling = setTimeout(() => this.ask(), settle_ms + 10);
        }
        const { view } = picture;
        const factor = this.view.scale / view.scale;
        const away = view.x - this.view.x - Math.round(view.x - this.view.x);
        const left = away * this.view.scale + this.view.width / 2 - (view.width / 2) * factor;
        const top = (view.y - this.view.y) * this.view.scale + this.view.height / 2 - (view.height / 2) * factor;
        // On whole device pixels, or letters and lines would swim.
        const whole = (value: number) => (factor === 1 ? Math.round(value * this.ratio) / this.ratio : value);
        this.pen.drawImage(picture.canvas, whole(left), whole(top), view.width * factor, view.height * factor);
    }

    private covers({ view }: Picture, moving: boolean): boolean {
        if (!moving && view.zoom !== this.view.zoom) return false;
        const factor = this.view.scale / view.scale;
        if (moving && (factor < 0.6 || factor > 2)) return false;
        const dx = Math.abs(view.x - this.view.x - Math.round(view.x - this.view.x)) * this.view.scale;
        const dy = Math.abs(view.y - this.view.y) * this.view.scale;
        // While zooming out, an edge may lie open for the moment.
        if (moving && factor < 1) return dx < view.width * 0.3 && dy < view.height * 0.3;
        return dx <= (view.width * factor - this.view.width) / 2 && dy <= (view.height * factor - this.view.height) / 2;
    }

    private paint(layer: Layer): Picture {
        const width = Math.ceil(this.view.width * (1 + 2 * margin_share)), height = Math.ceil(this.view.height * (1 + 2 * margin_share));
        const known = this.pictures.get(layer);
        const canvas = known?.canvas ?? document.createElement("canvas");
        const [w, h] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
        if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
        const pen = canvas.getContext("2d")!;
        pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
        pen.clearRect(0, 0, width, height);
        // The wide picture may reach beyond the poles; the frame itself does not.
        const view: View = { ...this.view, width, height };
        layer.draw(pen, view, this.look);
        const picture = { canvas, view, version: layer.version };
        this.pictures.set(layer, picture);
        return picture;
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
