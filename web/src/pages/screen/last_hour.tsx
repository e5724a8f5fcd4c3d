import { useMemo } from "react";
import { calls } from "../../api/calls";
import { nodeNow } from "../../api/clock";
import { liveState, topics, useLive } from "../../api/live";
import { mergeEvents } from "../../api/live_state";
import type { Page, PlantEvent } from "../../api/types";
import { browserZone } from "../../format/time";
import { useWords } from "../../i18n";
import { EventList } from "../../parts/events";
import { useLoad } from "../../parts/load";

const hour_ms = 3_600_000;
const shown_max = 30; // More than any wall has lines for.

export function LastHour({ names }: { names: Map<string, string> }) {
    const words = useWords();
    const read = useLoad<Page<PlantEvent>>("last hour", () =>
        calls.events({ limit: 200, since: new Date(nodeNow() - hour_ms).toISOString() }), 60_000);
    const told = useLive(topics.events, () => liveState.events);
    const events = useMemo(() => {
        const since = nodeNow() - hour_ms;
        return mergeEvents(read.data?.items ?? [], told, 300).filter((event) => Date.parse(event.at) >= since);
    }, [read.data, told]);
    return (
        <section className="tile tile-events" aria-label={words.screen.lastHour}>
            <h2>{words.screen.lastHour} <small className="figure">{events.length > 0 && (read.data?.next ? `${events.length}+` : events.length)}</small></h2>
            {read.data && events.length === 0 && <p className="dim">{words.screen.quiet}</p>}
            <EventList events={events.slice(0, shown_max)} zone={browserZone()} names={names} />
        </section>
    );
}
