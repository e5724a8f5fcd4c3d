// Deciding about an application: yes, no with a reason, and the prefix itself.
import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import { naming } from "../../api/naming_calls";
import type { Application } from "../../api/naming_types";
import type { Organisation } from "../../api/trust_types";
import { useWords } from "../../i18n";
import { Dialog } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction, useLoad } from "../../parts/load";

interface DecideProps {
    one: Application;
    onDone: () => void;
    onClose: () => void;
}

export function DecideDialog({ one, step, onDone, onClose }: DecideProps & { step: "approve" | "refuse" }) {
    const words = useWords();
    const [reason, setReason] = useState("");
    const { busy, error, run } = useAction();
    const refuses = step === "refuse";
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            await naming.decide(one.id, step, reason.trim());
            say(refuses ? words.applications.refused(one.company) : words.applications.approved(one.company));
            onDone();
        });
    };
    return (
        <Dialog title={refuses ? words.applications.refuseTitle(one.company) : words.applications.approveTitle(one.company)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <p>{refuses ? words.applications.refuseText : words.applications.approveText}</p>
                <Field label={refuses ? words.applications.reason : `${words.applications.note} (${words.optional})`}>
                    <textarea name="reason" required={refuses} rows={3} maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
                </Field>
                <ErrorNote error={error} special={{ 409: words.applications.taken }} />
                <footer>
                    <button type="button" onClick={onClose}>{words.cancel}</button>
                    <button className={refuses ? "danger" : "primary"} disabled={busy || (refuses && !reason.trim())}>{refuses ? words.applications.refuse : words.applications.approve}</button>
                </footer>
            </form>
        </Dialog>
    );
}

export function AllocateDialog({ one, onDone, onClose }: DecideProps) {
    const words = useWords();
    const organisations = useLoad<Organisation[]>("organisations for prefixes", calls.organisations);
    const [prefix, setPrefix] = useState(one.wanted ?? "");
    const [organisation, setOrganisation] = useState("");
    const [quota, setQuota] = useState(one.expected?.toString() ?? "");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            const told = await naming.allocate(one.id, { ...(prefix.trim() && { prefix: prefix.trim() }), ...(organisation && { organisation }), ...(quota.trim() && { quota: Number(quota) }) });
            say(words.applications.allocated(told.prefix ?? ""));
            onDone();
        });
    };
    return (
        <Dialog title={words.applications.allocateTitle(one.company)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={`${words.applications.prefix} (${words.optional})`} help={words.applications.prefixHelp}>
                    <input name="prefix" className="code" pattern="[0-9]+(\.[0-9]+)+" maxLength={60} autoComplete="off" value={prefix} onChange={(event) => setPrefix(event.target.value)} />
                </Field>
                {one.hosting === "hosted" && (
                    <>
                        <Field label={`${words.prefixes.organisation} (${words.optional})`} help={words.applications.organisationHelp}>
                            <select name="organisation" value={organisation} onChange={(event) => setOrganisation(event.target.value)}>
                                <option value="">–</option>
                                {organisations.data?.map((each) => <option key={each.id} value={each.name}>{each.name}{each.title ? ` · ${each.title}` : ""}</option>)}
                            </select>
                        </Field>
                        <Field label={`${words.prefixes.quota} (${words.optional})`} help={words.applications.quotaHelp}>
                            <input name="quota" type="number" min={1} inputMode="numeric" value={quota} onChange={(event) => setQuota(event.target.value)} />
                        </Field>
                    </>
                )}
                <ErrorNote error={error} special={{ 409: words.applications.taken }} />
                <footer>
                    <button type="button" onClick={onClose}>{words.cancel}</button>
                    <button className="primary" disabled={busy}>{words.applications.allocate}</button>
                </footer>
            </form>
        </Dialog>
    );
}
