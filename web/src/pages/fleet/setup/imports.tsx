// Tables of machines and of requests: choose a file, look at it, import it, take a receipt for every row.
import { useState } from "react";
import { setupCalls } from "../../../api/fleet_setup";
import { may } from "../../../api/session";
import type { Person } from "../../../api/types";
import { checkColumns, decodeTable, readTable, receiptsOf, receiptsText, table_bytes_max, tableColumns, type Receipt, type Table, type TableKind } from "../../../fleet/table_file";
import { formatBytes } from "../../../format/bytes";
import { useWords } from "../../../i18n";
import { ErrorNote } from "../../../parts/feedback";
import { Link } from "../../../parts/link";
import { useAction } from "../../../parts/load";
import { saveFile } from "../../../parts/save_file";
import { links } from "../../../router";

const preview_rows = 8;
const receipts_shown_max = 200;

interface Chosen {
    name: string;
    bytes: number;
    content: string;
    table: Table;
}

export function ImportsPart({ person }: { person: Person }) {
    const words = useWords();
    const text = words.fleetSetup.imports;
    const kinds: TableKind[] = may(person, "engineer") ? ["machines", "requests"] : ["requests"];
    const [kind, setKind] = useState<TableKind>(kinds[0]!);
    const [chosen, setChosen] = useState<Chosen | null>(null);
    const [done, setDone] = useState<{ receipts: Receipt[]; notes: string[] } | null>(null);
    const { busy, error, run, clear } = useAction();
    const again = () => { setChosen(null); setDone(null); clear(); };
    const choose = (file: File | null) => {
        again();
        if (!file) return;
        if (file.size > table_bytes_max) return setChosen({ name: file.name, bytes: file.size, content: "", table: { columns: [], rows: [], openQuote: null } });
        void run(async () => {
            const content = decodeTable(await file.arrayBuffer());
            setChosen({ name: file.name, bytes: file.size, content, table: readTable(content) });
        });
    };
    const send = () => chosen && void run(async () => {
        if (kind === "machines") {
            const answer = await setupCalls.importMachines(chosen.content);
            setDone({ receipts: receiptsOf(chosen.table, kind, answer.refused), notes: answer.notes });
        } else {
            const answer = await setupCalls.importRequests(chosen.content);
            setDone({ receipts: receiptsOf(chosen.table, kind, answer.refused, answer.added), notes: [] });
        }
    });
    return (
        <div className="setup-imports">
            <section className="panel form">
                <div className="field">
                    <span className="field-name">{text.what}</span>
                    <div><div className="segments" role="group" aria-label={text.what}>
                        {kinds.map((one) => <button key={one} type="button" aria-pressed={kind === one} onClick={() => { setKind(one); again(); }}>{text[one]}</button>)}
                    </div></div>
                    <p className="help">{kind === "machines" ? text.machinesHelp : text.requestsHelp}</p>
                </div>
                <div className="field">
                    <span className="field-name">{text.columns}</span>
                    <p className="table-columns">{tableColumns[kind].map((one) => <code key={one}>{one}</code>)}</p>
                    <div><button type="button" className="small" onClick={() => saveFile(`${kind}.csv`, "text/csv", `${tableColumns[kind].join(",")}\n`)}>{text.template}</button></div>
                </div>
                {!done && <FilePick chosen={chosen} onFile={choose} />}
                {!done && chosen && <Preview chosen={chosen} kind={kind} busy={busy} onSend={send} />}
                <ErrorNote error={error} />
            </section>
            {done && chosen && <Receipts file={chosen.name} done={done} kind={kind} onAgain={again} />}
        </div>
    );
}

function FilePick({ chosen, onFile }: { chosen: Chosen | null; onFile: (file: File | null) => void }) {
    const words = useWords();
    const text = words.fleetSetup.imports;
    const [isOver, setOver] = useState(false);
    return (
        <div className="field">
            <label className={isOver ? "drop drop-over" : "drop"} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)}
                onDrop={(event) => { event.preventDefault(); setOver(false); onFile(event.dataTransfer.files[0] ?? null); }}>
                <input name="table" type="file" accept=".csv,.txt,.tsv" onChange={(event) => { onFile(event.target.files?.[0] ?? null); event.target.value = ""; }} />
                <b>{chosen ? chosen.name : text.drop}</b>
                {chosen && <small>{formatBytes(chosen.bytes)}</small>}
            </label>
            <p className="help">{text.fileHelp}</p>
        </div>
    );
}

