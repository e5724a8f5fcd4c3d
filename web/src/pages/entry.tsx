// Before anybody is signed in: the first setup with the one-time secret, or the door.
import { useEffect, useState, type FormEvent, type ReactNode } from "react";
import { calls } from "../api/calls";
import { ApiError } from "../api/client";
import { refreshSession, signedIn } from "../api/session";
import { useWords } from "../i18n";
import { ErrorNote } from "../parts/feedback";
import { Field } from "../parts/field";
import { useAction } from "../parts/load";
import { Logo } from "../parts/mark";
import { LanguageButton } from "../parts/shell";

export function Entry({ state }: { state: "loading" | "unreachable" | "setup" | "out" }) {
    if (state === "loading") return <Frame><p className="loading" /></Frame>;
    if (state === "unreachable") return <Unreachable />;
    return state === "setup" ? <Setup /> : <SignIn />;
}

function Frame({ children }: { children: ReactNode }) {
    const words = useWords();
    return (
        <main className="entry">
            <header><Logo /><b>{words.product}</b><LanguageButton /></header>
            {children}
        </main>
    );
}

function Unreachable() {
    const words = useWords();
    useEffect(() => {
        const timer = setInterval(() => void refreshSession(), 3000);
        return () => clearInterval(timer);
    }, []);
    return (
        <Frame>
            <div className="note note-error" role="alert">
                <p>{words.errors.unreachable}</p>
                <button type="button" onClick={() => void refreshSession()}>{words.retry}</button>
            </div>
        </Frame>
    );
}

// The node prints an address ending in #setup=SECRET. The secret leaves the address bar at once, so
// that it stays in no history and no screenshot.
function takeSecret(): string {
    const found = /^#setup=(.+)$/.exec(location.hash);
    if (!found) return "";
    history.replaceState(null, "", location.pathname + location.search);
    try {
        return decodeURIComponent(found[1]!);
    } catch {
        return found[1]!;
    }
}
const secretFromAddress = takeSecret();

function Setup() {
    const words = useWords();
    const [secret, setSecret] = useState(secretFromAddress);
    const [name, setName] = useState("");
    const [password, setPassword] = useState("");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => signedIn((await calls.setup({ secret: secret.trim(), name: name.trim(), password })).person));
    };
    return (
        <Frame>
            <form className="form panel" onSubmit={submit}>
                <h1>{words.setup.title}</h1>
                <p>{words.setup.lead}</p>
                <Field label={words.setup.secret} help={words.setup.secretHelp}>
                    <input name="secret" required value={secret} autoComplete="off" spellCheck={false} className="code"
                        autoFocus={!secretFromAddress} onChange={(event) => setSecret(event.target.value)} />
                </Field>
                <Field label={words.setup.name}>
                    <input name="name" required maxLength={100} value={name} autoComplete="username"
                        autoFocus={secretFromAddress !== ""} onChange={(event) => setName(event.target.value)} />
                </Field>
                <Field label={words.setup.password} help={words.setup.passwordHelp}>
                    <input name="password" type="password" required minLength={10} value={password} autoComplete="new-password"
                        onChange={(event) => setPassword(event.target.value)} />
                </Field>
                <ErrorNote error={error} special={{ 403: words.setup.wrongSecret, 409: words.setup.already, 422: words.setup.short }} />
                <button className="primary" disabled={busy}>{words.setup.submit}</button>
            </form>
        </Frame>
    );
}

// The password first; who has a second factor is then asked for its code.
function SignIn() {
    const words = useWords();
    const [name, setName] = useState("");
    const [password, setPassword] = useState("");
    const [code, setCode] = useState<string | null>(null);
    const { busy, error, run, clear } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            try {
                signedIn((await calls.signIn({ name: name.trim(), password, ...(code !== null && { code: code.trim() }) })).person);
            } catch (failure) {
                const asks = failure instanceof ApiError && failure.problem.code_needed === true;
                if (!asks || code !== null) throw failure;
                setCode("");
            }
        });
    };
    return (
        <Frame>
            <form className="form panel" onSubmit={submit}>
                <h1>{words.signIn.title}</h1>
                {code === null ? (
                    <>
                        <Field label={words.signIn.name}>
                            <input name="name" required autoFocus value={name} autoComplete="username" onChange={(event) => setName(event.target.value)} />
                        </Field>
                        <Field label={words.signIn.password}>
                            <input name="password" type="password" required value={password} autoComplete="current-password"
                                onChange={(event) => setPassword(event.target.value)} />
                        </Field>
                    </>
                ) : (
                    <Field label={words.signInCode.code} help={words.signInCode.help}>
                        <input key="code" name="code" required autoFocus value={code} autoComplete="one-time-code" maxLength={40} onChange={(event) => setCode(event.target.value)} />
                    </Field>
                )}
                <ErrorNote error={error} special={{ 401: code === null ? words.signIn.wrong : words.signInCode.wrong }} />
                <button className="primary" disabled={busy}>{words.signIn.submit}</button>
                {code !== null && <button type="button" className="quiet" onClick={() => { setCode(null); clear(); }}>{words.signInCode.back}</button>}
            </form>
        </Frame>
    );
}
