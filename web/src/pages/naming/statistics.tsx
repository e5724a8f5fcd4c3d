// What was asked for and registered, over time and by prefix; and what was asked for in vain.
import { useState } from "react";
import { naming } from "../../api/naming_calls";
import { nodeNow } from "../../api/clock";
import type { NamingStatistics } from "../../api/naming_types";
import type { Page } from "../../api/types";
import { formatShort } from "../../format/number";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Empty, Waiting } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad } from "../../parts/load";
import { links } from "../../router";
import { Bars } from "./bars";
import type { Names } from "./naming";

const ranges = { day: [1, "hour"], week: [7, "hour"], month: [30, "day"], quarter: [90, "day"] } as const;
type Range = keyof typeof ranges;
const refresh_ms = 15_000;

export function StatisticsPage({ names }: { names: Names }) {
    const words = useWords();
    const text = words.namingStatistics;
    const [range, setRange] = useState<Range>("day");
    const [prefix, setPrefix] = useState("");
    const [days, by] = ranges[range];
    const from = () => new Date(nodeNow() - days * 86_400_000).toISOString();
    const read = useLoad<NamingStatistics>(`naming statistics ${range} ${prefix}`, () => naming.statistics({ prefix, from: from(), by }), refresh_ms);
    const missing = useLoad<Page<{ handle: string; count: number }>>(`naming missing ${range}`, () => naming.missing({ from: from(), limit: 30 }), refresh_ms);
    const told = read.data;
    const isEmpty = told && Object.values(told.totals).every((count) => count === 0);
    return (
        <>
            <header className="page-head"><h1>{text.title}</h1><p>{text.lead}</p></header>
            <search className="application-filters">
                <div className="segments" role="group" aria-label={text.range}>
                    {(Object.keys(ranges) as Range[]).map((one) => <button key={one} type="button" aria-pressed={range === one} onClick={() => setRange(one)}>{text.ranges[one]}</button>)}
                </div>
                <select name="prefix" aria-label={words.naming.prefix} value={prefix} onChange={(event) => setPrefix(event.target.value)}>
                    <option value="">{text.all}</option>
                    {names.prefixes.map((one) => <option key={one.prefix} value={one.prefix}>{one.prefix}{one.company ? ` · ${one.company}` : ""}</option>)}
                </select>
            </search>
            <Waiting of={read} />
            {isEmpty && <Empty title={text.emptyTitle} step={text.emptyStep}><Link className="button" to={links.handle("")}>{words.handle.lookUp}</Link></Empty>}
            {told && !isEmpty && <Told told={told} />}
            {told && !isEmpty && <ByPrefix told={told} names={names} />}
            {missing.data && !isEmpty && (
                <section className="panel missing">
                    <h2>{text.missing}</h2>
                    <p className="help">{text.missingHelp}</p>
                    {missing.data.items.length === 0 ? <p className="dim">{text.noMissing}</p> : (
                        <ol>{missing.data.items.map((one) => <li key={one.handle}><Link className="code" to={links.handle(one.handle)}>{one.handle}</Link><span className="figure">{text.times(one.count)}</span></li>)}</ol>
                    )}
                </section>
            )}
        </>
    );
}

const nothing = { registered: 0, changed: 0, deleted: 0, resolved: 0, not_found: 0 };

/** Every hour or day of the range; the node leaves out those in which nothing was asked. */
export function everyPeriod(told: Pick<NamingStatistics, "from" | "until" | "by" | "periods">): NamingStatistics["periods"] {
    const step = told.by === "day" ? 86_400_000 : 3_600_000;
    const known = new Map(told.periods.map((one) => [Math.floor(Date.parse(one.at) / step), one]));
    const first = Math.floor(Date.parse(told.from) / step), last = Math.floor((Date.parse(told.until) - 1) / step);
    return Array.from({ length: Math.max(0, Math.min(2500, last - first + 1)) }, (_, index) => known.get(first + index) ?? { ...nothing, at: new Date((first + index) * step).toISOString() });
}

