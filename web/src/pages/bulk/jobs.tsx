// Earlier jobs: who, how many, what was refused; a stopped one can go on.
import { useState } from "react";
import { naming } from "../../api/naming_calls";
import type { BulkJob } from "../../api/naming_types";
import type { Page } from "../../api/types";
import { useWords } from "../../i18n";
import { Age } from "../../parts/age";
import { Drawer } from "../../parts/drawer";
import { Waiting } from "../../parts/feedback";
import { useLoad } from "../../parts/load";
import { readableKey } from "./rows";

export function Jobs({ running, onKey }: { running: boolean; onKey: (key: string) => void }) {
    const words = useWords();
    const list = useLoad<Page<BulkJob>>(`bulk jobs ${running}`, naming.jobs, 10_000);
    const [shown, setShown] = useState<BulkJob | null>(null);
    const items = list.data?.items ?? [];
    const sums = (one: BulkJob) => (["made", "changed", "kept", "deleted"] as const).filter((each) => one[each] > 0).map((each) => `${one[each].toLocaleString(words.locale)} ${words.bulk.counts[each]}`).join(", ");
    return (
        <section className="by-prefix">
            <h2>{words.bulk.jobs}</h2>
            <Waiting of={list} />
            {list.data && items.length === 0 && <p className="dim">{words.bulk.noJobs}</p>}
            {items.length > 0 && (
                <table className="list">
                    <thead>
                        <tr>
                            <th scope="col">{words.bulk.job}</th>
                            <th scope="col">{words.bulk.result}</th>
                            <th scope="col">{words.bulk.by}</th>
                            <th scope="col">{words.bulk.begun}</th>
                            <th scope="col"><span className="unseen">{words.bulk.refusals}</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        {items.map((one) => (
                            <tr key={one.key}>
                                <th scope="row">{readableKey(one.key)}<small>{one.state === "stopped" ? words.bulk.stoppedAt(one.resume_from) : words.bulk.jobStates[one.state]}</small></th>
                                <td className="figure">{sums(one) || <span className="dim">–</span>}</td>
                                <td data-label={words.bulk.by}>{one.by}</td>
                                <td data-label={words.bulk.begun}><Age at={one.begun_at} /></td>
                                <td className="actions">
                                    {one.refused > 0 && <button type="button" className="small quiet" onClick={() => setShown(one)}>{words.bulk.refusals} {one.refused.toLocaleString(words.locale)}</button>}
                                    {one.state === "stopped" && <button type="button" className="small" onClick={() => { onKey(readableKey(one.key)); scrollTo(0, 0); }}>{words.bulk.again}</button>}
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
            {shown && <Refused job={shown} onClose={() => setShown(null)} />}
        </section>
    );
}

function Refused({ job, onClose }: { job: BulkJob; onClose: () => void }) {
    const words = useWords();
    const read = useLoad<Page<{ row: number; why: string }>>(`refused ${job.key}`, () => naming.refusedRows(job.key));
    return (
        <Drawer title={`${words.bulk.refusals}: ${readableKey(job.key)}`} onClose={onClose}>
            <Waiting of={read} />
            {read.data && <ol className="refused-rows">{read.data.items.map((one) => <li key={one.row}><b className="figure">{words.bulk.row(one.row)}</b> {one.why}</li>)}</ol>}
            {read.data?.next && <p className="help">{words.bulk.shownOf(read.data.items.length, job.refused)}</p>}
        </Drawer>
    );
}
