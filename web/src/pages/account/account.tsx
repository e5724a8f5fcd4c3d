// A person's own account: password, second factor, where they are signed in.
import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import type { Account } from "../../api/trust_types";
import { useWords } from "../../i18n";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction, useLoad } from "../../parts/load";
import { Sessions } from "../../parts/sessions";
import { EndTotp, SetUpTotp } from "./totp";

export function AccountPage() {
    const words = useWords();
    const account = useLoad<Account>("account", calls.account);
    const [turn, setTurn] = useState(0);  // sessions change when the password or the factor does
    const changed = () => { account.reload(); setTurn((old) => old + 1); };
    return (
        <>
            <header className="page-head"><h1>{words.account.title}</h1>{account.data && <p>{account.data.organisation}/{account.data.name}, {words.roles[account.data.role]}</p>}</header>
            <ErrorNote error={account.error} onRetry={account.reload} />
            {account.data && <SecondFactor account={account.data} onChanged={changed} />}
            <section className="panel"><h2>{words.account.password}</h2><ChangePassword onChanged={changed} /></section>
            <section className="panel"><h2>{words.sessions.title}</h2><Sessions key={turn} of={null} /></section>
        </>
    );
}

function SecondFactor({ account, onChanged }: { account: Account; onChanged: () => void }) {
    const words = useWords();
    const [open, setOpen] = useState(false);
    const { enabled, required, recovery_codes } = account.totp;
    return (
        <section className="panel">
            <h2>{words.account.totp}</h2>
            {!enabled && required && <p className="note note-warn" role="alert">{words.account.totpNeeded}</p>}
            <p>{enabled ? words.account.totpOn(recovery_codes) : words.account.totpOff}</p>
            <p><button type="button" className={enabled ? "" : "primary"} onClick={() => setOpen(true)}>{enabled ? words.account.end : words.account.begin}</button></p>
            {open && !enabled && <SetUpTotp onDone={() => { setOpen(false); onChanged(); }} onClose={() => setOpen(false)} />}
            {open && enabled && <EndTotp onDone={() => { setOpen(false); onChanged(); }} onClose={() => setOpen(false)} />}
        </section>
    );
}

function ChangePassword({ onChanged }: { onChanged: () => void }) {
    const words = useWords();
    const [current, setCurrent] = useState("");
    const [next, setNext] = useState("");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            await calls.changePassword(current, next);
            setCurrent("");
            setNext("");
            say(words.account.changed);
            onChanged();
        });
    };
    return (
        <form className="form narrow" onSubmit={submit}>
            <Field label={words.account.current}>
                <input name="current_password" type="password" required autoComplete="current-password" value={current} onChange={(event) => setCurrent(event.target.value)} />
            </Field>
            <Field label={words.account.next} help={words.setup.passwordHelp}>
                <input name="new_password" type="password" required minLength={10} autoComplete="new-password" value={next} onChange={(event) => setNext(event.target.value)} />
            </Field>
            <ErrorNote error={error} special={{ 403: words.account.wrong }} />
            <div><button className="primary" disabled={busy}>{words.account.change}</button></div>
        </form>
    );
}
