// What the console tells a person: what failed and what to do next, and short confirmations.
import { useEffect, useState, type ReactNode } from "react";
import { ApiError } from "../api/client";
import { createStore, useStore } from "../api/store";
import type { Strings } from "../i18n";
import { useWords } from "../i18n";
import { nodeSentence } from "../i18n/node_sentences";

/** The advice for a failure; `special` overrides it where a page knows better. */
export function advice(error: unknown, words: Strings, special: Record<number, string> = {}): string {
    if (!(error instanceof ApiError)) return words.errors.server;
    const own = special[error.status];
    if (own) return own;
    switch (error.status) {
        case 0: case 502: case 504: return words.errors.unreachable;
        case 503: return words.errors.busy;
        case 403: return words.errors.denied;
        case 404: return words.errors.notFound;
        case 409: return words.errors.conflict;
        case 400: case 413: case 422: return words.errors.invalid;
        case 429: return words.errors.throttled(error.retryAfterSeconds);
        default: return words.errors.server;
    }
}

interface ErrorNoteProps {
    error: unknown;
    special?: Record<number, string>;
    onRetry?: () => void;
}

export function ErrorNote({ error, special, onRetry }: ErrorNoteProps) {
    const words = useWords();
    if (!error) return null;
    const detail = error instanceof ApiError && error.status > 0 ? error.detail : "";
    return (
        <div className="note note-error" role="alert">
            <p>{advice(error, words, special)}</p>
            {detail && <p className="detail">{words.errors.nodeSays(nodeSentence(detail, words.locale))}</p>}
            {onRetry && <button type="button" onClick={onRetry}>{words.retry}</button>}
        </div>
    );
}

/** Stands where something read from the node will be: that it comes, or why it does not. */
export function Waiting({ of }: { of: { data: unknown; error: unknown; reload: () => void } }) {
    const words = useWords();
    if (of.error) return <ErrorNote error={of.error} onRetry={of.reload} />;
    return of.data ? null : <p className="loading">{words.loading}</p>;
}

export function Empty({ title, step, children }: { title: string; step: string; children?: ReactNode }) {
    return (
        <section className="empty">
            <h2>{title}</h2>
            <p>{step}</p>
            {children}
        </section>
    );
}

const said = createStore<{ text: string; serial: number } | null>(null);
let serial = 0;

/** Says it once, politely, at the foot of the page. */
export function say(text: string) {
    serial += 1;
    said.set({ text, serial });
}

export function Said() {
    const message = useStore(said);
    useEffect(() => {
        if (!message) return;
        const timer = setTimeout(() => said.set(null), 5000);
        return () => clearTimeout(timer);
    }, [message]);
    return <div className="said" role="status" aria-live="polite">{message && <p key={message.serial}>{message.text}</p>}</div>;
}

/** Copies a text; without the clipboard API (plain HTTP on a LAN) through a selection. */
export function CopyButton({ text }: { text: string }) {
    const words = useWords();
    const [copied, setCopied] = useState(false);
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text);
        } catch {
            const area = document.createElement("textarea");
            area.value = text;
            (document.querySelector("dialog[open]") ?? document.body).append(area);
            area.select();
            document.execCommand("copy");
            area.remove();
        }
        setCopied(true);
        setTimeout(() => setCopied(false), 2000);
    };
    return <button type="button" className="copy" onClick={() => void copy()} aria-live="polite">{copied ? words.copied : words.copy}</button>;
}
