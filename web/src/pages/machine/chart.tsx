// The drawn trend with its gestures: drag to zoom in, wheel to zoom, double click back, keys for all.
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { nodeNow } from "../../api/clock";
import { useWords } from "../../i18n";
import { useSize } from "../../parts/size";
import { isLive, panBy, windowOf, zoomAt, clamp, type View, type Window } from "../../trend/window";
import { chartOption, dashOf } from "./chart_option";
import { init, type EChartsType } from "./echarts";
import { layOut, margin } from "./layout";
import { readLook } from "./look";
import type { TrendData } from "./use_trend";

interface ChartProps {
    data: TrendData;
    view: View;
    zone: string;
    label: string;
    colourIndex: (tag: string) => number;
    onView: (view: View) => void;
    onReset: () => void;
    onHover: (at: number | null) => void;
    onColumns: (columns: number) => void;
}

export function TrendChart(props: ChartProps) {
    const { data, view, zone, label, colourIndex, onView, onReset, onHover, onColumns } = props;
    const words = useWords();
    const [frame, { width }] = useSize<HTMLDivElement>();
    const canvas = useRef<HTMLDivElement>(null);
    const chart = useRef<EChartsType | null>(null);
    const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
    const [cursor, setCursor] = useState<number | null>(null);
    const { panels, height } = layOut(data.plots);
    const plotWidth = Math.max(0, width - margin.left - margin.right);
    const window = (): Window => windowOf(view, nodeNow(), data.first);
    const atPixel = (x: number) => {
        const { from, until } = window();
        return from + ((x - margin.left) / Math.max(1, plotWidth)) * (until - from);
    };
    const inPlot = (x: number) => Math.min(Math.max(x, margin.left), margin.left + plotWidth);

    useEffect(() => onColumns(Math.min(4000, Math.round(plotWidth))), [plotWidth]);

    useLayoutEffect(() => {
        if (!canvas.current || width === 0) return;
        chart.current ??= init(canvas.current, null, { renderer: "canvas", width, height });
        chart.current.resize({ width, height });
    }, [width, height]);
    useEffect(() => () => {
        chart.current?.dispose();
        chart.current = null;
    }, []);

    const draw = () => {
        if (!chart.current || width === 0) return;
        const look = readLook(frame.current!);
        chart.current.setOption(chartOption({
            panels, width, window: window(), now: nodeNow(), zone, locale: words.locale, look,
            dashOf: (tag) => dashOf(colourIndex(tag)),
            colourOf: (tag) => look.series[colourIndex(tag) % look.series.length]!,
        }), { notMerge: true, lazyUpdate: false });
    };
    const latest = useRef(draw);
    latest.current = draw;
    const drawnAt = useRef(0);
    // A live picture glides by itself; 1 min moves a pixel in some 50 ms, an hour in seconds.
    const pace_ms = view.kind === "last" && view.range === "1m" ? 200 : 1000;
    const live = isLive(view);
    useEffect(() => {
        if (live && Date.now() - drawnAt.current < pace_ms) return;
        drawnAt.current = Date.now();
        draw();
    }, [data.version]);
    useEffect(draw, [view, width, height, zone, words.locale, data.plots, data.first]);
    useEffect(() => {
        const timer = live ? setInterval(() => document.hidden || latest.current(), pace_ms) : undefined;
        const scheme = matchMedia("(prefers-color-scheme: light)");
        const again = () => latest.current();
        scheme.addEventListener("change", again);
        return () => {
            clearInterval(timer);
            scheme.removeEventListener("change", again);
        };
    }, [live, pace_ms]);

    const turn = useRef<(event: WheelEvent) => void>(() => {});
    turn.current = (event) => {
        if (event.ctrlKey) return;
        event.preventDefault();
        const x = inPlot(event.clientX - frame.current!.getBoundingClientRect().left);
        const amount = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
        const next = zoomAt(window(), atPixel(x), Math.exp(Math.max(-400, Math.min(400, amount)) * 0.0015), nodeNow());
        onView({ kind: "fixed", ...next });
    };
    useEffect(() => {
        const element = frame.current;
        const wheel = (event: WheelEvent) => turn.current(event);
        // React's own wheel listeners are passive and could not keep the page from scrolling.
        element?.addEventListener("wheel", wheel, { passive: false });
        return () => element?.removeEventListener("wheel", wheel);
    }, []);

    const xOf = (event: PointerEvent<HTMLDivElement>) => inPlot(event.clientX - frame.current!.getBoundingClientRect().left);
    const down = (event: PointerEvent<HTMLDivElement>) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from: xOf(event), to: xOf(event) });
    };
    const move = (event: PointerEvent<HTMLDivElement>) => {
        const x = xOf(event);
        setCursor(x);
        onHover(atPixel(x));
        setDrag((old) => (old ? { ...old, to: x } : null));
    };
    const up = () => {
        if (drag && Math.abs(drag.to - drag.from) > 6) {
            const [from, until] = [atPixel(Math.min(drag.from, drag.to)), atPixel(Math.max(drag.from, drag.to))];
            onView({ kind: "fixed", ...clamp({ from, until }, nodeNow()) });
        }
        setDrag(null);
    };
    const away = () => {
        setCursor(null);
        onHover(null);
    };
    const key = (event: KeyboardEvent) => {
        const { from, until } = window();
        const steps: Record<string, () => Window> = {
            ArrowLeft: () => panBy({ from, until }, -0.25, nodeNow()),
            ArrowRight: () => panBy({ from, until }, 0.25, nodeNow()),
            "+": () => zoomAt({ from, until }, (from + until) / 2, 0.5, nodeNow()),
            "=": () => zoomAt({ from, until }, (from + until) / 2, 0.5, nodeNow()),
            "-": () => zoomAt({ from, until }, (from + until) / 2, 2, nodeNow()),
        };
        const step = steps[event.key];
        if (step) onView({ kind: "fixed", ...step() });
        else if (event.key === "Escape") onReset();
        else return;
        event.preventDefault();
    };
    return (
        <div ref={frame} className="chart" tabIndex={0} role="img" aria-label={`${label}. ${words.trend.hint}`}
            style={{ height }} onKeyDown={key} onPointerDown={down} onPointerMove={move} onPointerUp={up}
            onPointerCancel={() => setDrag(null)} onPointerLeave={away} onDoubleClick={onReset}>
            <div ref={canvas} className="chart-canvas" />
            {cursor !== null && <div className="chart-cursor" style={{ left: cursor, bottom: margin.bottom }} />}
            {drag && <div className="chart-drag" style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from), bottom: margin.bottom }} />}
        </div>
    );
}
