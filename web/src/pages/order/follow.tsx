// An order by its identifier: where it stands, and the needle as it goes. Whoever knows the identifier may look.
import { useState, type ReactNode } from "react";
import { ApiError } from "../../api/client";
import { orderCalls } from "../../api/order_calls";
import { orderShare } from "../../api/order_share";
import { useOrderStream } from "../../api/order_stream";
import type { Job, Order, OrderState, Progress, Thread } from "../../api/order_types";
import { formatMoney } from "../../format/money";
import { browserZone, dateTime } from "../../format/time";
import { useWords, type Strings } from "../../i18n";
import { orderReason } from "../../i18n/order_reasons";
import { CopyButton, Empty, Waiting } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad } from "../../parts/load";
import { links } from "../../router";
import { Sewing } from "../../sewing/sewing";
import { usePattern } from "../../sewing/stitches";
import { clothText, pictured } from "../shop/draft";
import { PublicFrame } from "../shop/shop";
import { ThreadList } from "../shop/threads";

export function Follow({ id }: { id: string }) {
    const words = useWords();
    const read = useLoad<Order>(`order ${id}`, () => orderCalls.order(id));
    const [progress, setProgress] = useState<Record<string, Progress>>({});
    const [told, setTold] = useState<Order | null>(null);
    const isGone = read.error instanceof ApiError && read.error.status === 404;
    const order = told ?? read.data;
    const isLost = useOrderStream(id, {
        order: setTold,
        job: (job) => setTold((old) => withJob(old, job)),
        progress: (one) => setProgress((old) => ({ ...old, [one.job]: one })),
        gap: read.reload,
    }, read.data !== null && order?.state !== "refused");
    return (
        <PublicFrame name={words.product}>
            {isGone ? <Empty title={words.follow.gone} step={words.follow.goneStep} /> : !order && <Waiting of={read} />}
            {order && <Whole order={order} progress={progress} isLost={isLost} />}
        </PublicFrame>
    );
}

function withJob(order: Order | null, job: Job): Order | null {
    if (!order) return order;
    const isKnown = order.jobs.some((one) => one.id === job.id);
    return { ...order, jobs: isKnown ? order.jobs.map((one) => (one.id === job.id ? job : one)) : [...order.jobs, job] };
}

/** The job people look at: the one that runs, else the one that stands, else the newest. */
function shownJob(order: Order): Job | null {
    const find = (state: Job["state"]) => order.jobs.find((job) => job.state === state);
    return find("Running") ?? find("Interrupted") ?? order.jobs[order.jobs.length - 1] ?? null;
}

function Whole({ order, progress, isLost }: { order: Order; progress: Record<string, Progress>; isLost: boolean }) {
    const words = useWords();
    const job = shownJob(order);
    const now = job ? progress[job.id] : undefined;
    const isOver = order.state === "done" || order.state === "refused";
    const at = (text: string) => dateTime(Date.parse(text), words.locale, browserZone()).slice(0, 16);
    return (
        <article className="follow">
            <header className="page-head">
                <h1>{order.name}</h1>
                <p>{words.follow.title(order.number)}{order.customer.name && ` ${words.follow.for(order.customer.name)}`}</p>
            </header>
            <Steps state={order.state} />
            <div className="follow-page">
                <div className="follow-stage">
                    <Stage order={order} sewn={order.state === "done" ? Infinity : (now?.stitch ?? job?.stitch.current ?? 0)} />
                    {!isOver && job && <Meter order={order} job={job} now={now} />}
                    {!isOver && isLost && <p className="note note-warn" role="status">{words.follow.lost}</p>}
                </div>
                <aside className="follow-side">
                    <section className={`panel follow-state follow-${order.state}`} aria-live="polite">
                        <h2>{order.state === "done" ? (order.quantity > 1 ? words.follow.finishedMany(order.quantity) : words.follow.finished) : words.follow.states[order.state]}</h2>
                        <p>{order.state === "refused" && order.why ? orderReason(order.why, order.reason, words) : words.follow.stateHelp[order.state]}</p>
                        {order.planned_end && !isOver && <p><b>{words.follow.readyAt(at(order.planned_end))}</b></p>}
                        {order.done_at && <p>{words.follow.doneAt(at(order.done_at))}</p>}
                        {order.state === "done" && <Link className="button primary" to={links.proof(order.id)}>{words.follow.certificate}</Link>}
                    </section>
                    <OrderFacts order={order} placed={at(order.placed_at)} />
                </aside>
            </div>
        </article>
    );
}

const steps: OrderState[] = ["new", "planned", "running", "done"];