function Told({ told }: { told: NamingStatistics }) {
    const words = useWords();
    const text = words.namingStatistics;
    const { totals } = told;
    const asked = totals.resolved + totals.not_found;
    const periods = everyPeriod(told);
    const when = (at: string) => dateTime(Date.parse(at), words.locale, browserZone());
    const tile = (name: string, count: number, note?: string, swatch?: string) => (
        <div><dt>{swatch && <i className={`key ${swatch}`} />}{name}</dt><dd title={count.toLocaleString(words.locale)}>{count < 100_000 ? count.toLocaleString(words.locale) : formatShort(count)}</dd>{note && <small>{note}</small>}</div>
    );
    return (
        <section className="panel naming-counts">
            <dl className="tiles">
                {tile(text.resolved, totals.resolved, undefined, "bar-resolved")}
                {tile(text.notFound, totals.not_found, asked > 0 ? text.notFoundShare(((totals.not_found / asked) * 100).toLocaleString(words.locale, { maximumFractionDigits: 1 })) : undefined, "bar-missing")}
                {tile(text.registered, totals.registered, undefined, "bar-registered")}
                {tile(text.changed, totals.changed)}
                {tile(text.deleted, totals.deleted)}
            </dl>
            <h3>{text.resolved} <small>{text.per[told.by]}</small></h3>
            <Bars bars={periods.map((one) => ({ at: one.at, parts: [one.resolved, one.not_found] }))} by={told.by} names={[text.resolved, text.notFound]} colours={["bar-resolved", "bar-missing"]} height={220} label={text.chart(when(told.from), when(told.until))} />
            <h3>{text.registered} <small>{text.per[told.by]}</small></h3>
            <Bars bars={periods.map((one) => ({ at: one.at, parts: [one.registered] }))} by={told.by} names={[text.registered]} colours={["bar-registered"]} height={110} label={text.registeredChart(when(told.from), when(told.until))} />
        </section>
    );
}

function ByPrefix({ told, names }: { told: NamingStatistics; names: Names }) {
    const words = useWords();
    const text = words.namingStatistics;
    const most = Math.max(1, ...told.prefixes.map((one) => one.resolved));
    const company = (prefix: string) => names.prefixes.find((one) => one.prefix === prefix)?.company;
    const figure = (count: number) => count === 0 ? <span className="dim">–</span> : count.toLocaleString(words.locale);
    return (
        <section className="by-prefix">
            <h2>{text.byPrefix}</h2>
            <table className="list">
                <thead>
                    <tr>
                        <th scope="col">{words.naming.prefix}</th>
                        <th scope="col" className="number">{text.resolved}</th>
                        <th scope="col"><span className="unseen">{text.share}</span></th>
                        <th scope="col" className="number">{text.notFound}</th>
                        <th scope="col" className="number">{text.registered}</th>
                        <th scope="col" className="number">{text.identifiers}</th>
                    </tr>
                </thead>
                <tbody>
                    {told.prefixes.slice(0, 50).map((one) => (
                        <tr key={one.prefix}>
                            <th scope="row">{one.prefix === "*" ? text.others : <Link className="code" to={links.prefix(one.prefix)}>{one.prefix}</Link>}{company(one.prefix) && <small>{company(one.prefix)}</small>}</th>
                            <td className="number figure" data-label={text.resolved}>{figure(one.resolved)}</td>
                            <td className="share-cell"><svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect className="bar-resolved" width={(one.resolved / most) * 100} height="6" /></svg></td>
                            <td className="number figure" data-label={text.notFound}>{figure(one.not_found)}</td>
                            <td className="number figure" data-label={text.registered}>{figure(one.registered)}</td>
                            <td className="number figure" data-label={text.identifiers}>{one.identifiers === null ? <span className="dim">–</span> : figure(one.identifiers)}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </section>
    );
}
