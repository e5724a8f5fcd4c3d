// Everything about one order: what it is, what may be done, its job orders, pieces, cost and history.
import { useState } from "react";
import { orderCalls } from "../../api/order_calls";
import { useOrderStream } from "../../api/order_stream";
import type { Job, Order } from "../../api/order_types";
import { may } from "../../api/session";
import type { Person } from "../../api/types";
import type { Cost, OrderStep } from "../../api/workshop_types";
import { formatMoney } from "../../format/money";
import { useWords, type Strings } from "../../i18n";
import { orderReason } from "../../i18n/order_reasons";
import { Drawer } from "../../parts/drawer";
import { advice, say, Waiting } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad } from "../../parts/load";
import { links } from "../../router";
import { clothText, pictured } from "../shop/draft";
import { Thumb } from "../../sewing/thumb";
import { shortTime } from "./card";
import { moveOf } from "./columns";
import { JobControls } from "./job_controls";
import { ChangeDialog } from "./change";
import { Pieces } from "./pieces";
import { JobSheet } from "./sheet";

interface OrderDrawerProps {
    id: string;
    person: Person;
    onChange: (order: Order) => void;
    onRefuse: (order: Order) => void;
    onClose: () => void;
}

export function OrderDrawer({ id, person, onChange, onRefuse, onClose }: OrderDrawerProps) {
    const words = useWords();
    const read = useLoad<Order>(`order ${id}`, () => orderCalls.order(id));
    const order = read.data;
    useOrderStream(id, { order: (now) => read.set(() => now), gap: read.reload }, order !== null);
    const changed = (now: Order) => {
        read.set(() => now);
        onChange(now);
    };
    const mayAct = may(person, "operator");
    return (
        <Drawer title={order ? order.name : words.loading} onClose={onClose}>
            <Waiting of={read} />
            {order && (
                <>
                    <Head order={order} mayAct={mayAct} onChange={changed} onRefuse={onRefuse} />
                    <Facts order={order} />
                    <h3>{words.workshop.jobs}</h3>
                    <ul className="drawer-jobs">
                        {order.jobs.map((job) => <JobLine key={job.id} job={job} order={order} mayAct={mayAct} onChange={(now) => changed({ ...order, jobs: order.jobs.map((one) => (one.id === now.id ? now : one)) })} />)}
                    </ul>
                    <Files order={order} />
                    <Pieces order={order} mayAct={mayAct} onChange={changed} />
                    <CostTable id={id} turn={order.pieces.good + order.jobs.length} />
                    <History id={id} turn={`${order.state} ${order.jobs.map((job) => job.state).join()}`} />
                </>
            )}
        </Drawer>
    );
}

function Head({ order, mayAct, onChange, onRefuse }: { order: Order; mayAct: boolean; onChange: (order: Order) => void; onRefuse: (order: Order) => void }) {
    const words = useWords();
    const [isChanging, setChanging] = useState(false);
    const act = (what: "hold" | "release") => void orderCalls.act(order.id, what).then(
        (now) => { onChange(now); say(words.workshop.did[what](order.number)); }, (error: unknown) => say(advice(error, words)));
    return (
        <>
            <Thumb url={orderCalls.stitchesOf(order.id)} threads={order.design.threads} cloth={pictured(order.cloth, order.design.threads).cloth} label={words.sewing.picture(order.name, order.design.stitches, order.design.colours)} />
            <p className="drawer-state"><b className={`order-state state-${order.state}`}>{words.workshop.states[order.state]}</b><span className="dim">{words.workshop.orderTitle(order.number)}</span></p>
            {order.why && <p className="note note-warn">{orderReason(order.why, order.reason, words)}</p>}
            <p className="ways">
                {mayAct && moveOf(order.state, "held") && <button type="button" onClick={() => act("hold")}>{words.workshop.actions.hold}</button>}
                {mayAct && order.state === "held" && <button type="button" className="primary" onClick={() => act("release")}>{words.workshop.actions.release}</button>}
                {mayAct && moveOf(order.state, "refused") && <button type="button" className="quiet" onClick={() => onRefuse(order)}>{words.workshop.actions.refuse}</button>}
                {mayAct && order.state !== "done" && order.state !== "refused" && <button type="button" onClick={() => setChanging(true)}>{words.workshop.change}</button>}
                <Link className="button" to={links.order(order.id)}>{words.workshop.follow}</Link>
                {order.state === "done" && <Link className="button" to={links.proof(order.id)}>{words.workshop.certificate}</Link>}
            </p>
            {isChanging && <ChangeDialog order={order} onDone={(now) => { setChanging(false); onChange(now); }} onClose={() => setChanging(false)} />}
        </>
    );
}

