// Adopting a discovered machine, or changing the name and place of a known one.
import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import type { Machine, Site } from "../../api/types";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction, useLoad } from "../../parts/load";
import { emptySite, siteBody, siteErrors, SiteInputs } from "../../parts/site_fields";

const new_site = "\0new";

interface AdoptProps {
    machine: Machine;
    onDone: (machine: Machine) => void;
    onClose: () => void;
}

export function AdoptDialog({ machine, onDone, onClose }: AdoptProps) {
    const words = useWords();
    const sites = useLoad<Site[]>("sites", calls.sites);
    const [name, setName] = useState(machine.name ?? machine.id);
    const [kind, setKind] = useState(machine.kind ?? "");
    const [site, setSite] = useState(machine.site ?? "");
    const [draft, setDraft] = useState(emptySite);
    const [checked, setChecked] = useState(false);
    const { busy, error, run } = useAction();
    const making = site === new_site;
    const errors = making ? siteErrors(draft, words) : {};

    const submit = (event: FormEvent) => {
        event.preventDefault();
        setChecked(true);
        if (Object.keys(errors).length) return;
        void run(async () => {
            let place: string | null = site || null;
            if (making) {
                place = (await calls.addSite(siteBody(draft))).id;
                // Should naming the machine fail now, a second try must not make a second site.
                sites.reload();
                setSite(place);
            }
            const changed = await calls.changeMachine(machine.id, {
                name: name.trim() || null, kind: kind.trim() || null, site: place, adopted: true,
            });
            say(machine.adopted ? words.adopt.saved : words.adopt.done(changed.name ?? changed.id));
            onDone(changed);
        });
    };
    return (
        <Dialog title={machine.adopted ? words.adopt.editTitle : words.adopt.title} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <p><code>{machine.id}</code></p>
                {!machine.adopted && <p>{words.adopt.lead}</p>}
                <Field label={words.adopt.name}>
                    <input name="name" required maxLength={200} autoFocus value={name} onChange={(event) => setName(event.target.value)} />
                </Field>
                <Field label={`${words.adopt.kind} (${words.optional})`} help={words.adopt.kindHelp}>
                    <input name="kind" maxLength={100} value={kind} onChange={(event) => setKind(event.target.value)} />
                </Field>
                <Field label={words.adopt.site}>
                    <select name="site" value={site} onChange={(event) => setSite(event.target.value)}>
                        <option value="">{words.machines.noSite}</option>
                        {sites.data?.map((each) => <option key={each.id} value={each.id}>{each.name}</option>)}
                        <option value={new_site}>{words.adopt.newSite}</option>
                    </select>
                </Field>
                {making && (
                    <fieldset>
                        <legend>{words.adopt.newSite}</legend>
                        <SiteInputs draft={draft} errors={checked ? errors : {}} onChange={setDraft} />
                    </fieldset>
                )}
                <ErrorNote error={error ?? sites.error} />
                <Foot action={machine.adopted ? words.save : words.adopt.submit} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
