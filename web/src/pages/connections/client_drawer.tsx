import { useState, type ReactNode } from "react";
import { calls } from "../../api/calls";
import { ApiError } from "../../api/client";
import { may } from "../../api/session";
import type { ClientDetail, Traffic } from "../../api/traffic_types";
import type { Person } from "../../api/types";
import { formatBytes } from "../../format/bytes";
import { formatShort } from "../../format/number";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { nodeSentence } from "../../i18n/node_sentences";
import { Age } from "../../parts/age";
import { Dialog } from "../../parts/dialog";
import { Drawer } from "../../parts/drawer";
import { ErrorNote, say } from "../../parts/feedback";
import { useAction, useLoad } from "../../parts/load";
import { StateMark } from "./connections";

interface DrawerProps {
    id: string;
    person: Person;
    onClose: () => void;
    onEnded: () => void;
}

export function ClientDrawer({ id, person, onClose, onEnded }: DrawerProps) {
    const words = useWords();
    const detail = useLoad<ClientDetail>(`client ${id}`, () => calls.client(id), 2000);
    const [ending, setEnding] = useState(false);
    const isGone = detail.error instanceof ApiError && detail.error.status === 404;
    const client = detail.data;
    return (
        <Drawer title={id} onClose={onClose}>
            {isGone ? <p className="note">{words.connections.gone}</p> : <ErrorNote error={detail.error} onRetry={detail.reload} />}
            {!client && !detail.error && <p className="loading">{words.loading}</p>}
            {client && <Facts client={client} />}
            {client && client.state !== "gone" && may(person, "operator") && (
                <footer><button type="button" className="danger" onClick={() => setEnding(true)}>{words.connections.end}</button></footer>
            )}
            {ending && client && (
                <EndDialog client={client} onClose={() => setEnding(false)} onDone={() => {
                    setEnding(false);
                    onEnded();
                    onClose();
                }} />
            )}
        </Drawer>
    );
}

function Facts({ client }: { client: ClientDetail }) {
    const words = useWords();
    const text = words.connections;
    const line = (label: string, value: ReactNode) => <div><dt>{label}</dt><dd>{value}</dd></div>;
    const flow = (traffic: Traffic, way: "in" | "out") => {
        const messages = traffic[`messages_${way}`], bytes = traffic[`bytes_${way}`];
        return <>{formatShort(messages)} <small>{formatBytes(bytes)}</small></>;
    };
    const zone = browserZone();
    const expiry = client.expiry_s === null ? text.never : client.expiry_s === 0 ? text.atOnce : text.seconds(client.expiry_s);
    const lost = Object.entries(client.lost);
    return (
        <>
            <p className="drawer-state"><StateMark client={client} /> <Age at={client.since} title={dateTime(Date.parse(client.since), words.locale, zone)} /></p>
            <table className="flows">
                <thead><tr><td /><th scope="col">{text.in}</th><th scope="col">{text.out}</th></tr></thead>
                <tbody>
                    <tr><th scope="row">{text.rate} <small>/s</small></th><td>{flow(client.rates, "in")}</td><td>{flow(client.rates, "out")}</td></tr>
                    <tr><th scope="row">{text.total}</th><td>{flow(client.totals, "in")}</td><td>{flow(client.totals, "out")}</td></tr>
                </tbody>
            </table>
            <dl className="facts">
                {line(text.user, client.machine ?? client.principal ?? words.none)}
                {client.address && line(text.address, `${client.address}${client.port ? `:${client.port}` : ""}`)}
                {line(text.protocol, `MQTT ${client.protocol}${client.listener ? ` · ${client.listener}` : ""}`)}
                {line(text.keepAlive, client.keep_alive_s === 0 ? words.none : text.seconds(client.keep_alive_s))}
                {line(text.expiry, expiry)}
                {line(text.queued, client.queued_messages === 0 ? words.none : `${text.messages(client.queued_messages)}, ${formatBytes(client.queued_bytes)}`)}
                {line(text.inFlight, client.in_flight)}
                {line(text.unanswered, client.unanswered)}
                {line(text.retained, client.retained)}
                {line(text.ended, client.ended === null ? text.noEnd
                    : <>{nodeSentence(client.ended.why ?? client.ended.reason, words.locale)} <small>0x{client.ended.code.toString(16).padStart(2, "0")} · <Age at={client.ended.at} /></small></>)}
            </dl>
            <h3>{text.losses}</h3>
            {lost.length === 0 ? <p className="dim">{text.noLosses}</p> : (
                <dl className="counts">{lost.map(([reason, count]) => <div key={reason}><dt>{text.lossNames[reason] ?? reason}</dt><dd className="figure">{count.toLocaleString(words.locale)}</dd></div>)}</dl>
            )}
            <h3>{text.subscriptions} <small>{client.subscriptions}</small></h3>
            {client.filters.length === 0 ? <p className="dim">{text.noSubscriptions}</p> : (
                <ul className="filter-list">
                    {client.filters.map((each) => <li key={each.filter}><code>{each.filter}</code> <small>{text.qos} {each.qos}{each.no_local ? `, ${text.noLocal}` : ""}</small></li>)}
                </ul>
            )}
        </>
    );
}

function EndDialog({ client, onClose, onDone }: { client: ClientDetail; onClose: () => void; onDone: () => void }) {
    const words = useWords();
    const [forget, setForget] = useState(false);
    const { busy, error, run } = useAction();
    const end = () => void run(async () => {
        await calls.endClient(client.id, forget);
        say(words.connections.endedDone(client.id));
        onDone();
    });
    return (
        <Dialog title={words.connections.endTitle} onClose={onClose}>
            <div className="form">
                <p>{words.connections.endText(client.id)}</p>
                {client.durable && (
                    <label className="choice">
                        <input type="checkbox" name="forget" checked={forget} onChange={(event) => setForget(event.target.checked)} />
                        <span>{words.connections.forget}</span>
                    </label>
                )}
                <ErrorNote error={error} special={{ 404: words.connections.gone }} />
                <footer>
                    <button type="button" onClick={onClose}>{words.cancel}</button>
                    <button type="button" className="danger" disabled={busy} onClick={end}>{words.connections.endAction}</button>
                </footer>
            </div>
        </Dialog>
    );
}
