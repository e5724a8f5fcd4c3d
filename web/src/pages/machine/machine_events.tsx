import { useEffect, useState } from "react";
import { calls } from "../../api/calls";
import { liveState, topics, useLive } from "../../api/live";
import { mergeEvents } from "../../api/live_state";
import type { Page, PlantEvent } from "../../api/types";
import { useWords } from "../../i18n";
import { ErrorNote } from "../../parts/feedback";
import { EventList } from "../../parts/events";
import { useAction, useLoad } from "../../parts/load";

const shown_max = 1000;

export function MachineEvents({ machine, zone }: { machine: string; zone: string }) {
    const words = useWords();
    const first = useLoad<Page<PlantEvent>>(`events ${machine}`, () => calls.machineEvents(machine));
    const [older, setOlder] = useState<{ items: PlantEvent[]; next: string | null } | null>(null);
    const told = useLive(topics.events, () => liveState.events);
    const { busy, error, run } = useAction();
    useEffect(() => setOlder(null), [machine]);
    const live = told.filter((event) => event.machine === machine);
    const events = mergeEvents([...(first.data?.items ?? []), ...(older?.items ?? [])], live, shown_max);
    const next = older ? older.next : first.data?.next ?? null;
    const more = () => void run(async () => {
        const page = await calls.machineEvents(machine, next);
        setOlder((old) => ({ items: [...(old?.items ?? []), ...page.items], next: page.next }));
    });
    return (
        <section className="panel" aria-label={words.machine.events}>
            <h2>{words.machine.events}</h2>
            <ErrorNote error={first.error ?? error} onRetry={first.reload} />
            {first.data && events.length === 0 && <p className="dim">{words.machine.noEvents}</p>}
            <EventList events={events} zone={zone} withDay />
            {next && events.length < shown_max && <button type="button" className="more" disabled={busy} onClick={more}>{words.more}</button>}
        </section>
    );
}
