// How much of a quota is used: a bar with its numbers, and a word when it matters.
import { useWords } from "../../i18n";

export function Quota({ used, quota }: { used: number | null; quota: number | null }) {
    const words = useWords();
    if (used === null) return <span className="dim">–</span>;
    const figure = (n: number) => n.toLocaleString(words.locale);
    if (quota === null) return <span className="quota"><span className="figure">{figure(used)}</span> <small>{words.prefixes.noQuota}</small></span>;
    const share = quota === 0 ? 1 : Math.min(1, used / quota);
    const level = share >= 1 ? "full" : share >= 0.9 ? "nearly" : "fine";
    return (
        <span className={`quota quota-${level}`}>
            <span className="figure">{words.prefixes.of(figure(used), figure(quota))}{level !== "fine" && <em>{words.prefixes[level]}</em>}</span>
            <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect className="track" width="100" height="4" /><rect className="share" width={share * 100} height="4" /></svg>
        </span>
    );
}
