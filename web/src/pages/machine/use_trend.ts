// The stored history of some tags in a window, and the live values that follow it.
import { useEffect, useRef, useState } from "react";
import { calls } from "../../api/calls";
import { nodeNow } from "../../api/clock";
import { liveState, onLive, topics, useLiveEpoch } from "../../api/live";
import { valueKey } from "../../api/live_state";
import type { Tag } from "../../api/types";
import { append, isNumeric, plotOf, type Plot } from "../../trend/series";
import { isLive, rangeLength, type View } from "../../trend/window";

const settle_ms = 120; // A wheel turns many times before anybody wants an answer.
const reread_live_ms = 30_000;
const reread_least_ms = 10_000;

export interface TrendData {
    plots: Plot[];
    /** Grows whenever `plots` changed, also in place. */
    version: number;
    /** The first instant of "all", once known. */
    first: number | null;
    loading: boolean;
    error: unknown;
    reload: () => void;
}

const instant = (at: string | number) => (typeof at === "number" ? at : Date.parse(at));

export function useTrend(machine: string, tags: Tag[], view: View, columns: number): TrendData {
    const [data, setData] = useState<{ plots: Plot[]; first: number | null; error: unknown }>({ plots: [], first: null, error: null });
    const [loading, setLoading] = useState(false);
    const [version, setVersion] = useState(0);
    const [turn, setTurn] = useState(0);
    const epoch = useLiveEpoch();
    const names = tags.map((tag) => tag.name);
    const key = JSON.stringify([machine, names, view, columns]);
    const held = useRef<Plot[]>([]);

    useEffect(() => {
        if (names.length === 0 || columns < 1) {
            held.current = [];
            setData((old) => ({ ...old, plots: [], error: null }));
            return;
        }
        const ended = new AbortController();
        const read = async () => {
            setLoading(true);
            try {
                const { plots, from } = await readTrend(machine, tags, view, columns, ended.signal);
                if (ended.signal.aborted) return;
                if (isLive(view)) keepTail(plots, held.current);
                held.current = plots;
                const first = view.kind === "last" && view.range === "all" ? from : null;
                setData((old) => ({ plots, first: first ?? old.first, error: null }));
                setVersion((old) => old + 1);
            } catch (error) {
                if (!ended.signal.aborted) setData((old) => ({ ...old, error }));
            } finally {
                if (!ended.signal.aborted) setLoading(false);
            }
        };
        const start = setTimeout(() => void read(), settle_ms);
        const length = view.kind === "last" ? rangeLength(view.range) ?? 86_400_000 : null;
        const every = length === null ? null : isLive(view) ? reread_live_ms : Math.max(reread_least_ms, length / columns);
        const timer = every === null ? undefined : setInterval(() => document.hidden || void read(), every);
        return () => {
            ended.abort();
            clearTimeout(start);
            clearInterval(timer);
        };
        // The key holds machine, tags, view and columns.
    }, [key, turn, epoch]);

    const live = isLive(view);
    useEffect(() => {
        if (!live) return;
        return onLive(topics.valuesOf(machine), () => {
            let added = false;
            for (const plot of held.current) {
                const value = liveState.values.get(valueKey(machine, plot.tag));
                if (value && append(plot, value)) added = true;
            }
            if (added) setVersion((old) => old + 1);
        });
    }, [machine, live]);
    return { ...data, version, loading, reload: () => setTurn((old) => old + 1) };
}

async function readTrend(machine: string, tags: Tag[], view: View, columns: number, signal: AbortSignal) {
    const length = view.kind === "last" ? rangeLength(view.range) : null;
    const from = view.kind === "fixed" ? view.from : length === null ? null : nodeNow() - length;
    const asked = {
        tag: tags.map((tag) => tag.name),
        from: from === null ? undefined : new Date(from).toISOString(),
        until: view.kind === "fixed" ? new Date(view.until).toISOString() : undefined,
        columns,
    };
    const states = from === null ? [] : tags.filter((tag) => !isNumeric(tag.kind));
    const [trend, ...before] = await Promise.all([
        calls.trend(machine, asked, signal),
        ...states.map((tag) => calls.sampleBefore(machine, tag.name, asked.from!, signal).catch(() => null)),
    ]);
    const plots = trend.series.map(plotOf);
    states.forEach((tag, i) => {
        const sample = before[i]?.items[0];
        const plot = plots.find((each) => each.tag === tag.name);
        if (!sample || !plot || isNumeric(plot.kind)) return;
        const text = sample.value === null || sample.quality === "missing" ? null : String(sample.value);
        plot.steps.unshift({ at: Date.parse(sample.at), text });
    });
    return { plots, from: instant(trend.from) };
}

/** What came live while the answer was under way is newer than the answer. */
function keepTail(plots: Plot[], before: Plot[]) {
    for (const plot of plots) {
        const old = before.find((each) => each.tag === plot.tag);
        if (!old || plot.step_ms !== null || old.step_ms !== null) continue;
        const lastPoint = plot.points[plot.points.length - 1]?.at ?? -Infinity;
        const lastStep = plot.steps[plot.steps.length - 1]?.at ?? -Infinity;
        if (lastPoint > -Infinity) plot.points.push(...old.points.filter((point) => point.at > lastPoint));
        if (lastStep > -Infinity) plot.steps.push(...old.steps.filter((step) => step.at > lastStep));
    }
}
