// Applying for a prefix, open to anyone; and how an application stands, for who kept its address.
import { useState, type FormEvent } from "react";
import { ApiError } from "../../api/client";
import { naming } from "../../api/naming_calls";
import type { ApplicationStatus, ApplicationTicket } from "../../api/naming_types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { CopyButton, ErrorNote } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { Link } from "../../parts/link";
import { useAction, useLoad } from "../../parts/load";
import { SignMark } from "../../parts/sign";
import { links } from "../../router";
import { PublicFrame } from "../handle/frame";
import { signOfApplication } from "../naming/signs";

export function ApplyPage({ ticket }: { ticket: string }) {
    return <PublicFrame>{ticket === "" ? <Apply /> : <Status key={ticket} ticket={ticket} />}</PublicFrame>;
}

const nothing = { company: "", credit_code: "", contact: "", email: "", phone: "", purpose: "", wanted: "", expected: "", hosting: "hosted" as "hosted" | "own_node", address: "" };
type Wish = typeof nothing;

function Apply() {
    const words = useWords();
    const [wish, setWish] = useState<Wish>(nothing);
    const [sent, setSent] = useState<ApplicationTicket | null>(null);
    const { busy, error, run } = useAction();
    if (sent) return <Sent ticket={sent.ticket} />;
    const set = (change: Partial<Wish>) => setWish((old) => ({ ...old, ...change }));
    const text = (name: Exclude<keyof Wish, "hosting">) => ({
        name, value: wish[name], onChange: (event: { target: { value: string } }) => set({ [name]: event.target.value }),
    });
    const submit = (event: FormEvent) => {
        event.preventDefault();
        const { expected, hosting, address, ...rest } = wish;
        const told = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, value.trim()]).filter(([, value]) => value !== "")) as unknown as Pick<Wish, "company" | "contact" | "email" | "purpose">;
        void run(async () => setSent(await naming.apply({
            ...told, hosting, ...(hosting === "own_node" && { address: address.trim() }), ...(expected.trim() && { expected: Number(expected) }),
        })));
    };
    return (
        <form className="panel form apply" onSubmit={submit}>
            <header><h1>{words.apply.title}</h1><p className="dim">{words.apply.lead}</p></header>
            <div className="pair">
                <Field label={words.apply.company}><input {...text("company")} required maxLength={200} autoComplete="organization" /></Field>
                <Field label={`${words.apply.creditCode} (${words.optional})`} help={words.apply.creditHelp}>
                    <input {...text("credit_code")} pattern="[0-9A-Za-z]{18}" maxLength={18} autoComplete="off" spellCheck={false} />
                </Field>
            </div>
            <div className="pair">
                <Field label={words.apply.contact}><input {...text("contact")} required maxLength={200} autoComplete="name" /></Field>
                <Field label={words.apply.email}><input {...text("email")} type="email" required maxLength={200} autoComplete="email" /></Field>
            </div>
            <div className="pair">
                <Field label={`${words.apply.phone} (${words.optional})`}><input {...text("phone")} type="tel" maxLength={200} autoComplete="tel" /></Field>
                <Field label={`${words.apply.expected} (${words.optional})`}><input {...text("expected")} type="number" min={1} max={1_000_000_000_000} inputMode="numeric" /></Field>
            </div>
            <Field label={words.apply.purpose} help={words.apply.purposeHelp}><textarea {...text("purpose")} required rows={3} maxLength={2000} /></Field>
            <Field label={`${words.apply.wanted} (${words.optional})`} help={words.apply.wantedHelp}>
                <input {...text("wanted")} pattern="[0-9]+(\.[0-9]+)+" maxLength={60} autoComplete="off" inputMode="decimal" />
            </Field>
            <fieldset>
                <legend>{words.apply.hosting}</legend>
                {([["hosted", words.apply.hosted, words.apply.hostedHelp], ["own_node", words.apply.own, words.apply.ownHelp]] as const).map(([value, name, help]) => (
                    <label key={value} className="choice">
                        <input type="radio" name="hosting" value={value} checked={wish.hosting === value} onChange={() => set({ hosting: value })} />
                        <span><b>{name}</b> <small>{help}</small></span>
                    </label>
                ))}
                {wish.hosting === "own_node" && (
                    <Field label={words.apply.address} help={words.apply.addressHelp}><input {...text("address")} required maxLength={200} autoComplete="off" spellCheck={false} /></Field>
                )}
            </fieldset>
            <ErrorNote error={error} special={{ 404: words.apply.notHere, 503: words.apply.full, 429: words.apply.throttled(error instanceof ApiError ? error.retryAfterSeconds : null) }} />
            <button className="primary" disabled={busy}>{words.apply.submit}</button>
        </form>
    );
}

function Sent({ ticket }: { ticket: string }) {
    const words = useWords();
    const address = `${location.origin}${links.application(ticket)}`;
    return (
        <section className="panel form apply">
            <h1>{words.apply.sentTitle}</h1>
            <p className="note note-warn" role="alert">{words.apply.sentText}</p>
            <div className="copy-box"><code className="secret" data-testid="ticket">{address}</code><CopyButton text={address} /></div>
            <p><Link to={links.application(ticket)} className="button primary">{words.apply.followAction}</Link></p>
        </section>
    );
}

function Status({ ticket }: { ticket: string }) {
    const words = useWords();
    const read = useLoad<ApplicationStatus>(`application ${ticket}`, () => naming.applicationStatus(ticket), 15_000);
    const when = (at: string) => dateTime(Date.parse(at), words.locale, browserZone());
    if (!read.data) {
        return read.error ? <ErrorNote error={read.error} special={{ 404: words.apply.unknown }} onRetry={read.reload} /> : <p className="loading">{words.loading}</p>;
    }
    const { state, company, prefix, reason, applied_at, changed_at } = read.data;
    const reached = state === "applied" ? 0 : state === "approved" || state === "refused" ? 1 : 2;
    const steps = [words.apply.applied, state === "refused" ? words.apply.states.refused : words.apply.decided, words.apply.given];
    const next = state === "allocated" ? words.apply.next.allocated(prefix ?? "") : words.apply.next[state];
    return (
        <section className="panel form apply">
            <p className="eyebrow">{words.apply.statusTitle}</p>
            <h1>{company}</h1>
            <p className="apply-state"><SignMark sign={signOfApplication(state)} /> <b>{words.apply.states[state]}</b>{prefix && <span className="code apply-prefix">{prefix}</span>}</p>
            <ol className="apply-steps">
                {steps.slice(0, state === "refused" ? 2 : 3).map((step, index) => (
                    <li key={step} className={index <= reached ? "reached" : ""} aria-current={index === reached ? "step" : undefined}>{step}</li>
                ))}
            </ol>
            <p>{next}</p>
            {reason && <p className="note"><b>{words.apply.reason}</b><br />{reason}</p>}
            <p className="dim figure">{words.apply.applied} {when(applied_at)} · {words.apply.since} {when(changed_at)}</p>
            <ErrorNote error={read.error} onRetry={read.reload} />
            {(state === "refused" || state === "revoked") && <p><Link to={links.apply} className="button">{words.apply.another}</Link></p>}
        </section>
    );
}
