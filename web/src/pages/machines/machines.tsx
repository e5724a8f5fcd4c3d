import { useMemo, useState } from "react";
import { calls } from "../../api/calls";
import { may } from "../../api/session";
import type { Connection, Machine, Person, Site } from "../../api/types";
import { useWords } from "../../i18n";
import { Age } from "../../parts/age";
import { Empty, ErrorNote } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad, useRested } from "../../parts/load";
import { ConnectionMark, ToneMark } from "../../parts/mark";
import { machineTone, toneOf } from "../../parts/tone";
import { links } from "../../router";
import { AdoptDialog } from "./adopt";
import { Filters, noFilter, type Filter } from "./filters";
import { Tour, useTour } from "./tour";
import { useMachines } from "./use_machines";

export function Machines({ person }: { person: Person }) {
    const words = useWords();
    const [filter, setFilter] = useState<Filter>(noFilter);
    const search = useRested(filter.q, 250);
    const list = useMachines({
        q: search.trim(), connection: filter.connection, site: filter.site,
        adopted: filter.adoption === "" ? undefined : filter.adoption === "adopted",
    });
    const sites = useLoad<Site[]>("sites", calls.sites);
    const siteNames = useMemo(() => new Map(sites.data?.map((site) => [site.id, site.name])), [sites.data]);
    const [adopting, setAdopting] = useState<Machine | null>(null);
    const states = useMemo(
        () => [...new Set(list.machines?.flatMap((machine) => (machine.state ? [machine.state] : [])))].sort(), [list.machines]);
    // The API filters by everything but state; that is done here, on what has been read.
    const shown = list.machines?.filter((machine) => filter.state === "" || machine.state === filter.state) ?? null;
    const filtered = JSON.stringify(filter) !== JSON.stringify(noFilter);
    const tour = useTour(list.machines);
    const hasTour = tour.isOn && !filtered;
    return (
        <>
            <header className="page-head">
                <h1>{words.machines.title}</h1>
                {shown && <p className="count" aria-live="polite">{words.machines.count(shown.length, list.total)}</p>}
            </header>
            {(filtered || shown?.length !== 0) && <Filters filter={filter} states={states} sites={sites.data ?? []} onChange={setFilter} />}
            <ErrorNote error={list.error} onRetry={list.reload} />
            {hasTour && <Tour person={person} machines={list.machines ?? []} onAdopt={setAdopting} onEnd={tour.end} />}
            {!shown && !list.error && <p className="loading">{words.loading}</p>}
            {shown && shown.length === 0 && (filtered ? (
                <Empty title={words.machines.none} step="">
                    <button type="button" onClick={() => setFilter(noFilter)}>{words.machines.clear}</button>
                </Empty>
            ) : !hasTour && <Empty title={words.machines.emptyTitle} step={words.machines.emptyStep} />)}
            {shown && shown.length > 0 && (
                <table className="list machines">
                    <thead>
                        <tr>
                            <th scope="col">{words.machines.machine}</th>
                            <th scope="col">{words.machines.state}</th>
                            <th scope="col">{words.machines.connection}</th>
                            <th scope="col">{words.machines.site}</th>
                            <th scope="col">{words.machines.heard}</th>
                            <th scope="col" className="number">{words.machines.tags}</th>
                            <th scope="col"><span className="unseen">{words.machines.adopt}</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        {shown.map((machine) => (
                            <Row key={machine.id} machine={machine} site={machine.site ? siteNames.get(machine.site) ?? machine.site : null}
                                onAdopt={may(person, "engineer") && !machine.adopted ? () => setAdopting(machine) : null} />
                        ))}
                    </tbody>
                </table>
            )}
            {list.more && <button type="button" className="more" onClick={list.loadMore}>{words.more}</button>}
            {adopting && (
                <AdoptDialog machine={adopting} onClose={() => setAdopting(null)} onDone={() => {
                    setAdopting(null);
                    list.reload();
                    sites.reload();
                }} />
            )}
        </>
    );
}

function Row({ machine, site, onAdopt }: { machine: Machine; site: string | null; onAdopt: (() => void) | null }) {
    const words = useWords();
    return (
        <tr className={machine.adopted ? undefined : "discovered"}>
            <th scope="row">
                <Link to={links.machine(machine.id)}>{machine.name ?? machine.id}</Link>
                <small>{[machine.kind, machine.name && machine.name !== machine.id ? machine.id : null].filter(Boolean).join(" · ")}</small>
            </th>
            <td><StateText machine={machine} /></td>
            <td><ConnectionText connection={machine.connection} /></td>
            <td className={site ? undefined : "dim"}>{site ?? words.machines.noSite}</td>
            <td><Age at={machine.last_seen} /></td>
            <td className="number">{machine.tags}</td>
            <td className="actions">
                {onAdopt ? <button type="button" className="primary small" onClick={onAdopt}>{words.machines.adopt}</button>
                    : !machine.adopted && <span className="chip"><ConnectionMark connection="discovered" />{words.machines.newHere}</span>}
            </td>
        </tr>
    );
}

export function StateText({ machine }: { machine: Machine }) {
    if (!machine.state && !machine.fault) return <span className="dim">–</span>;
    const tone = machineTone(machine);
    return (
        <span className={`state tone-text-${tone}`}>
            <ToneMark tone={machine.connection === "online" ? tone : toneOf(machine.state)} />
            <span>{machine.state ?? ""}{machine.fault && <em>{machine.fault}</em>}</span>
        </span>
    );
}

export function ConnectionText({ connection }: { connection: Connection }) {
    const words = useWords();
    return (
        <span className={`connection link-text-${connection}`} title={words.connectionHelp[connection]}>
            <ConnectionMark connection={connection} />{words.connection[connection]}
        </span>
    );
}