function Facts({ order }: { order: Order }) {
    const words = useWords();
    const rows: [string, string | null | undefined][] = [
        [words.workshop.customer, order.customer.name], [words.workshop.contact, order.customer.contact], [words.workshop.note, order.note],
        [words.workshop.placed, `${shortTime(order.placed_at, words.locale)} ${words.workshop.source[order.source] ?? ""}`],
        [words.workshop.due_at, order.due_at && shortTime(order.due_at, words.locale)],
        [words.shop.cloth, clothText(order.cloth, words.shop, words.comma)],
        [words.workshop.stitches, order.design.stitches.toLocaleString(words.locale)],
        [words.workshop.size, words.shop.sizeOf(order.design.width_mm.toFixed(0), order.design.height_mm.toFixed(0))],
        [words.workshop.price, formatMoney(order.price.total_minor, order.price.currency, words.locale)],
        [words.follow.identifier, order.identifier],
    ];
    return <dl className="facts drawer-facts">{rows.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function JobLine({ job, order, mayAct, onChange }: { job: Job; order: Order; mayAct: boolean; onChange: (job: Job) => void }) {
    const words = useWords();
    const [isSheet, setSheet] = useState(false);
    return (
        <li>
            <button type="button" className="small quiet sheet-button" onClick={() => setSheet(true)}>{words.workshop.jobSheet}</button>
            {isSheet && <JobSheet job={job} order={order} onClose={() => setSheet(false)} />}
            <b>{job.id}</b> <span>{job.machine_name ?? words.queue.unplanned}</span> <span className="dim">{words.queue.states[job.state] ?? job.state}{words.comma}{words.workshop.jobPieces(job.pieces.good, job.pieces.wanted)}</span>
            {job.why && <p className="dim">{orderReason(job.why, job.reason, words)}</p>}
            {mayAct && <JobControls job={job} onChange={onChange} />}
        </li>
    );
}

function Files({ order }: { order: Order }) {
    const words = useWords();
    const own = order.jobs.filter((job) => job.machine && job.substate !== "Closed");
    return (
        <>
            <h3>{words.workshop.files}</h3>
            <p className="file-links">
                {["dst", "exp", "pes", "jef", "svg"].map((format) => <a key={format} href={`/api/v1/designs/${encodeURIComponent(order.design.id)}/files/${format}`} download>{format.toUpperCase()}</a>)}
            </p>
            {own.length > 0 && <ul className="file-list">{own.map((job) => <li key={job.id}><a href={orderCalls.machineFile(job.machine!, job.barcode)} download={job.file}>{job.file}</a> <span className="dim">{words.workshop.filesOf(job.machine_name ?? job.machine!)}</span></li>)}</ul>}
        </>
    );
}

function CostTable({ id, turn }: { id: string; turn: number }) {
    const words = useWords();
    const read = useLoad<Cost>(`cost ${id} ${turn}`, () => orderCalls.cost(id));
    const cost = read.data;
    if (!cost) return null;
    const money = (minor: number) => formatMoney(minor, cost.currency, words.locale);
    const items = cost.items.filter((item) => item.amount_minor !== 0);
    return (
        <>
            <h3>{words.workshop.cost}</h3>
            {items.length === 0 ? <p className="dim">{words.workshop.noCost}</p> : (
                <div className="quote">
                    <table>
                        <tbody>
                            {items.map((item) => <tr key={item.what}><th scope="row">{words.workshop.costItems[item.what] ?? item.what} <small className="figure">{item.count.toLocaleString(words.locale, { maximumFractionDigits: 2 })} {words.workshop.units[item.unit] ?? item.unit}</small></th><td className="number figure">{money(item.amount_minor)}</td></tr>)}
                            <tr><th scope="row">{words.shop.total}</th><td className="number figure">{money(cost.total_minor)}</td></tr>
                            <tr><th scope="row">{words.workshop.price}</th><td className="number figure">{money(cost.price_minor)}</td></tr>
                        </tbody>
                        <tfoot><tr><th scope="row">{words.workshop.margin}</th><td className={`number figure${cost.margin_minor < 0 ? " loss" : ""}`}>{money(cost.margin_minor)}</td></tr></tfoot>
                    </table>
                </div>
            )}
        </>
    );
}

/** "asked Pause" is a question of a method; the rest are words of their own. */
const kindOf = (kind: string, words: Strings) => (kind.startsWith("asked ") ? `${words.workshop.asked} ${words.queue.methods[kind.slice(6)]?.replace("…", "") ?? kind.slice(6)}` : words.workshop.kinds[kind] ?? kind);

function History({ id, turn }: { id: string; turn: string }) {
    const words = useWords();
    const read = useLoad<{ items: OrderStep[] }>(`history ${id} ${turn}`, () => orderCalls.history(id));
    return (
        <>
            <h3>{words.workshop.history}</h3>
            {read.data?.items.length === 0 && <p className="dim">{words.workshop.noHistory}</p>}
            <ol className="order-history">
                {read.data?.items.map((step, index) => <li key={index}><time dateTime={step.at}>{shortTime(step.at, words.locale)}</time><span><b>{kindOf(step.kind, words)}</b> {orderReason(step.text, step.reason, words)}{step.by && <small> {words.workshop.by(step.by)}</small>}</span></li>)}
            </ol>
        </>
    );
}
