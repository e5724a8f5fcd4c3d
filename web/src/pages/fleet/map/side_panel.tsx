// Beside the map: the legend that filters, and the same machines, sites and crossings as lists.
import { useState } from "react";
import type { Counts, CrossingEvent, FleetSite, FleetState } from "../../../api/fleet_types";
import { nameOf, noFilter, stateMark, states, type Filter, type Spot } from "../../../fleet/roster";
import { formatShort } from "../../../format/number";
import { useWords } from "../../../i18n";
import { Link } from "../../../parts/link";
import { ToneMark } from "../../../parts/mark";
import { links } from "../../../router";
import { CrossingList } from "./crossing_list";
import { SiteList } from "./site_list";

interface SideProps {
    tab: Tab;
    onTab: (tab: Tab) => void;
    filter: Filter;
    onFilter: (filter: Filter) => void;
    /** The first of them, and how many there are. */
    shown: { spots: Spot[]; count: number };
    all: number;
    types: string[];
    counts: Counts;
    ready: boolean;
    unplaced: number;
    chosen: string | null;
    sites: FleetSite[] | null;
    onSite: (id: string) => void;
    crossings: CrossingEvent[];
    nameOf: (machine: string) => string;
    onDraw: ((site: string | null) => void) | null;
    trails: boolean;
    onTrails: (on: boolean) => void;
}

export type Tab = "list" | "sites" | "crossings";

export function SidePanel(props: SideProps) {
    const { filter, onFilter, tab, onTab: setTab, shown, all, types, counts, ready, unplaced, sites, onTrails } = props;
    const words = useWords();
    const [open, setOpen] = useState(false);
    const [trails, setTrails] = useState(props.trails);
    const flip = (state: FleetState) => {
        const next = new Set(filter.states);
        if (!next.delete(state)) next.add(state);
        onFilter({ ...filter, states: next });
    };
    const filtered = filter !== noFilter && (filter.q !== "" || filter.states.size > 0 || filter.type !== "" || filter.site !== "");
    return (
        <aside className={`mapside ${open ? "mapside-open" : ""}`} aria-label={words.fleet.filter}>
            <div className="mapside-head">
                <div className="states" role="group" aria-label={words.fleet.byState}>
                    {states.map((state) => (
                        <button key={state} type="button" className={`state-chip chip-${state}`} aria-pressed={filter.states.has(state)} title={words.fleet.stateHelp[state]} onClick={() => flip(state)}>
                            <ToneMark tone={stateMark[state]} /><b className="figure">{formatShort(counts[state])}</b><span>{words.fleet.states[state]}</span>
                        </button>
                    ))}
                </div>
                <button type="button" className="mapside-more" aria-expanded={open} onClick={() => setOpen(!open)}>{words.fleet.filter}</button>
            </div>
            <div className="mapside-body">
                <div className="mapside-filters">
                    <input type="search" aria-label={words.fleet.search} placeholder={words.fleet.search} value={filter.q} onChange={(event) => onFilter({ ...filter, q: event.target.value })} />
                    <div className="pair">
                        <select aria-label={words.fleet.type} value={filter.type} onChange={(event) => onFilter({ ...filter, type: event.target.value })}>
                            <option value="">{words.fleet.anyType}</option>
                            {types.map((type) => <option key={type} value={type}>{type}</option>)}
                        </select>
                        <select aria-label={words.fleet.site} value={filter.site} onChange={(event) => onFilter({ ...filter, site: event.target.value })}>
                            <option value="">{words.fleet.anySite}</option>
                            <option value="-">{words.fleet.noSite}</option>
                            {(sites ?? []).map((site) => <option key={site.id} value={site.id}>{site.name}</option>)}
                        </select>
                    </div>
                </div>
                <div className="tabs" role="tablist">
                    {(["list", "sites", "crossings"] as const).map((each) => (
                        <button key={each} type="button" role="tab" aria-selected={tab === each} onClick={() => setTab(each)}>{words.fleet[each]}</button>
                    ))}
                </div>
                <div className="mapside-list" role="tabpanel">
                    {tab === "list" && (
                        <>
                            {ready && <p className="mapside-count" role="status">{words.fleet.count(shown.count, all)}{filtered && <button type="button" className="as-link" onClick={() => onFilter(noFilter)}>{words.fleet.clear}</button>}</p>}
                            <MachineRows spots={shown.spots} chosen={props.chosen} />
                            {ready && all > 0 && shown.count === 0 && <p className="help">{words.fleet.noneMatch}</p>}
                            {shown.count > shown.spots.length && <p className="help">{words.fleet.moreInList(shown.count - shown.spots.length)}</p>}
                            {unplaced > 0 && <p className="help">{words.fleet.unplaced(unplaced)}</p>}
                        </>
                    )}
                    {tab === "sites" && <SiteList sites={sites} onSite={props.onSite} onDraw={props.onDraw} />}
                    {tab === "crossings" && <CrossingList fresh={props.crossings} sites={sites ?? []} nameOf={props.nameOf} />}
                </div>
                <label className="choice mapside-foot">
                    <input type="checkbox" checked={trails} onChange={(event) => { setTrails(event.target.checked); onTrails(event.target.checked); }} />{words.fleet.trails}
                </label>
            </div>
        </aside>
    );
}

function MachineRows({ spots, chosen }: { spots: Spot[]; chosen: string | null }) {
    const words = useWords();
    return (
        <ul className="rows">
            {spots.map((spot) => (
                <li key={spot.id}>
                    <Link to={links.fleetMachine(spot.id)} aria-current={spot.id === chosen ? "true" : undefined}>
                        <ToneMark tone={stateMark[spot.state]} />
                        <span className="row-name">{nameOf(spot)}<small>{spot.fault ?? spot.type ?? words.fleet.noType}</small></span>
                        <small className="row-end">{words.fleet.states[spot.state]}</small>
                    </Link>
                </li>
            ))}
        </ul>
    );
}
