// One class of tags: which tags, how long, how finely. It changes the draft only.
import { useState, type FormEvent } from "react";
import type { ClassRule } from "../../api/retention";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { Field } from "../../parts/field";

interface ClassProps {
    rule: ClassRule | null;
    taken: string[];
    onDone: (rule: ClassRule) => void;
    onClose: () => void;
}

const lines = (text: string) => text.split("\n").map((line) => line.trim()).filter(Boolean);

export function ClassDialog({ rule, taken, onDone, onClose }: ClassProps) {
    const words = useWords();
    const text = words.retention;
    const [name, setName] = useState(rule?.name ?? "");
    const [tags, setTags] = useState((rule?.tags ?? []).join("\n"));
    const [machines, setMachines] = useState((rule?.machines ?? []).join("\n"));
    const [keep, setKeep] = useState(rule?.keep_days?.toString() ?? "");
    const [resolution, setResolution] = useState(rule?.resolution_s?.toString() ?? "");
    const [full, setFull] = useState(rule?.full_days?.toString() ?? "7");
    const isTaken = taken.includes(name.trim());
    const isLate = resolution !== "" && keep.trim() !== "" && Number(full) >= Number(keep);
    const offered = resolution in text.resolutions ? Object.entries(text.resolutions) : [...Object.entries(text.resolutions), [resolution, text.otherSeconds(resolution)] as [string, string]];
    const submit = (event: FormEvent) => {
        event.preventDefault();
        if (isTaken || isLate) return;
        onDone({
            name: name.trim(), tags: lines(tags), machines: lines(machines), keep_days: Number(keep) || null,
            full_days: resolution ? Number(full) || 0 : null, resolution_s: Number(resolution) || null,
        });
    };
    return (
        <Dialog title={rule ? text.editTitle(rule.name) : text.addTitle} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={text.name} help={text.nameHelp} error={isTaken ? text.taken : null}>
                    <input name="class_name" required maxLength={64} autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />
                </Field>
                <Field label={text.tags} help={text.tagsHelp}><textarea name="tags" className="code" required rows={2} spellCheck={false} value={tags} onChange={(event) => setTags(event.target.value)} /></Field>
                <Field label={`${text.machines} (${words.optional})`} help={text.machinesHelp}><textarea name="machines" className="code" rows={1} spellCheck={false} value={machines} onChange={(event) => setMachines(event.target.value)} /></Field>
                <Field label={`${text.keepDays} (${words.optional})`} help={text.keepHelp}><input name="keep_days" type="number" min={1} max={36_525} inputMode="numeric" value={keep} onChange={(event) => setKeep(event.target.value)} /></Field>
                <div className="pair">
                    <Field label={text.resolution}>
                        <select name="resolution" value={resolution} onChange={(event) => setResolution(event.target.value)}>
                            {offered.sort(([a], [b]) => Number(a) - Number(b)).map(([value, label]) => <option key={value} value={value}>{label}</option>)}
                        </select>
                    </Field>
                    {resolution !== "" && (
                        <Field label={text.fullDays} help={text.fullHelp} error={isLate ? text.fullLess : null}>
                            <input name="full_days" type="number" required min={0} max={36_525} inputMode="numeric" value={full} onChange={(event) => setFull(event.target.value)} />
                        </Field>
                    )}
                </div>
                <Foot action={text.done} busy={false} onClose={onClose} />
            </form>
        </Dialog>
    );
}
