// Jobs by machine over time. A job is dragged to another machine, or moved by keys; what it costs is asked before it is done.
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { nodeNow } from "../../../api/clock";
import type { Plan } from "../../../api/dispatch_types";
import { browserZone, dayOf, timeOf } from "../../../format/time";
import { isMovable, laneAway, lanesOf, spanOf, type Bar, type Lane } from "../../../fleet/gantt";
import { stateMark } from "../../../fleet/roster";
import { useWords } from "../../../i18n";
import { ToneMark } from "../../../parts/mark";
import { useSize } from "../../../parts/size";
import { timeTicks } from "../../../trend/ticks";
import { clockText, lengthText, type Names } from "../names";

interface GanttProps {
    plan: Plan;
    names: Names;
    titles: Map<string, string>;
    /** Machines without a job that are shown as well. */
    others: string[];
    chosen: string | null;
    onChoose: (machine: string | null) => void;
    onOpen: (bar: Bar) => void;
    /** null: this person may not. */
    onMove: ((bar: Bar, machine: string) => void) | null;
    hours: number;
}

const lane_px = 40;
const head_px = 34;
const present_px = 40;  // no hour is written so near the present's own label
const lanes_max = 400;
const edge_px = 26;
const scroll_px = 14;

export function Gantt({ plan, names, titles, others, chosen, onChoose, onOpen, onMove, hours }: GanttProps) {
    const words = useWords();
    const zone = browserZone();
    const [frame, { width }] = useSize<HTMLDivElement>();
    const [held, setHeld] = useState<{ bar: Bar; lane: number; dy: number; byKeys: boolean } | null>(null);
    const area = useRef<HTMLDivElement>(null);
    const lanes = useMemo(() => lanesOf(plan, others).slice(0, lanes_max), [plan, others]);
    const now = nodeNow();
    const span = useMemo(() => spanOf(lanes, nodeNow(), hours * 3_600_000), [lanes, hours]);
    const label_px = width > 0 && width < 600 ? 104 : 158;
    const perMs = Math.max(40, width - label_px - 2) / (hours * 3_600_000);
    const full = (span.until - span.from) * perMs;
    const x = (at: number) => (at - span.from) * perMs;
    const ticks = timeTicks(span.from, span.until, Math.max(2, full / 84), zone);
    // The present stands a little in from the left edge.
    useEffect(() => {
        if (frame.current && width > 0) frame.current.scrollLeft = Math.max(0, x(nodeNow() - 3_600_000));
    }, [width > 0, hours]);

    const yOf = (clientY: number) => clientY - area.current!.getBoundingClientRect().top;
    const laneAt = (clientY: number) => laneAway(lanes, Math.floor(yOf(clientY) / lane_px), 0);
    /** Lanes out of sight come when the pointer is at the edge. */
    const scrollNear = (clientY: number) => {
        const box = frame.current!.getBoundingClientRect();
        if (clientY > box.bottom - edge_px) frame.current!.scrollTop += scroll_px;
        else if (clientY < box.top + head_px + edge_px) frame.current!.scrollTop -= scroll_px;
    };
    const drop = (bar: Bar, lane: number) => {
        setHeld(null);
        const machine = lanes[lane]!.machine;
        if (onMove && (machine !== bar.machine || !bar.call.is_pinned)) onMove(bar, machine);
    };
    const own = (bar: Bar) => lanes.findIndex((lane) => lane.machine === bar.machine);
    const key = (event: KeyboardEvent, bar: Bar) => {
        if (held?.byKeys) {
            const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
            if (step) setHeld({ ...held, lane: laneAway(lanes, held.lane, step) });
            else if (event.key === "Enter") drop(held.bar, held.lane);
            else if (event.key === "Escape") setHeld(null);
            else return;
            event.preventDefault();
        } else if ((event.key === "m" || event.key === "M") && onMove && isMovable(bar.call)) {
            event.preventDefault();
            setHeld({ bar, lane: own(bar), dy: 0, byKeys: true });
        }
    };
    return (
        <div className="gantt" ref={frame} role="group" aria-label={words.plan.gantt}>
            <div className="gantt-inner" style={{ width: label_px + full }}>
                <div className="gantt-head" style={{ height: head_px }}>
                    <span className="gantt-corner" style={{ width: label_px }}>{words.plan.hours} {zone}</span>
                    {ticks.at.filter((at) => Math.abs(x(at) - x(now)) > present_px).map((at) => {
                        const midnight = timeOf(at, words.locale, zone).startsWith("00:00");
                        return <span key={at} className={midnight ? "tick day" : "tick"} style={{ left: label_px + x(at) }}>{midnight ? dayOf(at, "sv", zone).slice(5) : timeOf(at, words.locale, zone).slice(0, 5)}</span>;
                    })}
                    <b className="gantt-present" style={{ left: label_px + x(now) }}>{words.plan.now}</b>
                </div>
                <div ref={area} className="gantt-lanes" style={{ height: lanes.length * lane_px }}>
                    {ticks.at.map((at) => <i key={at} className="gantt-line" style={{ left: label_px + x(at) }} />)}
                    {lanes.map((lane, i) => <LaneRow key={lane.machine} lane={lane} index={i} names={names} chosen={chosen === lane.machine} target={held?.lane === i && (held.byKeys || held.dy !== 0)} label_px={label_px} onChoose={onChoose} />)}
                    {lanes.map((lane, i) => lane.carries.map((carry, row) => (
                        <span key={`${lane.machine} ${carry.machine} ${carry.from}`} className="carry" title={`${words.plan.carries(names.machine(carry.machine))} ${timeOf(carry.from, words.locale, zone).slice(0, 5)}–${timeOf(carry.until, words.locale, zone).slice(0, 5)}`}
                            style={{ left: label_px + x(carry.from), top: i * lane_px + 6 + (row % 2) * 14, width: Math.max(8, (carry.until - carry.from) * perMs) }}>{names.machine(carry.machine)}</span>
                    )))}
                    {lanes.map((lane, i) => lane.bars.map((bar) => (
                        <JobBar key={bar.key} bar={bar} top={i * lane_px} left={label_px + x(bar.arrival)} width={(bar.end - bar.arrival) * perMs} wait={(bar.begin - bar.arrival) * perMs}
                            way={bar.call.way_metres > 0 ? Math.min(x(bar.arrival), x(bar.arrival) - x(Math.max(bar.since ?? now, span.from))) : 0}
                            title={titles.get(bar.call.request) ?? words.requests.number(bar.call.request)} names={names} zone={zone}
                            shift={held?.bar.key === bar.key ? (held.byKeys ? (held.lane - i) * lane_px : held.dy) : 0} movable={onMove !== null && isMovable(bar.call)} dim={chosen !== null && chosen !== lane.machine}
                            onOpen={() => onOpen(bar)} onKey={(event) => key(event, bar)} onBlur={() => held?.byKeys && setHeld(null)}
                            yOf={yOf}
                            onDrag={(dy, clientY) => { scrollNear(clientY); setHeld({ bar, lane: laneAt(clientY), dy, byKeys: false }); }}
                            onDrop={(clientY) => drop(bar, laneAt(clientY))} onCancel={() => setHeld(null)} />
                    )))}
                    <i className="gantt-now" style={{ left: label_px + x(now) }} />
                </div>
            </div>
            <p className="unseen" role="status">{held?.byKeys && words.plan.grabbed(titles.get(held.bar.call.request) ?? "", names.machine(lanes[held.lane]!.machine))}</p>
        </div>
    );
}

