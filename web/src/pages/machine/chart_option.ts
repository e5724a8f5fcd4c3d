// A trend as an ECharts option. Names and texts are painted on a canvas, so they can only be text.
import type { EChartsCoreOption } from "echarts/core";
import { formatNumber } from "../../format/number";
import { dayOf, timeOf } from "../../format/time";
import { toneOf } from "../../parts/tone";
import { bands, runs, type Plot, type Point } from "../../trend/series";
import { timeTicks, valueScale } from "../../trend/ticks";
import type { Window } from "../../trend/window";
import { margin, type Panel } from "./layout";

export interface Look {
    text: string;
    dim: string;
    line: string;
    series: string[];
    tones: Record<string, string>;
    onTone: string;
    font: string;
}

interface Picture {
    panels: Panel[];
    width: number;
    window: Window;
    now: number;
    zone: string;
    locale: string;
    look: Look;
    colourOf: (tag: string) => string;
    dashOf: (tag: string) => number[];
}

/** Eight colours are enough for eight tags; the next eight have them dashed, and so on. Empty: a full line. */
export function dashOf(index: number): number[] {
    return dashes[Math.floor(index / 8) % dashes.length]!;
}
const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [12, 6], [1, 5]];

/** Beyond these the spread of each column hides more than it tells. */
const spreads_max = 8;

type Api = { coord: (value: [number, number]) => [number, number] };

export function chartOption(picture: Picture): EChartsCoreOption {
    const { panels, window, zone, locale, look } = picture;
    const ticks = timeTicks(window.from, window.until, Math.max(2, (picture.width - margin.left) / 110), zone);
    const name = (ms: number) => {
        const time = timeOf(ms, locale, zone);
        if (ticks.step_ms >= 86_400_000) return dayOf(ms, "sv", zone);
        const short = ticks.step_ms >= 60_000 ? time.slice(0, 5) : time;
        return time === "00:00:00" ? dayOf(ms, "sv", zone).slice(5) : short;
    };
    const option = { animation: false, grid: [] as object[], xAxis: [] as object[], yAxis: [] as object[], series: [] as object[] };
    panels.forEach((panel, index) => {
        const last = index === panels.length - 1;
        option.grid.push({ left: margin.left, right: margin.right, top: panel.top, height: panel.height });
        option.xAxis.push({
            type: "value", gridIndex: index, min: window.from, max: window.until, position: "bottom",
            axisLine: { show: last && !panel.lane, lineStyle: { color: look.line } },
            axisTick: { show: false, customValues: ticks.at },
            splitLine: { show: true, showMinLine: false, showMaxLine: false, lineStyle: { color: look.line } },
            axisLabel: { show: last, customValues: ticks.at, formatter: name, color: look.dim, fontFamily: look.font, hideOverlap: true },
        });
        option.yAxis.push(panel.lane ? laneAxis(index) : valueAxis(panel, index, window, look));
        for (const plot of panel.plots) {
            const series = panel.lane ? [bandSeries(plot, picture)] : numberSeries(plot, picture, panel.plots.length <= spreads_max);
            for (const each of series) option.series.push({ ...each, xAxisIndex: index, yAxisIndex: index, silent: true, clip: true, animation: false });
        }
    });
    return option;
}

function valueAxis(panel: Panel, index: number, window: Window, look: Look) {
    let low = Infinity;
    let high = -Infinity;
    for (const plot of panel.plots) {
        for (const point of plot.points) {
            if (point.value === null || point.at < window.from || point.at > window.until) continue;
            low = Math.min(low, point.min);
            high = Math.max(high, point.max);
        }
    }
    const scale = valueScale(low, high, panel.height / 55);
    return {
        type: "value", gridIndex: index, min: scale.min, max: scale.max, interval: scale.step,
        name: panel.unit, nameLocation: "end", nameGap: 11,
        nameTextStyle: { color: look.dim, fontFamily: look.font, align: "right", padding: [0, 8, 0, 0] },
        axisLine: { show: false }, axisTick: { show: false },
        axisLabel: { color: look.dim, fontFamily: look.font, formatter: (value: number) => formatNumber(value, Math.max(0, -Math.floor(Math.log10(scale.step) + 1e-9))) },
        splitLine: { lineStyle: { color: look.line } },
    };
}

const laneAxis = (index: number) => ({ type: "value", gridIndex: index, min: 0, max: 1, show: false });

