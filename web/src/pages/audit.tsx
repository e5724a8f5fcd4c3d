// The audit log: search, page back, take away, and the checkpoint a witness keeps.
import { useEffect, useState } from "react";
import { calls, type AuditQuery } from "../api/calls";
import type { AuditLine } from "../api/trust_types";
import { browserZone, dateTime } from "../format/time";
import { useWords, type Strings } from "../i18n";
import { Dialog } from "../parts/dialog";
import { CopyButton, Empty, ErrorNote } from "../parts/feedback";
import { useAction, useLoad, useRested } from "../parts/load";

const nothing: AuditQuery = { who: "", what: "", q: "", outcome: "", from: "", until: "" };

// "2026-11-21T09:30" as the browser's own zone means it.
const instant = (local: string | undefined) => (local ? new Date(local).toISOString() : undefined);
const asked = (wish: AuditQuery): AuditQuery => ({ ...wish, from: instant(wish.from), until: instant(wish.until) });

export function AuditPage() {
    const words = useWords();
    const [wish, setWish] = useState<AuditQuery>(nothing);
    const rested = useRested(wish, 300);
    const [lines, setLines] = useState<AuditLine[] | null>(null);
    const [next, setNext] = useState<string | null>(null);
    const [showsNote, setShowsNote] = useState(false);
    const { busy, error, run } = useAction();
    useEffect(() => {
        let current = true;
        void run(async () => {
            const page = await calls.audit({ ...asked(rested), limit: 100 });
            if (!current) return;
            setLines(page.items);
            setNext(page.next);
        });
        return () => { current = false; };
    }, [rested, run]);
    const older = () => void run(async () => {
        const page = await calls.audit({ ...asked(rested), limit: 100, cursor: next });
        setLines((old) => [...(old ?? []), ...page.items]);
        setNext(page.next);
    });
    const isSearching = JSON.stringify(wish) !== JSON.stringify(nothing);
    const set = (change: Partial<AuditQuery>) => setWish((old) => ({ ...old, ...change }));
    return (
        <>
            <header className="page-head">
                <h1>{words.audit.title}</h1>
                <p>{words.audit.lead}</p>
                <span className="page-actions">
                    <a className="button" href={calls.auditExport("csv", asked(rested))} download>{words.audit.csv}</a>
                    <a className="button" href={calls.auditExport("ndjson", asked(rested))} download>{words.audit.ndjson}</a>
                    <button type="button" onClick={() => setShowsNote(true)}>{words.audit.checkpoint}</button>
                </span>
            </header>
            <Search wish={wish} set={set} />
            <ErrorNote error={error} />
            {!lines && !error && <p className="loading">{words.loading}</p>}
            {lines?.length === 0 && !next && (isSearching
                ? <p>{words.audit.none} <button type="button" className="small" onClick={() => setWish(nothing)}>{words.audit.clear}</button></p>
                : <Empty title={words.audit.emptyTitle} step={words.audit.emptyStep} />)}
            {lines && lines.length > 0 && <Lines lines={lines} />}
            {next && <p><button type="button" disabled={busy} onClick={older}>{words.audit.more}</button></p>}
            {showsNote && <Checkpoint onClose={() => setShowsNote(false)} />}
        </>
    );
}

function Search({ wish, set }: { wish: AuditQuery; set: (change: Partial<AuditQuery>) => void }) {
    const words = useWords();
    return (
        <form className="filters audit-filters" role="search" onSubmit={(event) => event.preventDefault()}>
            <label><span>{words.audit.who}</span><input name="who" type="search" value={wish.who} onChange={(event) => set({ who: event.target.value })} /></label>
            <label><span>{words.audit.what}</span><input name="what" type="search" list="audit-actions" placeholder={words.audit.whatHelp} value={wish.what} onChange={(event) => set({ what: event.target.value })} /></label>
            <label><span>{words.audit.text}</span><input name="q" type="search" value={wish.q} onChange={(event) => set({ q: event.target.value })} /></label>
            <label>
                <span>{words.audit.outcome}</span>
                <select name="outcome" value={wish.outcome} onChange={(event) => set({ outcome: event.target.value as AuditQuery["outcome"] })}>
                    <option value="">{words.audit.any}</option>
                    {(["allowed", "refused", "failed"] as const).map((one) => <option key={one} value={one}>{words.audit.outcomes[one]}</option>)}
                </select>
            </label>
            <label><span>{words.audit.from}</span><input name="from" type="datetime-local" value={wish.from} onChange={(event) => set({ from: event.target.value })} /></label>
            <label><span>{words.audit.until}</span><input name="until" type="datetime-local" value={wish.until} onChange={(event) => set({ until: event.target.value })} /></label>
            <datalist id="audit-actions">
                {["session.", "token.", "person.", "account.", "totp.", "organisation.", "machine.", "tag.", "certificate.", "backup.", "node.", "request.refused", "mqtt.connect"].map((one) => <option key={one} value={one} />)}
            </datalist>
        </form>
    );
}

function notes(line: AuditLine, words: Strings): string[] {
    return [
        line.detail,
        line.left_out > 0 ? words.audit.leftOut(line.left_out) : "",
        line.stepped_ms !== 0 ? words.audit.stepped((line.stepped_ms / 1000).toLocaleString(words.locale)) : "",
    ].filter(Boolean);
}

function Lines({ lines }: { lines: AuditLine[] }) {
    const words = useWords();
    return (
        <table className="list audit" aria-label={words.audit.table}>
            <thead>
                <tr>
                    <th scope="col">{words.audit.at}</th>
                    <th scope="col">{words.audit.who}</th>
                    <th scope="col">{words.audit.what}</th>
                    <th scope="col">{words.audit.target}</th>
                    <th scope="col">{words.audit.outcome}</th>
                    <th scope="col">{words.audit.detail}</th>
                </tr>
            </thead>
            <tbody>
                {lines.map((line) => (
                    <tr key={line.index}>
                        <th scope="row" className="figure">{dateTime(Date.parse(line.at), words.locale, browserZone())}</th>
                        <td data-label={words.audit.who}>{line.who || words.audit.nobody} <small>{words.audit.kinds[line.kind]}{line.address && `, ${line.address}`}</small></td>
                        <td data-label={words.audit.what}><code>{line.action}</code></td>
                        <td data-label={words.audit.target} className={line.target ? "wide" : "wide nothing"}>{line.target}</td>
                        <td data-label={words.audit.outcome} className={`outcome-${line.outcome}`}>{words.audit.outcomes[line.outcome]}</td>
                        <td data-label={words.audit.detail} className={notes(line, words).length > 0 ? "wide" : "wide nothing"}><small>{notes(line, words).join("; ")}</small></td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}

function Checkpoint({ onClose }: { onClose: () => void }) {
    const words = useWords();
    const told = useLoad<{ checkpoint: string; verifier: string }>("checkpoint", calls.auditCheckpoint);
    return (
        <Dialog title={words.audit.checkpoint} onClose={onClose}>
            <div className="form">
                <p>{words.audit.checkpointHelp}</p>
                <ErrorNote error={told.error} onRetry={told.reload} />
                {told.data && (
                    <>
                        <div className="copy-box"><pre className="code">{told.data.checkpoint}</pre><CopyButton text={told.data.checkpoint} /></div>
                        <h3>{words.audit.verifier}</h3>
                        <div className="copy-box"><code className="code">{told.data.verifier}</code><CopyButton text={told.data.verifier} /></div>
                    </>
                )}
                <footer><button type="button" onClick={onClose}>{words.close}</button></footer>
            </div>
        </Dialog>
    );
}
