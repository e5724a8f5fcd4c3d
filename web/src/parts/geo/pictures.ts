// What lies still on the map, drawn once on pictures wider than the frame: moving the map moves one of them.
import type { View } from "../../fleet/mercator";
import type { Layer, Look, Pen } from "./map_view";

/** A layer with all that lies below it, so that a frame is one picture, and opaque. */
interface Picture {
    canvas: HTMLCanvasElement;
    layer: Layer;
    view: View;
    version: number;
}

const margin_share = 0.3;

export class Pictures {
    private pictures: Picture[] = [];
    /** What all of them show. */
    private base: View | null = null;

    forget() {
        this.base = null;
    }

    /** The layers it has drawn: the first ones that are cached, or while it is zoomed those that may be stretched. */
    draw(pen: Pen, layers: Layer[], view: View, look: Look, ratio: number, zooming: boolean): number {
        const count = leading(layers, (layer) => layer.cached);
        if (count === 0) return 0;
        // The ground will do for a moment; machines on it keep their size.
        const still = leading(layers.slice(0, count), (layer) => layer.stretches === true);
        if (zooming && still > 0 && this.is_stretched(view) && this.will_do(view)) {
            this.put(pen, this.pictures[still - 1]!.canvas, view, ratio);
            return still;
        }
        if (!this.base || this.base.zoom !== view.zoom || !this.covers(view)) {
            // The wide picture may reach beyond the poles; the frame itself does not.
            this.base = { ...view, width: Math.ceil(view.width * (1 + 2 * margin_share)), height: Math.ceil(view.height * (1 + 2 * margin_share)) };
        }
        this.put(pen, this.paint(this.base, layers.slice(0, count), look, ratio), view, ratio);
        return count;
    }

    is_stretched(view: View): boolean {
        return this.base !== null && this.base.zoom !== view.zoom;
    }

    private will_do(view: View): boolean {
        const base = this.base!, factor = view.scale / base.scale;
        if (factor < 0.6 || factor > 2) return false;
        const [dx, dy] = this.away(view);
        // While zooming out, an edge may lie open for the moment.
        return factor < 1 ? Math.abs(dx) < base.width * 0.3 && Math.abs(dy) < base.height * 0.3 : this.covers(view);
    }

    /** Pixels from the middle of the frame to the middle of the pictures. */
    private away(view: View): [number, number] {
        const across = this.base!.x - view.x;
        return [(across - Math.round(across)) * view.scale, (this.base!.y - view.y) * view.scale];
    }

    private covers(view: View): boolean {
        const base = this.base!, factor = view.scale / base.scale;
        const [dx, dy] = this.away(view);
        return Math.abs(dx) <= (base.width * factor - view.width) / 2 && Math.abs(dy) <= (base.height * factor - view.height) / 2;
    }

    private put(pen: Pen, canvas: HTMLCanvasElement, view: View, ratio: number) {
        const base = this.base!, factor = view.scale / base.scale;
        const [dx, dy] = this.away(view);
        // On whole device pixels, or letters and lines would swim.
        const whole = (value: number) => (factor === 1 ? Math.round(value * ratio) / ratio : value);
        pen.drawImage(canvas, whole(dx + view.width / 2 - (base.width / 2) * factor), whole(dy + view.height / 2 - (base.height / 2) * factor), base.width * factor, base.height * factor);
    }

    /** Of those that show the base, what changed and what lies above it is drawn anew. */
    private paint(base: View, layers: Layer[], look: Look, ratio: number): HTMLCanvasElement {
        const [w, h] = [Math.round(base.width * ratio), Math.round(base.height * ratio)];
        let below: HTMLCanvasElement | null = null, changed = false;
        layers.forEach((layer, i) => {
            const known = this.pictures[i];
            changed ||= !known || known.layer !== layer || known.view !== base || known.version !== layer.version;
            if (changed) {
                const canvas = known?.canvas ?? document.createElement("canvas");
                if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
                const pen = canvas.getContext("2d", { alpha: false })!;
                pen.setTransform(1, 0, 0, 1, 0, 0);
                if (below) pen.drawImage(below, 0, 0);
                pen.setTransform(ratio, 0, 0, ratio, 0, 0);
                layer.draw(pen, base, look);
                this.pictures[i] = { canvas, layer, view: base, version: layer.version };
            }
            below = this.pictures[i]!.canvas;
        });
        return below!;
    }
}

function leading(layers: Layer[], is: (layer: Layer) => boolean): number {
    const first = layers.findIndex((layer) => !is(layer));
    return first < 0 ? layers.length : first;
}
