// One request: what it asks for, who has it, and who else could do it at what cost.
import { useState } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import { useFleetLive } from "../../../api/fleet_live";
import type { FleetRequest, PlaceOfRequest, Stage } from "../../../api/dispatch_types";
import { may } from "../../../api/session";
import type { Person } from "../../../api/types";
import { browserZone } from "../../../format/time";
import { useWords } from "../../../i18n";
import { Confirm } from "../../../parts/dialog";
import { ErrorNote, say, Waiting } from "../../../parts/feedback";
import { Link } from "../../../parts/link";
import { useAction, useLoad } from "../../../parts/load";
import { links, navigate } from "../../../router";
import { clockText, costText, langOf, lengthText, useNames, whenText, type Names } from "../names";
import { MoveDialog, type Moving } from "../plan/move_dialog";
import { StageMark } from "../stage";
import { Candidates } from "./candidates";
import { ChangeDialog } from "./change_dialog";
import { Priority, titleOf, Windows } from "./requests";

export function RequestPage({ id, person }: { id: string; person: Person }) {
    const words = useWords();
    const names = useNames();
    const read = useLoad(`request ${id} ${langOf(words)}`, () => fleetCalls.request(id, langOf(words)));
    useFleetLive({ request: (told) => told.id === id && read.reload(), plan: read.reload, again: read.reload });
    const [withdrawing, setWithdrawing] = useState(false);
    const [changing, setChanging] = useState(false);
    const [moving, setMoving] = useState<Moving | null>(null);
    const [place, setPlace] = useState(0);
    const removal = useAction();
    const request = read.data;
    const crumb = <p className="crumb"><Link to={links.fleetRequests}>← {words.requests.title}</Link></p>;
    if (!request) return <>{crumb}<Waiting of={read} /></>;
    const remove = () => void removal.run(async () => {
        await fleetCalls.removeRequest(id);
        say(words.requests.withdrawn);
        navigate(links.fleetRequests);
    });
    const title = titleOf(request, words.requests.number);
    const shown = request.places[place] ?? request.places[0];
    const open = request.places.some((each) => ["requested", "planned", "accepted", "travelling"].includes(each.stage));
    const begun = request.places.some((each) => ["arrived", "working", "done"].includes(each.stage));
    return (
        <>
            {crumb}
            <header className="page-head">
                <h1>{title}</h1>
                <p>{words.requests.asked(request.created_by, whenText(request.created_at, names.zone(request.site), words))}</p>
                {may(person, "operator") && open && (
                    <span className="page-actions request-acts">
                        {!begun && <button type="button" onClick={() => setChanging(true)}>{words.requests.form.change}</button>}
                        <button type="button" onClick={() => { removal.clear(); setWithdrawing(true); }}>{words.requests.withdraw}</button>
                    </span>
                )}
            </header>
            <Facts request={request} names={names} />
            {request.places.length > 1 && (
                <div className="segments place-choice" role="group" aria-label={words.requests.who}>
                    {request.places.map((each, i) => <button key={each.index} type="button" aria-pressed={i === place} onClick={() => setPlace(i)}>{words.requests.place(i + 1, request.places.length)}</button>)}
                </div>
            )}
            {shown && <PlaceCard request={request} place={shown} names={names} person={person} onChanged={read.reload} />}
            {shown && ["requested", "planned"].includes(shown.stage) && (
                <Candidates request={request} place={shown} names={names} lang={langOf(words)}
                    onSend={may(person, "engineer") ? (machine) => setMoving({ request: id, place: shown.index, title, machine, from: shown.machine }) : null} />
            )}
            {moving && <MoveDialog moving={moving} names={names} onClose={() => setMoving(null)} onDone={() => { setMoving(null); read.reload(); }} />}
            {changing && <ChangeDialog request={request} names={names} onClose={() => setChanging(false)} onDone={(now) => { setChanging(false); read.set(() => now); read.reload(); }} />}
            {withdrawing && (
                <Confirm title={words.requests.withdrawTitle} text={words.requests.withdrawText} action={words.requests.withdraw} busy={removal.busy}
                    error={<ErrorNote error={removal.error} />} onConfirm={remove} onClose={() => setWithdrawing(false)} />
            )}
        </>
    );
}

