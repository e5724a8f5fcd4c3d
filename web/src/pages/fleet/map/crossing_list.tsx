import { fleetCalls } from "../../../api/fleet_calls";
import type { CrossingEvent, FleetSite } from "../../../api/fleet_types";
import { browserZone, dayOf, timeOf } from "../../../format/time";
import { useWords } from "../../../i18n";
import { Waiting } from "../../../parts/feedback";
import { Link } from "../../../parts/link";
import { useLoad } from "../../../parts/load";
import { links } from "../../../router";

interface CrossingsProps {
    /** Told by the stream since the page is open. */
    fresh: CrossingEvent[];
    sites: FleetSite[];
    nameOf: (machine: string) => string;
}

export function CrossingList({ fresh, sites, nameOf }: CrossingsProps) {
    const words = useWords();
    const stored = useLoad("crossings", () => fleetCalls.crossings({ limit: 100 }));
    const known = new Map([...fresh, ...(stored.data?.items ?? [])].map((each) => [each.id, each]));
    const all = [...known.values()].sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).slice(0, 150);
    return (
        <>
            <Waiting of={stored} />
            {stored.data && all.length === 0 && <><h3>{words.area.noCrossings}</h3><p className="help">{words.area.noCrossingsStep}</p></>}
            <ol className="rows crossings">
                {all.map((each) => {
                    const site = sites.find((one) => one.id === each.site);
                    const zone = site?.time_zone ?? browserZone();
                    const at = Date.parse(each.at);
                    return (
                        <li key={each.id}>
                            <svg className={`crossing crossing-${each.kind}`} viewBox="0 0 16 16" aria-hidden="true">
                                <path d={each.kind === "entered" ? "M9 2h5v12H9M1.500 8h8M6.500 5l3 3-3 3" : "M9 2H3v12h6M6.500 8h8M11.500 5l3 3-3 3"} />
                            </svg>
                            <span className="row-name"><Link to={links.fleetMachine(each.machine)}>{nameOf(each.machine)}</Link> {words.area[each.kind]} {site?.name ?? each.site}
                                <small><time dateTime={each.at} title={zone}>{dayOf(at, "sv", zone)} {timeOf(at, words.locale, zone)}</time></small>
                            </span>
                        </li>
                    );
                })}
            </ol>
        </>
    );
}
