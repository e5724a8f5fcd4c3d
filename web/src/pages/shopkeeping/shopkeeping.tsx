// The shop from behind its counter: links customers order through, and prices.
import { useState, type FormEvent } from "react";
import { orderCalls } from "../../api/order_calls";
import type { Prices, ShopLink } from "../../api/workshop_types";
import { formatMoney, minorsOf } from "../../format/money";
import { browserZone, dayOf } from "../../format/time";
import { useWords } from "../../i18n";
import { Confirm, Dialog, Foot } from "../../parts/dialog";
import { CopyButton, Empty, ErrorNote, say, Waiting } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction, useLoad } from "../../parts/load";
import { Qr } from "../../parts/qr";

const whole = (link: ShopLink) => new URL(link.url, location.origin).href;

export function Shopkeeping() {
    const words = useWords();
    const all = useLoad<ShopLink[]>("shop links", orderCalls.shopLinks);
    const [isAdding, setAdding] = useState(false);
    const [shown, setShown] = useState<ShopLink | null>(null);
    const [revoking, setRevoking] = useState<ShopLink | null>(null);
    const { busy, error, run, clear } = useAction();
    const add = <button type="button" className="primary" onClick={() => setAdding(true)}>{words.shopkeeping.add}</button>;
    const day = (text: string) => dayOf(Date.parse(text), "sv", browserZone());
    return (
        <>
            <header className="page-head"><h1>{words.workshop.shopkeeping}</h1><p>{words.shopkeeping.lead}</p>{add}</header>
            <Waiting of={all} />
            {all.data?.length === 0 && <Empty title={words.shopkeeping.emptyTitle} step={words.shopkeeping.emptyStep} />}
            {all.data && all.data.length > 0 && (
                <table className="list">
                    <thead><tr><th scope="col">{words.shopkeeping.name}</th><th scope="col">{words.shopkeeping.expires}</th><th scope="col">{words.workshop.orders}</th><th scope="col"><span className="unseen">{words.edit}</span></th></tr></thead>
                    <tbody>
                        {all.data.map((link) => (
                            <tr key={link.id}>
                                <th scope="row">{link.name}<small>{words.shopkeeping.limits(link.orders_per_hour, link.quantity_max)}</small></th>
                                <td data-label={words.shopkeeping.expires}>{link.expires_at ? day(link.expires_at) : words.shopkeeping.never}</td>
                                <td data-label={words.workshop.orders} className="figure">{link.orders}</td>
                                <td className="actions">
                                    <button type="button" className="small" onClick={() => setShown(link)}>{words.shopkeeping.show}</button>
                                    <a className="button small-link" href={link.url} target="_blank" rel="noreferrer">{words.shopkeeping.open}</a>
                                    <button type="button" className="small quiet" onClick={() => { clear(); setRevoking(link); }}>{words.shopkeeping.revoke}</button>
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
            <PriceForm />
            {isAdding && <AddLink onDone={(link) => { setAdding(false); setShown(link); all.reload(); }} onClose={() => setAdding(false)} />}
            {shown && (
                <Dialog title={shown.name} onClose={() => setShown(null)}>
                    <div className="form">
                        <Qr text={whole(shown)} label={words.shopkeeping.qr} />
                        <div className="copy-box"><code>{whole(shown)}</code><CopyButton text={whole(shown)} /></div>
                    </div>
                </Dialog>
            )}
            {revoking && (
                <Confirm title={words.shopkeeping.revokeTitle} text={words.shopkeeping.revokeText(revoking.name)} action={words.shopkeeping.revoke} busy={busy} error={<ErrorNote error={error} />} onClose={() => setRevoking(null)}
                    onConfirm={() => void run(async () => {
                        await orderCalls.removeShopLink(revoking.id);
                        say(words.shopkeeping.revoked(revoking.name));
                        setRevoking(null);
                        all.reload();
                    })} />
            )}
        </>
    );
}

function AddLink({ onDone, onClose }: { onDone: (link: ShopLink) => void; onClose: () => void }) {
    const words = useWords();
    const [name, setName] = useState("");
    const [expires, setExpires] = useState("");
    const [perHour, setPerHour] = useState("60");
    const [most, setMost] = useState("100");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            const made = await orderCalls.addShopLink({
                name: name.trim(), orders_per_hour: Number(perHour), quantity_max: Number(most), ...(expires && { expires_at: new Date(`${expires}T23:59:59`).toISOString() }),
            });
            say(words.shopkeeping.made(made.name));
            onDone(made);
        });
    };
    return (
        <Dialog title={words.shopkeeping.add} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={words.shopkeeping.name} help={words.shopkeeping.nameHelp}><input name="link_name" required maxLength={100} autoFocus value={name} onChange={(event) => setName(event.target.value)} /></Field>
                <Field label={`${words.shopkeeping.expires} (${words.optional})`}><input name="expires" type="date" value={expires} onChange={(event) => setExpires(event.target.value)} /></Field>
                <div className="pair">
                    <Field label={words.shopkeeping.perHour}><input name="per_hour" type="number" min={1} max={10_000} required value={perHour} onChange={(event) => setPerHour(event.target.value)} /></Field>
                    <Field label={words.shopkeeping.most}><input name="most" type="number" min={1} max={1000} required value={most} onChange={(event) => setMost(event.target.value)} /></Field>
                </div>
                <ErrorNote error={error} />
                <Foot action={words.shopkeeping.add} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}

const asked = ["setup_minor", "thousand_stitches_minor", "colour_minor", "piece_min_minor"] as const;
const costing = ["machine_hour_minor", "thread_km_minor"] as const;
type PriceName = (typeof asked)[number] | (typeof costing)[number];

function PriceForm() {
    const words = useWords();
    const read = useLoad<Prices>("prices", orderCalls.prices);
    const [typed, setTyped] = useState<Partial<Record<PriceName | "currency", string>>>({});
    const { busy, error, run } = useAction();
    const prices = read.data;
    if (!prices) return <Waiting of={read} />;
    const currency = (typed.currency ?? prices.currency).toUpperCase();
    const minors = minorsOf(currency);
    const shownOf = (name: PriceName) => typed[name] ?? String(prices[name] / minors);
    const submit = (event: FormEvent) => {
        event.preventDefault();
        const values = Object.fromEntries([...asked, ...costing].map((name) => [name, Math.round(Number(shownOf(name)) * minors)])) as Record<PriceName, number>;
        void run(async () => {
            await orderCalls.setPrices({ currency, ...values });
            say(words.shopkeeping.saved);
            setTyped({});
            read.reload();
        });
    };
    const field = (name: PriceName) => (
        <Field key={name} label={words.shopkeeping.fields[name] ?? name} help={formatMoney(Math.round(Number(shownOf(name)) * minors) || 0, currency, words.locale)}>
            <input name={name} type="number" inputMode="decimal" required min={0} step={1 / minors} value={shownOf(name)} onChange={(event) => setTyped({ ...typed, [name]: event.target.value })} />
        </Field>
    );
    return (
        <form className="panel form prices" onSubmit={submit}>
            <header><h2>{words.shopkeeping.prices}</h2><p className="help">{words.shopkeeping.pricesHelp}</p></header>
            <div className="price-groups">
                <fieldset><legend>{words.shopkeeping.asks}</legend><div className="price-fields">{asked.map(field)}</div></fieldset>
                <fieldset><legend>{words.shopkeeping.costs}</legend><div className="price-fields">{costing.map(field)}
                    <Field label={words.shopkeeping.currency}><input name="currency" required pattern="[A-Za-z]{3}" maxLength={3} value={currency} onChange={(event) => setTyped({ ...typed, currency: event.target.value.toUpperCase() })} /></Field>
                </div></fieldset>
            </div>
            <ErrorNote error={error} />
            <footer><button className="primary" disabled={busy}>{words.save}</button></footer>
        </form>
    );
}
