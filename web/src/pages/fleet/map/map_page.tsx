// All machines on the map; filters and lists on the left, the chosen machine on the right, its way below.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import type { CrossingEvent, FleetSite } from "../../../api/fleet_types";
import { may } from "../../../api/session";
import type { Person } from "../../../api/types";
import { fit, viewOf, type Edges } from "../../../fleet/mercator";
import { noFilter, passes, type Filter, type Spot } from "../../../fleet/roster";
import { useWords } from "../../../i18n";
import { ErrorNote } from "../../../parts/feedback";
import { GeoMap } from "../../../parts/geo/geo_map";
import { Ground, Margin, coastShown } from "../../../parts/geo/ground";
import { MachinesLayer } from "../../../parts/geo/machines_layer";
import type { MapView } from "../../../parts/geo/map_view";
import { ringOf, SitesLayer } from "../../../parts/geo/sites_layer";
import { TrackLayer } from "../../../parts/geo/track_layer";
import { Link } from "../../../parts/link";
import { useLoad } from "../../../parts/load";
import { links, navigate } from "../../../router";
import { BorderTool, type Drawing } from "./border_tool";
import { HerePicker } from "./here_picker";
import { MachinePanel } from "./machine_panel";
import { SidePanel, type Tab } from "./side_panel";
import { useRoster } from "./use_roster";
import { WaySlider } from "./way_slider";

const narrow = () => matchMedia("(max-width: 780px)").matches;
/** Room the panels take, so that what is fitted is not below them. */
const room = (): Edges => (narrow() ? { left: 40, right: 56, top: 70, bottom: 150 } : { left: 380, right: 90, top: 70, bottom: 70 });

