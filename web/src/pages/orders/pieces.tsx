// Finished pieces and what people say of them: good, to be reworked, or scrap.
import { useState } from "react";
import { orderCalls } from "../../api/order_calls";
import type { Order, OrderCertificate, PieceQuality } from "../../api/order_types";
import { useWords } from "../../i18n";
import { Dialog } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction, useLoad } from "../../parts/load";

const qualities: PieceQuality[] = ["good", "rework", "scrap"];

export function Pieces({ order, mayAct, onChange }: { order: Order; mayAct: boolean; onChange: (order: Order) => void }) {
    const words = useWords();
    const { good, rework, scrap } = order.pieces;
    const made = good + rework + scrap;
    const [judging, setJudging] = useState<number | null>(null);
    // Each piece's own quality stands in the certificate, which a finished order has.
    const proof = useLoad<OrderCertificate | null>(`pieces ${order.id} ${order.state} ${good} ${rework} ${scrap}`, () => (order.state === "done" ? orderCalls.certificate(order.id) : Promise.resolve(null)));
    const qualityOf = (number: number) => proof.data?.pieces.find((one) => one.number === number)?.quality;
    return (
        <>
            <h3>{words.workshop.piecesTitle} <small className="figure">{good} {words.workshop.quality.good}{rework > 0 && `, ${rework} ${words.workshop.quality.rework}`}{scrap > 0 && `, ${scrap} ${words.workshop.quality.scrap}`}</small></h3>
            {made === 0 && <p className="dim">{words.workshop.noPieces}</p>}
            <ul className="piece-list">
                {Array.from({ length: Math.min(made, 100) }, (_, index) => index + 1).map((number) => {
                    const quality = qualityOf(number);
                    return (
                        <li key={number}>
                            {mayAct ? <button type="button" className={`small piece piece-${quality ?? "made"}`} onClick={() => setJudging(number)} title={words.workshop.judge}>{number}{quality && quality !== "good" && ` ${words.workshop.quality[quality]}`}</button>
                                : <span className={`piece piece-${quality ?? "made"}`}>{number}</span>}
                        </li>
                    );
                })}
            </ul>
            {judging !== null && <Judge order={order} number={judging} onDone={(now) => { setJudging(null); onChange(now); }} onClose={() => setJudging(null)} />}
        </>
    );
}

function Judge({ order, number, onDone, onClose }: { order: Order; number: number; onDone: (order: Order) => void; onClose: () => void }) {
    const words = useWords();
    const [quality, setQuality] = useState<PieceQuality>("good");
    const [why, setWhy] = useState("");
    const { busy, error, run } = useAction();
    return (
        <Dialog title={words.workshop.judgeTitle(number)} onClose={onClose}>
            <form className="form" onSubmit={(event) => {
                event.preventDefault();
                void run(async () => {
                    const now = await orderCalls.judge(order.id, number, quality, why.trim() || undefined);
                    say(words.workshop.judged(number, words.workshop.quality[quality]));
                    onDone(now);
                });
            }}>
                <p>{words.workshop.judgeText}</p>
                <div className="segments" role="radiogroup" aria-label={words.workshop.judge}>
                    {qualities.map((one) => <label key={one}><input type="radio" name="quality" value={one} checked={quality === one} onChange={() => setQuality(one)} /><span>{words.workshop.quality[one]}</span></label>)}
                </div>
                {quality !== "good" && <Field label={words.workshop.why}><input name="why" maxLength={300} value={why} onChange={(event) => setWhy(event.target.value)} /></Field>}
                <ErrorNote error={error} />
                <footer>
                    <button type="button" onClick={onClose}>{words.cancel}</button>
                    <button className="primary" disabled={busy}>{words.save}</button>
                </footer>
            </form>
        </Dialog>
    );
}
