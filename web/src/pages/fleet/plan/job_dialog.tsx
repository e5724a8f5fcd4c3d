// One job of the plan: its times, and the same moves as by dragging, for everybody.
import { useState } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import { isMovable, type Bar } from "../../../fleet/gantt";
import { useWords } from "../../../i18n";
import { Dialog } from "../../../parts/dialog";
import { ErrorNote, say } from "../../../parts/feedback";
import { Link } from "../../../parts/link";
import { useAction, useLoad } from "../../../parts/load";
import { links } from "../../../router";
import { costText, langOf, lengthText, wayText, whenText, type Names } from "../names";
import { StageMark } from "../stage";

interface JobProps {
    bar: Bar;
    title: string;
    names: Names;
    mayMove: boolean;
    onMove: (machine: string) => void;
    onChanged: () => void;
    onClose: () => void;
}

export function JobDialog({ bar, title, names, mayMove, onMove, onChanged, onClose }: JobProps) {
    const words = useWords();
    const { call } = bar;
    const lang = langOf(words);
    const zone = names.zone(call.site);
    const movable = isMovable(call);
    const { busy, error, run } = useAction();
    const candidates = useLoad(`candidates ${call.request} ${call.place} ${lang}`, async () => (mayMove && call.stage === "planned" ? fleetCalls.candidates(call.request, call.place, lang, 30) : []));
    const [machine, setMachine] = useState("");
    const pin = (wanted: boolean) => void run(async () => {
        if (wanted) await fleetCalls.pin(call.request, call.place, bar.machine);
        else await fleetCalls.unpin(call.request, call.place);
        say(wanted ? words.plan.pinned(names.machine(bar.machine)) : words.plan.unpinned);
        onChanged();
    });
    const able = (candidates.data ?? []).filter((each) => each.is_possible && each.machine !== bar.machine);
    const rest = [...names.spots.values()].filter((spot) => spot.id !== bar.machine && !able.some((each) => each.machine === spot.id) && spot.type === names.spots.get(bar.machine)?.type);
    return (
        <Dialog title={title} onClose={onClose}>
            <div className="form">
                <p className="place-line"><StageMark stage={call.stage} /><Link to={links.fleetMachine(bar.machine)}><b>{names.machine(bar.machine)}</b></Link>{call.is_pinned && <span className="chip">{words.requests.pinned}</span>}</p>
                <dl className="facts">
                    <div><dt>{words.requests.where}</dt><dd>{names.site(call.site)}</dd></div>
                    <div><dt>{words.plan.arrives}</dt><dd className="figure">{whenText(call.arrival, zone, words)} <small>{wayText(call.way_metres, words)}</small></dd></div>
                    <div><dt>{words.plan.begins}</dt><dd className="figure">{whenText(call.begin, zone, words)}</dd></div>
                    <div><dt>{words.plan.ends}</dt><dd className="figure">{whenText(call.end, zone, words)} {call.late_s > 0 && <b className="late">{words.plan.late(lengthText(call.late_s, words))}</b>}</dd></div>
                    {call.haul && <div><dt>{words.plan.loader}</dt><dd>{call.haul.loader !== null ? <Link to={links.fleetMachine(call.haul.loader)}>{names.machine(call.haul.loader)}</Link> : words.plan.noLoader((words.plan.why as Record<string, string>)[call.haul.why ?? ""] ?? "")}</dd></div>}
                </dl>
                {!movable && <p className="note">{words.plan.fixed}</p>}
                {mayMove && movable && (
                    <form className="move-to" onSubmit={(event) => { event.preventDefault(); if (machine) onMove(machine); }}>
                        <label htmlFor="move-to">{words.plan.moveTo}</label>
                        <select id="move-to" value={machine} onChange={(event) => setMachine(event.target.value)}>
                            <option value="">{words.plan.choose}</option>
                            {able.map((each) => <option key={each.machine} value={each.machine}>{names.machine(each.machine)}{each.extra_cost !== null ? ` (+${costText(each.extra_cost)})` : ""}</option>)}
                            {rest.map((spot) => <option key={spot.id} value={spot.id}>{spot.name ?? spot.id}</option>)}
                        </select>
                        <button disabled={!machine}>{words.requests.send}</button>
                    </form>
                )}
                <ErrorNote error={error} />
                <footer>
                    {mayMove && movable && <button type="button" disabled={busy} onClick={() => pin(!call.is_pinned)}>{call.is_pinned ? words.plan.unpin : words.plan.pin}</button>}
                    <Link className="button primary" to={links.fleetRequest(call.request)}>{words.plan.open}</Link>
                </footer>
            </div>
        </Dialog>
    );
}
