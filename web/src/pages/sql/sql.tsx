// Ask with a SELECT: editor, examples, answer as table and chart, answer as a file.
import { useRef, useState, type KeyboardEvent } from "react";
import { calls } from "../../api/calls";
import { ApiError } from "../../api/client";
import { browserZone, dateTime } from "../../format/time";
import { useWords, type Strings } from "../../i18n";
import { Empty, ErrorNote } from "../../parts/feedback";
import { useAction } from "../../parts/load";
import { saveFile } from "../../parts/save_file";
import { csvOf, linesOf, ndjsonOf, type SqlAnswer, type SqlColumn, type SqlValue } from "./answer";
import { AnswerChart } from "./chart";

const rows_asked = 10_000, rows_shown_first = 200;
const memory_key = "lineshaft.sql";

const examples: { name: keyof Strings["sql"]["examples"]; sql: string }[] = [
    { name: "latest", sql: "SELECT machine, tag, time, value, text\nFROM latest\nORDER BY machine, tag\nLIMIT 200" },
    { name: "minutes", sql: "SELECT time_bucket('1 minute', time) AS minute, machine, avg(value)\nFROM samples\nWHERE tag = 'speed' AND time > now() - interval '1 hour'\nGROUP BY minute, machine\nORDER BY minute" },
    { name: "days", sql: "SELECT site_bucket('day', time) AS day, machine, tag, min(value), max(value), count(*)\nFROM samples\nWHERE time > now() - interval '7 days'\nGROUP BY day, machine, tag\nORDER BY day, machine, tag" },
    { name: "sites", sql: "SELECT m.site, count(DISTINCT m.id) AS machines, count(l.tag) AS tags, max(l.time) AS last\nFROM machines m LEFT JOIN latest l ON l.machine = m.id\nGROUP BY m.site\nORDER BY machines DESC" },
    { name: "silent", sql: "SELECT id, name, site, connection, last_seen\nFROM machines\nWHERE connection <> 'online'\nORDER BY last_seen" },
];

function remembered(): string {
    try {
        return sessionStorage.getItem(memory_key) ?? examples[0]!.sql;
    } catch {
        return examples[0]!.sql;
    }
}

export function SqlPage() {
    const words = useWords();
    const [sql, setSql] = useState(remembered);
    const [answer, setAnswer] = useState<{ told: SqlAnswer; took_ms: number } | null>(null);
    const editor = useRef<HTMLTextAreaElement>(null);
    const asking = useRef<AbortController | null>(null);
    const { busy, error, run, clear } = useAction();
    const change = (text: string) => {
        setSql(text);
        try {
            sessionStorage.setItem(memory_key, text);
        } catch {
            // Then it is forgotten with the page.
        }
    };
    const ask = () => void run(async () => {
        asking.current = new AbortController();
        const began = performance.now();
        try {
            const told = await calls.sql(sql, rows_asked, asking.current.signal);
            setAnswer({ told, took_ms: performance.now() - began });
        } catch (failure) {
            if (!asking.current.signal.aborted) throw failure;
        }
    });
    const keys = (event: KeyboardEvent) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        if (!busy && sql.trim()) ask();
    };
    return (
        <>
            <header className="page-head">
                <h1>{words.sql.title}</h1>
                <p>{words.sql.lead}</p>
            </header>
            <form className="sql-editor" onSubmit={(event) => { event.preventDefault(); ask(); }}>
                <label htmlFor="sql-text">{words.sql.statement}</label>
                <textarea id="sql-text" ref={editor} value={sql} rows={Math.min(16, Math.max(6, sql.split("\n").length + 1))} spellCheck={false} autoCapitalize="off" autoComplete="off"
                    onChange={(event) => change(event.target.value)} onKeyDown={keys} />
                <div className="sql-actions">
                    {busy ? <button type="button" onClick={() => asking.current?.abort()}>{words.cancel}</button>
                        : <button type="submit" className="primary" disabled={!sql.trim()}>{words.sql.run}</button>}
                    <small className="help">{busy ? words.sql.running : words.sql.keys}</small>
                </div>
                <div className="sql-examples" role="group" aria-label={words.sql.examplesTitle}>
                    <span>{words.sql.examplesTitle}</span>
                    {examples.map((one) => (
                        <button key={one.name} type="button" className="small" onClick={() => { change(one.sql); clear(); editor.current?.focus(); }}>{words.sql.examples[one.name]}</button>
                    ))}
                </div>
            </form>
            <Problem error={error} sql={sql} />
            {answer ? <Answer {...answer} /> : !error && <Empty title={words.sql.emptyTitle} step={words.sql.emptyStep}><Tables /></Empty>}
        </>
    );
}

