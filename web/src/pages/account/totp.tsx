import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import { refreshSession } from "../../api/session";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { CopyButton, ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction } from "../../parts/load";
import { Qr } from "../../parts/qr";

interface Ends {
    onDone: () => void;
    onClose: () => void;
}

/** Password, then the phone's first code, then the recovery codes, shown this once. */
export function SetUpTotp({ onDone, onClose }: Ends) {
    const words = useWords();
    const [offer, setOffer] = useState<{ secret: string; uri: string } | null>(null);
    const [codes, setCodes] = useState<string[] | null>(null);
    const finish = () => {
        void refreshSession();
        onDone();
    };
    return (
        <Dialog title={codes ? words.account.codesTitle : words.account.totp} onClose={codes ? finish : onClose}>
            {codes ? <Codes codes={codes} onDone={finish} />
                : offer ? <Confirm offer={offer} onCodes={setCodes} onClose={onClose} />
                : <Prove action={words.account.begin} onClose={onClose} onProven={async (password) => setOffer(await calls.offerTotp(password))} />}
        </Dialog>
    );
}

export function EndTotp({ onDone, onClose }: Ends) {
    const words = useWords();
    return (
        <Dialog title={words.account.end} onClose={onClose}>
            <Prove text={words.account.endText} action={words.account.end} onClose={onClose} onProven={async (password) => {
                await calls.removeTotp(password);
                say(words.account.turnedOff);
                onDone();
            }} />
        </Dialog>
    );
}

function Prove({ text, action, onProven, onClose }: { text?: string; action: string; onProven: (password: string) => Promise<void>; onClose: () => void }) {
    const words = useWords();
    const [password, setPassword] = useState("");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(() => onProven(password));
    };
    return (
        <form className="form" onSubmit={submit}>
            {text && <p>{text}</p>}
            <Field label={words.account.current} help={words.account.proof}>
                <input name="proof" type="password" required autoFocus autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
            </Field>
            <ErrorNote error={error} special={{ 403: words.account.wrong }} />
            <Foot action={action} busy={busy} onClose={onClose} />
        </form>
    );
}

function Confirm({ offer, onCodes, onClose }: { offer: { secret: string; uri: string }; onCodes: (codes: string[]) => void; onClose: () => void }) {
    const words = useWords();
    const [code, setCode] = useState("");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => onCodes((await calls.confirmTotp(code)).recovery_codes));
    };
    return (
        <form className="form" onSubmit={submit}>
            <p>{words.account.scan}</p>
            <Qr text={offer.uri} label={words.account.qr} />
            <div className="copy-box"><code className="secret" data-testid="totp-secret" aria-label={words.account.key}>{offer.secret}</code><CopyButton text={offer.secret} /></div>
            <Field label={words.signInCode.code} help={words.account.confirm}>
                <input name="code" required autoFocus inputMode="numeric" autoComplete="one-time-code" maxLength={10} value={code} onChange={(event) => setCode(event.target.value)} />
            </Field>
            <ErrorNote error={error} special={{ 403: words.account.wrongCode }} />
            <Foot action={words.account.confirmAction} busy={busy} onClose={onClose} />
        </form>
    );
}

function Codes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
    const words = useWords();
    const text = codes.join("\n");
    return (
        <div className="form">
            <p className="note note-warn" role="alert">{words.account.codesText}</p>
            <div className="copy-box"><pre className="secret" data-testid="recovery-codes">{text}</pre><CopyButton text={text} /></div>
            <footer><button type="button" className="primary" onClick={onDone}>{words.account.codesDone}</button></footer>
        </div>
    );
}
