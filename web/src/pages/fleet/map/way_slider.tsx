// Where the chosen machine was: a slider over its stored places, playable.
import { useEffect, useMemo, useRef, useState } from "react";
import { nodeNow } from "../../../api/clock";
import { fleetCalls } from "../../../api/fleet_calls";
import { browserZone, dayOf, timeOf } from "../../../format/time";
import { formatNumber } from "../../../format/number";
import { knownStretches, momentAt, trackOf, type Moment, type Track } from "../../../fleet/track";
import { useWords } from "../../../i18n";
import { ErrorNote } from "../../../parts/feedback";
import { useLoad } from "../../../parts/load";

const hour = 3_600_000;
const ranges: Record<string, number> = { h8: 8 * hour, h24: 24 * hour, d7: 168 * hour, d30: 720 * hour };
const steps = 2000;
const play_ms = 12_000;

interface SliderProps {
    id: string;
    onTrack: (track: Track | null, moment: Moment | null) => void;
}

export function WaySlider({ id, onTrack }: SliderProps) {
    const words = useWords();
    const [range, setRange] = useState("h24");
    const [asked, setAsked] = useState(() => nodeNow());
    const [place, setPlace] = useState(steps);
    const [playing, setPlaying] = useState(false);
    const until = asked, from = asked - ranges[range]!;
    const trail = useLoad(`trail ${id} ${range} ${asked}`, () => fleetCalls.trail(id, from, until));
    const track = useMemo(() => (trail.data ? trackOf(trail.data) : null), [trail.data]);
    const at = from + (place / steps) * (until - from);
    const moment = place < steps && track ? momentAt(track, at) : null;
    const tell = useRef(onTrack);
    tell.current = onTrack;
    useEffect(() => tell.current(track, moment), [track, place]);
    useEffect(() => () => tell.current(null, null), []);
    useEffect(() => {
        if (!playing) return;
        let frame = 0, before = performance.now(), now = place >= steps ? 0 : place;
        const step = (time: number) => {
            now += ((time - before) / play_ms) * steps;
            before = time;
            setPlace(Math.min(steps, now));
            if (now >= steps) return setPlaying(false);
            frame = requestAnimationFrame(step);
        };
        frame = requestAnimationFrame(step);
        return () => cancelAnimationFrame(frame);
    }, [playing]);
    const choose = (next: string) => {
        setRange(next);
        setAsked(nodeNow());
        setPlace(steps);
        setPlaying(false);
    };
    const zone = browserZone();
    const text = `${dayOf(at, "sv", zone)} ${timeOf(at, words.locale, zone).slice(0, 5)}`;
    const speed = moment && moment.is_known && Number.isFinite(moment.speed) ? `${formatNumber(moment.speed, 0)} km/h` : moment && !moment.is_known ? words.way.unknown : "";
    const left = trail.data ? trail.data.left_out.zero + trail.data.left_out.jump + trail.data.left_out.nowhere : 0;
    return (
        <section className="way" aria-label={words.way.title}>
            <div className="way-head">
                <button type="button" className="way-play" aria-pressed={playing} aria-label={playing ? words.way.pause : words.way.play} disabled={!track?.count} onClick={() => setPlaying(!playing)}>
                    <svg viewBox="0 0 16 16" aria-hidden="true"><path d={playing ? "M4 2.500h3v11H4zM9 2.500h3v11H9z" : "M4 2l9 6-9 6z"} /></svg>
                </button>
                <output className="figure">{place < steps ? text : words.way.title}{speed && <small>{speed}</small>}</output>
                {place < steps && <button type="button" className="small quiet" onClick={() => { setPlaying(false); setPlace(steps); }}>{words.way.now}</button>}
                <div className="segments" role="group" aria-label={words.trend.range}>
                    {Object.keys(ranges).map((each) => <button key={each} type="button" aria-pressed={each === range} onClick={() => choose(each)}>{words.way.ranges[each]}</button>)}
                </div>
            </div>
            <div className="way-rail">
                <svg viewBox="0 0 1000 6" preserveAspectRatio="none" aria-hidden="true">
                    {track && knownStretches(track, from, until).map(([a, b], i) => <rect key={i} x={a * 1000} y={0} width={Math.max(2, (b - a) * 1000)} height={6} />)}
                </svg>
                <input type="range" min={0} max={steps} step={1} value={Math.round(place)} aria-label={words.way.slider} aria-valuetext={`${text} ${speed}`}
                    onChange={(event) => { setPlaying(false); setPlace(Number(event.target.value)); }} />
            </div>
            <p className="way-foot">
                <ErrorNote error={trail.error} onRetry={trail.reload} />
                {track?.count === 0 && <span>{words.way.none}</span>}
                {track && track.count > 0 && <span>{words.way.metres(`${formatNumber(track.metres / 1000, 1)} ${words.map.km}`)}</span>}
                {left > 0 && <span>{words.way.leftOut(left)}</span>}
                <span>{zone}</span>
            </p>
        </section>
    );
}
