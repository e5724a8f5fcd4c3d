import { liveState, topics, useLive } from "../../api/live";
import type { Machine, Site } from "../../api/types";
import { dateTime, zoneName } from "../../format/time";
import { naming } from "../../api/naming_calls";
import { useWords } from "../../i18n";
import { Age } from "../../parts/age";
import { Link } from "../../parts/link";
import { useLoad } from "../../parts/load";
import { machineTone } from "../../parts/tone";
import { links } from "../../router";
import { ConnectionText, StateText } from "../machines/machines";

interface HeadProps {
    machine: Machine;
    site: Site | null;
    zone: string;
    zoneIsSite: boolean;
    onEdit: (() => void) | null;
    onErase: (() => void) | null;
}

export function MachineHead({ machine, site, zone, zoneIsSite, onEdit, onErase }: HeadProps) {
    const words = useWords();
    const title = machine.name ?? machine.id;
    const told = useLive(topics.valuesOf(machine.id), () => liveState.heard.get(machine.id));
    const heard = told && Date.parse(told) > Date.parse(machine.last_seen) ? told : machine.last_seen;
    const first = Date.parse(machine.first_seen);
    const identifier = useLoad<string | null>(`identifier of ${machine.id}`, () => naming.ofMachine(machine.id)).data;
    return (
        <header className={`machine-head edge-${machineTone(machine)}`}>
            <div className="machine-title">
                <h1>{title}</h1>
                <p className="dim">{[machine.kind, title !== machine.id ? machine.id : null].filter(Boolean).join(" · ")}</p>
                {!machine.adopted && <p className="note note-warn">{words.machine.notAdopted}</p>}
            </div>
            <div className="machine-state" aria-live="polite">
                <StateText machine={machine} />
                <ConnectionText connection={machine.connection} />
            </div>
            <dl>
                <div><dt>{words.machine.lastHeard}</dt><dd><Age at={heard} /></dd></div>
                <div><dt>{words.machine.site}</dt><dd>{site?.name ?? machine.site ?? words.machines.noSite}</dd></div>
                <div><dt>{words.machine.source}</dt><dd>{machine.source}</dd></div>
                <div><dt>{words.machine.firstSeen}</dt><dd className="figure">{dateTime(first, words.locale, zone)}</dd></div>
                {identifier && <div><dt>{words.handle.eyebrow}</dt><dd><Link className="code" to={links.handle(identifier)}>{identifier}</Link></dd></div>}
                <div>
                    <dt>{zoneIsSite ? words.machine.siteZone : words.machine.browserZone}</dt>
                    <dd>{zone} <small>{zoneName(Date.parse(machine.last_seen) || 0, words.locale, zone)}</small></dd>
                </div>
            </dl>
            {(onEdit || onErase) && (
                <span className="machine-actions">
                    {onErase && <button type="button" className="quiet" onClick={onErase}>{words.erase.open}</button>}
                    {onEdit && <button type="button" className={machine.adopted ? "" : "primary"} onClick={onEdit}>{machine.adopted ? words.edit : words.machines.adopt}</button>}
                </span>
            )}
        </header>
    );
}
