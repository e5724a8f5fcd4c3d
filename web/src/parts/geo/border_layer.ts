// A site's border while it is drawn: click to add a corner, drag corners and the dots between them.
import { atPixel, placeOf, screenX, screenY, worldX, worldY, type View } from "../../fleet/mercator";
import { faultOf, type Ring } from "../../fleet/rings";
import type { Drag, Layer, Look, Pen } from "./map_view";
import { drawArea } from "./sites_layer";

const reach_pixels = 13;

export class BorderLayer implements Layer {
    readonly cached = false;
    version = 0;
    ring: Ring = [];
    /** New corners are added at the end until the border is closed. */
    is_open = true;
    chosen = -1;
    onChange: () => void = () => {};

    private spots(view: View): [number, number][] {
        return this.ring.map((corner) => [screenX(view, worldX(corner.longitude)), screenY(view, worldY(corner.latitude))]);
    }

    draw(pen: Pen, view: View, look: Look) {
        const spots = this.spots(view);
        const fault = this.ring.length >= 3 ? faultOf(this.ring) : null;
        const colour = fault ? look.fault : look.focus;
        if (this.ring.length >= 3) drawArea(pen, view, this.ring, colour, 0.16);
        else if (spots.length === 2) {
            pen.strokeStyle = colour;
            pen.lineWidth = 2;
            pen.beginPath();
            pen.moveTo(...spots[0]!);
            pen.lineTo(...spots[1]!);
            pen.stroke();
        }
        if (!this.is_open) for (const [x, y] of this.middles(spots)) dot(pen, x, y, 4, look.surface, colour, 1.2);
        spots.forEach(([x, y], i) => dot(pen, x, y, i === this.chosen ? 8.5 : 6.5, i === this.chosen ? colour : look.surface, colour, 2.5));
        if (fault?.kind === "crossing") for (const number of [fault.first, fault.second]) this.nameSide(pen, spots, number, look);
    }

    private nameSide(pen: Pen, spots: [number, number][], number: number, look: Look) {
        const [ax, ay] = spots[number - 1]!, [bx, by] = spots[number % spots.length]!;
        dot(pen, (ax + bx) / 2, (ay + by) / 2, 11, look.fault, look.surface, 1.5);
        pen.fillStyle = look.surface;
        pen.font = `700 12px ${look.font}`;
        pen.textAlign = "center";
        pen.textBaseline = "middle";
        pen.fillText(String(number), (ax + bx) / 2, (ay + by) / 2 + 0.5);
    }

    private middles(spots: [number, number][]): [number, number][] {
        return spots.map(([x, y], i) => {
            const [nx, ny] = spots[(i + 1) % spots.length]!;
            return [(x + nx) / 2, (y + ny) / 2];
        });
    }

    private near(list: [number, number][], px: number, py: number): number {
        let best = -1, nearest = reach_pixels;
        list.forEach(([x, y], i) => {
            const away = Math.hypot(x - px, y - py);
            if (away < nearest) [best, nearest] = [i, away];
        });
        return best;
    }

    tap(px: number, py: number, view: View): boolean {
        const corner = this.near(this.spots(view), px, py);
        if (corner === 0 && this.is_open && this.ring.length >= 3) this.is_open = false;
        else if (corner >= 0) this.chosen = corner;
        else if (this.is_open) this.add(view, px, py);
        else this.chosen = -1;
        this.onChange();
        return true;
    }

    add(view: View, px: number, py: number) {
        const { x, y } = atPixel(view, px, py);
        this.ring = [...this.ring, placeOf(x, y)];
        this.chosen = this.ring.length - 1;
        this.onChange();
    }

    /** Takes the chosen corner away, or the last one. */
    remove() {
        const at = this.chosen >= 0 ? this.chosen : this.ring.length - 1;
        this.ring = this.ring.filter((_, i) => i !== at);
        this.chosen = Math.min(at, this.ring.length) - 1;
        if (this.ring.length < 3) this.is_open = true;
        this.onChange();
    }

    /** Moves the chosen corner by pixels. */
    nudge(view: View, dx: number, dy: number): boolean {
        if (this.chosen < 0) return false;
        const [x, y] = this.spots(view)[this.chosen]!;
        this.put(view, this.chosen, x + dx, y + dy);
        return true;
    }

    private put(view: View, at: number, px: number, py: number) {
        const where = atPixel(view, px, py);
        this.ring = this.ring.map((corner, i) => (i === at ? placeOf(where.x, where.y) : corner));
        this.onChange();
    }

    grab(px: number, py: number, view: View): Drag | null {
        const spots = this.spots(view);
        let corner = this.near(spots, px, py);
        let fresh = -1;
        if (corner < 0 && !this.is_open) fresh = this.near(this.middles(spots), px, py);
        if (corner < 0 && fresh < 0) return null;
        return {
            move: (x, y) => {
                if (fresh >= 0) {
                    const where = atPixel(view, px, py);
                    this.ring = [...this.ring.slice(0, fresh + 1), placeOf(where.x, where.y), ...this.ring.slice(fresh + 1)];
                    [corner, fresh] = [fresh + 1, -1];
                }
                this.chosen = corner;
                this.put(view, corner, x, y);
            },
            end: () => {},
        };
    }

    cursor(px: number, py: number, view: View): string | null {
        const spots = this.spots(view);
        return this.near(spots, px, py) >= 0 || (!this.is_open && this.near(this.middles(spots), px, py) >= 0) ? "move" : this.is_open ? "crosshair" : null;
    }
}

function dot(pen: Pen, x: number, y: number, radius: number, fill: string, line: string, width: number) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fillStyle = fill;
    pen.fill();
    pen.strokeStyle = line;
    pen.lineWidth = width;
    pen.stroke();
}