function Problem({ error, sql }: { error: unknown; sql: string }) {
    const words = useWords();
    if (!(error instanceof ApiError) || typeof error.problem.sqlstate !== "string") return <ErrorNote error={error} />;
    const position = Number(error.problem.position) || 0;
    const before = [...sql].slice(0, Math.max(0, position - 1)).join("");
    const line = before.split("\n").length;
    const column = before.length - before.lastIndexOf("\n");
    return (
        <div className="note note-error" role="alert">
            <p><b>{error.detail}</b></p>
            {typeof error.problem.hint === "string" && <p>{error.problem.hint}</p>}
            <p className="detail">{position > 0 && `${words.sql.where(line, column)} `}{words.sql.code(error.problem.sqlstate)}</p>
        </div>
    );
}

function Tables() {
    const words = useWords();
    return (
        <dl className="sql-tables">
            {words.sql.tables.map(([name, columns]) => <div key={name}><dt><code>{name}</code></dt><dd>{columns}</dd></div>)}
        </dl>
    );
}

function Answer({ told, took_ms }: { told: SqlAnswer; took_ms: number }) {
    const words = useWords();
    const [shown, setShown] = useState(rows_shown_first);
    const lines = linesOf(told);
    return (
        <section aria-label={words.sql.answer}>
            <div className="sql-summary">
                <p role="status">{words.sql.count(told.rows.length, took_ms)}{told.truncated && ` ${words.sql.truncated}`}</p>
                <span className="page-actions">
                    <button type="button" onClick={() => saveFile("answer.csv", "text/csv", csvOf(told))}>{words.sql.csv}</button>
                    <button type="button" onClick={() => saveFile("answer.ndjson", "application/x-ndjson", ndjsonOf(told))}>{words.sql.ndjson}</button>
                </span>
            </div>
            {lines.length > 0 && <AnswerChart lines={lines} />}
            <div className="sql-scroll" tabIndex={0} role="region" aria-label={words.sql.answer}>
                <table className="sql-rows">
                    <thead><tr>{told.columns.map((column, index) => <th key={index} scope="col" className={isNumber(column) ? "number" : ""}>{column.name}<small>{column.type}</small></th>)}</tr></thead>
                    <tbody>
                        {told.rows.slice(0, shown).map((row, place) => (
                            <tr key={place}>{row.map((value, index) => <td key={index} className={isNumber(told.columns[index]!) ? "number figure" : ""}><Cell value={value} column={told.columns[index]!} /></td>)}</tr>
                        ))}
                    </tbody>
                </table>
            </div>
            {told.rows.length > shown && <p><button type="button" onClick={() => setShown(shown + 1000)}>{words.sql.moreRows(told.rows.length - shown)}</button></p>}
        </section>
    );
}

const isNumber = (column: SqlColumn) => column.type === "int8" || column.type === "float8";

function Cell({ value, column }: { value: SqlValue; column: SqlColumn }) {
    const words = useWords();
    if (value === null) return <i className="sql-null">NULL</i>;
    if (column.type === "timestamptz") return <time dateTime={String(value)} title={String(value)}>{dateTime(Date.parse(String(value)), words.locale, browserZone())}</time>;
    return String(value);
}
