// How far a job is, what came of its rows, and its receipts as a file.
import { formatShort } from "../../format/number";
import { useWords } from "../../i18n";
import { advice, ErrorNote } from "../../parts/feedback";
import { readableKey } from "./rows";
import { stop, type Progress } from "./sender";

const counted = ["made", "changed", "kept", "deleted", "refused"] as const;

function saveReceipts(now: Progress) {
    const url = URL.createObjectURL(new Blob(now.receipts, { type: "application/x-ndjson" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `receipts-${now.key.replace(/[^\w.-]+/g, "_")}.ndjson`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function ProgressPanel({ now, onAgain, onClose }: { now: Progress; onAgain: (() => void) | null; onClose: () => void }) {
    const words = useWords();
    const total = counted.reduce((sum, one) => sum + now[one], 0);
    const share = now.state === "done" ? 1 : now.rows ? Math.min(1, now.sent / now.rows) : now.share;
    const seconds = Math.max(0.05, (now.now_ms - now.began_ms) / 1000);
    return (
        <section className={`panel bulk-progress bulk-${now.state}`} aria-label={words.bulk.states[now.state]}>
            <header>
                <h2 aria-live="polite">{words.bulk.states[now.state]}</h2>
                <p className="dim figure">{words.bulk.rows(total)}{now.rows !== null && now.state !== "done" && ` / ${now.rows.toLocaleString(words.locale)}`}{total > 0 && ` · ${words.bulk.rate(formatShort(total / seconds))}`}</p>
                <span className="page-actions">
                    {now.state === "running" && <button type="button" onClick={stop}>{words.bulk.stop}</button>}
                    {(now.state === "stopped" || now.state === "failed") && onAgain && <button type="button" className="primary" onClick={onAgain}>{words.bulk.again}</button>}
                    {now.state !== "running" && now.receipts.length > 0 && <button type="button" onClick={() => saveReceipts(now)}>{words.bulk.receipts}</button>}
                    {now.state !== "running" && <button type="button" className={now.state === "done" ? "primary" : "quiet"} onClick={onClose}>{now.state === "done" ? words.bulk.another : words.close}</button>}
                </span>
            </header>
            <p className="dim job-key">{readableKey(now.key)}</p>
            {share !== null && <progress value={share} max={1} aria-label={words.bulk.states[now.state]} />}
            {share === null && now.state === "running" && <progress aria-label={words.bulk.states.running} />}
            <dl className="tiles">
                {counted.map((one) => (one === "made" || one === "refused" || now[one] > 0) && (
                    <div key={one} className={one === "refused" && now.refused > 0 ? "tile-bad" : undefined}><dt>{words.bulk.counts[one]}</dt><dd>{now[one].toLocaleString(words.locale)}</dd></div>
                ))}
            </dl>
            {now.skipped > 0 && <p>{words.bulk.skipped(now.skipped)}</p>}
            {now.state === "stopped" && <p>{words.bulk.stoppedHelp}</p>}
            {now.state === "failed" && <><ErrorNote error={now.why} special={{ 422: advice(now.why, words) }} /><p>{words.bulk.failedHelp}</p></>}
            {now.refusals.length > 0 && (
                <details className="refusals" open={now.state !== "running"}>
                    <summary>{words.bulk.refusals} <span className="figure">{now.refused.toLocaleString(words.locale)}</span></summary>
                    <ol>{now.refusals.map((one) => <li key={one.row}><b className="figure">{words.bulk.row(one.row)}</b> {one.why}</li>)}</ol>
                    {now.refused > now.refusals.length && <p className="help">{words.bulk.shownOf(now.refusals.length, now.refused)}</p>}
                </details>
            )}
        </section>
    );
}
