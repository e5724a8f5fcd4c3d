import { fleetCalls } from "../../../api/fleet_calls";
import type { Candidate, FleetRequest, PlaceOfRequest } from "../../../api/dispatch_types";
import { stateMark } from "../../../fleet/roster";
import { useWords } from "../../../i18n";
import { Waiting } from "../../../parts/feedback";
import { Link } from "../../../parts/link";
import { useLoad } from "../../../parts/load";
import { ToneMark } from "../../../parts/mark";
import { links } from "../../../router";
import { costText, lengthText, wayText, whenText, type Names } from "../names";

interface CandidatesProps {
    request: FleetRequest;
    place: PlaceOfRequest;
    names: Names;
    lang: string;
    onSend: ((machine: string) => void) | null;
}

/** Who could do it, best first; then who could not, and why. */
export function Candidates({ request, place, names, lang, onSend }: CandidatesProps) {
    const words = useWords();
    const read = useLoad(`candidates ${request.id} ${place.index} ${place.machine} ${lang}`, () => fleetCalls.candidates(request.id, place.index, lang));
    const most = Math.max(1, ...(read.data ?? []).map((each) => each.extra_cost ?? 0), request.rent_cost ?? 0);
    const zone = names.zone(request.site);
    return (
        <section className="candidates" aria-label={words.requests.candidates}>
            <h2>{words.requests.candidates}</h2>
            <p className="help">{words.requests.candidatesLead}</p>
            <Waiting of={read} />
            {read.data?.length === 0 && <p className="note note-warn">{words.requests.noCandidates}</p>}
            <ol>
                {read.data?.map((each, i) => {
                    const spot = names.spots.get(each.machine);
                    return (
                        <li key={each.machine} className={each.is_possible ? "" : "impossible"}>
                            <span className="rank">{each.is_possible ? i + 1 : "–"}</span>
                            <span className="who-could">
                                {spot && <ToneMark tone={stateMark[spot.state]} />}<Link to={links.fleetMachine(each.machine)}>{names.machine(each.machine)}</Link>
                                {each.machine === place.machine && <span className="chip">{words.requests.chosen}</span>}
                                {!each.is_possible && each.obstacle && <span className="chip chip-bad">{words.requests.obstacles[each.obstacle]}</span>}
                                <small className="sentence">{each.sentence}</small>
                            </span>
                            <span className="figure reach"><small>{words.requests.arrives}</small>{each.is_possible ? whenText(each.arrival, zone, words) : "–"}</span>
                            <span className="figure reach"><small>{words.requests.way}</small>{wayText(each.distance_m, words)}</span>
                            <Adds candidate={each} most={most} />
                            {onSend && <span className="send">{each.is_possible && each.machine !== place.machine && <button type="button" className="small" onClick={() => onSend(each.machine)}>{words.requests.send}</button>}</span>}
                        </li>
                    );
                })}
            </ol>
            {request.rent_cost !== null && read.data && read.data.length > 0 && <p className="help">{words.requests.rentLine(costText(request.rent_cost))}</p>}
        </section>
    );
}

/** What it adds to the plan's cost: the sum, and its parts as a bar beside the dearest. */
function Adds({ candidate, most }: { candidate: Candidate; most: number }) {
    const words = useWords();
    const { terms, extra_cost } = candidate;
    if (extra_cost === null || !candidate.is_possible) return <span className="reach figure"><small>{words.requests.cost}</small>–</span>;
    const parts = terms ? (["way", "fixed", "changed"] as const).filter((key) => terms[key] > 0) : [];
    const text = parts.map((key) => `${words.requests.terms[key]} ${costText(terms![key])}`).join(", ");
    return (
        <span className="reach adds" title={[text, terms && terms.slack_s < 1e8 && `${words.requests.slack} ${lengthText(terms.slack_s, words)}`].filter(Boolean).join(" · ")}>
            <small>{words.requests.cost}</small><b className="figure">{costText(extra_cost)}</b>
            <span className="adds-bar" aria-hidden="true">{parts.length ? parts.map((key) => <i key={key} className={`adds-${key}`} style={{ width: `${(terms![key] / most) * 100}%` }} />) : <i className="adds-way" style={{ width: `${(Math.max(0, extra_cost) / most) * 100}%` }} />}</span>
            {text && <small className="adds-text">{text}</small>}
        </span>
    );
}
