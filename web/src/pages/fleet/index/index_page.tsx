// The utilisation index: what it says, how it is counted, month by month beside the year before.
import { useState } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import type { IndexAnswer } from "../../../api/fleet_types";
import { nodeNow } from "../../../api/clock";
import { browserZone, dateTime } from "../../../format/time";
import { belongs, groupsOf, indexCsv, keyOf, monthAway, type Dimension, type Group } from "../../../fleet/index_rows";
import { useWords, type Strings } from "../../../i18n";
import { Empty, Waiting } from "../../../parts/feedback";
import { useLoad } from "../../../parts/load";
import { saveFile } from "../../../parts/save_file";
import { IndexChart } from "./index_chart";
import { IndexTable } from "./index_table";

export const groupName = (group: Pick<Group, "type" | "region">, words: Strings) =>
    [group.type, group.region].filter((each) => each !== null).map((each) => each || words.index.unknown).join(" · ") || words.index.all;

const thisMonth = () => new Date(nodeNow()).toISOString().slice(0, 7);

export function IndexPage() {
    const words = useWords();
    const lang = words.locale === "zh-CN" ? "zh" : "en";
    const [from, setFrom] = useState(() => monthAway(thisMonth(), -11));
    const [until, setUntil] = useState(thisMonth);
    const [dimension, setDimension] = useState<Dimension>("type");
    const [chosen, setChosen] = useState("\0");
    const [asked, setAsked] = useState<{ hours_min?: number; machines_min?: number }>({});
    // The year before is asked for as well: it is drawn beside this one.
    const first = monthAway(from, -12) >= monthAway(until, -35) ? monthAway(from, -12) : monthAway(until, -35);
    const read = useLoad(`index ${first} ${until} ${asked.hours_min} ${asked.machines_min} ${lang}`, () => fleetCalls.index({ from: first, until, ...asked, lang }));
    const [kept, setKept] = useState<IndexAnswer | null>(null);
    if (read.data && read.data !== kept) setKept(read.data);
    const answer = read.data ?? kept;
    const rows = (answer?.rows ?? []).filter((row) => row.month >= from && row.month <= until);
    const groups = groupsOf(rows, dimension);
    const all = groupsOf(answer?.rows ?? [], dimension);
    const shown = all.find((group) => group.key === chosen) ?? all[0];
    const withheld = rows.some((row) => row.is_withheld && belongs(row, dimension));
    const empty = answer !== null && !rows.some((row) => row.index !== null || row.is_withheld);
    return (
        <>
            <header className="page-head">
                <h1>{words.index.title}</h1>
                <p>{words.index.lead}</p>
            </header>
            <Definition key={`${answer?.definition.hours_min} ${answer?.definition.machines_min}`} answer={answer} busy={!read.data && !read.error} onCount={setAsked} />
            {!answer && <Waiting of={read} />}
            {answer && read.error !== null && <Waiting of={read} />}
            <div className="index-tools">
                <label><span>{words.index.from}</span><input type="month" value={from} max={until} onChange={(event) => event.target.value && setFrom(event.target.value)} /></label>
                <label><span>{words.index.until}</span><input type="month" value={until} min={from} max={thisMonth()} onChange={(event) => event.target.value && setUntil(event.target.value)} /></label>
                <div className="segments" role="group" aria-label={words.index.by}>
                    {(["type", "region", "both"] as const).map((each) => <button key={each} type="button" aria-pressed={each === dimension} onClick={() => setDimension(each)}>{words.index.dimensions[each]}</button>)}
                </div>
                {answer && !empty && <button type="button" className="index-csv" onClick={() => saveFile(`index-${from}-${until}.csv`, "text/csv", indexCsv(rows, answer.definition.sentence))}>{words.index.csv}</button>}
            </div>
            {empty && <Empty title={words.index.emptyTitle} step={words.index.emptyStep} />}
            {answer && !empty && shown && <Latest group={groups.find((group) => group.key === shown.key) ?? shown} />}
            {answer && !empty && shown && <IndexChart group={shown} from={from} until={until} />}
            {answer && !empty && <IndexTable groups={groups} chosen={shown ? keyOf(shown) : ""} onChoose={setChosen} />}
            {withheld && answer && (
                <section className="note index-withheld">
                    <h3>{words.index.withheldTitle}</h3>
                    <p>{words.index.withheldText(answer.definition.machines_min)}</p>
                </section>
            )}
        </>
    );
}

interface DefinitionProps {
    answer: IndexAnswer | null;
    busy: boolean;
    onCount: (asked: { hours_min?: number; machines_min?: number }) => void;
}

/** The sentence the numbers are true by, with its numbers to change. */
function Definition({ answer, busy, onCount }: DefinitionProps) {
    const words = useWords();
    const [hours, setHours] = useState(String(answer?.definition.hours_min ?? 1));
    const [least, setLeast] = useState(String(answer?.definition.machines_min ?? 5));
    const changed = answer !== null && (Number(hours) !== answer.definition.hours_min || Number(least) !== answer.definition.machines_min);
    const [before, between, after] = words.index.define;
    return (
        <section className="panel define">
            <h2>{words.index.definition}</h2>
            <form onSubmit={(event) => { event.preventDefault(); onCount({ hours_min: Number(hours), machines_min: Number(least) }); }}>
                <p>
                    {before} <input type="number" aria-label={words.index.hours} min={0.1} max={24} step={0.1} required value={hours} onChange={(event) => setHours(event.target.value)} /> {between}{" "}
                    <input type="number" aria-label={words.index.group} title={words.index.less} min={1} max={1000} step={1} required value={least} onChange={(event) => setLeast(event.target.value)} /> {after}
                </p>
                {(changed || busy) && <button className="primary small" disabled={busy}>{busy ? words.index.counting : words.index.count}</button>}
            </form>
            {answer && <p className="help">{answer.definition.sentence} {words.index.computed(dateTime(Date.parse(answer.computed_at), words.locale, browserZone()))}</p>}
        </section>
    );
}

export const percentText = (share: number | null) => (share === null ? "–" : `${(share * 100).toFixed(1)} %`);

export function YearOnYear({ value }: { value: number | null }) {
    const words = useWords();
    if (value === null) return <span className="dim">–</span>;
    const text = `${value > 0 ? "+" : value < 0 ? "−" : "±"}${Math.abs(value * 100).toFixed(1)}`;
    return <span className="figure yoy" title={words.index.points(text)}><i aria-hidden="true">{value > 0.0005 ? "▲" : value < -0.0005 ? "▼" : "■"}</i> {text}</span>;
}

function Latest({ group }: { group: Group }) {
    const words = useWords();
    const row = [...group.rows].reverse().find((each) => each.index !== null || each.is_withheld);
    if (!row) return null;
    return (
        <dl className="index-latest">
            <div><dt>{groupName(group, words)} · {words.index.latest(row.month)}</dt><dd className="figure">{row.is_withheld ? words.index.withheld : percentText(row.index)}</dd></div>
            <div><dt>{words.index.yoy}</dt><dd>{row.year_on_year === null ? <small>{words.index.noYear}</small> : <><YearOnYear value={row.year_on_year} /> <small>{words.index.points("").trim()}</small></>}</dd></div>
            <div><dt>{words.index.days}</dt><dd className="figure">{row.working_days === null || row.observed_days === null ? "–" : words.index.ofDays(row.working_days.toLocaleString("en"), row.observed_days.toLocaleString("en"))}</dd></div>
            <div><dt>{words.index.machines}</dt><dd className="figure">{row.machines ?? "–"}</dd></div>
        </dl>
    );
}
