import { fleetCalls } from "../../../api/fleet_calls";
import type { Decision } from "../../../api/dispatch_types";
import { browserZone } from "../../../format/time";
import { useWords } from "../../../i18n";
import { reasonText } from "../../../i18n/reasons";
import { Waiting } from "../../../parts/feedback";
import { useLoad } from "../../../parts/load";
import { costText, langOf, whenText, type Names } from "../names";

/** What made the plan change, who decided, how long it took and what it cost. */
export function Decisions({ names, turn }: { names: Names; turn: number }) {
    const words = useWords();
    const lang = langOf(words);
    const read = useLoad(`decisions ${turn} ${lang}`, () => fleetCalls.decisions(lang));
    return (
        <>
            {!read.data && <Waiting of={read} />}
            {read.data?.items.length === 0 && <p className="help">{words.plan.noHistory}</p>}
            <ol className="decisions">{read.data?.items.map((each) => <Line key={each.id} decision={each} names={names} />)}</ol>
        </>
    );
}

function Line({ decision, names }: { decision: Decision; names: Names }) {
    const words = useWords();
    const { cause } = decision;
    const delta = decision.cost_before !== null && decision.cost_after !== null ? decision.cost_after - decision.cost_before : null;
    const what = [cause.machine !== null ? names.machine(cause.machine) : null, reasonText(cause.reason, cause.text, words.locale)].filter(Boolean).join(" · ");
    return (
        <li>
            <time className="figure" dateTime={decision.at}>{whenText(decision.at, browserZone(), words)}</time>
            <p><b>{words.plan.decision.kinds[cause.kind] ?? cause.kind}</b> {what}
                <small>
                    {decision.was_adopted ? [words.plan.decision.changes(decision.changes?.length ?? 0), words.plan.decision.kept(decision.kept)].join(" · ") : `${words.plan.decision.refused}${decision.why ? `: ${reasonText(decision.why_reason, decision.why, words.locale)}` : ""}`}
                    {delta !== null && decision.was_adopted && ` · ${delta >= 0 ? "+" : "−"}${costText(Math.abs(delta))}`} · {words.plan.decision.took(decision.took_ms)} · {words.plan.decision.by(decision.by)}
                </small>
            </p>
        </li>
    );
}
