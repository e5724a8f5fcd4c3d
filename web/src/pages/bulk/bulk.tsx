// Many identifiers at once: choose where they come from, look at the first rows, send, take the receipts.
import { useEffect, useMemo, useState } from "react";
import { useStore } from "../../api/store";
import { formatBytes } from "../../format/bytes";
import { useWords } from "../../i18n";
import { Field } from "../../parts/field";
import { useLoad } from "../../parts/load";
import { choosePrefix } from "../naming/chosen";
import { PrefixPick, usePrefix } from "../naming/identifiers";
import type { Names } from "../naming/naming";
import { Jobs } from "./jobs";
import { ProgressPanel } from "./progress";
import { linesOf, piecesOf, plainKey, recordsOf, seriesLines, tableLines } from "./rows";
import { progress, send } from "./sender";
import { machineCount, machineLines, orderLines } from "./sources";

type Source = "series" | "machines" | "orders" | "file";
const sources: Source[] = ["series", "machines", "orders", "file"];
const preview_rows = 3;

const stamp = () => new Date().toISOString().slice(0, 19);

export function Bulk({ names }: { names: Names }) {
    const words = useWords();
    const now = useStore(progress);
    const here = names.prefixes.filter((one) => one.kind !== "delegated" && one.state === "active");
    const prefix = usePrefix(here.length > 0 ? here : names.prefixes).prefix;
    const origin = names.node.public_url.replace(/\/$/, "") || location.origin;
    const [source, setSource] = useState<Source>("series");
    const [series, setSeries] = useState({ pattern: "EXC-####", first: "1", count: "100", url: "" });
    const [before, setBefore] = useState("");
    const [file, setFile] = useState<File | null>(null);
    const [key, setKey] = useState("");
    const [madeKey, setMadeKey] = useState(stamp);
    const machines = useLoad<number | null>("machines for names", machineCount);
    const jobKey = key.trim() || [prefix, ...(source === "file" ? [file?.name ?? "", file?.size ?? ""] : [source === "series" ? series.pattern.trim() : source, madeKey])].filter((part) => part !== "").join("-");
    const sentKey = plainKey(jobKey);
    const total = source === "series" ? Math.max(0, Number(series.count) || 0) : source === "machines" ? machines.data : null;

    const lines = useMemo(() => (onBytes: (bytes: number) => void) => {
        switch (source) {
            case "series": return seriesLines({ prefix, pattern: series.pattern.trim(), first: Number(series.first) || 0, count: Math.max(0, Number(series.count) || 0), url: series.url });
            case "machines": return machineLines(prefix, before.trim(), origin);
            case "orders": return orderLines(prefix, before.trim(), origin);
            case "file": {
                if (!file) return [];
                const pieces = piecesOf(file, onBytes);
                return /\.csv$/i.test(file.name) ? tableLines(prefix, recordsOf(pieces)) : linesOf(pieces);
            }
        }
    }, [source, prefix, series, before, origin, file]);

    const start = (begun: "yes" | "perhaps" | "no") => {
        let read = 0;
        void send(sentKey, begun, lines((bytes) => { read = bytes; }), total, () => (file && source === "file" ? read / Math.max(1, file.size) : null));
    };
    // What comes next is another job, unless it is named otherwise.
    const close = () => {
        progress.set(null);
        setMadeKey(stamp());
    };
    const isRunning = now?.state === "running";
    const set = (part: Partial<typeof series>) => setSeries((old) => ({ ...old, ...part }));
    return (
        <>
            <header className="page-head"><h1>{words.bulk.title}</h1><p>{words.bulk.lead}</p></header>
            {now && <ProgressPanel now={now} onAgain={now.key === sentKey ? () => start("yes") : null} onClose={close} />}
            {(!now || now.state === "stopped" || now.state === "failed") && (
                <form className="panel form bulk" onSubmit={(event) => { event.preventDefault(); start(key.trim() ? "yes" : source === "file" ? "perhaps" : "no"); }}>
                    <div className="bulk-head">
                        <div className="field">
                            <span className="field-name">{words.bulk.from}</span>
                            <div className="segments" role="group" aria-label={words.bulk.from}>
                                {sources.map((one) => <button key={one} type="button" aria-pressed={source === one} onClick={() => setSource(one)}>{words.bulk.sources[one]}</button>)}
                            </div>
                        </div>
                        <div className="field"><PrefixPick prefixes={here} value={prefix} onChange={choosePrefix} /></div>
                    </div>
                    {source === "series" && (
                        <div className="bulk-fields">
                            <Field label={words.bulk.pattern} help={words.bulk.patternHelp}><input name="pattern" className="code" required maxLength={200} autoComplete="off" spellCheck={false} value={series.pattern} onChange={(event) => set({ pattern: event.target.value })} /></Field>
                            <Field label={words.bulk.first}><input name="first" type="number" required min={0} inputMode="numeric" value={series.first} onChange={(event) => set({ first: event.target.value })} /></Field>
                            <Field label={words.bulk.count}><input name="count" type="number" required min={1} max={100_000_000} inputMode="numeric" value={series.count} onChange={(event) => set({ count: event.target.value })} /></Field>
                            <Field label={`${words.bulk.url} (${words.optional})`} help={words.bulk.urlHelp}><input name="url" maxLength={2000} autoComplete="off" spellCheck={false} value={series.url} onChange={(event) => set({ url: event.target.value })} /></Field>
                        </div>
                    )}
                    {(source === "machines" || source === "orders") && (
                        <>
                            <p>{source === "machines" ? words.bulk.machinesHelp(machines.data) : words.bulk.ordersHelp(null)}</p>
                            <Field label={`${words.bulk.before} (${words.optional})`} help={words.bulk.beforeHelp}><input name="before" className="code" maxLength={100} autoComplete="off" spellCheck={false} value={before} onChange={(event) => setBefore(event.target.value)} /></Field>
                        </>
                    )}
                    {source === "file" && <FilePick file={file} onFile={setFile} />}
                    <Preview lines={lines} total={total} />
                    <div className="bulk-end">
                        <Field label={`${words.bulk.key} (${words.optional})`} help={words.bulk.keyHelp}><input name="key" maxLength={200} autoComplete="off" placeholder={jobKey} value={key} onChange={(event) => setKey(event.target.value)} /></Field>
                        <button className="primary" disabled={source === "file" && !file}>{words.bulk.start}</button>
                    </div>
                </form>
            )}
            <Jobs running={isRunning} onKey={setKey} />
        </>
    );
}