interface RowProps {
    lane: Lane;
    index: number;
    names: Names;
    chosen: boolean;
    target: boolean;
    label_px: number;
    onChoose: (machine: string | null) => void;
}

function LaneRow({ lane, index, names, chosen, target, label_px, onChoose }: RowProps) {
    const spot = names.spots.get(lane.machine);
    return (
        <div className={`lane ${chosen ? "lane-chosen" : ""} ${target ? "lane-target" : ""}`} style={{ top: index * lane_px, height: lane_px }}>
            <button type="button" className="lane-name" aria-pressed={chosen} style={{ width: label_px }} onClick={() => onChoose(chosen ? null : lane.machine)}>
                {spot && <ToneMark tone={stateMark[spot.state]} />}<span>{names.machine(lane.machine)}<small>{spot?.type}</small></span>
            </button>
        </div>
    );
}

interface BarProps {
    bar: Bar;
    top: number;
    left: number;
    width: number;
    wait: number;
    way: number;
    title: string;
    names: Names;
    zone: string;
    shift: number;
    movable: boolean;
    dim: boolean;
    onOpen: () => void;
    onKey: (event: KeyboardEvent) => void;
    onBlur: () => void;
    /** Where the pointer is among the lanes, however they are scrolled. */
    yOf: (clientY: number) => number;
    onDrag: (dy: number, clientY: number) => void;
    onDrop: (clientY: number) => void;
    onCancel: () => void;
}

