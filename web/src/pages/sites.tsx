import { useState, type FormEvent } from "react";
import { calls } from "../api/calls";
import { nodeNow, useSecond } from "../api/clock";
import { may } from "../api/session";
import type { Person, Site } from "../api/types";
import { timeOf, zoneName } from "../format/time";
import { useWords } from "../i18n";
import { Confirm, Dialog, Foot } from "../parts/dialog";
import { Empty, ErrorNote, say, Waiting } from "../parts/feedback";
import { useAction, useLoad } from "../parts/load";
import { emptySite, siteBody, siteDraft, siteErrors, SiteInputs } from "../parts/site_fields";

export function Sites({ person }: { person: Person }) {
    const words = useWords();
    const sites = useLoad<Site[]>("sites", calls.sites);
    const [editing, setEditing] = useState<Site | "new" | null>(null);
    const [removing, setRemoving] = useState<Site | null>(null);
    const removal = useAction();
    const engineer = may(person, "engineer");
    const add = engineer && <button type="button" className="primary" onClick={() => setEditing("new")}>{words.sites.add}</button>;
    const done = () => {
        setEditing(null);
        sites.reload();
    };
    const remove = (site: Site) => void removal.run(async () => {
        await calls.removeSite(site.id);
        setRemoving(null);
        say(words.sites.removed(site.name));
        sites.reload();
    });
    return (
        <>
            <header className="page-head">
                <h1>{words.sites.title}</h1>
                <p>{words.sites.lead}</p>
                {sites.data && sites.data.length > 0 && add}
            </header>
            <Waiting of={sites} />
            {sites.data?.length === 0 && <Empty title={words.sites.emptyTitle} step={words.sites.emptyStep}>{add}</Empty>}
            {sites.data && sites.data.length > 0 && (
                <table className="list">
                    <thead>
                        <tr>
                            <th scope="col">{words.sites.name}</th>
                            <th scope="col">{words.sites.zone}</th>
                            <th scope="col">{words.sites.localTime}</th>
                            <th scope="col">{words.sites.shifts}</th>
                            <th scope="col">{words.sites.position}</th>
                            <th scope="col" className="number">{words.sites.machines}</th>
                            {engineer && <th scope="col"><span className="unseen">{words.edit}</span></th>}
                        </tr>
                    </thead>
                    <tbody>
                        {sites.data.map((site) => (
                            <tr key={site.id}>
                                <th scope="row">{site.name}</th>
                                <td data-label={words.sites.zone}>{site.time_zone}</td>
                                <td data-label={words.sites.localTime}><LocalTime zone={site.time_zone} /></td>
                                <td data-label={words.sites.shifts}>{site.shifts.map((shift) => `${shift.name} ${shift.starts}`).join(words.comma) || "–"}</td>
                                <td data-label={words.sites.position} className="figure">{placeText(site)}</td>
                                <td data-label={words.sites.machines} className="number">{site.machines}</td>
                                {engineer && (
                                    <td className="actions">
                                        <button type="button" className="small" onClick={() => setEditing(site)}>{words.edit}</button>
                                        <button type="button" className="small quiet" onClick={() => { removal.clear(); setRemoving(site); }}>{words.remove}</button>
                                    </td>
                                )}
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
            {editing && <SiteDialog site={editing === "new" ? null : editing} onDone={done} onClose={() => setEditing(null)} />}
            {removing && (
                <Confirm title={words.sites.removeTitle} text={words.sites.removeText(removing.name)} action={words.remove} busy={removal.busy}
                    error={<ErrorNote error={removal.error} special={{ 409: words.sites.hasMachines }} />}
                    onConfirm={() => remove(removing)} onClose={() => setRemoving(null)} />
            )}
        </>
    );
}

const placeText = ({ latitude, longitude }: Site) =>
    latitude === null || longitude === null ? "–" : `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;

function LocalTime({ zone }: { zone: string }) {
    const words = useWords();
    useSecond();
    const now = nodeNow();
    return <span className="figure">{timeOf(now, words.locale, zone)} <small>{zoneName(now, words.locale, zone)}</small></span>;
}

function SiteDialog({ site, onDone, onClose }: { site: Site | null; onDone: () => void; onClose: () => void }) {
    const words = useWords();
    const [draft, setDraft] = useState(() => (site ? siteDraft(site) : emptySite()));
    const [checked, setChecked] = useState(false);
    const { busy, error, run } = useAction();
    const errors = siteErrors(draft, words);
    const submit = (event: FormEvent) => {
        event.preventDefault();
        setChecked(true);
        if (Object.keys(errors).length) return;
        void run(async () => {
            if (site) await calls.changeSite(site.id, siteBody(draft));
            else await calls.addSite(siteBody(draft));
            say(words.adopt.saved);
            onDone();
        });
    };
    return (
        <Dialog title={site ? words.sites.editTitle : words.sites.add} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <SiteInputs draft={draft} errors={checked ? errors : {}} onChange={setDraft} />
                <ErrorNote error={error} />
                <Foot action={site ? words.save : words.sites.add} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