function Preview({ chosen, kind, busy, onSend }: { chosen: Chosen; kind: TableKind; busy: boolean; onSend: () => void }) {
    const words = useWords();
    const text = words.fleetSetup.imports;
    const { table } = chosen;
    const { missing, unknown } = checkColumns(table, kind);
    const trouble = chosen.bytes > table_bytes_max ? text.large : table.openQuote !== null ? text.quote(table.openQuote)
        : missing.length > 0 ? text.missing(missing.join(", ")) : table.rows.length === 0 ? text.noRows : null;
    return (
        <>
            {table.rows.length > 0 && (
                <div className="field">
                    <span className="field-name">{text.preview} <small>{text.rows(table.rows.length)}</small></span>
                    <div className="table-preview" tabIndex={0} role="region" aria-label={text.preview}>
                        <table>
                            <thead><tr><th scope="col">{text.line}</th>{table.columns.map((name, index) => <th key={index} scope="col" className={unknown.includes(name) ? "unknown" : ""}>{name}</th>)}</tr></thead>
                            <tbody>{table.rows.slice(0, preview_rows).map((row) => <tr key={row.line}><td className="figure dim">{row.line}</td>{table.columns.map((_, index) => <td key={index}>{row.cells[index] ?? ""}</td>)}</tr>)}</tbody>
                        </table>
                    </div>
                    {table.rows.length > preview_rows && <p className="help">{text.more(table.rows.length - preview_rows)}</p>}
                </div>
            )}
            {trouble && <p className="note note-error" role="alert">{trouble}</p>}
            {!trouble && unknown.length > 0 && <p className="note note-warn">{text.unknown(unknown.join(", "))}</p>}
            {!trouble && <div><button type="button" className="primary" disabled={busy} onClick={onSend}>{busy ? text.sending : text.start(table.rows.length)}</button></div>}
        </>
    );
}

function Receipts({ file, done, kind, onAgain }: { file: string; done: { receipts: Receipt[]; notes: string[] }; kind: TableKind; onAgain: () => void }) {
    const words = useWords();
    const text = words.fleetSetup.imports;
    const refused = done.receipts.filter((one) => one.why !== null);
    const [only, setOnly] = useState(refused.length > 0);
    const rows = only ? refused : done.receipts;
    return (
        <section className="receipts">
            <div className={refused.length > 0 ? "note note-warn unsaved" : "note note-good unsaved"} role="status">
                <b>{[text.taken(done.receipts.length - refused.length), ...(refused.length > 0 ? [text.refused(refused.length)] : [])].join(" · ")}</b>
                <span className="page-actions">
                    <button type="button" onClick={() => saveFile(`${file.replace(/\.[^.]*$/, "")}-receipts.csv`, "text/csv", receiptsText(done.receipts))}>{text.receipts}</button>
                    <button type="button" onClick={onAgain}>{text.again}</button>
                </span>
            </div>
            {refused.length > 0 && <label className="choice requests-all"><input type="checkbox" name="only_refused" checked={only} onChange={(event) => setOnly(event.target.checked)} />{text.onlyRefused}</label>}
            <table className="list receipt-list">
                <thead><tr><th scope="col">{text.line}</th><th scope="col">{text.name}</th><th scope="col">{text.receipt}</th></tr></thead>
                <tbody>
                    {rows.slice(0, receipts_shown_max).map((one) => (
                        <tr key={one.line}>
                            <td className="figure" data-label={text.line}>{one.line}</td>
                            <th scope="row">{one.name || "–"}</th>
                            <td>{one.why !== null ? <span className="row-trouble">{one.why}</span>
                                : one.made !== null ? <Link to={links.fleetRequest(one.made)}>{text.made(one.made)}</Link>
                                : kind === "machines" ? <Link to={links.fleetMachine(one.name)}>{text.ok}</Link> : text.ok}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
            {rows.length > receipts_shown_max && <p className="help">{text.more(rows.length - receipts_shown_max)}</p>}
            {done.notes.length > 0 && <section className="panel setup-closed"><h2>{text.notes}</h2><ul>{done.notes.slice(0, 20).map((note, index) => <li key={index}>{note}</li>)}</ul></section>}
        </section>
    );
}
