// The sheet that lies beside the machine: what to sew, with which threads, and the code its scanner reads.
import { orderCalls } from "../../api/order_calls";
import type { Job, Order, Thread } from "../../api/order_types";
import { useWords } from "../../i18n";
import { Dialog } from "../../parts/dialog";
import { useLoad } from "../../parts/load";
import { Qr } from "../../parts/qr";
import { clothText, pictured } from "../shop/draft";
import { Thumb } from "../../sewing/thumb";
import { ThreadList } from "../shop/threads";

export function JobSheet({ job, order, onClose }: { job: Job; order: Order; onClose: () => void }) {
    const words = useWords();
    const chart = useLoad<Thread[]>("thread chart", orderCalls.threadChart);
    const rows: [string, string | null | undefined][] = [
        [words.workshop.jobSheetFile, job.file], [words.queue.machineId, job.machine_name], [words.workshop.piecesTitle, String(job.pieces.wanted)],
        [words.workshop.stitches, job.stitch.total.toLocaleString(words.locale)],
        [words.workshop.size, words.shop.sizeOf(order.design.width_mm.toFixed(0), order.design.height_mm.toFixed(0))],
        [words.shop.cloth, clothText(order.cloth, words.shop, words.comma)],
        [words.workshop.customer, order.customer.name], [words.workshop.note, order.note],
    ];
    return (
        <Dialog title={`${job.barcode}: ${order.name}`} onClose={onClose}>
            <div className="form job-sheet">
                <Thumb url={orderCalls.stitchesOf(order.id)} threads={order.design.threads} cloth={pictured(order.cloth, order.design.threads).cloth} label={words.sewing.picture(order.name, order.design.stitches, order.design.colours)} />
                <div className="sheet-row">
                    <dl className="facts">{rows.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
                    <figure><Qr text={job.barcode} label={words.workshop.jobSheetCode} /><figcaption className="figure">{job.barcode}</figcaption></figure>
                </div>
                <ThreadList colours={order.design.threads} threads={chart.data ?? []} />
                <footer><button type="button" className="primary" onClick={() => print()}>{words.proof.print}</button></footer>
            </div>
        </Dialog>
    );
}
