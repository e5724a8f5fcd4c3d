// The plan's ways on the map: from where each machine is, through its jobs in order.
import { useEffect, useMemo, useRef } from "react";
import type { FleetRequest, Plan, PlanCall } from "../../../api/dispatch_types";
import { edges, fit, screenX, screenY, worldX, worldY, type View } from "../../../fleet/mercator";
import { useWords } from "../../../i18n";
import { GeoMap } from "../../../parts/geo/geo_map";
import { Ground, Margin } from "../../../parts/geo/ground";
import { drawMark } from "../../../parts/geo/machines_layer";
import type { Layer, Look, MapView, Pen } from "../../../parts/geo/map_view";
import { SitesLayer } from "../../../parts/geo/sites_layer";
import type { Place } from "../../../parts/map/projection";
import type { Names } from "../names";

interface Way {
    machine: string;
    places: Place[];
}

class WaysLayer implements Layer {
    readonly cached = false;
    version = 0;
    ways: Way[] = [];
    chosen: string | null = null;
    onPick: (machine: string | null) => void = () => {};
    constructor(private names: Names) {}

    rename(names: Names) {
        this.names = names;
    }

    draw(pen: Pen, view: View, look: Look) {
        const order = [...this.ways].sort((a, b) => Number(a.machine === this.chosen) - Number(b.machine === this.chosen));
        for (const way of order) this.drawWay(pen, view, look, way);
        for (const way of order) {
            const spot = this.names.spots.get(way.machine);
            const [first] = way.places;
            if (!spot || !first) continue;
            pen.globalAlpha = this.chosen === null || way.machine === this.chosen ? 1 : 0.35;
            drawMark(pen, screenX(view, worldX(first.longitude)), screenY(view, worldY(first.latitude)), spot.state, way.machine === this.chosen ? 22 : 17, look, null);
            pen.globalAlpha = 1;
        }
    }

    private drawWay(pen: Pen, view: View, look: Look, way: Way) {
        const chosen = way.machine === this.chosen;
        const spots = way.places.map((place): [number, number] => [screenX(view, worldX(place.longitude)), screenY(view, worldY(place.latitude))]);
        pen.globalAlpha = chosen ? 1 : this.chosen === null ? 0.55 : 0.16;
        pen.strokeStyle = chosen ? look.focus : look.dim;
        pen.lineWidth = chosen ? 3 : 1.6;
        pen.lineJoin = "round";
        pen.beginPath();
        spots.forEach(([x, y], i) => {
            if (i === 0) return pen.moveTo(x, y);
            // A little bend, so that ways there and back are told apart.
            const [ax, ay] = spots[i - 1]!;
            pen.quadraticCurveTo((ax + x) / 2 - (y - ay) * 0.1, (ay + y) / 2 + (x - ax) * 0.1, x, y);
        });
        pen.stroke();
        spots.slice(1).forEach(([x, y], i) => {
            const [ax, ay] = spots[i]!;
            const far = Math.hypot(x - ax, y - ay);
            if (far > 26) arrow(pen, (ax + x) / 2 - (y - ay) * 0.05, (ay + y) / 2 + (x - ax) * 0.05, Math.atan2(y - ay, x - ax), chosen ? 7 : 5, pen.strokeStyle as string);
            if (!chosen) return;
            pen.beginPath();
            pen.arc(x, y, 10, 0, 2 * Math.PI);
            pen.fillStyle = look.focus;
            pen.fill();
            pen.fillStyle = look.bg;
            pen.font = `700 12px ${look.font}`;
            pen.textAlign = "center";
            pen.textBaseline = "middle";
            pen.fillText(String(i + 1), x, y + 0.5);
        });
        pen.globalAlpha = 1;
    }

    tap(px: number, py: number, view: View): boolean {
        const near = this.ways.find((way) => way.places[0] && Math.hypot(screenX(view, worldX(way.places[0].longitude)) - px, screenY(view, worldY(way.places[0].latitude)) - py) < 14);
        if (near) this.onPick(near.machine === this.chosen ? null : near.machine);
        return near !== undefined;
    }

