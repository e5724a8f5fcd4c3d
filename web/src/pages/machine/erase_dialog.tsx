// Erasing a machine: asked for twice, the second time in writing; then how far it is.
import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import { liveState } from "../../api/live";
import type { Erasure, Machine } from "../../api/types";
import { useWords } from "../../i18n";
import { Dialog } from "../../parts/dialog";
import { ErrorNote } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction, useLoad } from "../../parts/load";

interface EraseProps {
    machine: Machine;
    onClose: () => void;
    /** The machine is out of sight: its page has nothing to show any more. */
    onGone: () => void;
}

export function EraseDialog({ machine, onClose, onGone }: EraseProps) {
    const words = useWords();
    const [typed, setTyped] = useState("");
    const [started, setStarted] = useState<Erasure | null>(null);
    const { busy, error, run } = useAction();
    if (started) return <EraseProgress started={started} onClose={onGone} />;

    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (typed !== machine.id) return;
        void run(async () => {
            const erasure = await calls.eraseMachine(machine.id);
            liveState.machines.delete(machine.id);
            setStarted(erasure);
        });
    };
    return (
        <Dialog title={words.erase.title(machine.name ?? machine.id)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <p>{words.erase.what}</p>
                <p className="note note-warn">{words.erase.forEver}</p>
                <Field label={words.erase.type(machine.id)}>
                    <input name="confirm" autoFocus autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
                </Field>
                <ErrorNote error={error} />
                <footer>
                    <button type="button" onClick={onClose}>{words.cancel}</button>
                    <button className="danger" disabled={busy || typed !== machine.id}>{words.erase.action}</button>
                </footer>
            </form>
        </Dialog>
    );
}

function EraseProgress({ started, onClose }: { started: Erasure; onClose: () => void }) {
    const words = useWords();
    const read = useLoad<Erasure>(`erasure ${started.id}`, () => calls.erasure(started.id), 1000);
    const now = read.data ?? started;
    return (
        <Dialog title={words.erase.titleRunning(started.machine)} onClose={onClose}>
            <div className="form">
                <p role="status">{now.state === "done" ? words.erase.done : words.erase.running(now.series_left, now.merges_left)}</p>
                {now.state !== "done" && <p>{words.erase.leave}</p>}
                {now.why && <p className="note note-warn">{now.why}</p>}
                <ErrorNote error={read.error} />
                <footer><button type="button" className="primary" onClick={onClose}>{words.close}</button></footer>
            </div>
        </Dialog>
    );
}
