import { useState } from "react";
import type { LeftOut, PlanChange } from "../../../api/dispatch_types";
import { useWords } from "../../../i18n";
import { Link } from "../../../parts/link";
import { links } from "../../../router";
import { costText, lengthText, type Names } from "../names";

interface ChangesProps {
    changes: PlanChange[];
    names: Names;
    most?: number;
    titles?: Map<string, string>;
}

const shown_first = 8;

/** Who gets a job, who loses it, what begins later; each with its reason. */
export function Changes({ changes, names, most, titles }: ChangesProps) {
    const words = useWords();
    const [shown, setShown] = useState(most ?? shown_first);
    if (changes.length === 0) return <p className="help">{words.plan.noChanges}</p>;
    return (
        <>
            <ul className="changes">
                {changes.slice(0, shown).map((change) => (
                    <li key={`${change.request}/${change.place}`}>
                        <p>
                            <Link to={links.fleetRequest(change.request)}>{titles?.get(change.request) ?? words.requests.number(change.request)}</Link>
                            <span className="from-to">{change.from === change.to ? names.machine(change.to ?? "") : <>{change.from !== null ? names.machine(change.from) : "–"} <i aria-hidden="true">→</i> <b>{change.to !== null ? names.machine(change.to) : words.requests.stages.requested}</b></>}</span>
                            {change.shift_s !== 0 && <span className="chip">{change.shift_s > 0 ? "+" : "−"}{lengthText(change.shift_s, words)}</span>}
                        </p>
                        <p className="why">{change.sentence}</p>
                    </li>
                ))}
            </ul>
            {changes.length > shown && <button type="button" className="small" onClick={() => setShown(changes.length)}>{words.more}</button>}
        </>
    );
}

export function LeftOutList({ left, titles, names, siteOf }: { left: LeftOut[]; titles: Map<string, string>; names: Names; siteOf: (request: string) => string | null }) {
    const words = useWords();
    if (left.length === 0) return <p className="help">{words.plan.allServed}</p>;
    return (
        <ul className="changes">
            {left.map((each) => (
                <li key={`${each.request}/${each.place}`}>
                    <p>
                        <Link to={links.fleetRequest(each.request)}>{titles.get(each.request) ?? words.requests.number(each.request)}</Link>
                        <span className="dim">{names.site(siteOf(each.request))}</span>
                        <span className="chip chip-bad">{words.plan.why[each.why] ?? each.why}</span>
                        {each.advice === "rent" && <span className="chip chip-rent">{words.plan.rent}{each.rent_cost !== null && ` · ${words.plan.rentFor(costText(each.rent_cost))}`}</span>}
                    </p>
                    <p className="why">{each.sentence}</p>
                </li>
            ))}
        </ul>
    );
}
