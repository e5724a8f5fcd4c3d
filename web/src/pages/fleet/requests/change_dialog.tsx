// What may still be changed of a request: when, how long, how urgent, and its words.
import { useState, type FormEvent } from "react";
import { nodeNow } from "../../../api/clock";
import type { FleetRequest } from "../../../api/dispatch_types";
import { fleetCalls } from "../../../api/fleet_calls";
import { useWords } from "../../../i18n";
import { Dialog, Foot } from "../../../parts/dialog";
import { ErrorNote, say } from "../../../parts/feedback";
import { Field } from "../../../parts/field";
import { useAction } from "../../../parts/load";
import { langOf, type Names } from "../names";
import { changeOf, draftOf, windowTroubles, zoneOf, type AskDraft } from "./ask_draft";
import { WindowFields } from "./window_fields";

export function ChangeDialog({ request, names, onClose, onDone }: { request: FleetRequest; names: Names; onClose: () => void; onDone: (now: FleetRequest) => void }) {
    const words = useWords();
    const { form } = words.requests;
    const zone = zoneOf({ isAnywhere: request.site === null, site: request.site ?? "" }, names.zone);
    const [draft, setDraft] = useState(() => draftOf(request, zone));
    const [checked, setChecked] = useState(false);
    const { busy, error, run } = useAction();
    const troubles = windowTroubles(draft.windows, zone, nodeNow());
    const change = (key: keyof AskDraft) => (event: { target: { value: string } }) => setDraft({ ...draft, [key]: event.target.value });
    const priorities = draft.priority in form.priorities ? Object.entries(form.priorities) : [...Object.entries(form.priorities), [draft.priority, draft.priority] as const];
    const submit = (event: FormEvent) => {
        event.preventDefault();
        setChecked(true);
        if (troubles.some((one) => one !== null)) return;
        void run(async () => {
            const now = await fleetCalls.changeRequest(request.id, changeOf(request, draft, zone, nodeNow()), langOf(words));
            say(form.changed);
            onDone(now);
        });
    };
    return (
        <Dialog title={form.changeTitle} onClose={onClose}>
            <form className="form ask-change" onSubmit={submit}>
                <Field label={`${form.job} (${words.optional})`}><input name="title" maxLength={200} value={draft.title} onChange={change("title")} /></Field>
                <WindowFields windows={draft.windows} troubles={checked ? troubles : null} zone={zone} onChange={(windows) => setDraft({ ...draft, windows })} />
                <div className="ask-three">
                    <Field label={form.duration}><input name="hours" type="number" required min={0.01} max={8784} step="any" value={draft.hours} onChange={change("hours")} /></Field>
                    <Field label={form.priority}>
                        <select name="priority" value={draft.priority} onChange={change("priority")}>{[...priorities].sort(([a], [b]) => Number(a) - Number(b)).map(([value, name]) => <option key={value} value={value}>{name}</option>)}</select>
                    </Field>
                    <Field label={`${form.rent} (${words.optional})`}><input name="rent" type="number" min={0} step="any" value={draft.rent} onChange={change("rent")} /></Field>
                </div>
                <Field label={`${form.note} (${words.optional})`}><input name="note" maxLength={500} value={draft.note} onChange={change("note")} /></Field>
                <p className="help">{form.fixedNote}</p>
                <ErrorNote error={error} special={{ 409: form.begun }} />
                <Foot action={words.save} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