function FilePick({ file, onFile }: { file: File | null; onFile: (file: File | null) => void }) {
    const words = useWords();
    const [isOver, setOver] = useState(false);
    return (
        <div className="field">
            <label className={isOver ? "drop drop-over" : "drop"} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
                onDrop={(event) => { event.preventDefault(); setOver(false); onFile(event.dataTransfer.files[0] ?? null); }}>
                <input name="file" type="file" accept=".ndjson,.jsonl,.json,.csv,.txt" onChange={(event) => onFile(event.target.files?.[0] ?? null)} />
                <b>{file ? file.name : words.bulk.drop}</b>
                {file && <small>{formatBytes(file.size)}</small>}
            </label>
            <p className="help">{words.bulk.fileHelp}</p>
        </div>
    );
}

/** The first rows exactly as they will be sent. */
function Preview({ lines, total }: { lines: (onBytes: (bytes: number) => void) => AsyncIterable<string> | Iterable<string>; total: number | null }) {
    const words = useWords();
    const [shown, setShown] = useState<string[]>([]);
    useEffect(() => {
        let current = true;
        const read = async () => {
            const first: string[] = [];
            for await (const line of lines(() => {})) {
                first.push(line);
                if (first.length >= preview_rows || !current) break;
            }
            if (current) setShown(first);
        };
        read().catch(() => current && setShown([]));
        return () => { current = false; };
    }, [lines]);
    if (shown.length === 0) return null;
    return (
        <div className="field">
            <span className="field-name">{words.bulk.preview}{total !== null && <small> {words.bulk.rows(total)}</small>}</span>
            <pre className="code rows-preview">{shown.join("\n")}{total !== null && total > shown.length ? "\n…" : ""}</pre>
        </div>
    );
}
