// Machines on the map: marks with their state's shape and colour; many as a ring of their states with their number.
import { cluster, type Cluster } from "../../fleet/clusters";
import { turn, type View } from "../../fleet/mercator";
import { nameOf, stateMark, states, type Roster } from "../../fleet/roster";
import { shapes } from "../mark";
import type { Layer, Look, Pen } from "./map_view";

const cell_pixels = 50;
const mark_pixels = 20;
/** From here on machines are marks of their own even where they touch. */
const single_zoom = 15.5;
const names_max = 90;
const number_half = 15;

const paths = new Map<string, Path2D>();
export function shapePath(mark: keyof typeof shapes): Path2D {
    let path = paths.get(mark);
    if (!path) paths.set(mark, (path = new Path2D(shapes[mark])));
    return path;
}

/** A state's mark around a point, on a disc that keeps it clear of what lies below. */
export function drawMark(pen: Pen, x: number, y: number, state: (typeof states)[number], size: number, look: Look, heading: number | null) {
    const mark = stateMark[state];
    const colour = look.tones[mark]!;
    if (heading !== null && state === "working") {
        pen.save();
        pen.translate(x, y);
        pen.rotate((heading * Math.PI) / 180);
        pen.beginPath();
        pen.moveTo(0, -size * 0.92);
        pen.lineTo(size * 0.3, -size * 0.52);
        pen.lineTo(-size * 0.3, -size * 0.52);
        pen.closePath();
        pen.fillStyle = colour;
        pen.fill();
        pen.restore();
    }
    pen.beginPath();
    pen.arc(x, y, size * 0.62, 0, 2 * Math.PI);
    pen.fillStyle = look.surface;
    pen.fill();
    pen.strokeStyle = look.strong;
    pen.lineWidth = 0.75;
    pen.stroke();
    pen.save();
    pen.translate(x - size / 2, y - size / 2);
    pen.scale(size / 16, size / 16);
    pen.fillStyle = colour;
    pen.fill(shapePath(mark), "evenodd");
    pen.restore();
}

export const ringRadius = (count: number) => 13 + Math.min(17, 3.6 * Math.log10(count) ** 1.35 * 1.4);

function drawRing(pen: Pen, x: number, y: number, each: Cluster, look: Look) {
    const radius = ringRadius(each.count);
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fillStyle = look.surface;
    pen.fill();
    let angle = -Math.PI / 2;
    pen.lineWidth = 4.5;
    states.forEach((state, i) => {
        const share = (each.states[i]! / each.count) * 2 * Math.PI;
        if (share === 0) return;
        pen.beginPath();
        pen.arc(x, y, radius - 1.5, angle, angle + Math.max(share - (share < 6.2 ? 0.06 : 0), 0.06));
        pen.strokeStyle = look.tones[stateMark[state]]!;
        pen.stroke();
        angle += share;
    });
    pen.fillStyle = look.text;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = `650 ${radius > 20 ? 14 : 12.5}px ${look.font}`;
    pen.fillText(each.count >= 10_000 ? `${Math.round(each.count / 1000)}k` : String(each.count), x, y + 0.5);
    // Not by colour alone: what needs somebody has its shape beside the number.
    if (each.states[0]! > 0) {
        pen.save();
        pen.translate(x + radius * 0.5, y - radius * 1.12);
        pen.fillStyle = look.surface;
        pen.beginPath();
        pen.arc(7, 7, 8.5, 0, 2 * Math.PI);
        pen.fill();
        pen.scale(14 / 16, 14 / 16);
        pen.fillStyle = look.tones.fault!;
        pen.fill(shapePath("fault"), "evenodd");
        pen.restore();
    }
}

export class MachinesLayer implements Layer {
    readonly cached = true;
    onPick: (members: number[], at: Cluster) => void = () => {};
    selected = -1;
    trails = true;
    private clusters: Cluster[] = [];
    private key = "";
    private touched = 0;
    constructor(private readonly roster: Roster) {}

    get version() {
        return this.roster.version + this.touched;
    }

    touch() {
        this.touched += 1;
    }

    /** Made anew when the machines or the level change; a level is half a zoom, so that it is steady between. */
    private at(view: View): Cluster[] {
        const level = Math.floor(view.zoom * 2) / 2;
        const key = `${level}:${this.roster.version}`;
        if (key !== this.key) {
            this.key = key;
            this.clusters = cluster(this.roster.points, 256 * 2 ** level, view.zoom >= single_zoom ? 9 : cell_pixels);
        }
        return this.clusters;
    }

