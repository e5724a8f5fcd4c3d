// One identifier: its values, who sees each, and its label.
import { useState, type FormEvent } from "react";
import { naming } from "../../api/naming_calls";
import type { HandleValue, Identifier } from "../../api/naming_types";
import { may } from "../../api/session";
import type { Person } from "../../api/types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Age } from "../../parts/age";
import { Confirm, Dialog } from "../../parts/dialog";
import { CopyButton, ErrorNote, say, Waiting } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { Link } from "../../parts/link";
import { useAction, useLoad } from "../../parts/load";
import { links, navigate } from "../../router";
import { LabelPanel } from "../handle/label";
import { Data as Members } from "../handle/values";
import { ValueDialog } from "./value_dialog";

type Open = { kind: "add" | "delete" } | { kind: "change" | "remove"; value: HandleValue };

export function IdentifierPage({ handle, person }: { handle: string; person: Person }) {
    const words = useWords();
    const read = useLoad<Identifier>(`identifier ${handle}`, () => naming.identifier(handle));
    const [open, setOpen] = useState<Open | null>(null);
    const removal = useAction();
    const mayGive = may(person, "engineer");
    const crumb = <p className="crumb"><Link to={links.identifiers}>← {words.identifiers.all}</Link></p>;
    if (!read.data) return <>{crumb}<Waiting of={read} /></>;
    const one = read.data;
    const cut = one.prefix.length + 1;
    const done = (next: Identifier) => { setOpen(null); read.set(() => next); say(words.identifiers.saved); };
    const remove = (value: HandleValue) => void removal.run(async () => done(await naming.changeIdentifier(one.handle, { remove: [value.index] })));
    return (
        <>
            {crumb}
            <header className="page-head name-head">
                <h1 className="code"><span className="dim">{one.handle.slice(0, cut)}</span>{one.handle.slice(cut)}</h1>
                <span className="page-actions">
                    <CopyButton text={one.handle} />
                    <Link className="button" to={links.handle(one.handle)}>{words.identifiers.openMachine}</Link>
                    {mayGive && <button type="button" className="quiet" onClick={() => setOpen({ kind: "delete" })}>{words.identifiers.removeHandle}</button>}
                </span>
            </header>
            <ErrorNote error={read.error} onRetry={read.reload} />
            <section className="values-part">
                <header className="trend-head">
                    <h2>{words.identifiers.values} <small>{one.values.length}</small></h2>
                    {mayGive && <button type="button" className="primary small" onClick={() => setOpen({ kind: "add" })}>{words.identifiers.addValue}</button>}
                </header>
                <table className="list value-list">
                    <thead>
                        <tr>
                            <th scope="col" className="number">{words.identifiers.index}</th>
                            <th scope="col">{words.identifiers.type}</th>
                            <th scope="col">{words.identifiers.data}</th>
                            <th scope="col">{words.identifiers.sees}</th>
                            <th scope="col">{words.identifiers.changed}</th>
                            <th scope="col"><span className="unseen">{words.edit}</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        {one.values.map((value) => (
                            <tr key={value.index} className={`read-${value.read}`}>
                                <td className="number figure">{value.index}</td>
                                <th scope="row"><code>{value.type}</code></th>
                                <td className="value-data"><Data value={value} /></td>
                                <td data-label={words.identifiers.sees}>
                                    <span className="read-mark" title={words.naming.readHelp[value.read]}>{words.naming.reads[value.read]}</span>
                                    {value.parties && value.parties.length > 0 && <small className="parties code">{value.parties.join(", ")}</small>}
                                </td>
                                <td><Age at={value.changed_at} title={`${dateTime(Date.parse(value.changed_at), words.locale, browserZone())}, ${words.identifiers.ttlOf(`${value.ttl_s} s`)}`} /></td>
                                <td className="actions">
                                    {mayGive && (
                                        <>
                                            <button type="button" className="small quiet" aria-label={`${words.identifiers.changeValue}: ${value.index} ${value.type}`} onClick={() => setOpen({ kind: "change", value })}>{words.identifiers.changeValue}</button>
                                            <button type="button" className="small quiet" aria-label={`${words.identifiers.removeValue}: ${value.index} ${value.type}`} onClick={() => { removal.clear(); setOpen({ kind: "remove", value }); }}>{words.identifiers.removeValue}</button>
                                        </>
                                    )}
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </section>
            <LabelPanel handle={one.handle} />
            {open?.kind === "add" && <ValueDialog handle={one.handle} value={null} onDone={done} onClose={() => setOpen(null)} />}
            {open?.kind === "change" && <ValueDialog handle={one.handle} value={open.value} onDone={done} onClose={() => setOpen(null)} />}
            {open?.kind === "remove" && (
                <Confirm title={words.identifiers.removeTitle} text={words.identifiers.removeText(open.value.index, open.value.type)} action={words.identifiers.removeValue}
                    busy={removal.busy} error={<ErrorNote error={removal.error} />} onConfirm={() => remove(open.value)} onClose={() => setOpen(null)} />
            )}
            {open?.kind === "delete" && <DeleteDialog handle={one.handle} onClose={() => setOpen(null)} />}
        </>
    );
}

function Data({ value }: { value: HandleValue }) {
    const words = useWords();
    if (value.data === null) return <span className="dim">{words.identifiers.secret}</span>;
    return <><Members of={value.data} depth={1} />{value.type === "HS_ADMIN" && <small>{words.identifiers.adminNote}</small>}</>;
}

function DeleteDialog({ handle, onClose }: { handle: string; onClose: () => void }) {
    const words = useWords();
    const [typed, setTyped] = useState("");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (typed !== handle) return;
        void run(async () => {
            await naming.removeIdentifier(handle);
            say(words.identifiers.removed(handle));
            navigate(links.identifiers);
        });
    };
    return (
        <Dialog title={words.identifiers.removeHandleTitle(handle)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <p className="note note-warn">{words.identifiers.removeHandleText}</p>
                <Field label={words.identifiers.typeToConfirm(handle)}>
                    <input name="confirm" className="code" autoComplete="off" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />
                </Field>
                <ErrorNote error={error} />
                <footer>
                    <button type="button" onClick={onClose}>{words.cancel}</button>
                    <button className="danger" disabled={busy || typed !== handle}>{words.identifiers.removeHandleAction}</button>
                </footer>
            </form>
        </Dialog>
    );
}
