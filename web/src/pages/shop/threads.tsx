// Threads to choose from, and the threads of a design by their nearest name.
import type { Thread } from "../../api/order_types";
import { useWords, type Strings } from "../../i18n";
import { nearest } from "./draft";

/** A thread's name in the reader's language. */
export const threadName = (thread: Thread, words: Strings) => words.threads.names[thread.name] ?? thread.name;

export function ThreadChart({ threads, colour, onChoose }: { threads: Thread[]; colour: string; onChoose: (colour: string) => void }) {
    const words = useWords();
    const chosen = threads.find((one) => one.colour === colour);
    return (
        <fieldset className="chart-threads">
            <legend>{words.shop.thread} {chosen && <small>{chosen.code} {threadName(chosen, words)}</small>}</legend>
            <div>
                {threads.map((thread) => (
                    <label key={thread.code} className="spool" title={`${thread.code} ${threadName(thread, words)}`} style={{ "--thread": thread.colour } as React.CSSProperties}>
                        <input type="radio" name="thread" value={thread.colour} checked={thread.colour === colour} onChange={() => onChoose(thread.colour)} aria-label={`${thread.code} ${threadName(thread, words)}`} />
                        <i />
                    </label>
                ))}
            </div>
        </fieldset>
    );
}

/** A design's threads in the order they are sewn. */
export function ThreadList({ colours, threads }: { colours: string[]; threads: Thread[] }) {
    const words = useWords();
    return (
        <ol className="thread-list">
            {colours.map((colour, index) => {
                const near = nearest(threads, colour);
                return <li key={index}><i style={{ background: colour }} />{near ? <span>{near.colour.toLowerCase() === colour.toLowerCase() ? "" : "≈ "}{threadName(near, words)} <small>{near.code}</small></span> : <code>{colour}</code>}</li>;
            })}
        </ol>
    );
}