function Steps({ state }: { state: OrderState }) {
    const words = useWords();
    if (state === "refused") return null;
    const here = steps.indexOf(state === "held" ? "running" : state);
    return (
        <ol className="order-steps">
            {steps.map((step, index) => (
                <li key={step} className={index < here || state === "done" ? "step-past" : index === here ? "step-here" : ""} aria-current={index === here ? "step" : undefined}>
                    <span>{words.follow.states[index === here && state === "held" ? "held" : step]}</span>
                </li>
            ))}
        </ol>
    );
}

function Stage({ order, sewn }: { order: Order; sewn: number }) {
    const words = useWords();
    const stitches = usePattern(orderCalls.stitchesOf(order.id));
    const choice = pictured(order.cloth, order.design.threads);
    const label = words.sewing.picture(order.name, order.design.stitches, order.design.colours);
    if (stitches.pattern) {
        return <Sewing pattern={stitches.pattern} threads={order.design.threads} fabric={choice.fabric} cloth={choice.cloth} label={label} sewn={Math.min(sewn, stitches.pattern.count)} />;
    }
    return stitches.error ? <img className="follow-picture" src={order.picture} alt={label} /> : <div className="maker-cloth-empty"><p>{words.loading}</p></div>;
}

function Meter({ order, job, now }: { order: Order; job: Job; now: Progress | undefined }) {
    const words = useWords();
    const stitch = now?.stitch ?? job.stitch.current, total = now?.total ?? job.stitch.total;
    const share = orderShare(order, now);
    const stopped = job.state === "Running" || job.state === "Interrupted" ? (now ? now.stop_reason : job.stop_reason) : null;
    const thread = order.design.threads[now?.colour ?? job.colour.index];
    const facts: [string, ReactNode][] = [
        [words.follow.progress, `${stitch.toLocaleString(words.locale)} / ${total.toLocaleString(words.locale)}`],
        [words.follow.machine, now?.machine_name ?? job.machine_name ?? "–"],
        [words.follow.needle, <>{thread && <i className="needle-thread" style={{ background: thread }} />}{now?.needle ?? job.needle ?? "–"}</>],
        [words.follow.speed, rate(now ? now.rpm : job.rpm, words)],
    ];
    return (
        <section className="meter" aria-label={words.follow.progress}>
            <div className="meter-bar" role="progressbar" aria-label={words.follow.progress} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}>
                <i style={{ width: `${Math.min(100, share * 100)}%` }} />
            </div>
            <p className="meter-share"><strong className="figure">{Math.floor(share * 100)} %</strong>{job.pieces.wanted > 1 && <span>{words.follow.piece(Math.min(job.pieces.wanted, now?.piece ?? job.pieces.good + 1), job.pieces.wanted)}</span>}</p>
            <dl className="sewn-facts">
                {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="figure">{value}</dd></div>)}
            </dl>
            {stopped && <p className="note note-warn" role="status">{words.follow.stopped(words.follow.stops[stopped] ?? stopped)}</p>}
        </section>
    );
}

const rate = (rpm: number | null, words: Strings) => (rpm ? words.follow.rpm(Math.round(rpm)) : "–");

function OrderFacts({ order, placed }: { order: Order; placed: string }) {
    const words = useWords();
    const chart = useLoad<Thread[]>("thread chart", orderCalls.threadChart);
    const cloth = clothText(order.cloth, words.shop, words.comma);
    return (
        <section className="panel follow-facts">
            <dl className="facts">
                <div><dt>{words.follow.quantity}</dt><dd className="figure">{order.quantity}</dd></div>
                <div><dt>{words.follow.size}</dt><dd className="figure">{words.shop.sizeOf(order.design.width_mm.toFixed(0), order.design.height_mm.toFixed(0))}</dd></div>
                {cloth && <div><dt>{words.shop.cloth}</dt><dd>{cloth}</dd></div>}
                <div><dt>{words.follow.price}</dt><dd className="figure">{formatMoney(order.price.total_minor, order.price.currency, words.locale)}</dd></div>
                <div><dt>{words.follow.threads}</dt><dd><ThreadList colours={order.design.threads} threads={chart.data ?? []} /></dd></div>
                <div><dt>{words.follow.identifier}</dt><dd><code>{order.identifier ?? order.id}</code></dd></div>
            </dl>
            <p className="help">{words.follow.placedAt(placed)}. {words.follow.keep}</p>
            <div className="copy-box"><code>{location.origin + links.order(order.id)}</code><CopyButton text={location.origin + links.order(order.id)} /></div>
        </section>
    );
}
