// One prefix: whose it is, its quota and template, what happened; suspended, resumed, revoked from here.
import { useState, type FormEvent } from "react";
import { naming } from "../../api/naming_calls";
import type { Prefix } from "../../api/naming_types";
import { may } from "../../api/session";
import type { Person } from "../../api/types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { Link } from "../../parts/link";
import { useAction, useLoad } from "../../parts/load";
import { links } from "../../router";
import { CertificatePanel } from "./certificate";
import { choosePrefix } from "./chosen";
import type { Names } from "./naming";
import { PrefixState } from "./prefixes";
import { Quota } from "./quota";
import { Steps } from "./steps";
import { TemplateTrialPanel } from "./template_trial";

type Open = "edit" | "suspend" | "resume" | "revoke";

export function PrefixPage({ id, person, names }: { id: string; person: Person; names: Names }) {
    const words = useWords();
    const read = useLoad<Prefix>(`prefix ${id}`, () => naming.prefix(id));
    const [open, setOpen] = useState<Open | null>(null);
    const crumb = <p className="crumb"><Link to={links.prefixes}>← {words.prefixes.all}</Link></p>;
    if (!read.data) return <>{crumb}{read.error ? <ErrorNote error={read.error} special={{ 404: words.prefixes.missing }} onRetry={read.reload} /> : <p className="loading">{words.loading}</p>}</>;
    const one = read.data;
    const runs = may(person, "admin") && person.organisation === "default" && one.state !== "revoked";
    const done = (next: Prefix) => { setOpen(null); read.set((old) => ({ ...next, history: next.history ?? old.history })); read.reload(); names.reload(); };
    const fact = (name: string, value: React.ReactNode) => <div><dt>{name}</dt><dd>{value}</dd></div>;
    return (
        <>
            {crumb}
            <header className="page-head">
                <h1 className="code">{one.prefix}</h1>
                <p>{one.company}</p>
                <PrefixState one={one} />
                <span className="page-actions">
                    {one.kind !== "delegated" && <Link className="button" to={links.identifiers} onClick={() => choosePrefix(one.prefix)}>{words.prefixes.identifiers}</Link>}
                    {runs && <button type="button" onClick={() => setOpen("edit")}>{words.prefixes.edit}</button>}
                    {runs && one.kind !== "own" && one.state === "active" && <button type="button" onClick={() => setOpen("suspend")}>{words.prefixes.suspend}</button>}
                    {runs && one.state === "suspended" && <button type="button" className="primary" onClick={() => setOpen("resume")}>{words.prefixes.resume}</button>}
                    {runs && one.kind !== "own" && <button type="button" className="quiet" onClick={() => setOpen("revoke")}>{words.prefixes.revoke}</button>}
                </span>
            </header>
            {one.state !== "active" && one.reason && <p className="note note-warn"><b>{words.prefixes.reason}</b> {one.reason}</p>}
            <div className="two">
                <section className="panel">
                    <h2>{words.prefixes.facts}</h2>
                    <dl className="facts">
                        {fact(words.prefixes.names, <Quota used={one.identifiers} quota={one.quota} />)}
                        {fact(words.applications.hostingTitle, words.prefixes.kinds[one.kind])}
                        {one.address && fact(words.prefixes.address, <code>{one.address}</code>)}
                        {fact(words.prefixes.organisation, one.organisation ?? <span className="dim">–</span>)}
                        {one.allocated_at && fact(words.prefixes.since, dateTime(Date.parse(one.allocated_at), words.locale, browserZone()))}
                        {fact(words.prefixes.template, one.template ? words.prefixes.templateOn : <span className="dim">–</span>)}
                    </dl>
                </section>
                <section className="panel">
                    <h2>{words.prefixes.history}</h2>
                    <Steps of={one.history ?? []} />
                </section>
            </div>
            <CertificatePanel one={one} runs={runs} onChange={() => { read.reload(); names.reload(); }} />
            {may(person, "engineer") && one.template && <TemplateTrialPanel template={one.template} prefix={one.prefix} />}
            {open === "edit" && <EditDialog one={one} onDone={done} onClose={() => setOpen(null)} />}
            {open && open !== "edit" && <StepDialog one={one} step={open} onDone={done} onClose={() => setOpen(null)} />}
        </>
    );
}

