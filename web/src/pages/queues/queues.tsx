// What every machine sews now and next. Jobs are dragged or moved by key; the planner does the rest.
import { useRef, useState } from "react";
import { orderCalls } from "../../api/order_calls";
import { useOrderStream } from "../../api/order_stream";
import type { Job, Progress } from "../../api/order_types";
import { may } from "../../api/session";
import type { Person } from "../../api/types";
import type { MachineQueue, Queues, SewingMachine } from "../../api/workshop_types";
import { useWords, type Strings } from "../../i18n";
import { nodeSentence } from "../../i18n/node_sentences";
import { orderReason } from "../../i18n/order_reasons";
import { advice, Empty, say, Waiting } from "../../parts/feedback";
import { useAction, useLoad } from "../../parts/load";
import { Lane, type Moves } from "./lane";
import { MachineChoice, SewingSettings } from "./settings";

const rest_ms = 400;

export function QueuesPage({ person }: { person: Person }) {
    const words = useWords();
    const read = useLoad<Queues>("queues", orderCalls.queues, 15_000);
    const [progress, setProgress] = useState<Record<string, Progress>>({});
    const [settings, setSettings] = useState<SewingMachine | "choose" | null>(null);
    const planning = useAction();
    const rest = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
    const soon = () => {
        clearTimeout(rest.current);
        rest.current = setTimeout(read.reload, rest_ms);
    };
    const isLost = useOrderStream(null, { job: soon, plan: soon, machine: soon, gap: soon, progress: (one) => setProgress((old) => ({ ...old, [one.job]: one })) });
    const moves: Moves = {
        put: (job, machine, position) => {
            const name = read.data?.machines.find((one) => one.machine === machine)?.name ?? machine;
            void orderCalls.put(job.id, machine, position).then(() => { say(words.queue.moved(job.id, name)); read.reload(); }, (error: unknown) => { say(reason(error, words)); read.reload(); });
        },
        unpin: (job) => void orderCalls.unpin(job.id).then(() => { say(words.queue.unpinned(job.id)); read.reload(); }, (error: unknown) => say(advice(error, words))),
        changed: () => read.reload(),
    };
    const plan = () => void planning.run(async () => {
        await orderCalls.plan();
        read.reload();
    });
    const queues = read.data;
    const mayMove = may(person, "operator"), mayEdit = may(person, "engineer");
    return (
        <>
            <header className="page-head">
                <h1>{words.workshop.queues}</h1>
                <p>{words.queue.lead}</p>
                <span className="page-actions">
                    {mayEdit && <button type="button" onClick={() => setSettings("choose")}>{words.queue.chooseMachine}</button>}
                    {mayMove && <button type="button" className="primary" disabled={planning.busy} onClick={plan}>{words.queue.replan}</button>}
                </span>
            </header>
            {queues && isLost && <p className="note note-warn" role="status">{words.workshop.notConnected}</p>}
            <Waiting of={read} />
            {queues && queues.machines.length === 0 && queues.unplanned.length === 0 && (
                <Empty title={words.queue.emptyTitle} step={words.queue.emptyStep}>
                    {mayEdit && <button type="button" onClick={() => setSettings("choose")}>{words.queue.chooseMachine}</button>}
                </Empty>
            )}
            {queues && (queues.machines.length > 0 || queues.unplanned.length > 0) && (
                <>
                    <PlanLine queues={queues} />
                    <div className="queue-page">
                        {queues.unplanned.length > 0 && <Unplanned jobs={queues.unplanned} />}
                        {queues.machines.map((one) => (
                            <Lane key={one.machine} queue={one} progress={one.running ? progress[one.running.id] : undefined} others={queues.machines} moves={moves} mayMove={mayMove}
                                onSettings={mayEdit ? () => setSettings(profileOf(one)) : null} />
                        ))}
                    </div>
                    {mayMove && <p className="help board-help">{words.queue.dragHelp}</p>}
                </>
            )}
            {settings === "choose" && <MachineChoice known={queues?.machines.map((one) => one.machine) ?? []} onChoose={setSettings} onClose={() => setSettings(null)} />}
            {settings !== null && settings !== "choose" && <SewingSettings machine={settings} onDone={() => { setSettings(null); read.reload(); }} onClose={() => setSettings(null)} />}
        </>
    );
}

const profileOf = (queue: MachineQueue): SewingMachine => ({ ...queue.profile, machine: queue.machine, name: queue.name });

/** A machine that cannot says why; that is more than the general advice. */
function reason(error: unknown, words: Strings): string {
    const detail = error instanceof Error ? error.message : "";
    return detail && "status" in (error as object) && (error as { status: number }).status === 422 ? nodeSentence(detail, words.locale) : advice(error, words);
}

function PlanLine({ queues }: { queues: Queues }) {
    const words = useWords();
    const { plan } = queues;
    if (!plan) return null;
    return (
        <p className="plan-line dim" role="status">
            <span>{words.queue.planned(plan.jobs, plan.took_ms.toLocaleString(words.locale, { maximumFractionDigits: 1 }))}</span>
            <span className={plan.late_jobs > 0 ? "order-late" : ""}>{plan.late_jobs > 0 ? words.queue.late(plan.late_jobs) : words.queue.onTime}</span>
            <span>{words.queue.setup((plan.setup_s / 60).toFixed(0))}</span>
            {plan.proven && <span>{words.queue.proven}</span>}
        </p>
    );
}

function Unplanned({ jobs }: { jobs: Job[] }) {
    const words = useWords();
    return (
        <section className="queue-lane queue-without" aria-label={words.queue.unplanned}>
            <header><h2>{words.queue.unplanned}</h2></header>
            <p className="help">{words.queue.unplannedHelp}</p>
            <ul>{jobs.map((job) => <li key={job.id} className="queue-job"><b>{job.order_name}</b> <small>{job.id}</small><em className="order-why">{job.why ? orderReason(job.why, job.reason, words) : words.workshop.states.held}</em></li>)}</ul>
        </section>
    );
}
