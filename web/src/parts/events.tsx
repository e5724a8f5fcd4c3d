import type { PlantEvent } from "../api/types";
import { dayOf, timeOf } from "../format/time";
import { useWords } from "../i18n";
import { eventSentence } from "../i18n/node_sentences";
import { links } from "../router";
import { Link } from "./link";
import { ToneMark } from "./mark";
import { eventToneOf } from "./tone";

interface EventListProps {
    events: PlantEvent[];
    zone: string;
    /** Names of machines by id; left out on a machine's own page. */
    names?: Map<string, string>;
    withDay?: boolean;
}

export function EventList({ events, zone, names, withDay }: EventListProps) {
    const words = useWords();
    return (
        <ol className="events">
            {events.map((event) => {
                const at = Date.parse(event.at);
                // A kind this console does not know yet is shown as the node names it.
                const kind = words.events[event.kind] ?? event.kind;
                return (
                    <li key={event.id} className={`event-${event.kind}`}>
                        <time dateTime={event.at}>{withDay && <small>{dayOf(at, "sv", zone)} </small>}{timeOf(at, words.locale, zone)}</time>
                        <ToneMark tone={eventToneOf(event)} />
                        <span className="what">
                            {names && event.machine !== null && <Link to={links.machine(event.machine)}>{names.get(event.machine) ?? event.machine}</Link>}
                            <b>{kind}</b> {event.text && <span className="text">{eventSentence(event.kind, event.text, words.locale)}</span>}
                        </span>
                    </li>
                );
            })}
        </ol>
    );
}
