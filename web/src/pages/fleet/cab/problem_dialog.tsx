import { useState } from "react";
import { useWords } from "../../../i18n";
import { Dialog } from "../../../parts/dialog";

/** A few words are one tap each; gloves cannot type. */
export function ProblemDialog({ onTell, onClose }: { onTell: (text: string) => void; onClose: () => void }) {
    const words = useWords();
    const [text, setText] = useState<string | null>(null);
    return (
        <Dialog title={words.cab.problemTitle} onClose={onClose}>
            <div className="form">
                <div className="cab-kinds">{words.cab.problems.map((each) => <button key={each} type="button" aria-pressed={text === each} onClick={() => setText(each)}>{each}</button>)}</div>
                <p className="help">{words.cab.problemText}</p>
                <button type="button" className="cab-big cab-tell" disabled={text === null} onClick={() => onTell(text!)}>{words.cab.tell}</button>
            </div>
        </Dialog>
    );
}
