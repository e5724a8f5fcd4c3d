// Who shares the node, and how much of it each may take. For admins of `default`.
import { useState, type FormEvent } from "react";
import { calls } from "../api/calls";
import type { LimitName, Organisation, OrganisationLimits } from "../api/trust_types";
import { useWords, type Strings } from "../i18n";
import { Dialog, Foot } from "../parts/dialog";
import { ErrorNote, say, Waiting } from "../parts/feedback";
import { Field } from "../parts/field";
import { useAction, useLoad } from "../parts/load";
import { AddPerson } from "./people/add";

const limitNames: LimitName[] = ["machines_max", "sessions_max", "messages_per_s", "samples_per_s", "retained_bytes_max"];

const labelOf = (name: LimitName, words: Strings) => ({
    machines_max: words.organisations.machines, sessions_max: words.organisations.sessions, messages_per_s: words.organisations.messages,
    samples_per_s: words.organisations.samples, retained_bytes_max: words.organisations.retained,
})[name];

type Open = { kind: "add" } | { kind: "edit" | "person"; of: Organisation };

export function Organisations() {
    const words = useWords();
    const all = useLoad<Organisation[]>("organisations", calls.organisations, 10_000);
    const [open, setOpen] = useState<Open | null>(null);
    const done = () => { setOpen(null); all.reload(); };
    return (
        <>
            <header className="page-head">
                <h1>{words.organisations.title}</h1>
                <p>{words.organisations.lead}</p>
                <button type="button" className="primary" onClick={() => setOpen({ kind: "add" })}>{words.organisations.add}</button>
            </header>
            <Waiting of={all} />
            {all.data && (
                <table className="list">
                    <thead>
                        <tr>
                            <th scope="col">{words.organisations.name}</th>
                            <th scope="col">{words.organisations.use}</th>
                            <th scope="col">{words.organisations.refused}</th>
                            <th scope="col"><span className="unseen">{words.edit}</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        {all.data.map((one) => (
                            <tr key={one.id}>
                                <th scope="row">{one.name}{one.title && <small>{one.title}</small>}</th>
                                <td data-label={words.organisations.use} className="figure">{words.organisations.machinesOf(one.use.machines)}, {words.organisations.sessionsOf(one.use.sessions)}</td>
                                <td data-label={words.organisations.refused} className="figure">{refusals(one, words)}</td>
                                <td className="actions">
                                    <button type="button" className="small quiet" onClick={() => setOpen({ kind: "edit", of: one })}>{words.organisations.edit}</button>
                                    <button type="button" className="small quiet" onClick={() => setOpen({ kind: "person", of: one })}>{words.organisations.firstAdmin}</button>
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
            {open?.kind === "add" && <AddOrganisation onDone={done} onClose={() => setOpen(null)} />}
            {open?.kind === "edit" && <EditOrganisation of={open.of} onDone={done} onClose={() => setOpen(null)} />}
            {open?.kind === "person" && (
                <AddPerson title={words.organisations.firstAdminTitle(open.of.name)} role="admin"
                    nameHelp={open.of.id === "1" ? undefined : words.organisations.firstAdminHelp(open.of.name)}
                    add={async (person) => { await calls.addPersonTo(open.of.id, person); return `${open.of.name}/${person.name}`; }}
                    onDone={done} onClose={() => setOpen(null)} />
            )}
        </>
    );
}

function refusals(one: Organisation, words: Strings): string {
    const counted = Object.entries(one.refused).filter(([, count]) => count > 0);
    if (counted.length === 0) return words.organisations.none;
    return counted.map(([what, count]) => `${count.toLocaleString(words.locale)} ${words.organisations.refusedOf[what] ?? what}`).join(", ");
}

interface Ends {
    onDone: () => void;
    onClose: () => void;
}

function AddOrganisation({ onDone, onClose }: Ends) {
    const words = useWords();
    const [name, setName] = useState("");
    const [title, setTitle] = useState("");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            await calls.addOrganisation({ name: name.trim(), title: title.trim() || null });
            say(words.organisations.added(name.trim()));
            onDone();
        });
    };
    return (
        <Dialog title={words.organisations.add} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={words.organisations.name} help={words.organisations.nameHelp}>
                    <input name="organisation_name" required maxLength={64} pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?" autoFocus autoComplete="off" spellCheck={false}
                        value={name} onChange={(event) => setName(event.target.value)} />
                </Field>
                <Field label={`${words.organisations.label} (${words.optional})`} help={words.organisations.labelHelp}>
                    <input name="organisation_title" maxLength={100} autoComplete="off" value={title} onChange={(event) => setTitle(event.target.value)} />
                </Field>
                <ErrorNote error={error} special={{ 409: words.organisations.exists, 422: words.organisations.badName }} />
                <Foot action={words.organisations.add} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}

function EditOrganisation({ of, onDone, onClose }: Ends & { of: Organisation }) {
    const words = useWords();
    const [title, setTitle] = useState(of.title ?? "");
    const [limits, setLimits] = useState(() => Object.fromEntries(limitNames.map((name) => [name, of.limits[name]?.toString() ?? ""])) as Record<LimitName, string>);
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        const own = Object.fromEntries(limitNames.map((name) => [name, limits[name].trim() === "" ? null : Number(limits[name])])) as unknown as OrganisationLimits;
        void run(async () => {
            await calls.changeOrganisation(of.id, { title: title.trim() || null, ...own });
            say(words.organisations.saved(of.name));
            onDone();
        });
    };
    const inForce = (name: LimitName) => of.in_force[name]?.toLocaleString(words.locale) ?? words.organisations.noLimit;
    return (
        <Dialog title={words.organisations.editTitle(of.name)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={`${words.organisations.label} (${words.optional})`}>
                    <input name="organisation_title" maxLength={100} autoFocus autoComplete="off" value={title} onChange={(event) => setTitle(event.target.value)} />
                </Field>
                {limitNames.map((name) => (
                    <Field key={name} label={labelOf(name, words)} help={words.organisations.inherited(inForce(name))}>
                        <input name={name} type="number" min={0} step={1} inputMode="numeric" value={limits[name]}
                            onChange={(event) => setLimits({ ...limits, [name]: event.target.value })} />
                    </Field>
                ))}
                <ErrorNote error={error} />
                <Foot action={words.save} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
