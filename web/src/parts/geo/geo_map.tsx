// The map as a part of a page: gestures, keys and buttons around a MapView.
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { useWords } from "../../i18n";
import { useSize } from "../size";
import { MapView, type Drag } from "./map_view";

interface GeoMapProps {
    label: string;
    /** Told once, when there is a size: set the layers and the camera here. */
    onReady: (map: MapView) => void;
    /** Shows everything again; the button and the key 0. */
    onWhole?: () => void;
    className?: string;
    /** Keys a tool on the map takes first; true when it took it. */
    onKey?: (event: KeyboardEvent) => boolean;
    children?: ReactNode;
}

const tap_pixels = 5;
const pan_pixels = 90;

export function GeoMap({ label, onReady, onWhole, className, onKey, children }: GeoMapProps) {
    const words = useWords();
    const [frame, { width, height }] = useSize<HTMLDivElement>();
    const canvas = useRef<HTMLCanvasElement>(null);
    const map = useRef<MapView | null>(null);
    const ready = useRef(onReady);
    ready.current = onReady;

    useLayoutEffect(() => {
        if (!canvas.current || width < 2 || height < 2) return;
        const first = map.current === null;
        map.current ??= new MapView(canvas.current);
        map.current.resize(width, height);
        if (first) ready.current(map.current);
    }, [width, height]);
    useEffect(() => () => {
        map.current?.end();
        map.current = null;
    }, []);
    const gestures = useGestures(frame, map);

    const key = (event: KeyboardEvent) => {
        if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
        const view = map.current;
        if (!view) return;
        if (onKey?.(event)) return event.preventDefault();
        const steps: Record<string, () => void> = {
            ArrowLeft: () => view.pan(pan_pixels, 0), ArrowRight: () => view.pan(-pan_pixels, 0),
            ArrowUp: () => view.pan(0, pan_pixels), ArrowDown: () => view.pan(0, -pan_pixels),
            "+": () => view.zoom(1), "=": () => view.zoom(1), "-": () => view.zoom(-1), "0": () => onWhole?.(),
        };
        const step = steps[event.key];
        if (!step) return;
        event.preventDefault();
        view.stop();  // or a flight under way would take the map back
        step();
    };
    return (
        <div ref={frame} className={`geo ${className ?? ""}`}>
            <div className="geo-pad" tabIndex={0} role="application" aria-roledescription={words.geo.role} aria-label={`${label}. ${words.geo.keys}`} onKeyDown={key} {...gestures}>
                <canvas ref={canvas} className="geo-canvas" aria-hidden="true" />
            </div>
            <div className="geo-buttons" role="group" aria-label={words.geo.buttons}>
                <button type="button" aria-label={words.geo.nearer} title={words.geo.nearer} onClick={() => map.current?.zoom(1)}>+</button>
                <button type="button" aria-label={words.geo.farther} title={words.geo.farther} onClick={() => map.current?.zoom(-1)}>−</button>
                {onWhole && (
                    <button type="button" aria-label={words.geo.whole} title={words.geo.whole} onClick={onWhole}>
                        <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" /></svg>
                    </button>
                )}
            </div>
            {children}
        </div>
    );
}

interface Held {
    x: number;
    y: number;
}

/** One finger or the mouse pans, two fingers zoom, the wheel zooms; a layer may take the pointer for itself. */
function useGestures(frame: React.RefObject<HTMLDivElement | null>, map: React.RefObject<MapView | null>) {
    const held = useRef(new Map<number, Held>());
    const state = useRef({ moved: 0, drag: null as Drag | null, vx: 0, vy: 0, at: 0 });
    const place = (event: { clientX: number; clientY: number }): Held => {
        const box = frame.current!.getBoundingClientRect();
        return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    useEffect(() => {
        const element = frame.current;
        const wheel = (event: WheelEvent) => {
            if (!map.current || !(event.target as Element).closest(".geo-pad")) return;
            event.preventDefault();
            const { x, y } = place(event);
            const amount = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
            map.current.stop();
            map.current.zoom(-Math.max(-240, Math.min(240, amount)) * (event.ctrlKey ? 0.012 : 0.0045), x, y);
        };
        element?.addEventListener("wheel", wheel, { passive: false });
        return () => element?.removeEventListener("wheel", wheel);
    }, []);

    const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
        if (event.button !== 0 || !map.current) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const at = place(event);
        map.current.stop();
        held.current.set(event.pointerId, at);
        const first = held.current.size === 1;
        state.current = { moved: first ? 0 : tap_pixels + 1, drag: first ? map.current.grab(at.x, at.y) : null, vx: 0, vy: 0, at: performance.now() };
    };
    const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
        const at = place(event);
        const before = held.current.get(event.pointerId);
        const now = state.current;
        if (!map.current) return;
        if (!before) {
            event.currentTarget.style.cursor = map.current.cursor(at.x, at.y);
            return;
        }
        const other = [...held.current].find(([id]) => id !== event.pointerId)?.[1];
        held.current.set(event.pointerId, at);
        const [dx, dy] = [at.x - before.x, at.y - before.y];
        now.moved += Math.hypot(dx, dy);
        if (now.drag) return now.drag.move(at.x, at.y);
        if (other) {
            const [was, is] = [Math.hypot(before.x - other.x, before.y - other.y), Math.hypot(at.x - other.x, at.y - other.y)];
            map.current.pan(dx / 2, dy / 2);
            if (was > 4 && is > 4) map.current.zoom(Math.log2(is / was), (at.x + other.x) / 2, (at.y + other.y) / 2);
            return;
        }
        if (now.moved < tap_pixels) return;
        const passed = Math.max(1, performance.now() - now.at);
        now.at += passed;
        const weight = Math.min(1, passed / 50);
        now.vx += (dx / passed - now.vx) * weight;
        now.vy += (dy / passed - now.vy) * weight;
        map.current.pan(dx, dy);
    };
    const end = (event: PointerEvent<HTMLDivElement>, cancelled: boolean) => {
        if (!held.current.delete(event.pointerId) || !map.current) return;
        const now = state.current;
        const at = place(event);
        if (now.drag) now.drag.end();
        if (!cancelled && now.moved < tap_pixels && held.current.size === 0) map.current.tap(at.x, at.y);
        else if (!now.drag && held.current.size === 0 && performance.now() - now.at < 60) map.current.let_go(now.vx, now.vy);
        now.drag = null;
    };
    return {
        onPointerDown, onPointerMove,
        onPointerUp: (event: PointerEvent<HTMLDivElement>) => end(event, false),
        onPointerCancel: (event: PointerEvent<HTMLDivElement>) => end(event, true),
        onDoubleClick: (event: React.MouseEvent) => {
            const at = place(event);
            // While corners are set, two clicks are two corners.
            if (map.current?.cursor(at.x, at.y) !== "crosshair") map.current?.zoom(event.shiftKey ? -1 : 1, at.x, at.y);
        },
    };
}
