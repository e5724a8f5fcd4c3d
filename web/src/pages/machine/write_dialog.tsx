// Writing a tag changes a real machine: enter, review old and new side by side, then send.
import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import type { Machine, Tag } from "../../api/types";
import { formatNumber, formatValue } from "../../format/number";
import { timeOf } from "../../format/time";
import type { Strings } from "../../i18n";
import { useWords } from "../../i18n";
import { Dialog } from "../../parts/dialog";
import { ErrorNote } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction } from "../../parts/load";
import { useLiveTag } from "./tag_table";
import { checkWrite } from "./write_value";

interface WriteProps {
    machine: Machine;
    tag: Tag;
    zone: string;
    onClose: () => void;
}

export function WriteDialog({ machine, tag, zone, onClose }: WriteProps) {
    const words = useWords();
    const now = useLiveTag(machine.id, tag);
    const [typed, setTyped] = useState(() => (now.value === null ? (tag.kind === "boolean" ? "false" : "") : String(now.value)));
    const [step, setStep] = useState<"enter" | "review" | "sent">("enter");
    const [checked, setChecked] = useState(false);
    const [sentAt, setSentAt] = useState("");
    const { busy, error, run, clear } = useAction();
    const check = checkWrite(tag, typed);
    const wrong = checked && "wrong" in check ? words.write[check.wrong] : null;
    const show = (value: typeof now.value) => `${formatValue(value, tag.kind, { yes: words.yes, no: words.no, none: "–" }, tag.unit)}${tag.unit ? ` ${tag.unit}` : ""}`;

    const submit = (event: FormEvent) => {
        event.preventDefault();
        setChecked(true);
        if ("wrong" in check) return;
        if (step === "enter") return setStep("review");
        void run(async () => {
            const answer = await calls.writeTag(machine.id, tag.name, check.value);
            setSentAt(answer.sent_at);
            setStep("sent");
        });
    };
    const arrived = step === "sent" && "value" in check && String(now.value) === String(check.value);
    return (
        <Dialog title={words.write.title} onClose={onClose}>
            <form className="form write" onSubmit={submit}>
                <dl className="facts">
                    <div><dt>{words.write.machine}</dt><dd>{machine.name ?? machine.id} {machine.name && <small>{machine.id}</small>}</dd></div>
                    <div><dt>{words.write.tag}</dt><dd>{tag.label ?? tag.name} {tag.label && <small>{tag.name}</small>}</dd></div>
                    <div><dt>{words.write.range}</dt><dd className="figure">{rangeText(tag, words)}</dd></div>
                </dl>
                {step === "enter" ? (
                    <>
                        <p className="dim">{words.write.now}: <span className="figure">{show(now.value)}</span></p>
                        <Field label={tag.unit ? `${words.write.next} (${tag.unit})` : words.write.next} error={wrong}>
                            {tag.kind === "boolean" ? (
                                <select name="value" value={typed} onChange={(event) => setTyped(event.target.value)}>
                                    <option value="true">{words.yes}</option>
                                    <option value="false">{words.no}</option>
                                </select>
                            ) : (
                                <input name="value" autoFocus autoComplete="off" value={typed} inputMode={tag.kind === "string" ? "text" : "decimal"}
                                    onFocus={(event) => event.target.select()} onChange={(event) => setTyped(event.target.value)} />
                            )}
                        </Field>
                    </>
                ) : (
                    <p className="change" aria-live="polite">
                        <span className="old"><small>{words.write.now}</small>{show(now.value)}</span>
                        <span aria-hidden="true">→</span>
                        <span className="new"><small>{words.write.next}</small>{"value" in check && show(check.value)}</span>
                    </p>
                )}
                {step === "review" && <p className="note note-warn">{words.write.warn}</p>}
                {step === "sent" && (
                    <p className={arrived ? "note note-good" : "note"} role="status">
                        {arrived ? words.write.confirmed : words.write.sent(timeOf(Date.parse(sentAt), words.locale, zone))}
                    </p>
                )}
                <ErrorNote error={error} special={{ 409: words.write.notConnected, 403: words.write.notWritable, 422: words.write.refused }} />
                <footer>
                    {step === "enter" && <button type="button" onClick={onClose}>{words.cancel}</button>}
                    {step === "review" && <button type="button" onClick={() => { clear(); setStep("enter"); }}>{words.back}</button>}
                    {step === "sent"
                        ? <button type="button" className="primary" onClick={onClose}>{words.close}</button>
                        : <button key={step} className={step === "review" ? "danger" : "primary"} disabled={busy}>{step === "review" ? words.write.send : words.write.review}</button>}
                </footer>
            </form>
        </Dialog>
    );
}

function rangeText(tag: Tag, words: Strings): string {
    const low = tag.low === null ? null : formatNumber(tag.low);
    const high = tag.high === null ? null : formatNumber(tag.high);
    const unit = tag.unit ? ` ${tag.unit}` : "";
    if (low !== null && high !== null) return words.write.between(low, high) + unit;
    if (low !== null) return words.write.atLeast(low) + unit;
    if (high !== null) return words.write.atMost(high) + unit;
    return words.write.noRange;
}
