// Shapes that carry the same meaning as their colour, so that neither is needed alone.
import type { Connection } from "../api/types";
import type { Tone } from "./tone";

/** Drawn on a square of 16, by SVG here and on the canvas of the map. Holes by even-odd. */
export const shapes: Record<Tone | "silent", string> = {
    run: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13Zm-2 3.6v5.8L11 8Z",
    idle: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13Zm0 2a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9Z",
    busy: "M2 2h12v12H2Zm3 5v2h6V7Z",
    fault: "M8 .6 15.4 8 8 15.4.6 8Zm-1 3.6.3 5h1.4l.3-5Zm0 6.4v2h2v-2Z",
    off: "m3.400 2 4.600 4.600L12.600 2 14 3.400 9.400 8 14 12.600 12.600 14 8 9.400 3.400 14 2 12.600 6.600 8 2 3.400Z",
    other: "M8 4.800a3.200 3.200 0 1 1 0 6.400a3.200 3.200 0 0 1 0-6.400Z",
    silent: "M13.79 5.05A6.5 6.5 0 0 1 13.79 10.95L12.10 10.09A4.6 4.6 0 0 0 12.10 5.91ZM10.95 13.79A6.5 6.5 0 0 1 5.05 13.79L5.91 12.10A4.6 4.6 0 0 0 10.09 12.10ZM2.21 10.95A6.5 6.5 0 0 1 2.21 5.05L3.90 5.91A4.6 4.6 0 0 0 3.90 10.09ZM5.05 2.21A6.5 6.5 0 0 1 10.95 2.21L10.09 3.90A4.6 4.6 0 0 0 5.91 3.90ZM8 6.2a1.8 1.8 0 1 1 0 3.600a1.8 1.8 0 0 1 0-3.600Z",
};

export function ToneMark({ tone }: { tone: Tone | "silent" }) {
    return (
        <svg className={`mark tone-${tone}`} viewBox="0 0 16 16" aria-hidden="true">
            <path d={shapes[tone]} fillRule="evenodd" />
        </svg>
    );
}

const arcs: Record<Connection | "discovered", React.ReactNode> = {
    online: <circle cx="8" cy="8" r="5.5" />,
    stale: <path d="M8 2.500a5.500 5.500 0 1 1 0 11a5.500 5.500 0 0 1 0-11Zm0 2v7a3.500 3.500 0 0 0 0-7Z" fillRule="evenodd" />,
    offline: <path d="M8 2.500a5.500 5.500 0 1 1 0 11a5.500 5.500 0 0 1 0-11Zm0 1.800a3.700 3.700 0 1 0 0 7.400a3.700 3.700 0 0 0 0-7.400Z" fillRule="evenodd" />,
    discovered: <path d="M7 2h2v5h5v2H9v5H7V9H2V7h5Z" />,
};

export function ConnectionMark({ connection }: { connection: Connection | "discovered" }) {
    return (
        <svg className={`mark link-${connection}`} viewBox="0 0 16 16" aria-hidden="true">
            {arcs[connection]}
        </svg>
    );
}

export function Logo() {
    return (
        <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
            <path d="M2 16h28" />
            <circle cx="11" cy="16" r="6" />
            <circle cx="23" cy="16" r="4" />
            <path d="M11 12.500v7M7.500 16h7" className="thin" />
        </svg>
    );
}
