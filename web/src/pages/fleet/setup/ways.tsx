// Ways between sites as a road router tells them. All are replaced together.
import { useRef, useState } from "react";
import { setupCalls, type Travel } from "../../../api/fleet_setup";
import { may } from "../../../api/session";
import type { Person } from "../../../api/types";
import { decodeTable, readTable } from "../../../fleet/table_file";
import { draftOf, legOf, waysOfTable, wayTrouble, withBacks, type WayDraft } from "../../../fleet/ways_table";
import { useWords } from "../../../i18n";
import { Empty, ErrorNote, say, Waiting } from "../../../parts/feedback";
import { useAction, useLoad } from "../../../parts/load";
import { useNames } from "../names";

const shown_max = 300;

export function WaysPart({ person }: { person: Person }) {
    const words = useWords();
    const text = words.fleetSetup.ways;
    const names = useNames();
    const read = useLoad<Travel>("fleet travel", setupCalls.travel);
    const [draft, setDraft] = useState<WayDraft[] | null>(null);
    const [fromFile, setFromFile] = useState<{ read: number; lost: number } | null>(null);
    const picker = useRef<HTMLInputElement>(null);
    const { busy, error, run } = useAction();
    if (!read.data) return <Waiting of={read} />;
    const sites = [...names.sites.values()];
    const runs = may(person, "engineer");
    const told = read.data.legs.map(draftOf);
    const ways = draft ?? told;
    const put = (next: WayDraft[]) => setDraft(JSON.stringify(next) === JSON.stringify(told) ? null : next);
    const troubles = draft ? ways.map((_, index) => wayTrouble(ways, index)) : [];
    const isWrong = troubles.some((one) => one !== null);
    const choose = (file: File | undefined) => file && void file.arrayBuffer().then((bytes) => {
        const found = waysOfTable(readTable(decodeTable(bytes)), sites);
        setFromFile({ read: found.ways.length, lost: found.lost });
        put(found.ways);
    });
    const save = () => void run(async () => {
        const now = await setupCalls.putTravel(ways.map(legOf));
        read.set(() => now);
        setDraft(null);
        setFromFile(null);
        say(words.fleetSetup.saved);
    });
    const few = names.ready && sites.length < 2;
    const tools = runs && !few && (
        <span className="page-actions setup-tools">
            <button type="button" className={ways.length === 0 ? "primary" : ""} onClick={() => put([...ways, { from: sites[0]!.id, to: sites[1]!.id, km: "", minutes: "" }])}>{text.add}</button>
            {ways.length > 0 && <button type="button" disabled={withBacks(ways).length === ways.length} onClick={() => put(withBacks(ways))}>{text.back}</button>}
            <button type="button" onClick={() => picker.current?.click()}>{text.choose}</button>
            <input ref={picker} hidden type="file" name="ways_file" accept=".csv,.txt" onChange={(event) => { choose(event.target.files?.[0]); event.target.value = ""; }} />
        </span>
    );
    const site = (way: WayDraft, index: number, key: "from" | "to") => runs
        ? <select aria-label={text[key]} value={way[key]} onChange={(event) => put(ways.map((one, each) => (each === index ? { ...one, [key]: event.target.value } : one)))}>{sites.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</select>
        : names.site(way[key]);
    const number = (way: WayDraft, index: number, key: "km" | "minutes") => runs
        ? <input type="number" inputMode="decimal" min={0} step="any" aria-label={text[key]} value={way[key]} onChange={(event) => put(ways.map((one, each) => (each === index ? { ...one, [key]: event.target.value } : one)))} />
        : <span className="figure">{way[key]}</span>;
    return (
        <>
            <div className="setup-line"><p className="dim">{text.lead}</p>{ways.length > 0 && tools}</div>
            {few && <p className="note note-warn">{text.noSites}</p>}
            {fromFile && <p className={fromFile.lost > 0 ? "note note-warn" : "note"} role="status">{text.read(fromFile.read)}{fromFile.lost > 0 && ` ${text.lost(fromFile.lost)}`}</p>}
            {draft && (
                <div className="note note-warn unsaved" role="status">
                    <b>{words.fleetSetup.unsaved}</b>
                    <span className="page-actions"><button type="button" onClick={() => { setDraft(null); setFromFile(null); }}>{words.fleetSetup.discard}</button><button type="button" className="primary" disabled={busy || isWrong} onClick={save}>{words.fleetSetup.save}</button></span>
                </div>
            )}
            <ErrorNote error={error} />
            {ways.length === 0 && <Empty title={text.none} step={text.noneStep}>{tools}</Empty>}
            {ways.length > 0 && (
                <table className="list ways">
                    <thead><tr><th scope="col">{text.from}</th><th scope="col">{text.to}</th><th scope="col">{text.km}</th><th scope="col">{text.minutes}</th><th scope="col"><span className="unseen">{text.remove}</span></th></tr></thead>
                    <tbody>
                        {ways.slice(0, shown_max).map((way, index) => (
                            <tr key={index}>
                                <td data-label={text.from}>{site(way, index, "from")}</td>
                                <td data-label={text.to}>{site(way, index, "to")}</td>
                                <td data-label={text.km}>{number(way, index, "km")}</td>
                                <td data-label={text.minutes}>{number(way, index, "minutes")}</td>
                                <td className="actions">
                                    {troubles[index] && <em className="row-trouble">{text[troubles[index]]}</em>}
                                    {runs && <button type="button" className="small quiet" aria-label={`${text.remove}: ${text.path(names.site(way.from), names.site(way.to))}`} onClick={() => put(ways.filter((_, each) => each !== index))}>{text.remove}</button>}
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
            {ways.length > shown_max && <p className="help">{words.fleetSetup.imports.more(ways.length - shown_max)}</p>}
            {read.data.closed.length > 0 && <section className="panel setup-closed"><h2>{text.closed}</h2><ul>{read.data.closed.map((one) => <li key={`${one.from} ${one.to}`}>{text.path(names.site(one.from), names.site(one.to))}</li>)}</ul></section>}
        </>
    );
}
