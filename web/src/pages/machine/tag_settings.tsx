import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import type { Tag } from "../../api/types";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction } from "../../parts/load";
import { isNumeric } from "../../trend/series";

interface SettingsProps {
    machine: string;
    tag: Tag;
    onDone: () => void;
    onClose: () => void;
}

/** What people know about a tag and the machine does not tell. */
export function TagSettings({ machine, tag, onDone, onClose }: SettingsProps) {
    const words = useWords();
    const text = (value: string | number | null) => (value === null ? "" : String(value));
    const [draft, setDraft] = useState({ label: text(tag.label), unit: text(tag.unit), low: text(tag.low), high: text(tag.high) });
    const [writable, setWritable] = useState(tag.writable);
    const { busy, error, run } = useAction();
    const number = (typed: string) => (typed.trim() === "" ? null : Number(typed));
    const [low, high] = [number(draft.low), number(draft.high)];
    const wrong = [low, high].some(Number.isNaN) ? words.write.invalid
        : low !== null && high !== null && low >= high ? words.tagSettings.order : null;
    const input = (field: keyof typeof draft, decimal = false) => (
        <input name={field} maxLength={100} value={draft[field]} inputMode={decimal ? "decimal" : "text"} autoComplete="off"
            onChange={(event) => setDraft({ ...draft, [field]: event.target.value })} />
    );
    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (wrong) return;
        void run(async () => {
            await calls.changeTag(machine, tag.name, {
                label: draft.label.trim() || null, unit: draft.unit.trim() || null, low, high, writable,
            });
            say(words.adopt.saved);
            onDone();
        });
    };
    return (
        <Dialog title={words.tagSettings.title} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <p><code>{tag.name}</code> <small className="dim">{words.kinds[tag.kind]}</small></p>
                <div className="pair">
                    <Field label={words.tagSettings.label}>{input("label")}</Field>
                    <Field label={words.tagSettings.unit}>{input("unit")}</Field>
                </div>
                {isNumeric(tag.kind) && (
                    <div className="pair">
                        <Field label={words.tagSettings.low}>{input("low", true)}</Field>
                        <Field label={words.tagSettings.high} error={wrong}>{input("high", true)}</Field>
                    </div>
                )}
                <label className="choice">
                    <input type="checkbox" name="writable" checked={writable} onChange={(event) => setWritable(event.target.checked)} />
                    <span>{words.tagSettings.writable}</span>
                </label>
                <ErrorNote error={error} />
                <Foot action={words.save} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