interface Ends {
    one: Prefix;
    onDone: (next: Prefix) => void;
    onClose: () => void;
}

function EditDialog({ one, onDone, onClose }: Ends) {
    const words = useWords();
    const [quota, setQuota] = useState(one.quota?.toString() ?? "");
    const [template, setTemplate] = useState(one.template ?? "");
    const [address, setAddress] = useState(one.address ?? "");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        const wanted = { quota: quota.trim() === "" ? null : Number(quota), template: template.trim() || null, address: address.trim() };
        void run(async () => {
            const next = await naming.changePrefix(one.prefix, {
                ...(wanted.quota !== one.quota && { quota: wanted.quota }), ...(wanted.template !== one.template && { template: wanted.template }),
                ...(one.kind === "delegated" && wanted.address !== one.address && { address: wanted.address }),
            });
            say(words.prefixes.saved(one.prefix));
            onDone(next);
        });
    };
    return (
        <Dialog title={words.prefixes.editTitle(one.prefix)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                {one.kind === "delegated" ? (
                    <Field label={words.prefixes.address} help={words.prefixes.addressHelp}><input name="address" required maxLength={200} spellCheck={false} value={address} onChange={(event) => setAddress(event.target.value)} /></Field>
                ) : (
                    <>
                        <Field label={`${words.prefixes.quota} (${words.optional})`} help={words.prefixes.quotaHelp}><input name="quota" type="number" min={0} inputMode="numeric" value={quota} onChange={(event) => setQuota(event.target.value)} /></Field>
                        <Field label={`${words.prefixes.template} (${words.optional})`} help={words.prefixes.templateHelp}><textarea name="template" className="code" rows={9} spellCheck={false} value={template} onChange={(event) => setTemplate(event.target.value)} /></Field>
                    </>
                )}
                <ErrorNote error={error} />
                <Foot action={words.save} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}

function StepDialog({ one, step, onDone, onClose }: Ends & { step: "suspend" | "resume" | "revoke" }) {
    const words = useWords();
    const [reason, setReason] = useState("");
    const [typed, setTyped] = useState("");
    const { busy, error, run } = useAction();
    const isSure = step !== "revoke" || typed === one.prefix;
    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (!isSure) return;
        void run(async () => {
            const next = await naming.stepPrefix(one.prefix, step, reason.trim());
            say(words.prefixes.stepped[step](one.prefix));
            onDone(next);
        });
    };
    const texts = { suspend: words.prefixes.suspendText, resume: words.prefixes.resumeText, revoke: words.prefixes.revokeText };
    const titles = { suspend: words.prefixes.suspendTitle, resume: words.prefixes.resumeTitle, revoke: words.prefixes.revokeTitle };
    return (
        <Dialog title={titles[step](one.prefix)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <p className={step === "resume" ? "" : "note note-warn"}>{texts[step]}</p>
                <Field label={words.prefixes.reason} help={words.prefixes.reasonHelp}><textarea name="reason" required rows={2} maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} /></Field>
                {step === "revoke" && (
                    <Field label={words.prefixes.typeToConfirm(one.prefix)}><input name="confirm" className="code" autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} /></Field>
                )}
                <ErrorNote error={error} />
                <footer>
                    <button type="button" onClick={onClose}>{words.cancel}</button>
                    <button className={step === "resume" ? "primary" : "danger"} disabled={busy || !isSure || !reason.trim()}>{step === "revoke" ? words.prefixes.revoke.replace("…", "") : words.prefixes[step]}</button>
                </footer>
            </form>
        </Dialog>
    );
}
