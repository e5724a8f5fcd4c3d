import { useState, type FormEvent } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import { nodeNow } from "../../../api/clock";
import type { FleetRequest, RequestFields } from "../../../api/dispatch_types";
import { instantOf } from "../../../fleet/local_time";
import { useWords, type Strings } from "../../../i18n";
import { Dialog, Foot } from "../../../parts/dialog";
import { ErrorNote, say } from "../../../parts/feedback";
import { Field } from "../../../parts/field";
import { useAction } from "../../../parts/load";
import { Link } from "../../../parts/link";
import { links } from "../../../router";
import type { Names } from "../names";

export interface AskDraft {
    title: string;
    site: string;
    type: string;
    attachments: string;
    from: string;
    until: string;
    hours: string;
    count: string;
    priority: string;
    rent: string;
    note: string;
    rush: boolean;
}

export const emptyAsk = (names: Names): AskDraft => ({
    title: "", site: [...names.sites.keys()][0] ?? "", type: "", attachments: "", from: "", until: "", hours: "4", count: "1", priority: "50", rent: "", note: "", rush: false,
});

/** What is wrong with the times; null when they may be sent. Both empty: any time. */
export function windowError(draft: AskDraft, zone: string, now: number, words: Strings): string | null {
    if (!draft.from && !draft.until) return null;
    const [from, until] = [draft.from ? instantOf(draft.from, zone) : now, draft.until ? instantOf(draft.until, zone) : Infinity];
    if (until < from) return draft.from ? words.requests.form.badWindow : words.requests.form.pastWindow;
    return until < now ? words.requests.form.pastWindow : null;
}

export function askBody(draft: AskDraft, zone: string, now: number): RequestFields {
    const iso = (ms: number) => new Date(ms).toISOString();
    const attachments = draft.attachments.split(/[,，;；]/).map((each) => each.trim()).filter(Boolean);
    const far = now + 90 * 86_400_000;
    return {
        site: draft.site, type: draft.type.trim(), duration_s: Math.round(Number(draft.hours) * 3600), count: Number(draft.count), priority: Number(draft.priority),
        ...(draft.title.trim() && { title: draft.title.trim() }),
        ...(attachments.length && { attachments }),
        ...((draft.from || draft.until) && { windows: [{ from: iso(draft.from ? instantOf(draft.from, zone) : now), until: iso(draft.until ? instantOf(draft.until, zone) : far) }] }),
        ...(draft.rent.trim() && { rent_cost: Number(draft.rent) }),
        ...(draft.note.trim() && { note: draft.note.trim() }),
        ...(draft.rush && { rush: true }),
    };
}

interface AskInputsProps {
    draft: AskDraft;
    names: Names;
    wrong: string | null;
    onChange: (draft: AskDraft) => void;
}

export function AskInputs({ draft, names, wrong, onChange }: AskInputsProps) {
    const words = useWords();
    const { form } = words.requests;
    const change = (key: keyof AskDraft) => (event: { target: { value: string } }) => onChange({ ...draft, [key]: event.target.value });
    return (
        <>
            <Field label={`${form.job} (${words.optional})`}><input name="title" maxLength={200} placeholder={form.jobExample} value={draft.title} onChange={change("title")} /></Field>
            <div className="pair">
                <Field label={words.fleet.site}>
                    <select name="site" required value={draft.site} onChange={change("site")}>{[...names.sites.values()].map((site) => <option key={site.id} value={site.id}>{site.name}</option>)}</select>
                </Field>
                <Field label={form.type}><input name="type" required maxLength={100} list="ask-types" autoComplete="off" value={draft.type} onChange={change("type")} /></Field>
            </div>
            <datalist id="ask-types">{names.types.map((type) => <option key={type} value={type} />)}</datalist>
            <div className="ask-three">
                <Field label={form.duration}><input name="hours" type="number" required min={0.1} max={8784} step={0.1} value={draft.hours} onChange={change("hours")} /></Field>
                <Field label={form.count}><input name="count" type="number" required min={1} max={200} value={draft.count} onChange={change("count")} /></Field>
                <Field label={form.priority}>
                    <select name="priority" value={draft.priority} onChange={change("priority")}>{Object.entries(form.priorities).map(([value, name]) => <option key={value} value={value}>{name}</option>)}</select>
                </Field>
            </div>
            <div className="pair">
                <Field label={form.from} help={`${form.windowHelp} ${names.zone(draft.site)}`} error={wrong}><input name="from" type="datetime-local" value={draft.from} onChange={change("from")} /></Field>
                <Field label={form.until}><input name="until" type="datetime-local" value={draft.until} onChange={change("until")} /></Field>
            </div>
            <div className="pair">
                <Field label={`${form.attachments} (${words.optional})`} help={form.attachmentsHelp}><input name="attachments" maxLength={500} value={draft.attachments} onChange={change("attachments")} /></Field>
                <Field label={`${form.rent} (${words.optional})`} help={form.rentHelp}><input name="rent" type="number" min={0} step={1} value={draft.rent} onChange={change("rent")} /></Field>
            </div>
            <Field label={`${form.note} (${words.optional})`}><input name="note" maxLength={500} value={draft.note} onChange={change("note")} /></Field>
        </>
    );
}

export function AskDialog({ names, onClose, onDone }: { names: Names; onClose: () => void; onDone: (request: FleetRequest) => void }) {
    const words = useWords();
    const [draft, setDraft] = useState(() => emptyAsk(names));
    const [checked, setChecked] = useState(false);
    const { busy, error, run } = useAction();
    const site = draft.site || [...names.sites.keys()][0] || "";
    const zone = names.zone(site);
    const wrong = windowError(draft, zone, nodeNow(), words);
    const submit = (event: FormEvent) => {
        event.preventDefault();
        setChecked(true);
        if (wrong) return;
        void run(async () => {
            const made = await fleetCalls.addRequest(askBody({ ...draft, site }, zone, nodeNow()));
            say(draft.rush ? words.requests.form.sentRush(made.id) : words.requests.form.sent(made.id));
            onDone(made);
        });
    };
    return (
        <Dialog title={words.requests.form.title} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                {names.ready && names.sites.size === 0 && <p className="note note-warn">{words.requests.form.noSite} <Link to={links.fleet}>{words.fleet.map}</Link></p>}
                <AskInputs draft={{ ...draft, site }} names={names} wrong={checked ? wrong : null} onChange={setDraft} />
                <label className="choice"><input type="checkbox" name="rush" checked={draft.rush} onChange={(event) => setDraft({ ...draft, rush: event.target.checked })} />{words.requests.form.rush}</label>
                <ErrorNote error={error} />
                <Foot action={words.requests.form.submit} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
