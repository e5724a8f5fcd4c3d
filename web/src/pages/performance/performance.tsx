// How well machines work (ISO 22400-2, every formula shown with its figures) and what stops them.
import { useState } from "react";
import { nodeNow } from "../../api/clock";
import { orderCalls } from "../../api/order_calls";
import type { Oee, OeeRatio, Stops } from "../../api/workshop_types";
import { useWords, type Strings } from "../../i18n";
import { Empty, Waiting } from "../../parts/feedback";
import { useLoad } from "../../parts/load";
import { Pareto } from "./pareto";

const ranges = { "24h": 86_400_000, "7d": 7 * 86_400_000, "30d": 30 * 86_400_000 };
type Range = keyof typeof ranges;

const mains: OeeRatio[] = ["availability", "effectiveness", "quality_ratio"];
const rest: OeeRatio[] = ["utilisation", "setup_rate", "scrap_ratio", "rework_ratio"];

export const percent = (value: number | null, words: Strings) => (value === null ? words.performance.none : `${(value * 100).toLocaleString(words.locale, { maximumFractionDigits: Math.abs(value) < 0.01 ? 2 : 1 })} %`);

export function Performance() {
    const words = useWords();
    const [range, setRange] = useState<Range>("24h");
    const [machine, setMachine] = useState("");
    const from = () => new Date(nodeNow() - ranges[range]).toISOString();
    const read = useLoad<Oee[]>(`oee ${range}`, () => orderCalls.oee(from()), 30_000);
    const stops = useLoad<Stops>(`stops ${range} ${machine}`, () => orderCalls.stops(from(), machine || undefined), 30_000);
    const worked = read.data?.filter((one) => one.times_s.AUBT > 0 || one.pieces.PQ > 0 || one.times_s.ADOT > 0) ?? [];
    return (
        <>
            <header className="page-head">
                <h1>{words.workshop.performance}</h1>
                <p>{words.performance.lead}</p>
                <span className="segments page-actions" role="group" aria-label={words.performance.range}>
                    {(Object.keys(ranges) as Range[]).map((one) => <button key={one} type="button" aria-pressed={range === one} onClick={() => setRange(one)}>{words.performance.ranges[one]}</button>)}
                </span>
            </header>
            <Waiting of={read} />
            {read.data && worked.length === 0 && <Empty title={words.performance.emptyTitle} step={words.performance.emptyStep} />}
            {worked.length > 0 && (
                <div className="performance">
                    <section aria-label={words.performance.oee} className="oee-list">
                        {worked.map((one) => <Machine key={one.machine} of={one} />)}
                    </section>
                    <section className="panel" aria-label={words.performance.stops}>
                        <header className="stops-head">
                            <h2>{words.performance.stops}</h2>
                            <select aria-label={words.performance.machine} value={machine} onChange={(event) => setMachine(event.target.value)}>
                                <option value="">{words.performance.allMachines}</option>
                                {read.data?.map((one) => <option key={one.machine} value={one.machine}>{one.name}</option>)}
                            </select>
                        </header>
                        <Waiting of={stops} />
                        {stops.data && (stops.data.items.length === 0 ? <p className="dim">{words.performance.noStops}</p> : <Pareto stops={stops.data} />)}
                    </section>
                </div>
            )}
        </>
    );
}

function Machine({ of }: { of: Oee }) {
    const words = useWords();
    const { PQ, GQ, RQ, SQ } = of.pieces;
    return (
        <article className="panel oee">
            <header>
                <h2>{of.name}</h2>
                <p className="figure dim">{words.performance.pieces(PQ)}: {GQ} {words.performance.good}{words.comma}{RQ} {words.performance.rework}{words.comma}{SQ} {words.performance.scrap}</p>
            </header>
            <p className="oee-main"><strong className="figure">{percent(of.oee, words)}</strong><span>{words.performance.ratios.oee}</span></p>
            <dl className="oee-ratios">
                {mains.map((ratio) => (
                    <div key={ratio}>
                        <dt>{words.performance.ratios[ratio]}</dt><dd className="figure">{percent(of[ratio], words)}</dd>
                        <span className="oee-bar" aria-hidden="true"><i style={{ width: `${Math.max(0, Math.min(1, of[ratio] ?? 0)) * 100}%` }} /></span>
                    </div>
                ))}
            </dl>
            <details>
                <summary>{words.performance.formulas}</summary>
                <ul className="formulas">
                    {(["oee", ...mains, ...rest] as OeeRatio[]).map((ratio) => (
                        <li key={ratio}><b>{words.performance.ratios[ratio]}</b> <span>= {withWords(of.formulas[ratio], words)}</span> <span className="dim">= {withFigures(of, ratio, words)}</span> <strong className="figure">{percent(of[ratio], words)}</strong></li>
                    ))}
                </ul>
                <p className="help">{[...Object.keys(of.times_s).map((name) => `${name}: ${words.performance.times[name] ?? name}${name === "PBT" ? ` (${words.performance.planned[of.planned]})` : ""}`), ...Object.keys(of.pieces).map((name) => `${name}: ${words.performance.counts[name] ?? name}`), `PRU: ${words.performance.pru}`].join("; ")}</p>
            </details>
        </article>
    );
}

/** Ratios within a formula by their words; times and counts keep the names of the standard. */
const withWords = (formula: string, words: Strings) => formula.replace(/[a-z_]{3,}/g, (name) => words.performance.ratios[name] ?? name);

/** The formula with its own figures: hours and minutes for times, numbers for pieces. */
function withFigures(of: Oee, ratio: OeeRatio, words: Strings): string {
    const times: Record<string, number> = { ...of.times_s, ...(of.PRU_s !== null && { PRU: of.PRU_s }) };
    return of.formulas[ratio].replace(/[A-Za-z_]+/g, (name) =>
        name in times ? hours(times[name]!) : name in of.pieces ? String(of.pieces[name as keyof Oee["pieces"]])
            : name in words.performance.ratios ? percent(of[name as OeeRatio], words) : name);
}

function hours(seconds: number): string {
    if (seconds < 600) return `${Math.round(seconds)} s`;
    const minutes = Math.round(seconds / 60);
    return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
}
