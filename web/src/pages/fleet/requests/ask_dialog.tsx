import { useRef, useState, type FormEvent } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import { randomKey } from "../../../api/client";
import { nodeNow } from "../../../api/clock";
import type { FleetRequest, RequestFields } from "../../../api/dispatch_types";
import { useWords } from "../../../i18n";
import { Dialog, Foot } from "../../../parts/dialog";
import { ErrorNote, say } from "../../../parts/feedback";
import { Field } from "../../../parts/field";
import { useAction } from "../../../parts/load";
import { Link } from "../../../parts/link";
import { links } from "../../../router";
import type { Names } from "../names";
import { askBody, emptyAsk, placeOfDraft, windowTroubles, zoneOf, type AskDraft } from "./ask_draft";
import { PlacePicker } from "./place_picker";
import { WindowFields } from "./window_fields";

interface AskInputsProps {
    draft: AskDraft;
    names: Names;
    /** Whether what is wrong is told by now. */
    checked: boolean;
    onChange: (draft: AskDraft) => void;
}

/** Whether it may be sent as it is. */
export function mayAsk(draft: AskDraft, names: Names): boolean {
    return windowTroubles(draft.windows, zoneOf(draft, names.zone), nodeNow()).every((one) => one === null) && (!draft.isAnywhere || placeOfDraft(draft) !== null);
}

export function AskInputs({ draft, names, checked, onChange }: AskInputsProps) {
    const words = useWords();
    const { form } = words.requests;
    const zone = zoneOf(draft, names.zone);
    const change = (key: keyof AskDraft) => (event: { target: { value: string } }) => onChange({ ...draft, [key]: event.target.value });
    return (
        <>
            <Field label={`${form.job} (${words.optional})`}><input name="title" maxLength={200} placeholder={form.jobExample} value={draft.title} onChange={change("title")} /></Field>
            <div className="field">
                <span className="field-name">{words.requests.where}</span>
                <div><div className="segments" role="group" aria-label={words.requests.where}>
                    {[false, true].map((anywhere) => <button key={String(anywhere)} type="button" aria-pressed={draft.isAnywhere === anywhere} onClick={() => onChange({ ...draft, isAnywhere: anywhere })}>{anywhere ? form.anywhere : form.atSite}</button>)}
                </div></div>
            </div>
            {draft.isAnywhere && <PlacePicker names={names} place={placeOfDraft(draft)} latitude={draft.latitude} longitude={draft.longitude} wrong={checked && placeOfDraft(draft) === null} onChange={(latitude, longitude) => onChange({ ...draft, latitude, longitude })} />}
            <div className={draft.isAnywhere ? "" : "pair"}>
                {!draft.isAnywhere && (
                    <Field label={words.fleet.site}>
                        <select name="site" required value={draft.site} onChange={change("site")}>{[...names.sites.values()].map((site) => <option key={site.id} value={site.id}>{site.name}</option>)}</select>
                    </Field>
                )}
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
            <WindowFields windows={draft.windows} troubles={checked ? windowTroubles(draft.windows, zone, nodeNow()) : null} zone={zone} onChange={(windows) => onChange({ ...draft, windows })} />
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
    const [draft, setDraft] = useState(() => emptyAsk([...names.sites.keys()][0] ?? ""));
    const [checked, setChecked] = useState(false);
    const { busy, error, run } = useAction();
    // Sent again after an answer that did not come: the same draft is the same request.
    const tried = useRef<{ text: string; key: string; body: RequestFields } | null>(null);
    const site = draft.site || [...names.sites.keys()][0] || "";
    const whole = { ...draft, site };
    const submit = (event: FormEvent) => {
        event.preventDefault();
        setChecked(true);
        if (!mayAsk(whole, names)) return;
        const text = JSON.stringify(whole);
        const sent = tried.current?.text === text ? tried.current : { text, key: randomKey(), body: askBody(whole, zoneOf(whole, names.zone), nodeNow()) };
        tried.current = sent;
        void run(async () => {
            const made = await fleetCalls.addRequest(sent.body, sent.key);
            say(draft.rush ? words.requests.form.sentRush(made.id) : words.requests.form.sent(made.id));
            onDone(made);
        });
    };
    return (
        <Dialog title={words.requests.form.title} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                {names.ready && names.sites.size === 0 && !draft.isAnywhere && <p className="note note-warn">{words.requests.form.noSite} <Link to={links.fleet}>{words.fleet.map}</Link></p>}
                <AskInputs draft={whole} names={names} checked={checked} onChange={setDraft} />
                <label className="choice"><input type="checkbox" name="rush" checked={draft.rush} onChange={(event) => setDraft({ ...draft, rush: event.target.checked })} />{words.requests.form.rush}</label>
                <ErrorNote error={error} />
                <Foot action={words.requests.form.submit} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
