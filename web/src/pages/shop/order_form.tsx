// The last step: how many, for whom, what it costs, and the one button. Sent twice, it is one order.
import { useRef, useState, type FormEvent } from "react";
import { randomKey } from "../../api/client";
import type { Counter } from "../../api/order_calls";
import type { Order, OrderWish, Quote } from "../../api/order_types";
import { formatMoney } from "../../format/money";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { ErrorNote } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction, useLoad, useRested } from "../../parts/load";

interface OrderFormProps {
    counter: Counter;
    /** null: the stitches are not there yet. */
    design: string | null;
    quantity_max: number;
    /** What the name is called: the customer's own, or the one people at the desk type. */
    nameLabel: string;
    /** The colour of the cloth that was chosen beside the design. */
    cloth: string;
    onPlaced: (order: Order) => void;
}

export function OrderForm({ counter, design, quantity_max, nameLabel, cloth, onPlaced }: OrderFormProps) {
    const words = useWords();
    const [quantity, setQuantity] = useState(1);
    const [name, setName] = useState("");
    const [contact, setContact] = useState("");
    const [note, setNote] = useState("");
    const [due, setDue] = useState("");
    const { busy, error, run } = useAction();
    // The same wish keeps its key, however often it is sent.
    const sent = useRef({ wish: "", key: "" });
    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (design === null) return;
        const wish: OrderWish = {
            design, quantity, customer: { name: name.trim(), ...(contact.trim() && { contact: contact.trim() }) },
            cloth, ...(note.trim() && { note: note.trim() }), ...(due && { due_at: new Date(`${due}T18:00`).toISOString() }),
        };
        const text = JSON.stringify(wish);
        if (sent.current.wish !== text) sent.current = { wish: text, key: randomKey() };
        void run(async () => onPlaced(await counter.place(wish, sent.current.key)));
    };
    return (
        <form className="panel form maker-part" onSubmit={submit}>
            <h2>{words.shop.order}</h2>
            <div className="quantity-row">
                <Field label={words.shop.quantity}>
                    <input name="quantity" type="number" inputMode="numeric" required min={1} max={quantity_max} value={quantity} onChange={(event) => setQuantity(Math.max(1, Math.min(quantity_max, Math.floor(Number(event.target.value)) || 1)))} />
                </Field>
                <Field label={nameLabel}>
                    <input name="customer" required maxLength={100} autoComplete="name" value={name} onChange={(event) => setName(event.target.value)} />
                </Field>
            </div>
            <Field label={`${words.shop.contact} (${words.optional})`} help={words.shop.contactHelp}>
                <input name="contact" maxLength={200} autoComplete="tel email" value={contact} onChange={(event) => setContact(event.target.value)} />
            </Field>
            <div className="pair">
                <Field label={`${words.shop.due} (${words.optional})`}>
                    <input name="due" type="date" value={due} onChange={(event) => setDue(event.target.value)} />
                </Field>
                <Field label={`${words.shop.note} (${words.optional})`}>
                    <input name="note" maxLength={300} value={note} onChange={(event) => setNote(event.target.value)} />
                </Field>
            </div>
            <Price counter={counter} design={design} quantity={quantity} />
            <ErrorNote error={error} special={{ 409: words.shop.changed, 429: words.shop.throttled, 503: words.shop.full }} />
            <button className="primary place" disabled={busy || design === null}>{busy ? words.shop.placing : words.shop.place}</button>
        </form>
    );
}

function Price({ counter, design, quantity }: { counter: Counter; design: string | null; quantity: number }) {
    const asked = useRested(design === null || counter.quote === null ? "" : `${design} ${quantity}`, 250);
    const quote = useLoad<Quote | null>(`quote ${asked}`, () => (asked && design !== null && counter.quote ? counter.quote(design, quantity) : Promise.resolve(null)));
    const words = useWords();
    if (quote.error) return <ErrorNote error={quote.error} special={{ 429: words.shop.throttled }} onRetry={quote.reload} />;
    return quote.data ? <QuoteTable quote={quote.data} /> : null;
}

function QuoteTable({ quote }: { quote: Quote }) {
    const words = useWords();
    const money = (minor: number) => formatMoney(minor, quote.currency, words.locale);
    return (
        <div className="quote">
            <table>
                <tbody>
                    {quote.items.filter((item) => item.amount_minor !== 0).map((item) => (
                        <tr key={item.what}>
                            <th scope="row">{words.shop.items[item.what] ?? item.what} <small>{(item.what === "stitches" ? words.shop.itemCounts.stitches : words.shop.itemCounts.each)(item.count, money(item.unit_minor))}</small></th>
                            <td className="number figure">{money(item.amount_minor)}</td>
                        </tr>
                    ))}
                </tbody>
                <tfoot>
                    <tr><th scope="row">{words.shop.total}{quote.quantity > 1 && <small>{words.shop.each(money(quote.piece_minor))}</small>}</th><td className="number figure">{money(quote.total_minor)}</td></tr>
                </tfoot>
            </table>
            {quote.ready_at ? <p className="dim">{words.shop.ready(dateTime(Date.parse(quote.ready_at), words.locale, browserZone()).slice(0, 16))}</p>
                : <p className="note note-warn">{words.shop.notReady}</p>}
        </div>
    );
}
