// Threads to choose from, and the threads of a design by their nearest name.
import type { Thread } from "../../api/order_types";
import { useWords } from "../../i18n";
import { nearest } from "./draft";

export function ThreadChart({ threads, colour, onChoose }: { threads: Thread[]; colour: string; onChoose: (colour: string) => void }) {
    const words = useWords();
    const chosen = threads.find((one) => one.colour === colour);
    return (
        <fieldset className="chart-threads">
            <legend>{words.shop.thread} {chosen && <small>{chosen.code} {chosen.name}</small>}</legend>
            <div>
                {threads.map((thread) => (
                    <label key={thread.code} className="spool" title={`${thread.code} ${thread.name}`} style={{ "--thread": thread.colour } as React.CSSProperties}>
                        <input type="radio" name="thread" value={thread.colour} checked={thread.colour === colour} onChange={() => onChoose(thread.colour)} aria-label={`${thread.code} ${thread.name}`} />
                        <i />
                    </label>
                ))}
            </div>
        </fieldset>
    );
}

/** A design's threads in the order they are sewn. */
export function ThreadList({ colours, threads }: { colours: string[]; threads: Thread[] }) {
    return (
        <ol className="thread-list">
            {colours.map((colour, index) => {
                const near = nearest(threads, colour);
                return <li key={index}><i style={{ background: colour }} />{near ? <span>{near.colour.toLowerCase() === colour.toLowerCase() ? "" : "≈ "}{near.name} <small>{near.code}</small></span> : <code>{colour}</code>}</li>;
            })}
        </ol>
    );
}
