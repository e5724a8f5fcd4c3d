// A tag's values by the shifts, days, weeks and months of the machine's site, with how complete each is.
import { useState } from "react";
import { ApiError } from "../../api/client";
import { calls } from "../../api/calls";
import { nodeNow } from "../../api/clock";
import type { Period, Periods, PeriodUnit } from "../../api/calendar_types";
import type { Tag } from "../../api/types";
import { formatNumber } from "../../format/number";
import { useWords, type Strings } from "../../i18n";
import { ErrorNote } from "../../parts/feedback";
import { useLoad } from "../../parts/load";
import { isNumeric } from "../../trend/series";

/** How far back each unit looks: a screenful of rows. */
const back_days: Record<PeriodUnit, number> = { hour: 1, shift: 7, day: 14, week: 84, month: 366, year: 3660 };
const units = Object.keys(back_days) as PeriodUnit[];

export function PeriodPanel({ machine, tags, first }: { machine: string; tags: Tag[]; first: string | undefined }) {
    const words = useWords();
    const [isOpen, setOpen] = useState(false);
    const counted = tags.filter((tag) => isNumeric(tag.kind) || tag.kind === "boolean");
    if (counted.length === 0) return null;
    return (
        <details className="panel periods" onToggle={(event) => setOpen(event.currentTarget.open)}>
            <summary><h2>{words.periods.title}</h2> <span className="dim">{words.periods.lead}</span></summary>
            {isOpen && <Chosen machine={machine} tags={counted} first={counted.find((tag) => tag.name === first)?.name ?? counted[0]!.name} />}
        </details>
    );
}

function Chosen({ machine, tags, first }: { machine: string; tags: Tag[]; first: string }) {
    const words = useWords();
    const [name, setName] = useState(first);
    const [by, setBy] = useState<PeriodUnit>("day");
    const read = useLoad<Periods>(`periods ${machine} ${name} ${by}`, () =>
        calls.periods(machine, { tag: name, by, from: new Date(nodeNow() - back_days[by] * 86_400_000).toISOString() }), 60_000);
    const series = read.data?.series[0];
    const noShifts = by === "shift" && read.error instanceof ApiError && read.error.status === 422;
    const tag = tags.find((one) => one.name === name);
    return (
        <>
            <div className="periods-choice">
                <select aria-label={words.machine.tag} value={name} onChange={(event) => setName(event.target.value)}>
                    {tags.map((one) => <option key={one.name} value={one.name}>{one.label ?? one.name}</option>)}
                </select>
                <span className="segments" role="group" aria-label={words.periods.by}>
                    {units.map((unit) => <button key={unit} type="button" aria-pressed={by === unit} onClick={() => setBy(unit)}>{words.periods.units[unit]}</button>)}
                </span>
            </div>
            {noShifts ? <p className="note note-warn">{words.periods.noShifts}</p> : <ErrorNote error={read.error} onRetry={read.reload} />}
            {!read.data && !read.error && <p className="loading">{words.loading}</p>}
            {series && <Table periods={series.periods} zone={read.data!.time_zone} unit={tag?.unit ?? series.unit} by={by} />}
        </>
    );
}

const columns = ["average", "min", "max", "sum"] as const;

function Table({ periods, zone, unit, by }: { periods: Period[]; zone: string; unit: string | null; by: PeriodUnit }) {
    const words = useWords();
    return (
        <>
            <div className="periods-frame">
                <table className="list periods-table">
                    <thead>
                        <tr>
                            <th scope="col">{words.periods.units[by]}</th>
                            <th scope="col">{words.periods.complete}</th>
                            {columns.map((column) => <th key={column} scope="col" className="number">{words.periods[column]}</th>)}
                            <th scope="col" className="number">{words.periods.gain}</th>
                            <th scope="col" className="number">{words.periods.samples}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {[...periods].reverse().map((period) => (
                            <tr key={period.from}>
                                <th scope="row">{period.label} <Length of={period} by={by} /></th>
                                <td data-label={words.periods.complete}><Complete share={period.completeness} words={words} /></td>
                                {columns.map((column) => <td key={column} data-label={words.periods[column]} className="number figure">{shown(period[column])}</td>)}
                                <td data-label={words.periods.gain} className="number figure">{period.first === null || period.last === null ? "–" : shown(period.last - period.first)}</td>
                                <td data-label={words.periods.samples} className="number figure">{period.samples.toLocaleString(words.locale)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            <p className="help">{words.periods.help(zone)}{unit && ` ${words.periods.inUnit(unit)}`}</p>
        </>
    );
}

const shown = (value: number | null) => (value === null ? "–" : formatNumber(value));

/** A day that is not as long as others says so: clocks were turned. */
function Length({ of, by }: { of: Period; by: PeriodUnit }) {
    const words = useWords();
    const hours = (Date.parse(of.until) - Date.parse(of.from)) / 3_600_000;
    return by === "day" && hours !== 24 ? <small>{words.periods.hours(hours)}</small> : null;
}

function Complete({ share, words }: { share: number | null; words: Strings }) {
    if (share === null) return <span className="dim">–</span>;
    // 99.96 % is not whole, and does not look so.
    const percent = Math.floor(share * 1000) / 10;
    return (
        <span className={share < 0.995 ? "complete complete-not" : "complete"}>
            <i aria-hidden="true"><b style={{ width: `${share * 100}%` }} /></i>
            <span className="figure">{percent.toLocaleString(words.locale)} %</span>
        </span>
    );
}
