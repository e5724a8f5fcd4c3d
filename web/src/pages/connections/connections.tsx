// Every MQTT client of the organisation, what it does and what was refused; kept fresh by reading again.
import { useState } from "react";
import { calls, type ClientSort } from "../../api/calls";
import { may } from "../../api/session";
import type { BrokerNow, Client, ClientState } from "../../api/traffic_types";
import type { Page, Person } from "../../api/types";
import { formatBytes } from "../../format/bytes";
import { formatShort } from "../../format/number";
import { useWords } from "../../i18n";
import { nodeSentence } from "../../i18n/node_sentences";
import { Age } from "../../parts/age";
import { Empty, Waiting } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad, useRested } from "../../parts/load";
import { links } from "../../router";
import { ClientDrawer } from "./client_drawer";
import { NodeLosses } from "./losses";

const page_size = 100;
const pages_max = 10;
const refresh_ms = 3000;

interface Filter {
    q: string;
    state: ClientState | "";
    sort: ClientSort;
}
const noFilter: Filter = { q: "", state: "", sort: "client" };

async function readPages(query: Filter, pages: number): Promise<Page<Client>> {
    const all: Page<Client> = { items: [], next: null, total: 0 };
    for (let page = 0; page < pages; page += 1) {
        const answer = await calls.clients({ ...query, limit: page_size, cursor: all.next });
        all.items.push(...answer.items);
        all.next = answer.next;
        all.total = answer.total ?? all.items.length;
        if (!answer.next) break;
    }
    return all;
}

export function Connections({ person }: { person: Person }) {
    const words = useWords();
    const [filter, setFilter] = useState<Filter>(noFilter);
    const [pages, setPages] = useState(1);
    const [shown, setShown] = useState<string | null>(null);
    const q = useRested(filter.q.trim(), 250);
    const change = (part: Partial<Filter>) => {
        setPages(1);
        setFilter((old) => ({ ...old, ...part }));
    };
    const query = { ...filter, q };
    const list = useLoad(JSON.stringify([query, pages]), () => readPages(query, pages), refresh_ms);
    const broker = useLoad<BrokerNow>("broker", calls.broker, refresh_ms);
    const items = list.data?.items;
    const filtered = filter.q !== "" || filter.state !== "";
    return (
        <>
            <header className="page-head">
                <h1>{words.connections.title}</h1>
                {list.data && <p className="count" aria-live="polite">{words.connections.count(list.data.items.length, list.data.total ?? 0)}</p>}
                <p className="lead">{words.connections.lead}</p>
            </header>
            {broker.data && broker.data.load.level > 0 && (
                <div role="status" className={`note ${broker.data.load.level > 2 ? "note-error" : "note-warn"}`}>{words.connections.load[broker.data.load.level]}</div>
            )}
            <Filters filter={filter} onChange={change} />
            <Waiting of={list} />
            {items?.length === 0 && (filtered ? (
                <Empty title={words.connections.none} step="">
                    <button type="button" onClick={() => change(noFilter)}>{words.connections.clear}</button>
                </Empty>
            ) : (
                <Empty title={words.connections.emptyTitle} step={words.connections.emptyStep}>
                    <pre className="code">mosquitto_sub -t '#' -v -u NAME -P TOKEN</pre>
                    {may(person, "admin") && <p><Link to={links.tokens}>{words.tokens.create}</Link></p>}
                </Empty>
            ))}
            {items && items.length > 0 && <Table items={items} sort={filter.sort} onSort={(sort) => change({ sort })} onShow={setShown} />}
            {list.data?.next && pages < pages_max && <button type="button" className="more" onClick={() => setPages(pages + 1)}>{words.more}</button>}
            {broker.data && <NodeLosses numbers={broker.data.numbers} />}
            {shown !== null && <ClientDrawer key={shown} id={shown} person={person} onClose={() => setShown(null)} onEnded={list.reload} />}
        </>
    );
}

