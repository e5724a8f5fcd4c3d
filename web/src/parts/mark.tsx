// Shapes that carry the same meaning as their colour, so that neither is needed alone.
import type { Connection } from "../api/types";
import type { Tone } from "./tone";

const shapes: Record<Tone, React.ReactNode> = {
    run: <path d="M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13Zm-2 3.6v5.8L11 8Z" fillRule="evenodd" />,
    idle: <path d="M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13Zm0 2a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9Z" fillRule="evenodd" />,
    busy: <path d="M2 2h12v12H2Zm3 5v2h6V7Z" fillRule="evenodd" />,
    fault: <path d="M8 .6 15.4 8 8 15.4.6 8Zm-1 3.6.3 5h1.4l.3-5Zm0 6.4v2h2v-2Z" fillRule="evenodd" />,
    off: <path d="m3.4 2 4.6 4.6L12.600 2 14 3.400 9.400 8 14 12.600 12.600 14 8 9.400 3.400 14 2 12.600 6.600 8 2 3.400Z" />,
    other: <circle cx="8" cy="8" r="3.2" />,
};

export function ToneMark({ tone }: { tone: Tone }) {
    return (
        <svg className={`mark tone-${tone}`} viewBox="0 0 16 16" aria-hidden="true">
            {shapes[tone]}
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
