// Drawing a site on the map, or changing its border: by clicks and drags, and wholly by keys.
import { useEffect, useMemo, useState, type FormEvent, type KeyboardEvent } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import type { FleetSite } from "../../../api/fleet_types";
import { browserZone, isTimeZone, knownZones } from "../../../format/time";
import { areaOf, faultOf, roundRing, type RingFault } from "../../../fleet/rings";
import { useWords, type Strings } from "../../../i18n";
import { ErrorNote, say } from "../../../parts/feedback";
import { Field } from "../../../parts/field";
import { BorderLayer } from "../../../parts/geo/border_layer";
import type { MapView } from "../../../parts/geo/map_view";
import { ringOf } from "../../../parts/geo/sites_layer";
import { useAction } from "../../../parts/load";
import { areaText } from "./site_list";

export interface Drawing {
    /** null: a new one. */
    site: string | null;
    /** The map's keys, while this is on. */
    onKey: (event: KeyboardEvent) => boolean;
}

interface ToolProps {
    map: MapView;
    drawing: Drawing;
    sites: FleetSite[];
    onClose: () => void;
    onDone: () => void;
}

const faultText = (fault: RingFault, words: Strings) => (fault.kind === "crossing" ? words.area.crossing(fault.first, fault.second) : words.area[fault.kind]);
const nudge_pixels = 6;

export function BorderTool({ map, drawing, sites, onClose, onDone }: ToolProps) {
    const words = useWords();
    const site = sites.find((each) => each.id === drawing.site) ?? null;
    const layer = useMemo(() => new BorderLayer(), []);
    const [turn, setTurn] = useState(0);
    const [name, setName] = useState(site?.name ?? "");
    const [zone, setZone] = useState(site?.time_zone ?? browserZone());
    const [region, setRegion] = useState(site?.region ?? "");
    const { busy, error, run } = useAction();
    const [told, setTold] = useState<{ area_m2: number; overlaps: string[] } | null>(null);

    useEffect(() => {
        const before = map.layers;
        const known = site && (ringOf(site) ?? (site.latitude !== null && site.longitude !== null ? roundRing({ latitude: site.latitude, longitude: site.longitude }, 200) : null));
        if (known) [layer.ring, layer.is_open] = [known, false];
        layer.onChange = () => {
            setTurn((old) => old + 1);
            map.ask();
        };
        // While a border is drawn, clicks are its own.
        map.layers = [...before, layer];
        layer.onChange();
        return () => {
            map.layers = before;
            map.ask();
        };
    }, []);
    drawing.onKey = (event) => {
        const { view } = map;
        const moves: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
        const move = moves[event.key];
        if (move && event.shiftKey) return layer.nudge(view, move[0] * nudge_pixels, move[1] * nudge_pixels);
        if (event.key === "Enter" && layer.is_open) layer.add(view, view.width / 2, view.height / 2);
        else if ((event.key === "c" || event.key === "C") && layer.ring.length >= 3) layer.is_open = false;
        else if (event.key === "Delete" || event.key === "Backspace") layer.remove();
        else if (event.key === "Escape") onClose();
        else return false;
        layer.onChange();
        return true;
    };
    const fault = layer.ring.length >= 3 ? faultOf(layer.ring) : layer.ring.length > 0 && !layer.is_open ? ({ kind: "few" } as const) : null;
    const whole = layer.ring.length >= 3 && !fault;
    const border = () => layer.ring.map((corner): [number, number] => [Number(corner.latitude.toFixed(7)), Number(corner.longitude.toFixed(7))]);
    // The node checks it while it is drawn: overlaps are its to know.
    useEffect(() => {
        setTold(null);
        if (!whole) return;
        let current = true;
        const timer = setTimeout(() => fleetCalls.checkBorder(border()).then((answer) => current && setTold(answer), () => {}), 500);
        return () => {
            current = false;
            clearTimeout(timer);
        };
    }, [turn, whole]);
    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (!whole || !isTimeZone(zone.trim())) return;
        void run(async () => {
            if (site) await fleetCalls.changeSite(site.id, { border: border(), name: name.trim(), region: region.trim() || null });
            else await fleetCalls.addSite({ name: name.trim(), time_zone: zone.trim(), border: border(), ...(region.trim() && { region: region.trim() }) });
            say(words.area.saved(name.trim()));
            onDone();
        });
    };
    const overlaps = (told?.overlaps ?? []).filter((id) => id !== site?.id).map((id) => sites.find((each) => each.id === id)?.name ?? id);
    return (
        <form className="mapside mapside-open draw" onSubmit={submit} aria-label={site ? words.area.edit : words.area.draw}>
            <h2>{site ? words.area.edit : words.area.draw}</h2>
            <p className="help">{layer.is_open ? words.area.lead : words.area.leadClosed}</p>
            <p className="help keys">{words.area.keys}</p>
            <div className="draw-tools">
                <button type="button" className="small" disabled={layer.ring.length === 0} onClick={() => { layer.remove(); }}>{words.area.undo}</button>
                {layer.is_open && <button type="button" className="small" disabled={layer.ring.length < 3} onClick={() => { layer.is_open = false; layer.onChange(); }}>{words.area.close}</button>}
            </div>
            <div role="status">
                {fault && <p className="note note-error">{faultText(fault, words)}</p>}
                {whole && <p className="note note-good">{words.area.ready(areaText(told?.area_m2 ?? areaOf(layer.ring), words))}</p>}
                {overlaps.length > 0 && <p className="note note-warn">{words.area.overlaps(overlaps.join(", "))}</p>}
            </div>
            <Field label={words.area.name}><input name="area_name" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} /></Field>
            {!site && (
                <Field label={words.area.zone} error={isTimeZone(zone.trim()) ? null : words.sites.zoneWrong}>
                    <input name="area_zone" required value={zone} list="area-zones" spellCheck={false} autoComplete="off" onChange={(event) => setZone(event.target.value)} />
                </Field>
            )}
            <datalist id="area-zones">{knownZones().map((each) => <option key={each} value={each} />)}</datalist>
            <Field label={`${words.area.region} (${words.optional})`} help={words.area.regionHelp}><input name="area_region" maxLength={100} value={region} onChange={(event) => setRegion(event.target.value)} /></Field>
            <ErrorNote error={error} />
            <footer>
                <button type="button" onClick={onClose}>{words.cancel}</button>
                <button className="primary" disabled={busy || !whole}>{words.area.save}</button>
            </footer>
        </form>
    );
}
