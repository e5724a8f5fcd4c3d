// A place of its own for a request: a click on the map, its middle by Enter, or numbers.
import { useEffect, useMemo, useRef } from "react";
import { atPixel, edges, fit, placeOf, screenX, screenY, worldX, worldY, type View } from "../../../fleet/mercator";
import { useWords } from "../../../i18n";
import { Field } from "../../../parts/field";
import { GeoMap } from "../../../parts/geo/geo_map";
import { Ground, Margin } from "../../../parts/geo/ground";
import type { Layer, Look, MapView, Pen } from "../../../parts/geo/map_view";
import { SitesLayer } from "../../../parts/geo/sites_layer";
import type { Place } from "../../../parts/map/projection";
import type { Names } from "../names";

class PinLayer implements Layer {
    readonly cached = false;
    version = 0;
    place: Place | null = null;

    draw(pen: Pen, view: View, look: Look) {
        if (!this.place) return;
        const x = screenX(view, worldX(this.place.longitude)), y = screenY(view, worldY(this.place.latitude));
        pen.beginPath();
        pen.moveTo(x, y);
        pen.bezierCurveTo(x - 15, y - 17, x - 10, y - 32, x, y - 32);
        pen.bezierCurveTo(x + 10, y - 32, x + 15, y - 17, x, y);
        pen.fillStyle = look.focus;
        pen.fill();
        pen.strokeStyle = look.bg;
        pen.lineWidth = 1.5;
        pen.stroke();
        pen.beginPath();
        pen.arc(x, y - 20, 4.5, 0, 2 * Math.PI);
        pen.fillStyle = look.bg;
        pen.fill();
    }
}

interface PickerProps {
    names: Names;
    place: Place | null;
    latitude: string;
    longitude: string;
    wrong: boolean;
    onChange: (latitude: string, longitude: string) => void;
}

export function PlacePicker({ names, place, latitude, longitude, wrong, onChange }: PickerProps) {
    const words = useWords();
    const { form } = words.requests;
    const map = useRef<MapView | null>(null);
    const layers = useMemo(() => ({ ground: new Ground(() => map.current?.ask()), sites: new SitesLayer(), pin: new PinLayer(), margin: new Margin() }), []);
    layers.margin.words = { km: words.map.km, m: words.map.m };
    const choose = (px: number, py: number) => {
        const view = map.current?.view;
        if (!view) return;
        const at = atPixel(view, px, py), { latitude: lat, longitude: lon } = placeOf(at.x, at.y);
        onChange(lat.toFixed(5), lon.toFixed(5));
    };
    const chosen = useRef(choose);
    chosen.current = choose;
    useEffect(() => {
        layers.pin.place = place;
        layers.sites.put([...names.sites.values()]);
        map.current?.ask();
    });
    const whole = () => {
        const view = map.current;
        if (!view) return;
        const sites = [...names.sites.values()].flatMap((site) => (site.latitude !== null && site.longitude !== null ? [{ latitude: site.latitude, longitude: site.longitude }] : []));
        const spots = [...names.spots.values()].flatMap((spot) => (spot.latitude !== null && spot.longitude !== null ? [{ latitude: spot.latitude, longitude: spot.longitude }] : []));
        const camera = fit(place ? [place] : sites.length > 0 ? sites : spots, view.view.width, view.view.height, edges(30), 13);
        if (camera) view.look_at(camera);
    };
    return (
        <div className="place-picker">
            <GeoMap className="place-map" label={form.placeMap} onWhole={whole}
                onKey={(event) => {
                    if (event.key !== "Enter" || !map.current) return false;
                    choose(map.current.view.width / 2, map.current.view.height / 2);
                    return true;
                }}
                onReady={(view) => {
                    map.current = view;
                    view.layers = [layers.ground, layers.sites, layers.pin, layers.margin];
                    view.onTapNothing = (px, py) => chosen.current(px, py);
                    whole();
                }} />
            <div className="pair">
                <Field label={form.latitude} help={form.placeHelp} error={wrong ? form.noPlace : null}><input name="latitude" type="number" step="any" min={-90} max={90} inputMode="decimal" required value={latitude} onChange={(event) => onChange(event.target.value, longitude)} /></Field>
                <Field label={form.longitude}><input name="longitude" type="number" step="any" min={-180} max={180} inputMode="decimal" required value={longitude} onChange={(event) => onChange(latitude, event.target.value)} /></Field>
            </div>
        </div>
    );
}
