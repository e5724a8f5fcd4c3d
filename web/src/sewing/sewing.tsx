// Stitches on the screen: played like a machine sews them, or following a real machine.
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type CSSProperties, type PointerEvent } from "react";
import { useWords } from "../i18n";
import { useSize } from "../parts/size";
import type { Pattern } from "./pattern";
import { Scene } from "./scene";

const whole_s = 14;         // the quick play takes this long, whatever the design
const machine_spm = 800;    // stitches a minute of a real machine
const frame_budget_ms = 10;
const zooms = [1, 2.2, 4.5];

interface SewingProps {
    pattern: Pattern;
    threads: string[];
    fabric: string;
    cloth: string;
    label: string;
    /** Following a machine: how many stitches it has made. Left out: people play it. */
    sewn?: number;
}

type Speed = "quick" | "machine";

export function Sewing({ pattern, threads, fabric, cloth, label, sewn }: SewingProps) {
    const words = useWords();
    const isLive = sewn !== undefined;
    const [frame, { width, height }] = useSize<HTMLDivElement>();
    const canvas = useRef<HTMLCanvasElement>(null);
    const needle = useRef<HTMLDivElement>(null);
    const slider = useRef<HTMLInputElement>(null);
    const told = useRef<HTMLOutputElement>(null);
    const scene = useRef<Scene | null>(null);
    const place = useRef({ at: isLive ? sewn : pattern.count, target: sewn ?? pattern.count, last: 0, frame: 0 });
    const [isPlaying, setPlaying] = useState(false);
    const [speed, setSpeed] = useState<Speed>("quick");
    const [zoom, setZoom] = useState(0);
    const middle = useRef({ x: 0, y: 0 });
    const threadsKey = threads.join();

    const show = useCallback((budget_ms: number) => {
        const now = scene.current;
        if (!now) return true;
        const done = now.reach(place.current.at, budget_ms);
        const at = Math.floor(place.current.at);
        if (slider.current) slider.current.value = String(at);
        if (told.current) told.current.textContent = at.toLocaleString(words.locale);
        const where = at > 0 && at < pattern.count ? now.needle() : null;
        if (needle.current) {
            needle.current.hidden = where === null;
            if (where) needle.current.style.transform = `translate(${where.x}px, ${where.y}px)`;
            if (where) needle.current.style.color = where.colour;
        }
        return done;
    }, [pattern, words.locale]);

    const step = useCallback((now: number) => {
        const p = place.current;
        const seconds = Math.min(0.1, (now - p.last) / 1000);
        p.last = now;
        if (isLive) {
            const far = p.target - p.at;
            // Between two reports the needle glides; a long way off it hurries.
            p.at = Math.abs(far) < 0.5 ? p.target : far < 0 ? p.target : p.at + Math.max(far * Math.min(1, seconds * 3.5), Math.min(far, seconds * 10));
        } else {
            p.at = Math.min(pattern.count, p.at + seconds * (speed === "quick" ? Math.max(120, pattern.count / whole_s) : machine_spm / 60));
        }
        const done = show(frame_budget_ms);
        const arrived = isLive ? p.at === p.target : p.at >= pattern.count;
        if (!(done && arrived)) p.frame = requestAnimationFrame(step);
        else {
            p.frame = 0;
            if (!isLive) setPlaying(false);
        }
    }, [isLive, pattern, show, speed]);

    useLayoutEffect(() => {
        if (!canvas.current || width === 0 || height === 0) return;
        scene.current = new Scene(canvas.current, { pattern, threads, fabric, cloth, isPromised: isLive });
        scene.current.resize(width, height, zooms[zoom]!, middle.current.x, middle.current.y);
        let again = 0;
        const fill = () => { if (!show(40)) again = requestAnimationFrame(fill); };
        fill();
        return () => cancelAnimationFrame(again);
        // The threads' colours by value: a parent makes the list anew each time.
    }, [pattern, threadsKey, fabric, cloth, width, height, zoom, isLive]);

    useEffect(() => {
        // Another design stands finished; a machine's stands where the machine is.
        place.current.at = isLive ? place.current.target : pattern.count;
        middle.current = { x: (pattern.bounds.left + pattern.bounds.right) / 2, y: (pattern.bounds.top + pattern.bounds.bottom) / 2 };
        setPlaying(false);
        show(40);
    }, [pattern]);

    useEffect(() => {
        if (!isLive) return;
        place.current.target = Math.min(pattern.count, sewn);
    }, [isLive, sewn, pattern]);

    const wantsFrames = isLive ? sewn : isPlaying;
    useEffect(() => {
        if (wantsFrames === false || place.current.frame) return;
        place.current.last = performance.now();
        place.current.frame = requestAnimationFrame(step);
        return () => {
            cancelAnimationFrame(place.current.frame);
            place.current.frame = 0;
        };
    }, [wantsFrames, step]);

    const play = () => {
        if (!isPlaying && place.current.at >= pattern.count) place.current.at = 0;
        setPlaying(!isPlaying);
    };
    const scrub = (value: number) => {
        setPlaying(false);
        place.current.at = value;
        if (!show(30)) requestAnimationFrame(() => show(200));
    };
    const drag = useDrag((dx, dy) => {
        const now = scene.current;
        if (!now || zoom === 0) return;
        middle.current = { x: middle.current.x - dx * now.pixel_mm(), y: middle.current.y - dy * now.pixel_mm() };
        now.resize(width, height, zooms[zoom]!, middle.current.x, middle.current.y);
        show(80);
    });
    const shape = { "--aspect": aspectOf(pattern) } as CSSProperties;
    return (
        <figure className="sewing" style={shape}>
            <div ref={frame} className={zoom > 0 ? "sewing-cloth sewing-close" : "sewing-cloth"} {...drag}>
                <canvas ref={canvas} role="img" aria-label={label} />
                <div ref={needle} className="sewing-needle" hidden aria-hidden="true">
                    <svg viewBox="0 0 24 64"><path className="thread" d="M12 0v40" /><path className="steel" d="M9.800 4h4.400v34l-2.200 26-2.200-26z" /><path className="eye" d="M12 44v7" /></svg>
                </div>
                <button type="button" className="sewing-zoom" onClick={() => setZoom((zoom + 1) % zooms.length)} aria-label={zoom < zooms.length - 1 ? words.sewing.closer : words.sewing.whole}>
                    <svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="8.500" cy="8.500" r="5.500" /><path d={zoom < zooms.length - 1 ? "m13 13 5 5M6 8.500h5M8.500 6v5" : "m13 13 5 5M6 8.500h5"} /></svg>
                </button>
            </div>
            {!isLive && (
                <figcaption className="sewing-bar">
                    <button type="button" className="sewing-play" onClick={play} aria-label={isPlaying ? words.sewing.pause : words.sewing.play}>
                        <svg viewBox="0 0 20 20" aria-hidden="true">{isPlaying ? <path d="M5 3.500h3.500v13H5zM11.500 3.500H15v13h-3.500z" /> : <path d="M5.500 3v14l11-7z" />}</svg>
                    </button>
                    <input ref={slider} type="range" min={0} max={pattern.count} defaultValue={pattern.count} aria-label={words.sewing.scrub}
                        onChange={(event) => scrub(Number(event.target.value))} />
                    <span className="figure sewing-count"><output ref={told}>{pattern.count.toLocaleString(words.locale)}</output> / {words.sewing.stitches(pattern.count)}</span>
                    <span className="segments" role="group" aria-label={words.sewing.speed}>
                        {(["quick", "machine"] as const).map((one) => (
                            <button key={one} type="button" aria-pressed={speed === one} onClick={() => setSpeed(one)} title={words.sewing.speedHelp[one]}>{words.sewing.speeds[one]}</button>
                        ))}
                    </span>
                </figcaption>
            )}
        </figure>
    );
}

/** A broad word gets a broad stage, a round badge a square one. */
function aspectOf({ bounds }: Pattern): number {
    const wide = bounds.right - bounds.left + 8, high = bounds.bottom - bounds.top + 8;
    return Math.round(Math.min(2.6, Math.max(1.15, wide / high)) * 100) / 100;
}

function useDrag(move: (dx: number, dy: number) => void) {
    const last = useRef<{ x: number; y: number } | null>(null);
    return {
        onPointerDown: (event: PointerEvent) => { last.current = { x: event.clientX, y: event.clientY }; },
        onPointerMove: (event: PointerEvent) => {
            if (!last.current || event.buttons === 0) return;
            move(event.clientX - last.current.x, event.clientY - last.current.y);
            last.current = { x: event.clientX, y: event.clientY };
        },
        onPointerUp: () => { last.current = null; },
        onPointerLeave: () => { last.current = null; },
    };
}
