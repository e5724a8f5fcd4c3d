// Sites on the map: their borders as areas, without one a square, with their names.
import type { FleetSite } from "../../api/fleet_types";
import { screenX, screenY, worldX, worldY, type View } from "../../fleet/mercator";
import { contains, middleOf, type Ring } from "../../fleet/rings";
import { atPixel, placeOf } from "../../fleet/mercator";
import type { Layer, Look, Pen } from "./map_view";

export const ringOf = (site: FleetSite): Ring | null =>
    site.border && site.border.length >= 3 ? site.border.map(([latitude, longitude]) => ({ latitude, longitude })) : null;

interface Drawn {
    site: FleetSite;
    ring: Ring | null;
    middle: { latitude: number; longitude: number } | null;
}

export class SitesLayer implements Layer {
    readonly cached = true;
    readonly stretches = true;
    version = 0;
    onPick: ((site: string) => void) | null = null;
    /** What must stay readable: a name over it waits until the map is nearer. */
    keepsClear: ((box: [number, number, number, number], view: View) => boolean) | null = null;
    selected: string | null = null;
    private drawn: Drawn[] = [];

    put(sites: FleetSite[], hidden: string | null = null) {
        this.drawn = sites.filter((site) => site.id !== hidden).map((site) => {
            const ring = ringOf(site);
            const middle = ring ? middleOf(ring) : site.latitude !== null && site.longitude !== null ? { latitude: site.latitude, longitude: site.longitude } : null;
            return { site, ring, middle };
        });
        this.touch();
    }

    touch() {
        this.version += 1;
        this.above.version = this.version;
    }

    draw(pen: Pen, view: View, look: Look) {
        for (const { site, ring, middle } of this.drawn) {
            const chosen = site.id === this.selected;
            if (ring) drawArea(pen, view, ring, chosen ? look.focus : look.link, chosen ? 0.2 : 0.1);
            else if (middle) {
                const [x, y] = [screenX(view, worldX(middle.longitude)), screenY(view, worldY(middle.latitude))];
                pen.fillStyle = look.link;
                pen.fillRect(x - 4, y - 4, 8, 8);
            }
        }
    }

    /** Above the machines, so that a name is read where many stand. */
    readonly above: Layer = { cached: true, stretches: true, version: 0, draw: (pen, view, look) => this.names(pen, view, look) };

    private names(pen: Pen, view: View, look: Look) {
        pen.font = `600 12.5px ${look.font}`;
        pen.textAlign = "center";
        pen.textBaseline = "bottom";
        pen.lineJoin = "round";
        const taken: [number, number, number, number][] = [];
        for (const { site, ring, middle } of this.drawn) {
            if (!middle) continue;
            const x = screenX(view, worldX(middle.longitude));
            const top = ring ? Math.min(...ring.map((corner) => screenY(view, worldY(corner.latitude)))) : screenY(view, worldY(middle.latitude)) - 6;
            const y = Math.min(top - 5, screenY(view, worldY(middle.latitude)) - 32);
            const text = [...site.name].length > 28 ? `${[...site.name].slice(0, 27).join("")}…` : site.name;
            const half = pen.measureText(text).width / 2 + 4;
            const box: [number, number, number, number] = [x - half, y - 16, x + half, y + 2];
            if (x < -200 || y < -40 || x > view.width + 200 || y > view.height + 60) continue;
            if (this.keepsClear?.(box, view)) continue;
            if (taken.some(([l, t, r, b]) => l < box[2] && r > box[0] && t < box[3] && b > box[1])) continue;
            taken.push(box);
            pen.strokeStyle = look.land;
            pen.lineWidth = 4;
            pen.strokeText(text, x, y);
            pen.fillStyle = site.id === this.selected ? look.focus : look.link;
            pen.fillText(text, x, y);
        }
    }

    private under(px: number, py: number, view: View): FleetSite | null {
        const { x, y } = atPixel(view, px, py);
        const place = placeOf(x, y);
        return this.drawn.find(({ ring, middle }) => ring ? contains(ring, place)
            : middle !== null && Math.hypot(screenX(view, worldX(middle.longitude)) - px, screenY(view, worldY(middle.latitude)) - py) < 10)?.site ?? null;
    }

    tap(px: number, py: number, view: View): boolean {
        const site = this.onPick ? this.under(px, py, view) : null;
        if (site) this.onPick!(site.id);
        return site !== null;
    }

    cursor(px: number, py: number, view: View): string | null {
        return this.onPick && this.under(px, py, view) ? "pointer" : null;
    }
}

export function drawArea(pen: Pen, view: View, ring: Ring, colour: string, strength: number) {
    pen.beginPath();
    let before = 0;
    ring.forEach((corner, i) => {
        let x = screenX(view, worldX(corner.longitude));
        // A border stays in one piece where the world's ring closes.
        if (i > 0) x += Math.round((before - x) / view.scale) * view.scale;
        before = x;
        const y = screenY(view, worldY(corner.latitude));
        if (i === 0) pen.moveTo(x, y);
        else pen.lineTo(x, y);
    });
    pen.closePath();
    pen.globalAlpha = strength;
    pen.fillStyle = colour;
    pen.fill();
    pen.globalAlpha = 0.85;
    pen.lineWidth = 1.5;
    pen.lineJoin = "round";
    pen.strokeStyle = colour;
    pen.stroke();
    pen.globalAlpha = 1;
}
