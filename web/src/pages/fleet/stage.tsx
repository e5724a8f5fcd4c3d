// Where a place of a request stands: a word, and a ladder that shows it as well.
import type { Stage } from "../../api/dispatch_types";
import { useWords } from "../../i18n";

const steps: Stage[] = ["planned", "accepted", "travelling", "arrived", "working", "done"];

export function StageMark({ stage }: { stage: Stage }) {
    const words = useWords();
    const reached = steps.indexOf(stage);
    return (
        <span className={`stage stage-${stage}`}>
            <svg viewBox="0 0 38 12" aria-hidden="true">
                {steps.map((step, i) => <circle key={step} cx={4 + i * 6} cy={6} r={2.4} className={i <= reached ? "reached" : ""} />)}
            </svg>
            {words.requests.stages[stage]}
        </span>
    );
}
