// What lies under the machines: land, a grid of degrees with names, a scale bar.
import { atPixel, latitudeOf, metresPerPixel, screenY, worldX, worldY, type View } from "../../fleet/mercator";
import { graticule, scaleBar } from "../map/projection";
import { coast, type Shore } from "./coast";
import type { Layer, Look, Pen } from "./map_view";

const close_metres_per_pixel = 700;
/** Nearer than this the coast of 1:10m is off by more than it is worth: it fades away. */
const fade_metres_per_pixel = [60, 18] as const;

export const coastShown = (view: View) => metresPerPixel(view) > fade_metres_per_pixel[1];

export class Ground implements Layer {
    readonly cached = true;
    readonly stretches = true;
    version = 0;
    constructor(private readonly changed: () => void) {}

    draw(pen: Pen, view: View, look: Look) {
        pen.fillStyle = look.water;
        pen.fillRect(0, 0, view.width, view.height);
        const metres = metresPerPixel(view);
        const [full, none] = fade_metres_per_pixel;
        const strength = Math.min(1, Math.max(0, (metres - none) / (full - none)));
        const arrived = () => {
            this.version += 1;
            this.changed();
        };
        if (strength > 0) {
            const wide = coast("wide", arrived);
            const shores = metres < close_metres_per_pixel ? (coast("close", arrived) ?? wide) : wide;
            pen.globalAlpha = strength;
            if (shores) drawLand(pen, view, shores, look);
            pen.globalAlpha = 1;
        }
        if (strength < 1) {
            pen.globalAlpha = 1 - strength;
            pen.fillStyle = look.land;
            pen.fillRect(0, 0, view.width, view.height);
            pen.globalAlpha = 1;
        }
        drawGrid(pen, view, look);
    }
}

function drawLand(pen: Pen, view: View, shores: Shore[], look: Look) {
    const north = view.y - view.height / 2 / view.scale, south = view.y + view.height / 2 / view.scale;
    const west = view.x - view.width / 2 / view.scale, east = view.x + view.width / 2 / view.scale;
    pen.beginPath();
    for (const shore of shores) {
        if (shore.south < north || shore.north > south) continue;
        for (let shift = -1; shift <= 1; shift += 1) {
            if (shore.east + shift < west || shore.west + shift > east) continue;
            trace(pen, view, shore, shift);
        }
    }
    pen.fillStyle = look.land;
    pen.fill("evenodd");
    pen.strokeStyle = look.shore;
    pen.lineWidth = 1;
    pen.lineJoin = "round";
    pen.stroke();
}

/** Runs of points on one side of the picture, and steps below a pixel, are left out: nobody sees them. */
function trace(pen: Pen, view: View, { points }: Shore, shift: number) {
    const left = -20, right = view.width + 20, top = -20, bottom = view.height + 20;
    let began = false;
    let lastX = 0, lastY = 0, beforeSide = 0, heldX = 0, heldY = 0, held = false;
    for (let i = 0; i < points.length; i += 2) {
        const x = (points[i]! + shift - view.x) * view.scale + view.width / 2;
        const y = (points[i + 1]! - view.y) * view.scale + view.height / 2;
        const side = (x < left ? 1 : 0) | (x > right ? 2 : 0) | (y < top ? 4 : 0) | (y > bottom ? 8 : 0);
        if (began && (side & beforeSide) !== 0) {
            [heldX, heldY, held, beforeSide] = [x, y, true, side & beforeSide];
            continue;
        }
        if (held) pen.lineTo(heldX, heldY);
        if (began && !held && Math.abs(x - lastX) + Math.abs(y - lastY) < 0.9) continue;
        held = false;
        if (began) pen.lineTo(x, y);
        else pen.moveTo(x, y);
        [began, lastX, lastY, beforeSide] = [true, x, y, side];
    }
    if (held) pen.lineTo(heldX, heldY);
    pen.closePath();
}

function drawGrid(pen: Pen, view: View, look: Look) {
    const from = atPixel(view, 0, 0), until = atPixel(view, view.width, view.height);
    const [west, east] = [(from.x - 0.5) * 360, (until.x - 0.5) * 360];
    const [south, north] = [latitudeOf(Math.min(1, until.y)), latitudeOf(Math.max(0, from.y))];
    pen.strokeStyle = look.line;
    pen.lineWidth = 1;
    pen.beginPath();
    for (const degrees of graticule(west, east, Math.max(2, view.width / 150)).at) {
        const x = Math.round((worldX(degrees) - view.x) * view.scale + view.width / 2) + 0.5;
        pen.moveTo(x, 0);
        pen.lineTo(x, view.height);
    }
    for (const degrees of graticule(south, north, Math.max(2, view.height / 150)).at) {
        const y = Math.round(screenY(view, worldY(degrees))) + 0.5;
        pen.moveTo(0, y);
        pen.lineTo(view.width, y);
    }
    pen.stroke();
}

const side = (degrees: number, digits: number, plus: string, minus: string) => {
    const turned = degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees;
    return `${Math.abs(turned).toFixed(digits)}°${turned === 0 ? "" : turned > 0 ? plus : minus}`;
};

/** Names of the degrees along the lower and the right edge, and how long a kilometre is. Not cached: it stays at the edge. */
export class Margin implements Layer {
    readonly cached = false;
    version = 0;
    /** Room other things take at the edges. */
    room = { left: 0, right: 0, bottom: 0 };
    words = { km: "km", m: "m" };

    draw(pen: Pen, view: View, look: Look) {
        const until = atPixel(view, view.width, view.height), from = atPixel(view, 0, 0);
        pen.font = `11px ${look.font}`;
        pen.fillStyle = look.dim;
        pen.textBaseline = "bottom";
        pen.textAlign = "left";
        const across = graticule((from.x - 0.5) * 360, (until.x - 0.5) * 360, Math.max(2, view.width / 150));
        for (const degrees of across.at) {
            const x = (worldX(degrees) - view.x) * view.scale + view.width / 2;
            if (x > this.room.left && x < view.width - this.room.right - 190) pen.fillText(side(degrees, across.digits, "E", "W"), x + 4, view.height - this.room.bottom - 5);
        }
        const { metres, pixels } = scaleBar(metresPerPixel(view), Math.min(130, view.width / 3));
        const right = view.width - this.room.right - 16, base = view.height - this.room.bottom - 12;
        pen.strokeStyle = look.dim;
        pen.lineWidth = 2;
        pen.beginPath();
        pen.moveTo(right - pixels, base - 6);
        pen.lineTo(right - pixels, base);
        pen.lineTo(right, base);
        pen.lineTo(right, base - 6);
        pen.stroke();
        pen.textAlign = "right";
        pen.font = `12px ${look.font}`;
        pen.fillText(metres >= 1000 ? `${metres / 1000} ${this.words.km}` : `${metres} ${this.words.m}`, right, base - 7);
    }
}
