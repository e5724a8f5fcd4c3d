import { nodeNow, useSecond } from "../api/clock";
import { ageOf } from "../format/age";
import type { Strings } from "../i18n";
import { useWords } from "../i18n";

export function ageText(at: string | number | null, now: number, words: Strings): string {
    const age = ageOf(at === null ? NaN : typeof at === "number" ? at : Date.parse(at), now);
    return age.unit === "now" || age.unit === "never" ? words.age[age.unit] : words.age[age.unit](age.count);
}

/** "3 s ago", counting by itself. */
export function Age({ at, title }: { at: string | null; title?: string }) {
    const words = useWords();
    useSecond();
    return <time className="age" dateTime={at ?? undefined} title={title ?? at ?? undefined}>{ageText(at, nodeNow(), words)}</time>;
}