const drag_pixels = 6;

function JobBar({ bar, top, left, width, wait, way, title, names, zone, shift, movable, dim, onOpen, onKey, onBlur, yOf, onDrag, onDrop, onCancel }: BarProps) {
    const words = useWords();
    const start = useRef<number | null>(null);
    const moved = useRef(false);
    const { call } = bar;
    const times = `${clockText(call.begin, zone, words)}–${clockText(call.end, zone, words)}`;
    const text = [title, words.requests.stages[call.stage], names.site(call.site), times, call.late_s > 0 ? words.plan.late(lengthText(call.late_s, words)) : "", call.is_pinned ? words.requests.pinned : ""].filter(Boolean).join(", ");
    const down = (event: PointerEvent<HTMLButtonElement>) => {
        moved.current = false;
        if (!movable || event.button !== 0 || event.pointerType === "touch") return;
        start.current = yOf(event.clientY);
        event.currentTarget.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
        if (start.current === null) return;
        const dy = yOf(event.clientY) - start.current;
        if (Math.abs(dy) > drag_pixels) moved.current = true;
        if (moved.current) onDrag(dy, event.clientY);
    };
    const up = (event: PointerEvent, cancelled: boolean) => {
        if (start.current === null) return;
        start.current = null;
        if (!moved.current) return;
        if (cancelled) onCancel();
        else onDrop(event.clientY);
    };
    return (
        <>
            {way > 2 && <i className="gantt-way" style={{ left: left - way, top: top + lane_px / 2 - 1, width: way, opacity: dim ? 0.3 : 1 }} title={words.plan.travel} />}
            <button type="button" className={`bar bar-${call.stage} ${shift ? "bar-held" : ""} ${dim ? "bar-dim" : ""} ${movable ? "bar-movable" : ""} ${call.late_s > 0 ? "bar-late" : ""}`}
                style={{ left, top: top + 5, width: Math.max(10, width), transform: shift ? `translateY(${shift}px)` : undefined }} aria-label={text} title={`${text}${movable ? `\n${words.plan.jobKeys}` : ""}`}
                onClick={() => !moved.current && onOpen()} onKeyDown={onKey} onBlur={onBlur}
                onPointerDown={down} onPointerMove={move} onPointerUp={(event) => up(event, false)} onPointerCancel={(event) => up(event, true)}>
                {wait > 3 && <i className="bar-wait" style={{ width: wait }} />}
                {call.is_pinned && <svg className="bar-pin" viewBox="0 0 12 12" aria-hidden="true"><path d="M3 .800h6V2H8.300l.5 3.200L10.500 6.800V8H6.600v3L6 12l-.600-1V8H1.500V6.800l1.700-1.600L3.700 2H3Z" /></svg>}
                <span>{title}<small>{names.site(call.site)}</small></span>
            </button>
        </>
    );
}
