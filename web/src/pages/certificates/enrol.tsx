// Leave for one machine to enrol once: its name, then the token, and how a machine uses it.
import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import type { Enrolment, Machine, Page } from "../../api/types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { CopyButton, ErrorNote } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction, useLoad } from "../../parts/load";
import { enrolExample } from "./example";

export function Enrol({ onClose }: { onClose: () => void }) {
    const words = useWords();
    const machines = useLoad<Page<Machine>>("machines for certificates", () => calls.machines({ limit: 1000 }));
    const [machine, setMachine] = useState("");
    const [made, setMade] = useState<Enrolment | null>(null);
    const { busy, error, run } = useAction();
    if (made) return <Once enrolment={made} onClose={onClose} />;
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => setMade(await calls.enrol(machine.trim())));
    };
    return (
        <Dialog title={words.certificates.enrol} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={words.machines.machine} help={words.certificates.machineHelp}>
                    <input name="machine" required list="known-machines" autoFocus autoComplete="off" spellCheck={false} value={machine}
                        onChange={(event) => setMachine(event.target.value)} />
                </Field>
                <datalist id="known-machines">
                    {machines.data?.items.map((each) => <option key={each.id} value={each.id}>{each.name ?? ""}</option>)}
                </datalist>
                <ErrorNote error={error} />
                <Foot action={words.certificates.enrol} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}

function Once({ enrolment, onClose }: { enrolment: Enrolment; onClose: () => void }) {
    const words = useWords();
    const example = enrolExample(enrolment, location.host);
    return (
        <Dialog title={enrolment.machine} onClose={onClose}>
            <div className="form">
                <p className="note note-warn" role="alert">{words.certificates.once(dateTime(Date.parse(enrolment.expires_at), words.locale, browserZone()))}</p>
                <div className="copy-box">
                    <code className="secret" data-testid="enrolment">{enrolment.token}</code>
                    <CopyButton text={enrolment.token} />
                </div>
                <h3>{words.tokens.example}</h3>
                <div className="copy-box">
                    <pre className="code">{example}</pre>
                    <CopyButton text={example} />
                </div>
                <p className="help">{words.certificates.exampleHelp}</p>
                <footer><button type="button" className="primary" onClick={onClose}>{words.tokens.done}</button></footer>
            </div>
        </Dialog>
    );
}
