import { useState } from "react";
import { calls } from "../../api/calls";
import type { Person, PersonRecord } from "../../api/types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Age } from "../../parts/age";
import { Confirm } from "../../parts/dialog";
import { Empty, ErrorNote, say, Waiting } from "../../parts/feedback";
import { useAction, useLoad } from "../../parts/load";
import { AddPerson } from "./add";
import { EditPerson, PersonSessions } from "./edit";

export function People({ person }: { person: Person }) {
    const words = useWords();
    const people = useLoad<PersonRecord[]>("people", calls.people);
    const [adding, setAdding] = useState(false);
    const [removing, setRemoving] = useState<PersonRecord | null>(null);
    const [editing, setEditing] = useState<PersonRecord | null>(null);
    const [watching, setWatching] = useState<PersonRecord | null>(null);
    const removal = useAction();
    const add = <button type="button" className="primary" onClick={() => setAdding(true)}>{words.people.add}</button>;
    const remove = (record: PersonRecord) => void removal.run(async () => {
        await calls.removePerson(record.id);
        setRemoving(null);
        say(words.people.removed(record.name));
        people.reload();
    });
    return (
        <>
            <header className="page-head">
                <h1>{words.people.title}</h1>
                <p>{words.people.lead}</p>
                {people.data && people.data.length > 0 && add}
            </header>
            <Waiting of={people} />
            {people.data?.length === 0 && <Empty title={words.people.emptyTitle} step={words.people.emptyStep}>{add}</Empty>}
            {people.data && people.data.length > 0 && (
                <table className="list">
                    <thead>
                        <tr>
                            <th scope="col">{words.people.name}</th>
                            <th scope="col">{words.people.role}</th>
                            <th scope="col">{words.rights.totp}</th>
                            <th scope="col">{words.people.created}</th>
                            <th scope="col">{words.people.seen}</th>
                            <th scope="col"><span className="unseen">{words.remove}</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        {people.data.map((record) => (
                            <tr key={record.id}>
                                <th scope="row">{record.name}{record.name === person.name && <span className="chip">{words.people.you}</span>}</th>
                                <td data-label={words.people.role}>{words.roles[record.role]}</td>
                                <td data-label={words.rights.totp}>{record.totp ? words.rights.on : words.rights.off}</td>
                                <td data-label={words.people.created} className="figure">{dateTime(Date.parse(record.created_at), words.locale, browserZone())}</td>
                                <td data-label={words.people.seen}><Age at={record.last_seen_at} /></td>
                                <td className="actions">
                                    <button type="button" className="small quiet" onClick={() => setEditing(record)}>{words.rights.edit}</button>
                                    <button type="button" className="small quiet" onClick={() => setWatching(record)}>{words.rights.sessions}</button>
                                    <button type="button" className="small quiet" onClick={() => { removal.clear(); setRemoving(record); }}>{words.remove}</button>
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
            {adding && (
                <AddPerson title={words.people.add} role="viewer" add={async (person) => (await calls.addPerson(person)).name}
                    onDone={() => { setAdding(false); people.reload(); }} onClose={() => setAdding(false)} />
            )}
            {editing && <EditPerson record={editing} onDone={() => { setEditing(null); people.reload(); }} onClose={() => setEditing(null)} />}
            {watching && <PersonSessions record={watching} onClose={() => setWatching(null)} />}
            {removing && (
                <Confirm title={words.people.removeTitle} text={words.people.removeText(removing.name)} action={words.remove} busy={removal.busy}
                    error={<ErrorNote error={removal.error} special={{ 409: words.people.lastAdmin }} />}
                    onConfirm={() => remove(removing)} onClose={() => setRemoving(null)} />
            )}
        </>
    );
}
