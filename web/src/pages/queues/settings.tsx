// What a machine can sew: its hoop, needles, threads, and how files reach it.
import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import { orderCalls } from "../../api/order_calls";
import type { Thread } from "../../api/order_types";
import type { SewingMachine, SewingProfile } from "../../api/workshop_types";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction, useLoad } from "../../parts/load";
import { nearest } from "../shop/draft";
import { threadName } from "../shop/threads";

const dialects = ["generic", "tajima", "barudan", "zsk", "happy", "brother", "melco", "janome"];
const deliveries = ["mqtt", "folder", "http"] as const;
const usual: SewingProfile = { enabled: true, heads: 1, needles: 15, hoop_mm: [360, 360], rpm_max: 850, dialect: "tajima", delivery: "mqtt", folder: null, threads: [] };

/** Which of the node's machines sews. */
export function MachineChoice({ known, onChoose, onClose }: { known: string[]; onChoose: (machine: SewingMachine) => void; onClose: () => void }) {
    const words = useWords();
    const machines = useLoad("machines to choose", () => calls.machines({ limit: 1000 }));
    const [id, setId] = useState("");
    const submit = (event: FormEvent) => {
        event.preventDefault();
        const found = machines.data?.items.find((one) => one.id === id);
        onChoose({ ...usual, machine: id, name: found?.name ?? id, source: "people" });
    };
    return (
        <Dialog title={words.queue.chooseMachine} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={words.queue.machineId}>
                    <select required autoFocus value={id} onChange={(event) => setId(event.target.value)}>
                        <option value="" disabled />
                        {machines.data?.items.filter((one) => !known.includes(one.id)).map((one) => <option key={one.id} value={one.id}>{one.name ?? one.id}</option>)}
                    </select>
                </Field>
                <ErrorNote error={machines.error} onRetry={machines.reload} />
                <Foot action={words.queue.profile.replace("…", "")} busy={id === ""} onClose={onClose} />
            </form>
        </Dialog>
    );
}

export function SewingSettings({ machine, onDone, onClose }: { machine: SewingMachine; onDone: () => void; onClose: () => void }) {
    const words = useWords();
    const [profile, setProfile] = useState<SewingProfile>(() => {
        const { enabled, heads, needles, hoop_mm, rpm_max, dialect, delivery, folder, threads } = machine;
        return { enabled, heads, needles, hoop_mm, rpm_max, dialect, delivery, folder, threads };
    });
    const change = (part: Partial<SewingProfile>) => setProfile((old) => ({ ...old, ...part }));
    const { busy, error, run } = useAction();
    const done = () => {
        say(words.queue.saved(machine.name));
        onDone();
    };
    const submit = (event: FormEvent) => {
        event.preventDefault();
        const threads = Array.from({ length: profile.needles }, (_, index) => profile.threads[index] ?? null);
        void run(async () => {
            await orderCalls.changeSewing(machine.machine, { ...profile, threads, folder: profile.delivery === "folder" ? profile.folder : null });
            done();
        });
    };
    const number = (name: string, label: string, value: number, least: number, most: number, set: (value: number) => void) => (
        <Field label={label}><input name={name} type="number" inputMode="numeric" required min={least} max={most} value={value} onChange={(event) => set(Number(event.target.value))} /></Field>
    );
    return (
        <Dialog title={words.queue.settings(machine.name)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <p className="help">{words.queue.settingsLead}</p>
                <label className="choice"><input type="checkbox" name="enabled" checked={profile.enabled} onChange={(event) => change({ enabled: event.target.checked })} /> {words.queue.enabled}</label>
                <div className="pair">
                    {number("hoop_width", words.queue.hoopWidth, profile.hoop_mm[0], 20, 2000, (value) => change({ hoop_mm: [value, profile.hoop_mm[1]] }))}
                    {number("hoop_height", words.queue.hoopHeight, profile.hoop_mm[1], 20, 2000, (value) => change({ hoop_mm: [profile.hoop_mm[0], value] }))}
                    {number("needles", words.queue.needleCount, profile.needles, 1, 30, (needles) => change({ needles }))}
                    {number("heads", words.queue.headCount, profile.heads, 1, 60, (heads) => change({ heads }))}
                    {number("rpm", words.queue.rpm, profile.rpm_max, 100, 2000, (rpm_max) => change({ rpm_max }))}
                    <Field label={words.queue.dialect}><select name="dialect" value={profile.dialect} onChange={(event) => change({ dialect: event.target.value })}>{dialects.map((one) => <option key={one}>{one}</option>)}</select></Field>
                    <Field label={words.queue.delivery}><select name="delivery" value={profile.delivery} onChange={(event) => change({ delivery: event.target.value as SewingProfile["delivery"] })}>{deliveries.map((one) => <option key={one} value={one}>{words.queue.deliveries[one]}</option>)}</select></Field>
                    {profile.delivery === "folder" && <Field label={words.queue.folder}><input name="folder" required maxLength={64} value={profile.folder ?? ""} onChange={(event) => change({ folder: event.target.value })} /></Field>}
                </div>
                <Needles profile={profile} onChange={(threads) => change({ threads })} />
                <ErrorNote error={error} />
                {machine.source === "people" && <button type="button" className="quiet" disabled={busy} onClick={() => void run(async () => { await orderCalls.resetSewing(machine.machine); done(); })}>{words.queue.reset}</button>}
                <Foot action={words.save} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}

function Needles({ profile, onChange }: { profile: SewingProfile; onChange: (threads: (string | null)[]) => void }) {
    const words = useWords();
    const chart = useLoad<Thread[]>("thread chart", orderCalls.threadChart);
    const threads = chart.data ?? [];
    const put = (needle: number, colour: string) => onChange(Array.from({ length: profile.needles }, (_, index) => (index === needle ? colour || null : (profile.threads[index] ?? null))));
    return (
        <fieldset className="needle-threads">
            <legend>{words.queue.threads}</legend>
            <div>
                {Array.from({ length: Math.min(30, profile.needles) }, (_, needle) => {
                    const colour = profile.threads[needle] ?? null;
                    const known = colour ? (threads.find((one) => one.colour.toLowerCase() === colour.toLowerCase()) ?? nearest(threads, colour)) : null;
                    return (
                        <label key={needle}>
                            <i style={{ background: colour ?? "transparent" }} /><span className="figure">{needle + 1}</span>
                            <select aria-label={words.queue.needle(needle + 1)} value={known?.colour ?? ""} onChange={(event) => put(needle, event.target.value)}>
                                <option value="">{words.queue.none}</option>
                                {threads.map((one) => <option key={one.code} value={one.colour}>{threadName(one, words)}</option>)}
                            </select>
                        </label>
                    );
                })}
            </div>
        </fieldset>
    );
}
