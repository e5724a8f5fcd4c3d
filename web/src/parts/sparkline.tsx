import { useEffect, useRef } from "react";
import { onLive } from "../api/live";

const pace_ms = 900;

interface SparklineProps {
    /** The live topic that says when to draw again. */
    topic: string;
    read: () => { at: number[]; value: number[] } | undefined;
    /** Draws from zero, for rates; otherwise the line fills the height. */
    fromZero?: boolean;
    className?: string;
}

/** A line without axes on a canvas. It draws itself when its topic speaks; React is not asked. */
export function Sparkline({ topic, read, fromZero, className }: SparklineProps) {
    const element = useRef<HTMLCanvasElement>(null);
    const reading = useRef(read);
    reading.current = read;
    useEffect(() => {
        const canvas = element.current;
        if (!canvas) return;
        // Two hundred of these live on one page: only those in sight draw, and none more than once a second.
        let inSight = false;
        let timer: ReturnType<typeof setTimeout> | undefined;
        const again = () => {
            clearTimeout(timer);
            timer = undefined;
            if (inSight) draw(canvas, reading.current(), fromZero ?? false);
        };
        const seen = new IntersectionObserver(([entry]) => {
            inSight = entry!.isIntersecting;
            again();
        });
        seen.observe(canvas);
        const resized = new ResizeObserver(again);
        resized.observe(canvas);
        const stop = onLive(topic, () => {
            if (inSight) timer ??= setTimeout(again, pace_ms);
        });
        const scheme = matchMedia("(prefers-color-scheme: light)");
        scheme.addEventListener("change", again);
        return () => {
            stop();
            clearTimeout(timer);
            seen.disconnect();
            resized.disconnect();
            scheme.removeEventListener("change", again);
        };
    }, [topic, fromZero]);
    return <canvas ref={element} className={`sparkline ${className ?? ""}`} aria-hidden="true" />;
}

function draw(canvas: HTMLCanvasElement, data: { at: number[]; value: number[] } | undefined, fromZero: boolean) {
    const ratio = Math.min(2, devicePixelRatio || 1);
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const count = data?.at.length ?? 0;
    if (!data || count < 2 || width === 0) return;
    let low = fromZero ? 0 : Infinity;
    let high = fromZero ? 1e-9 : -Infinity;
    for (const value of data.value) {
        if (value < low) low = value;
        if (value > high) high = value;
    }
    const start = data.at[0]!;
    const span = Math.max(1, data.at[count - 1]! - start);
    const range = high - low;
    const x = (i: number) => 1 + ((data.at[i]! - start) / span) * (width - 4);
    const y = (i: number) => range <= 0 ? height / 2 : height - 2.5 - ((data.value[i]! - low) / range) * (height - 5);
    const colour = getComputedStyle(canvas).color;
    pen.strokeStyle = colour;
    pen.fillStyle = colour;
    pen.lineWidth = fromZero ? 2 : 1.25;
    pen.lineJoin = "round";
    pen.beginPath();
    for (let i = 0; i < count; i += 1) i === 0 ? pen.moveTo(x(i), y(i)) : pen.lineTo(x(i), y(i));
    pen.stroke();
    if (fromZero) {
        pen.lineTo(x(count - 1), height);
        pen.lineTo(x(0), height);
        pen.globalAlpha = 0.14;
        pen.fill();
        pen.globalAlpha = 1;
    }
    pen.beginPath();
    pen.arc(x(count - 1), y(count - 1), fromZero ? 3 : 1.8, 0, 7);
    pen.fill();
}
