// What the dispatch pages need to name things: machines, their types, and sites.
import { useMemo } from "react";
import { fleetCalls } from "../../api/fleet_calls";
import type { FleetSite, MapAnswer } from "../../api/fleet_types";
import { browserZone, dayOf, timeOf } from "../../format/time";
import { formatNumber } from "../../format/number";
import { hoursAndMinutes } from "../../fleet/local_time";
import { spotOf, type Spot } from "../../fleet/roster";
import type { Strings } from "../../i18n";
import { useLoad } from "../../parts/load";

export interface Names {
    spots: Map<string, Spot>;
    sites: Map<string, FleetSite>;
    machine: (id: string) => string;
    site: (id: string | null) => string;
    zone: (site: string | null) => string;
    types: string[];
    ready: boolean;
}

export function useNames(): Names {
    const map = useLoad<MapAnswer>("fleet-names", fleetCalls.map);
    const sites = useLoad<FleetSite[]>("fleet-sites", fleetCalls.sites);
    return useMemo(() => namesOf(map.data, sites.data), [map.data, sites.data]);
}

function namesOf(map: MapAnswer | null, sites: FleetSite[] | null): Names {
    const spots = new Map((map?.machines ?? []).map((row) => [row[0], spotOf(row)]));
    const byId = new Map((sites ?? []).map((site) => [site.id, site]));
    return {
        spots, sites: byId, ready: map !== null && sites !== null,
        machine: (id) => spots.get(id)?.name ?? id,
        site: (id) => (id === null ? "–" : byId.get(id)?.name ?? id),
        zone: (id) => (id !== null ? byId.get(id)?.time_zone : undefined) ?? browserZone(),
        types: [...new Set([...spots.values()].map((spot) => spot.type ?? ""))].filter(Boolean).sort(),
    };
}

export function lengthText(seconds: number, words: Strings): string {
    const { hours, minutes } = hoursAndMinutes(seconds);
    if (hours === 0) return words.requests.minutes(minutes);
    return minutes === 0 ? words.requests.hours(hours) : `${words.requests.hours(hours)} ${words.requests.minutes(minutes)}`;
}

export const costText = (cost: number) => formatNumber(Math.round(cost * 10) / 10, Math.abs(cost) < 100 ? 1 : 0);
export const wayText = (metres: number, words: Strings) => `${formatNumber(metres / 1000, metres < 20_000 ? 1 : 0)} ${words.map.km}`;

/** "Sun 14:30", with the date when it is not near. */
export function whenText(at: string | number | null, zone: string, words: Strings): string {
    if (at === null) return "–";
    const ms = typeof at === "number" ? at : Date.parse(at);
    return `${dayOf(ms, "sv", zone).slice(5)} ${timeOf(ms, words.locale, zone).slice(0, 5)}`;
}

export const clockText = (at: string, zone: string, words: Strings) => timeOf(Date.parse(at), words.locale, zone).slice(0, 5);
export const langOf = (words: Strings) => (words.locale === "zh-CN" ? "zh" : "en");
