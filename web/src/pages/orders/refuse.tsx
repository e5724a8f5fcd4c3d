import { useState, type FormEvent } from "react";
import { orderCalls } from "../../api/order_calls";
import type { Order } from "../../api/order_types";
import { useWords } from "../../i18n";
import { Dialog } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction } from "../../parts/load";

/** Refusing stops machines and tells the customer: it needs a reason and a second click. */
export function RefuseDialog({ order, onDone, onClose }: { order: Order; onDone: (order: Order) => void; onClose: () => void }) {
    const words = useWords();
    const [why, setWhy] = useState("");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            const now = await orderCalls.act(order.id, "refuse", why.trim());
            say(words.workshop.did.refuse(order.number));
            onDone(now);
        });
    };
    return (
        <Dialog title={words.workshop.refuseTitle(order.number)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <p>{words.workshop.refuseText}</p>
                <Field label={words.workshop.why}><input name="why" required maxLength={300} autoFocus value={why} onChange={(event) => setWhy(event.target.value)} /></Field>
                <ErrorNote error={error} />
                <footer>
                    <button type="button" onClick={onClose}>{words.cancel}</button>
                    <button className="danger" disabled={busy}>{words.workshop.refuseAction}</button>
                </footer>
            </form>
        </Dialog>
    );
}
