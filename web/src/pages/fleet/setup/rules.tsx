// The numbers by which machines are judged and plans are made. Saved together.
import { useState, type FormEvent } from "react";
import type { FleetSettings } from "../../../api/dispatch_types";
import { setupCalls } from "../../../api/fleet_setup";
import { may } from "../../../api/session";
import type { Person } from "../../../api/types";
import { useWords } from "../../../i18n";
import { ErrorNote, say, Waiting } from "../../../parts/feedback";
import { Field } from "../../../parts/field";
import { useAction, useLoad } from "../../../parts/load";

type Group = "use" | "index" | "speeds" | "fence";

/** Least, most and step of each number, as the node takes them. */
const numbers = {
    use: { running_rpm: [1, 10_000, 1], working_rpm: [1, 10_000, 1], working_load_percent: [0, 100, 1], working_speed_kmh: [0, 200, 0.1], silent_after_s: [1, 2_592_000, 1] },
    index: { hours_min: [0, 24, 0.1], machines_min: [1, 10_000, 1] },
    speeds: { detour: [1, 5, 0.01], slow_m: [0, 1_000_000, 1], slow_kmh: [1, 200, 1], fast_kmh: [1, 200, 1] },
    fence: { hysteresis_m: [0, 1000, 1], accuracy_max_m: [1, 10_000, 1], confirmations: [1, 100, 1], frozen_after_s: [1, 2_592_000, 1] },
} as const satisfies Record<Group, Record<string, readonly [number, number, number]>>;

export function RulesPart({ person }: { person: Person }) {
    const words = useWords();
    const { rules } = words.fleetSetup;
    const read = useLoad<FleetSettings>("fleet settings", setupCalls.settings);
    const [draft, setDraft] = useState<FleetSettings | null>(null);
    const { busy, error, run } = useAction();
    const told = read.data;
    if (!told) return <Waiting of={read} />;
    const shown = draft ?? told;
    const runs = may(person, "engineer");
    const put = (next: FleetSettings) => setDraft(JSON.stringify(next) === JSON.stringify(told) ? null : next);
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            const now = await setupCalls.changeSettings(shown);
            read.set(() => now);
            setDraft(null);
            say(words.fleetSetup.saved);
        });
    };
    const group = (name: Group, title: string, help?: string) => (
        <section className="panel">
            <h2>{title}</h2>
            <div className="setup-numbers">
                {Object.entries(numbers[name] as Record<string, readonly [number, number, number]>).map(([key, [min, max, step]]) => (
                    <Field key={key} label={(rules as unknown as Record<string, string>)[key]!}>
                        <input name={key} type="number" inputMode="decimal" required min={min} max={max} step={step === 1 ? 1 : "any"} value={numberText((shown[name] as Record<string, number>)[key]!)}
                            onChange={(event) => put({ ...shown, [name]: { ...shown[name], [key]: event.target.value === "" ? NaN : Number(event.target.value) } })} />
                    </Field>
                ))}
            </div>
            {help && <p className="help">{help}</p>}
        </section>
    );
    return (
        <form className="setup-rules" onSubmit={submit}>
            {!runs && <p className="note">{words.fleetSetup.viewOnly}</p>}
            <fieldset disabled={!runs} className="setup-groups">
                {group("use", rules.use, rules.useHelp)}
                {group("index", rules.index, rules.indexHelp)}
                {group("speeds", rules.speeds, rules.speedsHelp)}
                {group("fence", rules.fence)}
                <section className="panel">
                    <h2>{rules.plan}</h2>
                    <div className="setup-numbers">
                        <Field label={rules.replan}>
                            <select name="replan" value={shown.replan} onChange={(event) => put({ ...shown, replan: event.target.value as FleetSettings["replan"] })}>
                                <option value="auto">{rules.auto}</option>
                                <option value="ask">{rules.askFirst}</option>
                            </select>
                        </Field>
                        <Field label={rules.breakdown_after_s}>
                            <input name="breakdown_after_s" type="number" inputMode="numeric" required min={0} max={86_400} step={1} value={numberText(shown.breakdown_after_s)} onChange={(event) => put({ ...shown, breakdown_after_s: event.target.value === "" ? NaN : Number(event.target.value) })} />
                        </Field>
                    </div>
                </section>
            </fieldset>
            <ErrorNote error={error} />
            {draft && (
                <div className="note note-warn unsaved" role="status">
                    <b>{words.fleetSetup.unsaved}</b>
                    <span className="page-actions"><button type="button" onClick={() => setDraft(null)}>{words.fleetSetup.discard}</button><button className="primary" disabled={busy}>{words.fleetSetup.save}</button></span>
                </div>
            )}
        </form>
    );
}

const numberText = (value: number) => (Number.isNaN(value) ? "" : String(value));
