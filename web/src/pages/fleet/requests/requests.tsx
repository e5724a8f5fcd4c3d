// What sites ask for, and what became of it.
import { useState } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import { useFleetLive } from "../../../api/fleet_live";
import type { FleetRequest, PlaceOfRequest } from "../../../api/dispatch_types";
import { may } from "../../../api/session";
import type { Person } from "../../../api/types";
import { useWords } from "../../../i18n";
import { Empty, Waiting } from "../../../parts/feedback";
import { Link } from "../../../parts/link";
import { useLoad } from "../../../parts/load";
import { links, navigate } from "../../../router";
import { lengthText, useNames, whenText, type Names } from "../names";
import { StageMark } from "../stage";
import { AskDialog } from "./ask_dialog";
import { RequestPage } from "./request_page";

export function Requests({ chosen, person }: { chosen: string | null; person: Person }) {
    return chosen !== null ? <RequestPage key={chosen} id={chosen} person={person} /> : <RequestList person={person} />;
}

function RequestList({ person }: { person: Person }) {
    const words = useWords();
    const names = useNames();
    const [closed, setClosed] = useState(false);
    const [asking, setAsking] = useState(() => location.hash === "#ask");
    const requests = useLoad<FleetRequest[]>(`requests ${closed}`, () => fleetCalls.requests(!closed));
    useFleetLive({ request: requests.reload, plan: requests.reload, again: requests.reload });
    const ask = may(person, "operator") && <button type="button" className="primary" onClick={() => setAsking(true)}>{words.requests.ask}</button>;
    return (
        <>
            <header className="page-head">
                <h1>{words.requests.title}</h1>
                <p>{words.requests.lead}</p>
                {requests.data && requests.data.length > 0 && ask}
            </header>
            <Waiting of={requests} />
            {requests.data?.length === 0 && !closed && <Empty title={words.requests.emptyTitle} step={words.requests.emptyStep}>{ask}</Empty>}
            {requests.data && requests.data.length > 0 && <Table requests={requests.data} names={names} />}
            {requests.data && <label className="choice requests-all"><input type="checkbox" checked={closed} onChange={(event) => setClosed(event.target.checked)} />{words.requests.all}</label>}
            {asking && <AskDialog names={names} onClose={() => setAsking(false)} onDone={(request) => { setAsking(false); navigate(links.fleetRequest(request.id)); }} />}
        </>
    );
}

export const titleOf = (request: Pick<FleetRequest, "id" | "title">, number: (id: string) => string) => request.title || number(request.id);

function Table({ requests, names }: { requests: FleetRequest[]; names: Names }) {
    const words = useWords();
    return (
        <table className="list requests">
            <thead>
                <tr>
                    <th scope="col">{words.requests.what}</th>
                    <th scope="col">{words.requests.where}</th>
                    <th scope="col">{words.requests.when}</th>
                    <th scope="col">{words.requests.priority}</th>
                    <th scope="col">{words.requests.who}</th>
                </tr>
            </thead>
            <tbody>
                {requests.map((request) => (
                    <tr key={request.id}>
                        <th scope="row">
                            <Link to={links.fleetRequest(request.id)}>{titleOf(request, words.requests.number)}</Link>
                            <small>{[words.requests.pieces(request.count, request.type), ...request.attachments, lengthText(request.duration_s, words)].join(" · ")}</small>
                        </th>
                        <td data-label={words.requests.where}>{request.site !== null ? names.site(request.site) : `${request.position.latitude.toFixed(3)}, ${request.position.longitude.toFixed(3)}`}</td>
                        <td data-label={words.requests.when} className="figure"><Windows request={request} names={names} /></td>
                        <td data-label={words.requests.priority}><Priority value={request.priority} /></td>
                        <td className="places"><Places places={request.places} names={names} /></td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}

export function Windows({ request, names }: { request: FleetRequest; names: Names }) {
    const words = useWords();
    const zone = names.zone(request.site);
    if (request.windows.length === 0) return <>{words.requests.anyTime}</>;
    return <>{request.windows.map((window) => {
        const [from, until] = [whenText(window.from, zone, words), whenText(window.until, zone, words)];
        return <span key={window.from} className="window">{from} – {until.slice(0, 5) === from.slice(0, 5) ? until.slice(6) : until}</span>;
    })}</>;
}

export function Priority({ value }: { value: number }) {
    const words = useWords();
    const steps = [20, 50, 80, 100];
    const near = steps.reduce((best, step) => (Math.abs(step - value) < Math.abs(best - value) ? step : best));
    return (
        <span className="priority" title={String(value)}>
            <svg viewBox="0 0 20 12" aria-hidden="true">{steps.map((step, i) => <rect key={step} className={step <= near ? "reached" : ""} x={i * 5} y={9 - i * 3} width={3.500} height={3 + i * 3} />)}</svg>
            {words.requests.form.priorities[near]}
        </span>
    );
}

function Places({ places, names }: { places: PlaceOfRequest[]; names: Names }) {
    const shown = places.slice(0, 3);
    return (
        <ul>
            {shown.map((place) => <li key={place.index}><span className="place-machine">{place.machine !== null ? names.machine(place.machine) : "–"}</span><StageMark stage={place.stage} /></li>)}
            {places.length > shown.length && <li className="dim">+ {places.length - shown.length}</li>}
        </ul>
    );
}
