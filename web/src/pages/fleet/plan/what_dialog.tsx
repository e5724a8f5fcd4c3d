// Something that happened, or that might: the same words, once for the plan in force and once only to see.
import { useState, type FormEvent } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import { nodeNow } from "../../../api/clock";
import type { FleetEvent, Plan, PlanCall, WhatIf } from "../../../api/dispatch_types";
import { useWords } from "../../../i18n";
import { reasonText } from "../../../i18n/reasons";
import { Dialog, Foot } from "../../../parts/dialog";
import { ErrorNote, say } from "../../../parts/feedback";
import { Field } from "../../../parts/field";
import { useAction } from "../../../parts/load";
import { langOf, type Names } from "../names";
import { AskInputs, mayAsk } from "../requests/ask_dialog";
import { askBody, emptyAsk, zoneOf } from "../requests/ask_draft";

const kinds = ["breakdown", "repaired", "late", "takes_longer", "road_closed", "road_open"] as const;
type Kind = (typeof kinds)[number] | "rush_job" | "without";

interface WhatProps {
    /** Whether it happened; else it is only looked at. */
    happened: boolean;
    plan: Plan;
    names: Names;
    titles: Map<string, string>;
    onProposal: (plan: Plan) => void;
    onDone: () => void;
    onClose: () => void;
}

export function WhatDialog({ happened, plan, names, titles, onProposal, onDone, onClose }: WhatProps) {
    const words = useWords();
    const { what } = words.plan;
    const lang = langOf(words);
    const machines = [...names.spots.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    const sites = [...names.sites.values()];
    const calls = plan.routes.flatMap((route) => route.calls).filter((call) => call.stage !== "done");
    const [kind, setKind] = useState<Kind>("breakdown");
    const [machine, setMachine] = useState(plan.routes[0]?.machine ?? machines[0] ?? "");
    const [minutes, setMinutes] = useState("60");
    const [text, setText] = useState("");
    const [job, setJob] = useState(0);
    const [road, setRoad] = useState({ from: sites[0]?.id ?? "", to: sites[1]?.id ?? "" });
    const [draft, setDraft] = useState(() => emptyAsk(sites[0]?.id ?? ""));
    const [checked, setChecked] = useState(false);
    const { busy, error, run } = useAction();
    const zone = zoneOf(draft, names.zone);
    const wrong = kind === "rush_job" && !mayAsk(draft, names);
    const event = (): FleetEvent | null => {
        const call: PlanCall | undefined = calls[job];
        switch (kind) {
            case "breakdown": return { kind, machine, ...(text.trim() && { text: text.trim() }) };
            case "repaired": return { kind, machine };
            case "late": return { kind, machine, minutes: Number(minutes) };
            case "takes_longer": return call ? { kind, request: call.request, place: call.place, minutes: Number(minutes) } : null;
            case "road_closed": case "road_open": return { kind, ...road };
            case "rush_job": return { kind, request: askBody(draft, zone, nodeNow()) };
            case "without": return null;
        }
    };
    const submit = (submitted: FormEvent) => {
        submitted.preventDefault();
        setChecked(true);
        if (wrong) return;
        const one = event();
        void run(async () => {
            if (happened && one) {
                const { decision } = await fleetCalls.tell(one, lang);
                say(decision.was_adopted ? what.told(decision.took_ms, decision.changes?.length ?? 0) : what.notAdopted(reasonText(decision.why_reason, decision.why, words.locale)));
                return onDone();
            }
            const if_: WhatIf = kind === "without" ? { without: [machine] } : one ? { events: [one] } : {};
            onProposal(await fleetCalls.propose({ seconds: 1, what_if: if_ }, lang));
        });
    };
    const names_of: Record<Kind, string> = { ...(what.kinds as Record<(typeof kinds)[number], string>), rush_job: words.plan.decision.kinds.rush_job!, without: `${what.without}: ${what.machine}` };
    const choices: Kind[] = happened ? [...kinds, "rush_job"] : [...kinds, "rush_job", "without"];
    const byMachine = kind === "breakdown" || kind === "repaired" || kind === "late" || kind === "without";
    return (
        <Dialog title={happened ? words.plan.event.replace("…", "") : words.plan.whatIfTitle} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <p className="help">{happened ? what.leadTell : what.leadIf}</p>
                <Field label={what.kind}>
                    <select name="kind" value={kind} onChange={(chosen) => setKind(chosen.target.value as Kind)}>{choices.map((each) => <option key={each} value={each}>{names_of[each]}</option>)}</select>
                </Field>
                {byMachine && (
                    <Field label={what.machine}><select name="machine" value={machine} onChange={(chosen) => setMachine(chosen.target.value)}>{machines.map((id) => <option key={id} value={id}>{names.machine(id)}</option>)}</select></Field>
                )}
                {kind === "takes_longer" && (
                    <Field label={what.job}>
                        <select name="job" value={job} onChange={(chosen) => setJob(Number(chosen.target.value))}>{calls.map((call, i) => <option key={`${call.request}/${call.place}`} value={i}>{titles.get(call.request) ?? words.requests.number(call.request)} · {names.site(call.site)}</option>)}</select>
                    </Field>
                )}
                {(kind === "late" || kind === "takes_longer") && <Field label={what.minutes}><input name="minutes" type="number" min={1} max={10_000} required value={minutes} onChange={(typed) => setMinutes(typed.target.value)} /></Field>}
                {(kind === "road_closed" || kind === "road_open") && (
                    <div className="pair">
                        {(["from", "to"] as const).map((end) => (
                            <Field key={end} label={what[end]}><select name={end} value={road[end]} onChange={(chosen) => setRoad({ ...road, [end]: chosen.target.value })}>{sites.map((site) => <option key={site.id} value={site.id}>{site.name}</option>)}</select></Field>
                        ))}
                    </div>
                )}
                {kind === "breakdown" && <Field label={`${what.text} (${words.optional})`}><input name="text" maxLength={300} value={text} onChange={(typed) => setText(typed.target.value)} /></Field>}
                {kind === "rush_job" && <AskInputs draft={draft} names={names} checked={checked} onChange={setDraft} />}
                <ErrorNote error={error} />
                <Foot action={happened ? what.tell : what.run} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
