// The certificate of a finished order: made to be read, printed and scanned.
import { ApiError } from "../../api/client";
import { orderCalls } from "../../api/order_calls";
import type { OrderCertificate, Thread } from "../../api/order_types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Empty, Waiting } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad } from "../../parts/load";
import { Logo } from "../../parts/mark";
import { Qr } from "../../parts/qr";
import { links } from "../../router";
import { Sewing } from "../../sewing/sewing";
import { usePattern } from "../../sewing/stitches";
import { clothText, pictured } from "../shop/draft";
import { PublicFrame } from "../shop/shop";
import { ThreadList } from "../shop/threads";

export function Proof({ id }: { id: string }) {
    const words = useWords();
    const read = useLoad<OrderCertificate>(`certificate ${id}`, () => orderCalls.certificate(id));
    const status = read.error instanceof ApiError ? read.error.status : 0;
    const back = <Link className="button" to={links.order(id)}>{words.proof.back}</Link>;
    return (
        <PublicFrame name={read.data?.maker ?? words.product}>
            {status === 404 ? <Empty title={words.follow.gone} step={words.follow.goneStep} />
                : status === 409 ? <Empty title={words.proof.notYet} step="">{back}</Empty>
                : <Waiting of={read} />}
            {read.data && (
                <>
                    <nav className="deed-actions" aria-label={words.proof.title}>{back}<button type="button" onClick={() => print()}>{words.proof.print}</button></nav>
                    <Paper of={read.data} />
                </>
            )}
        </PublicFrame>
    );
}

function Paper({ of }: { of: OrderCertificate }) {
    const words = useWords();
    const stitches = usePattern(orderCalls.stitchesOf(of.order));
    const chart = useLoad<Thread[]>("thread chart", orderCalls.threadChart);
    const choice = pictured(of.cloth, of.design.threads);
    const cloth = clothText(of.cloth, words.shop, words.comma);
    const at = (text: string | null) => (text ? dateTime(Date.parse(text), words.locale, browserZone()).slice(0, 16) : "–");
    const maker = of.maker ?? words.proof.unnamed;
    const leads = location.origin + (of.identifier ? links.handle(of.identifier) : links.order(of.order));
    const breaks = of.pieces.reduce((sum, piece) => sum + piece.thread_breaks, 0);
    const facts: [string, string][] = [
        [words.proof.maker, maker],
        [words.proof.machine, [...new Set(of.pieces.map((piece) => piece.machine_name ?? piece.machine ?? "–"))].join(", ")],
        [words.proof.done, at(of.done_at)],
        [words.proof.total, of.stitches_total.toLocaleString(words.locale)],
        [words.proof.size, words.shop.sizeOf(of.design.width_mm.toFixed(0), of.design.height_mm.toFixed(0))],
        [words.proof.breaks, breaks.toLocaleString(words.locale)],
        ...(cloth ? [[words.proof.cloth, cloth] as [string, string]] : []),
    ];
    return (
        <article className="deed">
            <header><Logo /><p>{words.proof.title} <span>{words.proof.of}</span></p></header>
            <h1>{of.name}</h1>
            <p className="deed-text">{words.proof.text(maker)}</p>
            <div className="deed-picture">
                {stitches.pattern && <Sewing pattern={stitches.pattern} threads={of.design.threads} fabric={choice.fabric} cloth={choice.cloth} sewn={stitches.pattern.count}
                    label={words.sewing.picture(of.name, of.design.stitches, of.design.colours)} />}
            </div>
            <dl className="deed-facts">
                {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="figure">{value}</dd></div>)}
            </dl>
            <ThreadList colours={of.design.threads} threads={chart.data ?? []} />
            <div className="deed-end">
                <div className="deed-ids">
                    <dl>
                        <div><dt>{words.proof.number}</dt><dd className="figure">{of.number}</dd></div>
                        <div><dt>{words.proof.identifier}</dt><dd>{of.identifier ? <code>{of.identifier}</code> : words.proof.noIdentifier}</dd></div>
                        <div><dt>{words.proof.hash}</dt><dd><code>{of.design.hash}</code></dd></div>
                    </dl>
                </div>
                <figure><Qr text={leads} label={words.proof.qr} /><figcaption>{words.proof.scan}</figcaption></figure>
            </div>
            <table className="deed-pieces">
                <thead><tr><th scope="col">{words.proof.piece}</th><th scope="col">{words.proof.machine}</th><th scope="col">{words.proof.when}</th><th scope="col" className="number">{words.proof.stitches}</th><th scope="col">{words.proof.identifier}</th></tr></thead>
                <tbody>
                    {of.pieces.map((piece) => (
                        <tr key={piece.number}>
                            <th scope="row" className="figure">{piece.number}</th><td>{piece.machine_name ?? piece.machine}</td><td className="figure">{at(piece.done_at)}</td>
                            <td className="number figure">{piece.stitches.toLocaleString(words.locale)}</td><td><code>{piece.identifier ?? "–"}</code></td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </article>
    );
}