    draw(pen: Pen, view: View, look: Look) {
        const rim = 40;
        const seen: [Cluster, number, number][] = [];
        for (const each of this.at(view)) {
            const x = turn(view.x, each.x) * view.scale + view.width / 2;
            const y = (each.y - view.y) * view.scale + view.height / 2;
            if (x > -rim && y > -rim && x < view.width + rim && y < view.height + rim) seen.push([each, x, y]);
        }
        if (this.trails) for (const [each] of seen) if (each.count === 1) this.trail(pen, view, look, each.first);
        const many = seen.filter(([each]) => each.count > 1);
        const single = seen.filter(([each]) => each.count === 1);
        if (single.length <= names_max) this.names(pen, view, look, single, seen);
        for (const [each, x, y] of single) {
            const spot = this.roster.spots[each.first]!;
            drawMark(pen, x, y, spot.state, mark_pixels, look, spot.heading);
        }
        for (const [each, x, y] of many.reverse()) drawRing(pen, x, y, each, look);
    }

    private trail(pen: Pen, view: View, look: Look, index: number) {
        const trail = this.roster.trails.get(index);
        if (!trail || trail.length < 4) return;
        pen.lineWidth = 2.5;
        pen.lineCap = "round";
        pen.strokeStyle = look.tones[stateMark[this.roster.spots[index]!.state]]!;
        const count = trail.length / 2;
        for (let i = 1; i < count; i += 1) {
            pen.globalAlpha = 0.12 + 0.5 * (i / count);
            pen.beginPath();
            pen.moveTo(turn(view.x, trail[2 * i - 2]!) * view.scale + view.width / 2, (trail[2 * i - 1]! - view.y) * view.scale + view.height / 2);
            pen.lineTo(turn(view.x, trail[2 * i]!) * view.scale + view.width / 2, (trail[2 * i + 1]! - view.y) * view.scale + view.height / 2);
            pen.stroke();
        }
        pen.globalAlpha = 1;
    }

    /** A name beside a mark, where it covers neither another name nor another mark. */
    private names(pen: Pen, view: View, look: Look, single: [Cluster, number, number][], seen: [Cluster, number, number][]) {
        pen.font = `550 12.5px ${look.font}`;
        pen.textAlign = "left";
        pen.textBaseline = "middle";
        pen.lineJoin = "round";
        const taken: [number, number, number, number][] = seen.map(([each, x, y]) => {
            const r = each.count > 1 ? ringRadius(each.count) : 11;
            return [x - r, y - r, x + r, y + r];
        });
        for (const [each, x, y] of single) {
            const text = nameOf(this.roster.spots[each.first]!);
            const shown = [...text].length > 24 ? `${[...text].slice(0, 23).join("")}…` : text;
            const width = pen.measureText(shown).width;
            const box: [number, number, number, number] = [x + 14, y - 8, x + 18 + width, y + 8];
            if (box[2] > view.width || taken.some(([l, t, r, b]) => l < box[2] && r > box[0] && t < box[3] && b > box[1])) continue;
            taken.push(box);
            pen.strokeStyle = look.land;
            pen.lineWidth = 3.5;
            pen.strokeText(shown, x + 16, y + 0.5);
            pen.fillStyle = look.text;
            pen.fillText(shown, x + 16, y + 0.5);
        }
    }

    /** Whether the number of a ring is in the box. */
    hasNumberIn([left, top, right, bottom]: [number, number, number, number], view: View): boolean {
        return this.at(view).some((each) => {
            if (each.count === 1) return false;
            const x = turn(view.x, each.x) * view.scale + view.width / 2, y = (each.y - view.y) * view.scale + view.height / 2;
            return x + number_half > left && x - number_half < right && y + 9 > top && y - 9 < bottom;
        });
    }

    private under(px: number, py: number, view: View): Cluster | null {
        let best: Cluster | null = null, nearest = Infinity;
        for (const each of this.at(view)) {
            const reach = each.count > 1 ? ringRadius(each.count) + 3 : mark_pixels * 0.75;
            const away = Math.hypot(turn(view.x, each.x) * view.scale + view.width / 2 - px, (each.y - view.y) * view.scale + view.height / 2 - py);
            if (away < reach && away < nearest) [best, nearest] = [each, away];
        }
        return best;
    }

    tap(px: number, py: number, view: View): boolean {
        const found = this.under(px, py, view);
        if (found) this.onPick(found.members, found);
        return found !== null;
    }

    cursor(px: number, py: number, view: View): string | null {
        return this.under(px, py, view) ? "pointer" : null;
    }
}