export function MapPage({ chosen, person }: { chosen: string | null; person: Person }) {
    const words = useWords();
    const map = useRef<MapView | null>(null);
    const [tab, setTab] = useState<Tab>("list");
    const [filter, setFilter] = useState<Filter>(noFilter);
    const [here, setHere] = useState<{ members: Spot[]; x: number; y: number } | null>(null);
    const [drawing, setDrawing] = useState<Drawing | null>(null);
    const [fresh, setFresh] = useState<CrossingEvent[]>([]);
    const [seesCoast, setSeesCoast] = useState(true);
    const fitted = useRef(false);
    const sites = useLoad<FleetSite[]>("fleet-sites", fleetCalls.sites);
    const { roster, ready, error, turn, reload } = useRoster(() => map.current?.ask(), (crossing) => setFresh((old) => [crossing, ...old].slice(0, 100)));
    const layers = useMemo(() => ({
        ground: new Ground(() => map.current?.ask()), sites: new SitesLayer(), machines: new MachinesLayer(roster), track: new TrackLayer(roster), margin: new Margin(),
    }), [roster]);
    layers.margin.words = { km: words.map.km, m: words.map.m };

    const whole = useCallback((fly: boolean) => {
        const view = map.current;
        if (!view) return;
        const seen = roster.spots.filter((spot) => spot.latitude !== null && passes(spot, filter)) as (Spot & { latitude: number; longitude: number })[];
        const borders = (sites.data ?? []).flatMap((site) => ringOf(site) ?? []);
        const camera = fit(seen.length ? seen : borders, view.view.width, view.view.height, room());
        if (!camera) return;
        if (fly) view.fly_to(camera);
        else view.look_at(camera);
    }, [roster, filter, sites.data]);

    const pick = useCallback((members: number[], at: { x: number; y: number }) => {
        const view = map.current!;
        const spots = members.map((i) => roster.spots[i]!);
        setHere(null);
        if (spots.length === 1) return navigate(links.fleetMachine(spots[0]!.id));
        const places = spots.filter((spot) => spot.latitude !== null) as (Spot & { latitude: number; longitude: number })[];
        const camera = fit(places, view.view.width, view.view.height, room(), 17);
        const nearer = camera && viewOf(camera, view.view.width, view.view.height).zoom > view.view.zoom + 0.4;
        // Machines on one spot do not come apart by zooming: they are listed.
        if (nearer && view.view.zoom < 16.5) return view.fly_to(camera);
        setHere({ members: spots, x: at.x, y: at.y });
    }, [roster]);

    const start = (view: MapView) => {
        map.current = view;
        view.layers = [layers.ground, layers.sites, layers.machines, layers.sites.above, layers.track, layers.margin];
        view.onTapNothing = () => {
            setHere(null);
            if (location.pathname !== links.fleet) navigate(links.fleet);
        };
        view.onMove = (now) => {
            setHere(null);
            setSeesCoast(coastShown(now));
        };
        if (ready && !fitted.current) {
            fitted.current = true;
            whole(false);
        }
    };
    layers.machines.onPick = pick;
    layers.sites.keepsClear = (box, view) => layers.machines.hasNumberIn(box, view);
    layers.track.selected = chosen;

    useEffect(() => {
        roster.select(filter);
        map.current?.ask();
    }, [roster, filter]);
    useEffect(() => {
        layers.sites.put(sites.data ?? [], drawing?.site ?? null);
        map.current?.ask();
    }, [sites.data, drawing?.site]);
    useEffect(() => {
        if (!ready || fitted.current || !map.current) return;
        fitted.current = true;
        whole(false);
    }, [ready]);
    // A machine chosen from elsewhere is brought into sight.
    useEffect(() => {
        const spot = chosen !== null && ready ? roster.at(chosen) : undefined;
        const view = map.current;
        if (!view || !spot || spot.latitude === null) return void view?.ask();
        const camera = fit([spot as Spot & { latitude: number; longitude: number }], view.view.width, view.view.height, { ...room(), right: narrow() ? 56 : 420, bottom: narrow() ? view.view.height * 0.55 : 140 }, Math.max(view.view.zoom, 13));
        if (camera) view.fly_to(camera);
    }, [chosen, ready]);

    const all = roster.spots;
    const types = useMemo(() => [...new Set(all.map((spot) => spot.type ?? ""))].filter(Boolean).sort(), [all.length, ready]);
    const unplaced = useMemo(() => all.filter((spot) => spot.latitude === null).length, [turn, all]);
    const shown = useMemo(() => roster.list(filter, 120), [turn, all, filter]);
    const showSite = (id: string) => {
        const site = sites.data?.find((each) => each.id === id);
        const ring = site && ringOf(site);
        const places = ring ?? (site && site.latitude !== null && site.longitude !== null ? [{ latitude: site.latitude, longitude: site.longitude }] : []);
        const camera = map.current && fit(places, map.current.view.width, map.current.view.height, room(), 15.5);
        layers.sites.selected = id;
        layers.sites.touch();
        if (camera) map.current!.fly_to(camera);
    };
    return (
        <div className="fleet-stage">
            <GeoMap label={words.fleet.mapLabel} onReady={start} onWhole={() => whole(true)} className={chosen !== null ? "geo-with-panel" : ""}
                onKey={(event) => drawing?.onKey(event) ?? false}>
                {here && map.current && <HerePicker at={here} view={map.current.view} onChoose={(id) => { setHere(null); navigate(links.fleetMachine(id)); }} onClose={() => setHere(null)} />}
                <p className="geo-source">{seesCoast && words.geo.coastSource}</p>
                {ready && all.length === 0 && (
                    <section className="empty geo-empty">
                        <h2>{words.fleet.emptyTitle}</h2>
                        <p>{words.fleet.emptyStep}</p>
                        <Link className="button" to={links.machines}>{words.fleet.emptyGo}</Link>
                    </section>
                )}
            </GeoMap>
            {drawing ? (
                <BorderTool key={drawing.site ?? "new"} map={map.current!} drawing={drawing} sites={sites.data ?? []}
                    onClose={() => setDrawing(null)} onDone={() => { setDrawing(null); sites.reload(); }} />
            ) : (
                <SidePanel tab={tab} onTab={setTab} filter={filter} onFilter={setFilter} shown={shown} all={all.length} types={types} counts={roster.counts} ready={ready} unplaced={unplaced} chosen={chosen}
                    sites={sites.data} onSite={showSite} crossings={fresh} nameOf={(id) => roster.at(id)?.name ?? id}
                    onDraw={may(person, "engineer") && map.current ? (site) => setDrawing(newDrawing(site)) : null}
                    trails={layers.machines.trails} onTrails={(on) => { layers.machines.trails = on; layers.machines.touch(); map.current?.ask(); }} />
            )}
            {error !== null && !ready && <div className="stage-note"><ErrorNote error={error} onRetry={reload} /></div>}
            {chosen !== null && !drawing && (
                <>
                    <MachinePanel key={chosen} id={chosen} spot={roster.at(chosen)} sites={sites.data ?? []} person={person} />
                    <WaySlider key={`way ${chosen}`} id={chosen} onTrack={(track, moment) => {
                        layers.track.track = track;
                        layers.track.moment = moment;
                        map.current?.ask();
                    }} />
                </>
            )}
        </div>
    );
}

const newDrawing = (site: string | null): Drawing => ({ site, onKey: () => false });