    cursor(px: number, py: number, view: View): string | null {
        return this.ways.some((way) => way.places[0] && Math.hypot(screenX(view, worldX(way.places[0].longitude)) - px, screenY(view, worldY(way.places[0].latitude)) - py) < 14) ? "pointer" : null;
    }
}

function arrow(pen: Pen, x: number, y: number, angle: number, size: number, colour: string) {
    pen.save();
    pen.translate(x, y);
    pen.rotate(angle);
    pen.beginPath();
    pen.moveTo(size, 0);
    pen.lineTo(-size * 0.7, size * 0.8);
    pen.lineTo(-size * 0.7, -size * 0.8);
    pen.closePath();
    pen.fillStyle = colour;
    pen.fill();
    pen.restore();
}

interface PlanMapProps {
    plan: Plan;
    names: Names;
    requests: FleetRequest[];
    chosen: string | null;
    onChoose: (machine: string | null) => void;
}

export function PlanMap({ plan, names, requests, chosen, onChoose }: PlanMapProps) {
    const words = useWords();
    const map = useRef<MapView | null>(null);
    const fitted = useRef(false);
    const layers = useMemo(() => ({ ground: new Ground(() => map.current?.ask()), sites: new SitesLayer(), ways: new WaysLayer(names), margin: new Margin() }), []);
    layers.margin.words = { km: words.map.km, m: words.map.m };
    layers.ways.onPick = onChoose;
    layers.ways.chosen = chosen;
    layers.ways.rename(names);
    const places = new Map(requests.map((request) => [request.id, request.position]));
    layers.ways.ways = plan.routes.map(({ machine, calls }) => {
        const spot = names.spots.get(machine);
        const start = spot && spot.latitude !== null && spot.longitude !== null ? [{ latitude: spot.latitude, longitude: spot.longitude }] : [];
        return { machine, places: [...start, ...calls.flatMap((call) => placeOfCall(call) ?? places.get(call.request) ?? siteOf(names, call.site))] };
    });
    const whole = (fly: boolean) => {
        const view = map.current;
        if (!view) return;
        const of = chosen === null ? layers.ways.ways : layers.ways.ways.filter((way) => way.machine === chosen);
        const camera = fit(of.flatMap((way) => way.places), view.view.width, view.view.height, edges(44), 14);
        if (camera && fly) view.fly_to(camera);
        else if (camera) view.look_at(camera);
    };
    useEffect(() => {
        layers.sites.put([...names.sites.values()]);
        map.current?.ask();
        if (map.current && !fitted.current && names.ready && layers.ways.ways.length) {
            fitted.current = true;
            whole(false);
        }
    });
    useEffect(() => {
        if (fitted.current) whole(true);
    }, [chosen]);
    // Another plan may lead elsewhere; where it is in sight, the map stays as it was put.
    useEffect(() => {
        const view = map.current?.view;
        if (!fitted.current || !view) return;
        const out = layers.ways.ways.some((way) => way.places.some((place) => {
            const [x, y] = [screenX(view, worldX(place.longitude)), screenY(view, worldY(place.latitude))];
            return x < 0 || y < 0 || x > view.width || y > view.height;
        }));
        if (out) whole(true);
    }, [plan.version, plan.id]);
    return (
        <GeoMap className="plan-map" label={words.plan.map} onWhole={() => whole(true)} onReady={(view) => {
            map.current = view;
            view.layers = [layers.ground, layers.sites, layers.ways, layers.sites.above, layers.margin];
            if (names.ready) whole(false);
        }} />
    );
}

const placeOfCall = (call: PlanCall): Place | null =>
    typeof call.latitude === "number" && typeof call.longitude === "number" ? { latitude: call.latitude, longitude: call.longitude } : null;

function siteOf(names: Names, site: string | null): Place[] {
    const known = site !== null ? names.sites.get(site) : undefined;
    return known && known.latitude !== null && known.longitude !== null ? [{ latitude: known.latitude, longitude: known.longitude }] : [];
}
