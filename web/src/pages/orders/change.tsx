import { useState, type FormEvent } from "react";
import { orderCalls } from "../../api/order_calls";
import type { Order } from "../../api/order_types";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction } from "../../parts/load";

/** A UTC instant as this browser's wall clock, as its input wants it. */
function wallTime(text: string | null): string {
    if (!text) return "";
    const at = new Date(text);
    return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** When it is due and how much it matters: the planner goes by both. */
export function ChangeDialog({ order, onDone, onClose }: { order: Order; onDone: (order: Order) => void; onClose: () => void }) {
    const words = useWords();
    const [due, setDue] = useState(wallTime(order.due_at));
    const [priority, setPriority] = useState(String(order.priority));
    const [note, setNote] = useState(order.note ?? "");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            const now = await orderCalls.changeOrder(order.id, { due_at: due ? new Date(due).toISOString() : null, priority: Number(priority), note: note.trim() });
            say(words.workshop.changed(order.number));
            onDone(now);
        });
    };
    return (
        <Dialog title={words.workshop.changeTitle(order.number)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={`${words.workshop.due_at} (${words.optional})`}><input name="due" type="datetime-local" value={due} onChange={(event) => setDue(event.target.value)} /></Field>
                <Field label={words.workshop.priority} help={words.workshop.priorityHelp}><input name="priority" type="number" min={0} max={100} required value={priority} onChange={(event) => setPriority(event.target.value)} /></Field>
                <Field label={`${words.workshop.note} (${words.optional})`}><textarea name="note" rows={3} maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} /></Field>
                <ErrorNote error={error} />
                <Foot action={words.save} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
