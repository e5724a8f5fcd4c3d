import { useState } from "react";
import { nodeNow } from "../../api/clock";
import type { Tag } from "../../api/types";
import { formatNumber, isDegrees } from "../../format/number";
import { dateTime, zoneName } from "../../format/time";
import type { Strings } from "../../i18n";
import { useWords } from "../../i18n";
import { ErrorNote } from "../../parts/feedback";
import { gapLength, isNumeric, pointAt, textAt, type Plot } from "../../trend/series";
import { isLive, panBy, rangeKeys, windowOf, zoomAt, type RangeKey, type View } from "../../trend/window";
import { dashOf } from "./chart_option";
import { TrendChart } from "./chart";
import { useTrend } from "./use_trend";

interface TrendPanelProps {
    machine: string;
    tags: Tag[];
    zone: string;
    colourIndex: (tag: string) => number;
    onUnplot: (tag: string) => void;
}

export function TrendPanel({ machine, tags, zone, colourIndex, onUnplot }: TrendPanelProps) {
    const words = useWords();
    const [range, setRange] = useState<RangeKey>("10m");
    const [zoomed, setZoomed] = useState<{ from: number; until: number } | null>(null);
    const [columns, setColumns] = useState(0);
    const [hover, setHover] = useState<number | null>(null);
    const view: View = zoomed ? { kind: "fixed", ...zoomed } : { kind: "last", range };
    const data = useTrend(machine, tags, view, columnsFor(tags.length, columns));
    const reset = () => setZoomed(null);
    const step = (change: (window: { from: number; until: number }, now: number) => { from: number; until: number }) =>
        setZoomed(change(windowOf(view, nodeNow(), data.first), nodeNow()));
    const middle = (window: { from: number; until: number }) => (window.from + window.until) / 2;
    const shown = windowOf(view, nodeNow(), data.first);
    const nothing = !data.loading && !data.error && data.plots.every((plot) => plot.points.length + plot.steps.length === 0);
    return (
        <section className="panel trend" aria-label={words.trend.title}>
            <header className="trend-head">
                <h2>{words.trend.title}</h2>
                <div className="segments" role="group" aria-label={words.trend.range}>
                    {rangeKeys.map((each) => (
                        <button key={each} type="button" aria-pressed={!zoomed && range === each}
                            onClick={() => { setRange(each); reset(); }}>{words.trend.ranges[each]}</button>
                    ))}
                </div>
                <div className="trend-tools">
                    <button type="button" className="small" title={words.trend.earlier} aria-label={words.trend.earlier} onClick={() => step((w, now) => panBy(w, -0.5, now))}>←</button>
                    <button type="button" className="small" title={words.trend.later} aria-label={words.trend.later} onClick={() => step((w, now) => panBy(w, 0.5, now))}>→</button>
                    <button type="button" className="small" title={words.trend.zoomIn} aria-label={words.trend.zoomIn} onClick={() => step((w, now) => zoomAt(w, middle(w), 0.5, now))}>+</button>
                    <button type="button" className="small" title={words.trend.zoomOut} aria-label={words.trend.zoomOut} onClick={() => step((w, now) => zoomAt(w, middle(w), 2, now))}>−</button>
                    {zoomed && <button type="button" className="small primary" onClick={reset}>{words.trend.reset}</button>}
                </div>
            </header>
            {tags.length === 0 ? <p className="dim">{words.trend.choose}</p> : (
                <>
                    <ul className={tags.length > 12 ? "legend legend-many" : "legend"}>
                        {tags.map((tag) => (
                            <li key={tag.name} className={tag.kind === "string" ? "series-none" : `series-${(colourIndex(tag.name) % 8) + 1}`}>
                                <svg className="swatch-line" viewBox="0 0 22 4" aria-hidden="true"><line x1="0" y1="2" x2="22" y2="2" strokeDasharray={dashOf(colourIndex(tag.name)).join(" ")} /></svg>
                                <b>{tag.label ?? tag.name}</b>
                                <Reading plot={data.plots.find((plot) => plot.tag === tag.name)} at={hover} words={words} />
                                <button type="button" className="quiet icon" aria-label={words.trend.unplot(tag.name)} onClick={() => onUnplot(tag.name)}>×</button>
                            </li>
                        ))}
                    </ul>
                    <ErrorNote error={data.error} onRetry={data.reload} />
                    <div className="chart-frame" aria-busy={data.loading} data-loading={data.loading || undefined}>
                        <TrendChart data={data} view={view} zone={zone} colourIndex={colourIndex}
                            label={words.trend.chart(tags.map((tag) => tag.label ?? tag.name).join(", "))}
                            onView={(next) => next.kind === "fixed" && setZoomed({ from: next.from, until: next.until })}
                            onReset={reset} onHover={setHover} onColumns={setColumns} />
                        {nothing && <p className="chart-empty">{words.trend.empty}</p>}
                    </div>
                    <footer className="trend-foot">
                        <span className="figure">
                            {hover === null
                                ? `${dateTime(shown.from, words.locale, zone)} – ${isLive(view) ? words.trend.live : dateTime(shown.until, words.locale, zone)}`
                                : dateTime(hover, words.locale, zone)} {zoneName(shown.until, words.locale, zone)}
                        </span>
                        <span>{resolution(data.plots, words)}</span>
                        <span className="hint">{words.trend.hint}</span>
                    </footer>
                </>
            )}
        </section>
    );
}

/** Up to eight tags get a column for every pixel. Fifty lines over each other show no more with a third of that, and are drawn at once. */
function columnsFor(tags: number, pixels: number): number {
    return tags <= 8 ? pixels : Math.min(pixels, Math.max(240, Math.round((pixels * 12) / tags)));
}

/** What the tag was at the cursor, or is at the end. Plain text: a tag's name and text may be anything. */
function Reading({ plot, at, words }: { plot: Plot | undefined; at: number | null; words: Strings }) {
    if (!plot) return null;
    if (!isNumeric(plot.kind)) {
        const text = textAt(plot, at ?? Infinity);
        const shown = plot.kind === "boolean" && text !== null ? (text === "true" ? words.yes : words.no) : text;
        return <span className="figure">{shown ?? "–"}</span>;
    }
    const end = plot.points[plot.points.length - 1];
    const point = at === null ? (end && end.value !== null ? end : null) : pointAt(plot, at, Math.min(gapLength(plot), 3e9));
    if (!point || point.value === null) return <span className="figure">–</span>;
    const unit = plot.unit ? ` ${plot.unit}` : "";
    const digits = isDegrees(plot.unit) ? 5 : undefined;
    const [low, high] = [formatNumber(point.min, digits), formatNumber(point.max, digits)];
    return (
        <span className="figure">
            {formatNumber(point.value, digits)}{unit}
            {low !== high && <small> {low} – {high}</small>}
        </span>
    );
}

function resolution(plots: Plot[], words: Strings): string {
    const steps = plots.flatMap((plot) => (plot.step_ms === null ? [] : [plot.step_ms]));
    if (plots.length === 0) return "";
    if (steps.length === 0) return words.trend.raw;
    const step = Math.max(...steps);
    const round = (value: number) => formatNumber(value, value < 10 ? 1 : 0);
    const text = step < 1000 ? `${Math.round(step)} ms` : step < 60_000 ? `${round(step / 1000)} s`
        : step < 3_600_000 ? `${round(step / 60_000)} min` : `${round(step / 3_600_000)} h`;
    return words.trend.step(text);
}