function Filters({ filter, onChange }: { filter: Filter; onChange: (part: Partial<Filter>) => void }) {
    const words = useWords();
    const sorts = Object.entries(words.connections.sorts) as [ClientSort, string][];
    const states = Object.entries(words.connections.states) as [ClientState, string][];
    return (
        <search className="filters filters-3">
            <label className="search">
                <span className="unseen">{words.connections.search}</span>
                <input type="search" name="q" placeholder={words.connections.search} value={filter.q} onChange={(event) => onChange({ q: event.target.value })} />
            </label>
            <label>
                <span>{words.connections.state}</span>
                <select name="state" value={filter.state} onChange={(event) => onChange({ state: event.target.value as Filter["state"] })}>
                    <option value="">{words.connections.both}</option>
                    {states.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
                </select>
            </label>
            <label>
                <span>{words.connections.sort}</span>
                <select name="sort" value={filter.sort} onChange={(event) => onChange({ sort: event.target.value as ClientSort })}>
                    {sorts.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
                </select>
            </label>
        </search>
    );
}

interface TableProps {
    items: Client[];
    sort: ClientSort;
    onSort: (sort: ClientSort) => void;
    onShow: (id: string) => void;
}

function Table({ items, sort, onSort, onShow }: TableProps) {
    const words = useWords();
    const head = (by: ClientSort, text: string, isNumber = true) => (
        <th scope="col" className={isNumber ? "number" : undefined} aria-sort={sort === by ? (by === "client" ? "ascending" : "descending") : undefined}>
            <button type="button" className="sort" onClick={() => onSort(by)}>{text}</button>
        </th>
    );
    return (
        <table className="list clients" aria-label={words.connections.table}>
            <thead>
                <tr>
                    {head("client", words.connections.client, false)}
                    <th scope="col">{words.connections.state}</th>
                    {head("in", words.connections.in)}
                    {head("out", words.connections.out)}
                    {head("queued", words.connections.queued)}
                    {head("lost", words.connections.lost)}
                    {head("since", words.connections.since, false)}
                </tr>
            </thead>
            <tbody>
                {items.map((client) => <Row key={client.id} client={client} onShow={() => onShow(client.id)} />)}
            </tbody>
        </table>
    );
}

function Row({ client, onShow }: { client: Client; onShow: () => void }) {
    const words = useWords();
    const { rates } = client;
    const rate = (messages: number, bytes: number) =>
        messages === 0 ? <span className="dim">–</span>
            : <>{words.connections.perSecond(formatShort(messages))} <small>{words.connections.perSecond(formatBytes(bytes))}</small></>;
    return (
        <tr>
            <th scope="row">
                <button type="button" className="as-link" onClick={onShow}>{client.id}</button>
                <small>{[client.principal, client.address].filter(Boolean).join(" · ")}</small>
            </th>
            <td><StateMark client={client} /></td>
            <td className="number" data-label={words.connections.in}>{rate(rates.messages_in, rates.bytes_in)}</td>
            <td className="number" data-label={words.connections.out}>{rate(rates.messages_out, rates.bytes_out)}</td>
            <td className="number" data-label={words.connections.queued}>
                {client.queued_messages === 0 ? <span className="dim">–</span> : <>{formatShort(client.queued_messages)} <small>{formatBytes(client.queued_bytes)}</small></>}
            </td>
            <td className={client.lost_total > 0 ? "number lost" : "number"} data-label={words.connections.lost}>
                {client.lost_total > 0 ? formatShort(client.lost_total) : <span className="dim">–</span>}
            </td>
            <td data-label={words.connections.since}>
                <Age at={client.since} />
                {client.state !== "connected" && client.ended && <small className="why">{nodeSentence(client.ended.why ?? client.ended.reason, words.locale)}</small>}
            </td>
        </tr>
    );
}

export function StateMark({ client }: { client: Client }) {
    const words = useWords();
    return (
        <span className={`client-state client-${client.state}`} title={words.connections.stateHelp[client.state]}>
            {words.connections.states[client.state]}
            {client.listener && <small>{client.listener} {client.protocol}</small>}
            {client.full && <span className="chip chip-bad">{words.connections.full}</span>}
            {client.paused && <span className="chip chip-bad">{words.connections.paused}</span>}
        </span>
    );
}
