import { useState, type FormEvent } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import type { Facts, FleetMachine } from "../../../api/fleet_types";
import { nameOf } from "../../../fleet/roster";
import { useWords } from "../../../i18n";
import { Dialog, Foot } from "../../../parts/dialog";
import { ErrorNote, say } from "../../../parts/feedback";
import { Field } from "../../../parts/field";
import { useAction } from "../../../parts/load";

const texts = ["type", "region", "maker", "model", "serial"] as const;
const numbers = ["weight_kg", "capacity_kg", "service_every_h", "service_last_h"] as const;

/** What people know about a machine. Only what was changed is sent. */
export function FactsDialog({ machine, onClose, onDone }: { machine: FleetMachine; onClose: () => void; onDone: () => void }) {
    const words = useWords();
    const { busy, error, run } = useAction();
    const [draft, setDraft] = useState(() => ({
        ...Object.fromEntries([...texts, ...numbers].map((key) => [key, machine.facts[key] === null ? "" : String(machine.facts[key])])) as Record<(typeof texts)[number] | (typeof numbers)[number], string>,
        attachments: machine.facts.attachments.join(", "),
        drives_itself: machine.facts.drives_itself === true,
        is_out_of_service: machine.facts.is_out_of_service === true,
    }));
    const text = (key: (typeof texts)[number] | (typeof numbers)[number], label: string, help?: string) => (
        <Field label={label} help={help}>
            <input name={key} value={draft[key]} inputMode={(numbers as readonly string[]).includes(key) ? "decimal" : "text"} maxLength={200} autoComplete="off"
                pattern={(numbers as readonly string[]).includes(key) ? "[0-9]+([.][0-9]*)?" : undefined} onChange={(event) => setDraft({ ...draft, [key]: event.target.value })} />
        </Field>
    );
    const submit = (event: FormEvent) => {
        event.preventDefault();
        const facts: Partial<Facts> = {};
        for (const key of texts) if (draft[key].trim() !== (machine.facts[key] ?? "")) facts[key] = draft[key].trim() || null;
        for (const key of numbers) {
            const value = draft[key].trim() === "" ? null : Number(draft[key]);
            if (value !== machine.facts[key]) facts[key] = value;
        }
        const attachments = draft.attachments.split(/[,，;；]/).map((each) => each.trim()).filter(Boolean);
        if (attachments.join() !== machine.facts.attachments.join()) facts.attachments = attachments;
        for (const key of ["drives_itself", "is_out_of_service"] as const) if (draft[key] !== (machine.facts[key] === true)) facts[key] = draft[key];
        void run(async () => {
            await fleetCalls.changeFacts(machine.id, facts);
            say(words.adopt.saved);
            onDone();
        });
    };
    return (
        <Dialog title={`${words.unit.facts}: ${nameOf(machine)}`} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <div className="pair">{text("type", words.fleet.type)}{text("region", words.unit.region)}</div>
                <Field label={words.unit.attachments} help={words.unit.attachmentsHelp}>
                    <input name="attachments" value={draft.attachments} onChange={(event) => setDraft({ ...draft, attachments: event.target.value })} />
                </Field>
                <div className="pair">{text("maker", words.unit.maker)}{text("model", words.unit.model)}</div>
                <div className="pair">{text("serial", words.unit.serial)}{text("weight_kg", `${words.unit.weight} (kg)`)}</div>
                <div className="pair">{text("service_every_h", words.unit.serviceEvery)}{text("service_last_h", words.unit.serviceLast)}</div>
                {text("capacity_kg", words.unit.capacity, words.unit.capacityHelp)}
                <label className="choice"><input type="checkbox" checked={draft.drives_itself} onChange={(event) => setDraft({ ...draft, drives_itself: event.target.checked })} />{words.unit.drives}</label>
                <label className="choice"><input type="checkbox" checked={draft.is_out_of_service} onChange={(event) => setDraft({ ...draft, is_out_of_service: event.target.checked })} />{words.unit.outOfService}</label>
                <ErrorNote error={error} />
                <Foot action={words.save} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