function numberSeries(plot: Plot, { colourOf, dashOf: dash, look }: Picture, hasSpread: boolean): object[] {
    const colour = colourOf(plot.tag);
    const type = dash(plot.tag);
    const all = runs(plot);
    const line: [number, number | null][] = [];
    const dots: Point[] = [];
    for (const run of all) {
        if (run.length === 1) dots.push(run[0]!);
        for (const point of run) {
            line.push([point.at, point.value]);
            if (point.poor && run.length > 1) dots.push(point);
        }
        line.push([run[run.length - 1]!.at + 1, null]);
    }
    const series: object[] = [];
    if (plot.step_ms !== null && hasSpread) series.push(spread(all, colour, plot.step_ms));
    series.push({
        type: "line", data: line, showSymbol: false, connectNulls: false,
        step: plot.kind === "integer" && plot.step_ms === null ? "end" : false,
        lineStyle: { color: colour, width: hasSpread ? 1.75 : 1.25, join: "round", ...(type.length > 0 && { type }) }, z: 4,
    });
    if (dots.length) series.push(dotSeries(dots, colour, look));
    return series;
}

/** From minimum to maximum of each column, one polygon per run. */
function spread(all: Point[][], colour: string, step_ms: number) {
    return {
        type: "custom", data: all.map((run) => [run[0]!.at, run[0]!.value]), z: 2,
        renderItem: (params: { dataIndex: number }, api: Api) => {
            const run = all[params.dataIndex]!;
            const upper: [number, number][] = [];
            const lower: [number, number][] = [];
            for (const point of run) {
                upper.push(api.coord([point.at, point.max]));
                lower.push(api.coord([point.at, point.min]));
            }
            if (run.length === 1) {
                const half = step_ms / 2;
                upper.push(api.coord([run[0]!.at + half, run[0]!.max]));
                lower.push(api.coord([run[0]!.at + half, run[0]!.min]));
            }
            return { type: "polygon", shape: { points: [...upper, ...lower.reverse()] }, style: { fill: colour, opacity: 0.22 } };
        },
    };
}

/** A lone sample is a dot; a sample of poor quality is a hollow diamond. */
function dotSeries(dots: Point[], colour: string, look: Look) {
    return {
        type: "custom", data: dots.map((point) => [point.at, point.value]), z: 5,
        renderItem: (params: { dataIndex: number }, api: Api) => {
            const point = dots[params.dataIndex]!;
            const [x, y] = api.coord([point.at, point.value]);
            if (!point.poor) return { type: "circle", shape: { cx: x, cy: y, r: 2.2 }, style: { fill: colour } };
            const points = [[x, y - 5], [x + 5, y], [x, y + 5], [x - 5, y]];
            return { type: "polygon", shape: { points }, style: { fill: "transparent", stroke: look.tones.busy, lineWidth: 1.5 } };
        },
    };
}

function bandSeries(plot: Plot, { window, now, look, colourOf }: Picture) {
    const all = bands(plot, Math.min(window.until, now));
    const colour = (text: string) => {
        if (plot.kind === "boolean") return text === "true" ? colourOf(plot.tag) : look.line;
        if (text === "") return look.line;
        return look.tones[toneOf(text)]!;
    };
    return {
        type: "custom", data: all.map((band) => [band.from, 0.5]), z: 3,
        renderItem: (params: { dataIndex: number }, api: Api) => {
            const band = all[params.dataIndex]!;
            if (band.until < window.from || band.from > window.until) return null;
            const [left, bottom] = api.coord([Math.max(band.from, window.from), 0]);
            const [right, top] = api.coord([Math.min(band.until, window.until), 1]);
            const width = Math.max(1, right - left - 1);
            const dim = plot.kind === "boolean" && band.text !== "true";
            return {
                type: "group",
                children: [
                    { type: "rect", shape: { x: left, y: top, width, height: bottom - top }, style: { fill: colour(band.text) } },
                    ...(width > 34 ? [{
                        type: "text",
                        style: {
                            text: band.text, x: left + 7, y: (top + bottom) / 2, verticalAlign: "middle", fontFamily: look.font, fontSize: 12,
                            fill: dim || band.text === "" ? look.text : look.onTone, width: width - 12, overflow: "truncate",
                        },
                    }] : []),
                ],
            };
        },
    };
}