function Facts({ request, names }: { request: FleetRequest; names: Names }) {
    const words = useWords();
    return (
        <dl className="panel request-facts">
            <div><dt>{words.requests.what}</dt><dd>{words.requests.pieces(request.count, request.type)}{request.attachments.length > 0 && <small> {request.attachments.join(", ")}</small>}</dd></div>
            <div><dt>{words.requests.where}</dt><dd>{request.site !== null ? names.site(request.site) : `${request.position.latitude.toFixed(4)}, ${request.position.longitude.toFixed(4)}`}</dd></div>
            <div><dt>{words.requests.when}</dt><dd><Windows request={request} names={names} />{names.zone(request.site) !== browserZone() && <small> {names.zone(request.site)}</small>}</dd></div>
            <div><dt>{words.requests.work}</dt><dd>{lengthText(request.duration_s, words)}</dd></div>
            <div><dt>{words.requests.priority}</dt><dd><Priority value={request.priority} /></dd></div>
            {request.rent_cost !== null && <div><dt>{words.requests.form.rent}</dt><dd>{costText(request.rent_cost)}</dd></div>}
            {request.note && <div><dt>{words.cab.note}</dt><dd>{request.note}</dd></div>}
        </dl>
    );
}

/** The steps people may take from a stage, beside what telemetry does by itself. */
const steps: Record<Stage, string[]> = {
    requested: [], planned: ["accept", "unplan"], accepted: ["depart", "unplan"], travelling: ["arrive"], arrived: ["begin"], working: ["finish"], done: [], withdrawn: [],
};

function PlaceCard({ request, place, names, person, onChanged }: { request: FleetRequest; place: PlaceOfRequest; names: Names; person: Person; onChanged: () => void }) {
    const words = useWords();
    const { busy, error, run } = useAction();
    const zone = names.zone(request.site);
    const act = (action: string) => void run(async () => {
        await fleetCalls.act(request.id, place.index, action);
        onChanged();
    });
    const release = () => void run(async () => {
        await fleetCalls.unpin(request.id, place.index);
        say(words.plan.unpinned);
        onChanged();
    });
    return (
        <section className="panel place-card">
            <div className="place-line">
                <StageMark stage={place.stage} />
                {place.machine !== null && <Link to={links.fleetMachine(place.machine)}><b>{names.machine(place.machine)}</b></Link>}
                {place.arrival && <span className="figure">{words.plan.arrives} {whenText(place.arrival, zone, words)}</span>}
                {place.begin && place.end && <span className="figure dim">{clockText(place.begin, zone, words)} – {whenText(place.end, zone, words)}</span>}
                {place.is_pinned && <span className="chip">{words.requests.pinned}</span>}
            </div>
            {place.why_not && <p className="note note-warn">{(words.plan.why as Record<string, string>)[place.why_not_reason?.code ?? ""] ?? place.why_not}{request.rent_cost !== null && ` · ${words.requests.rentLine(costText(request.rent_cost))}`}</p>}
            <ErrorNote error={error} />
            <div className="place-acts">
                {may(person, "operator") && steps[place.stage].map((action, i) => <button key={action} type="button" className={i === 0 ? "primary small" : "small"} disabled={busy} onClick={() => act(action)}>{(words.requests.acts as Record<string, string>)[action]}</button>)}
                {may(person, "engineer") && place.is_pinned && <button type="button" className="small" disabled={busy} onClick={release}>{words.requests.unpin}</button>}
                {place.machine !== null && <Link className="button small" to={links.cab(place.machine)}>{words.unit.cab}</Link>}
            </div>
        </section>
    );
}
