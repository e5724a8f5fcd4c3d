// What may be asked of a job order now. What loses work is asked twice.
import { useState } from "react";
import { orderCalls } from "../../api/order_calls";
import type { Job, JobMethod } from "../../api/order_types";
import { useWords } from "../../i18n";
import { Dialog } from "../../parts/dialog";
import { ErrorNote, advice, say } from "../../parts/feedback";
import { useAction } from "../../parts/load";

const asksTwice: JobMethod[] = ["Abort", "Cancel", "Stop"];
const shown: JobMethod[] = ["Start", "RevokeStart", "Resume", "Pause", "Stop", "Abort", "Cancel", "Clear"];

export function JobControls({ job, onChange }: { job: Job; onChange: (job: Job) => void }) {
    const words = useWords();
    const [asking, setAsking] = useState<JobMethod | null>(null);
    const { busy, run } = useAction();
    const send = (method: JobMethod) => void run(async () => {
        try {
            onChange(await orderCalls.method(job.id, method));
            say(words.queue.did(job.id, words.queue.methods[method] ?? method));
        } catch (error) {
            say(advice(error, words));
        }
    });
    if (job.asked) return <p className="job-asked" role="status">{words.queue.asked((words.queue.methods[job.asked] ?? job.asked).replace("…", ""))}</p>;
    return (
        <span className="job-controls">
            {shown.filter((method) => job.methods.includes(method)).map((method) => (
                <button key={method} type="button" className={method === "Abort" || method === "Cancel" ? "small quiet" : "small"} disabled={busy} onClick={() => (asksTwice.includes(method) ? setAsking(method) : send(method))}>
                    {words.queue.methods[method] ?? method}
                </button>
            ))}
            {asking && <Ask job={job} method={asking} onDone={(now) => { setAsking(null); onChange(now); }} onClose={() => setAsking(null)} />}
        </span>
    );
}

function Ask({ job, method, onDone, onClose }: { job: Job; method: JobMethod; onDone: (job: Job) => void; onClose: () => void }) {
    const words = useWords();
    const [isFinal, setFinal] = useState(false);
    const { busy, error, run } = useAction();
    const name = `${job.id} (${job.order_name})`;
    const [title, text] = method === "Abort" ? [words.queue.abortTitle(name), words.queue.abortText]
        : method === "Cancel" ? [words.queue.cancelTitle(name), words.queue.cancelText] : [words.queue.stopTitle(name), words.queue.stopText];
    const confirm = () => void run(async () => {
        onDone(await orderCalls.method(job.id, method, isFinal ? { final: true } : {}));
        say(words.queue.did(job.id, words.queue.methods[method]!.replace("…", "")));
    });
    return (
        <Dialog title={title} onClose={onClose}>
            <div className="form">
                <p>{text}</p>
                {method !== "Stop" && <label className="choice"><input type="checkbox" checked={isFinal} onChange={(event) => setFinal(event.target.checked)} /> {words.queue.final}</label>}
                <ErrorNote error={error} />
                <footer>
                    <button type="button" onClick={onClose}>{words.back}</button>
                    <button type="button" className="danger" disabled={busy} onClick={confirm}>{words.queue.methods[method]!.replace("…", "")}</button>
                </footer>
            </div>
        </Dialog>
    );
}
