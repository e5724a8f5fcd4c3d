// The certificate of a prefix's key: how it stands, and a new one.
import { useState, type FormEvent } from "react";
import { naming } from "../../api/naming_calls";
import type { CertificateState, Prefix, SigningKey } from "../../api/naming_types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction, useLoad } from "../../parts/load";
import { SignMark, type Sign } from "../../parts/sign";
import { prefixOfKey } from "../handle/signatures";
import { keyIn } from "./pasted_key";

const signs: Record<CertificateState, Sign> = { valid: "good", due: "waiting", ended: "ended", not_ours: "unknown", other_key: "broken" };
type Doubt = "ended" | "not_ours" | "other_key";
const lives = [365, 1095, 3650] as const;

/** Why somebody should look at it; null: all is well, or there is none. */
export function doubtOf(one: Prefix): Doubt | null {
    const state = one.certificate?.state;
    return one.state !== "revoked" && (state === "ended" || state === "not_ours" || state === "other_key") ? state : null;
}

export function CertificateMark({ state }: { state: CertificateState }) {
    const words = useWords();
    return <span className="sign-text"><SignMark sign={signs[state]} /> {words.prefixCertificates.states[state]}</span>;
}

export function CertificatePanel({ one, runs, onChange }: { one: Prefix; runs: boolean; onChange: () => void }) {
    const words = useWords(), told = words.prefixCertificates;
    const [opens, setOpens] = useState(false);
    const kept = one.certificate, doubt = doubtOf(one);
    if (!kept && !one.certifiable) return null;
    const time = (text: string | null) => (text ? dateTime(Date.parse(text), words.locale, browserZone()) : null);
    const fact = (name: string, value: React.ReactNode) => <div><dt>{name}</dt><dd>{value}</dd></div>;
    return (
        <section className="panel" aria-labelledby="certificate">
            <header className="trend-head">
                <h2 id="certificate">{told.title}</h2>
                {runs && one.certifiable && <button type="button" className={kept && !doubt ? "" : "primary"} onClick={() => setOpens(true)}>{kept && !doubt ? told.renew : told.issue}</button>}
            </header>
            <p className="help">{told.help}</p>
            {doubt && <p className="note note-warn">{told.warn[doubt]}</p>}
            {kept ? (
                <dl className="facts">
                    {fact(told.state, <CertificateMark state={kept.state} />)}
                    {fact(told.issuer, <code>{prefixOfKey(kept.issuer)}</code>)}
                    {fact(told.key, <code className="fingerprint">{kept.key}</code>)}
                    {kept.since && fact(told.since, time(kept.since))}
                    {fact(told.until, <>{time(kept.until) ?? told.noEnd}{kept.renews_at && one.certifiable && one.state === "active" && !doubt && kept.state !== "due" && <small className="why">{told.renews(time(kept.renews_at) ?? "")}</small>}</>)}
                </dl>
            ) : <p>{told.none}</p>}
            {opens && <CertifyDialog one={one} onDone={() => { setOpens(false); onChange(); }} onClose={() => setOpens(false)} />}
        </section>
    );
}

function CertifyDialog({ one, onDone, onClose }: { one: Prefix; onDone: () => void; onClose: () => void }) {
    const words = useWords(), told = words.prefixCertificates;
    const key = useLoad<SigningKey>(`key of ${one.prefix}`, () => naming.signingKey(one.prefix));
    const [days, setDays] = useState<number>(3650);
    const [pasted, setPasted] = useState("");
    const [sure, setSure] = useState(false);
    const { busy, error, run } = useAction();
    const source = key.data?.source;
    const given = source && source !== "none" ? key.data!.public_key : keyIn(pasted);
    const needsCare = source !== "own";
    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (!mayIssue) return;
        void run(async () => {
            const made = await naming.certify(one.prefix, { public_key: given, life_days: days });
            say(told.done(one.prefix, dateTime(Date.parse(made.until), words.locale, browserZone())));
            onDone();
        });
    };
    const waits = !key.data && !key.error;
    const mayIssue = given !== null && !waits && (!needsCare || sure);
    return (
        <Dialog title={told.issueTitle(one.prefix)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                {waits && <p className="loading">{told.asking}</p>}
                {source && source !== "none" && <p>{told.sources[source]}<br /><code className="fingerprint">{key.data!.key}</code></p>}
                {!!key.error && <ErrorNote error={key.error} onRetry={key.reload} />}
                {source === "none" && (
                    <>
                        <p className="note note-warn">{told.silent}{key.data!.why && <small className="why" lang="en">{key.data!.why}</small>}</p>
                        <Field label={told.paste} help={told.pasteHelp} error={pasted.trim() && given === null ? told.badKey : undefined}>
                            <textarea name="public_key" className="code" rows={6} required spellCheck={false} value={pasted} onChange={(event) => setPasted(event.target.value)} />
                        </Field>
                    </>
                )}
                <Field label={told.life} help={told.lifeHelp}>
                    <select name="life" value={days} onChange={(event) => setDays(Number(event.target.value))}>{lives.map((each) => <option key={each} value={each}>{told.lives[each]}</option>)}</select>
                </Field>
                {needsCare && !waits && <label className="choice"><input type="checkbox" name="compared" checked={sure} onChange={(event) => setSure(event.target.checked)} /> {told.compare}</label>}
                <ErrorNote error={error} />
                <Foot action={told.issue} busy={busy || !mayIssue} onClose={onClose} />
            </form>
        </Dialog>
    );
}
