import type { FleetSite } from "../../../api/fleet_types";
import { formatNumber } from "../../../format/number";
import { useWords, type Strings } from "../../../i18n";

export function areaText(area_m2: number, words: Strings): string {
    return area_m2 >= 1e5 ? `${formatNumber(area_m2 / 1e6, 2)} ${words.map.km}²` : `${formatNumber(Math.round(area_m2), 0)} ${words.map.m}²`;
}

interface SitesProps {
    sites: FleetSite[] | null;
    onSite: (id: string) => void;
    onDraw: ((site: string | null) => void) | null;
}

export function SiteList({ sites, onSite, onDraw }: SitesProps) {
    const words = useWords();
    if (!sites) return <p className="help">{words.loading}</p>;
    const nameOf = (id: string) => sites.find((site) => site.id === id)?.name ?? id;
    return (
        <>
            {sites.length === 0 && <><h3>{words.area.emptyTitle}</h3><p className="help">{words.area.emptyStep}</p></>}
            {onDraw && <button type="button" className="primary mapside-action" onClick={() => onDraw(null)}>{words.area.draw}</button>}
            <ul className="rows">
                {sites.map((site) => (
                    <li key={site.id} className="site-row">
                        <button type="button" className="row" title={words.area.fit} onClick={() => onSite(site.id)}>
                            <span className="row-name">{site.name}
                                <small>{words.area.machines(site.machines.length)} · {site.border && site.area_m2 !== null ? areaText(site.area_m2, words) : words.area.noBorder}{site.region && ` · ${site.region}`}</small>
                                {site.overlaps.length > 0 && <small className="warn">{words.area.overlaps(site.overlaps.map(nameOf).join(", "))}</small>}
                            </span>
                        </button>
                        {onDraw && <button type="button" className="small quiet" aria-label={`${words.area.edit}: ${site.name}`} onClick={() => onDraw(site.id)}>{words.edit}</button>}
                    </li>
                ))}
            </ul>
        </>
    );
}
