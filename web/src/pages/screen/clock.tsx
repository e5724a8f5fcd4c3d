import { nodeNow, useSecond } from "../../api/clock";
import { browserZone, longDay, timeOf, zoneName } from "../../format/time";
import { useWords } from "../../i18n";

export function Clock() {
    const words = useWords();
    useSecond();
    const now = nodeNow();
    const zone = browserZone();
    return (
        <p className="clock">
            <time className="figure">{timeOf(now, words.locale, zone)}</time>
            <span>{longDay(now, words.locale, zone)}<small>{zoneName(now, words.locale, zone)}</small></span>
        </p>
    );
}
