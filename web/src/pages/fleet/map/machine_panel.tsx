// The chosen machine beside the map: how it is, how it worked, what fails, what falls due, what it does next.
import { useState } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import type { FleetMachine, FleetSite } from "../../../api/fleet_types";
import { nodeNow } from "../../../api/clock";
import { may } from "../../../api/session";
import type { Person } from "../../../api/types";
import { formatNumber } from "../../../format/number";
import { browserZone, dateTime, dayOf } from "../../../format/time";
import { nameOf, stateMark, type Spot } from "../../../fleet/roster";
import { useWords, type Strings } from "../../../i18n";
import { reasonText } from "../../../i18n/reasons";
import { Age } from "../../../parts/age";
import { Waiting } from "../../../parts/feedback";
import { Link } from "../../../parts/link";
import { useLoad } from "../../../parts/load";
import { ToneMark } from "../../../parts/mark";
import { links } from "../../../router";
import { StageMark } from "../stage";
import { CustomersDialog } from "./customers_dialog";
import { FactsDialog } from "./facts_dialog";
import { DayBars, UseBar } from "./use_bars";

interface PanelProps {
    id: string;
    spot: Spot | undefined;
    sites: FleetSite[];
    person: Person;
}

const pace_ms = 10_000;

export function MachinePanel({ id, spot, sites, person }: PanelProps) {
    const words = useWords();
    const read = useLoad(`fleet-machine ${id}`, () => fleetCalls.machine(id), pace_ms);
    const [editing, setEditing] = useState(false);
    const [sharing, setSharing] = useState(false);
    const machine = read.data;
    const mayShare = may(person, "admin") && person.organisation === "default" && machine?.shared_by === null;
    const state = spot?.state ?? machine?.state ?? "silent";
    const title = machine ? nameOf(machine) : spot ? nameOf(spot) : id;
    const type = machine?.type ?? spot?.type ?? words.fleet.noType;
    return (
        <aside className="machine-card" aria-label={title}>
            <header className={`edge-${stateMark[state]}`}>
                <div>
                    <h2>{title}</h2>
                    <p className="dim">{[type, title !== id ? id : null].filter(Boolean).join(" · ")}</p>
                </div>
                <Link to={links.fleet} className="button quiet icon" aria-label={words.unit.hide}>×</Link>
                <p className={`unit-state tone-text-${stateMark[state]}`}>
                    <ToneMark tone={stateMark[state]} /><b>{words.fleet.states[state]}</b>
                    {machine?.state_since && <small><Age at={machine.state_since} /></small>}
                </p>
                {machine?.state_why && <p className="dim unit-why">{reasonText(machine.state_reason, machine.state_why, words.locale)}</p>}
            </header>
            <div className="unit-body">
                <Waiting of={read} />
                {machine && <Facts machine={machine} sites={sites} />}
                {machine && <UseOf id={id} machine={machine} />}
                {machine && <Faults machine={machine} />}
                {machine && <Service machine={machine} />}
                {machine && <JobOf machine={machine} />}
                {machine && (
                    <footer className="unit-foot">
                        {machine.shared_by === null && <Link className="button small" to={links.machine(id)}>{words.unit.page}</Link>}
                        {machine.shared_by === null && <Link className="button small" to={links.cab(id)}>{words.unit.cab}</Link>}
                        {may(person, "engineer") && <button type="button" className="small" onClick={() => setEditing(true)}>{words.unit.editFacts}</button>}
                        {mayShare && <button type="button" className="small" onClick={() => setSharing(true)}>{words.unit.customers.open}</button>}
                    </footer>
                )}
            </div>
            {editing && machine && <FactsDialog machine={machine} onClose={() => setEditing(false)} onDone={() => { setEditing(false); read.reload(); }} />}
            {sharing && machine && <CustomersDialog machine={machine} mine={person.organisation} onClose={() => setSharing(false)} onDone={() => { setSharing(false); read.reload(); }} />}
        </aside>
    );
}

const number = (value: number | null | undefined, digits = 1) => (value === null || value === undefined ? "–" : formatNumber(value, digits));
const percent = (share: number | null | undefined) => (share === null || share === undefined ? "–" : `${Math.round(share * 100)} %`);

function clockText(machine: FleetMachine, off_s: number, words: Strings) {
    const off = durationText(Math.abs(off_s));
    return machine.state_reason?.code === "clock_back" ? words.unit.clockStuck(off) : words.unit.clock(off, off_s < 0);
}

export function Facts({ machine, sites }: { machine: FleetMachine; sites: FleetSite[] }) {
    const words = useWords();
    const site = sites.find((each) => each.id === machine.site);
    const idle = machine.hours && machine.idle_hours !== null ? machine.idle_hours / machine.hours : null;
    return (
        <>
            {machine.position_trouble && <p className="note note-warn">{words.unit.trouble[machine.position_trouble]}</p>}
            {machine.clock_trouble_s !== null && <p className="note note-warn">{clockText(machine, machine.clock_trouble_s, words)}</p>}
            <dl className="figures">
                <div><dt>{words.unit.hours}</dt><dd>{number(machine.hours)}<small> h</small></dd></div>
                <div><dt>{words.unit.idle}</dt><dd>{number(machine.idle_hours)}<small> h</small></dd>{idle !== null && <small>{words.unit.idleOf(percent(idle))}</small>}</div>
                <div>
                    <dt>{words.unit.fuel}</dt><dd>{machine.fuel_percent === null ? "–" : <>{number(machine.fuel_percent, 0)}<small> %</small></>}</dd>
                    {machine.fuel_percent !== null && <meter min={0} max={100} low={15} optimum={80} value={machine.fuel_percent} aria-label={words.unit.fuel} />}
                </div>
                <div><dt>{words.unit.fuelRate}</dt><dd>{number(machine.fuel_l_per_h)}<small> l/h</small></dd></div>
                <div>
                    <dt>{words.unit.load}</dt><dd>{machine.load_percent === null ? "–" : <>{number(machine.load_percent, 0)}<small> %</small></>}</dd>
                    {machine.load_percent !== null && <meter min={0} max={100} value={machine.load_percent} aria-label={words.unit.load} />}
                </div>
                <div><dt>{machine.rpm !== null ? words.unit.rpm : words.unit.speed}</dt><dd>{machine.rpm !== null ? number(machine.rpm, 0) : <>{number(machine.speed_kmh)}<small> km/h</small></>}</dd></div>
            </dl>
            <p className="dim unit-line">
                {machine.position ? <>{site ? words.unit.at(site.name) : `${machine.position.latitude.toFixed(4)}, ${machine.position.longitude.toFixed(4)}`} · <Age at={machine.position.at} /></>
                    : <>{words.unit.heard} <Age at={machine.last_seen} /></>}
            </p>
        </>
    );
}

export function UseOf({ id, machine }: { id: string; machine: FleetMachine }) {
    const words = useWords();
    const day = 86_400_000;
    const use = useLoad(`use ${id}`, () => fleetCalls.use(id, nodeNow() - 13 * day, nodeNow()));
    const today = machine.today ?? use.data?.days[use.data.days.length - 1];
    return (
        <section>
            <h3>{words.unit.today}<span>{words.unit.utilisation} <b className="figure">{percent(today?.utilisation)}</b></span></h3>
            {today ? <UseBar use={today} /> : <p className="help">{words.unit.noUse}</p>}
            {use.data && use.data.days.length > 1 && <><h3>{words.unit.days}</h3><DayBars days={use.data.days} /></>}
        </section>
    );
}

export function Faults({ machine }: { machine: FleetMachine }) {
    const words = useWords();
    const past = useLoad(`faults ${machine.id}`, () => fleetCalls.faults(machine.id));
    const active = new Set(machine.faults.map((fault) => fault.code + fault.at));
    const older = (past.data ?? []).filter((fault) => !active.has(fault.code + fault.at)).slice(0, 5);
    return (
        <section>
            <h3>{words.unit.faults}</h3>
            {machine.faults.length + older.length === 0 && <p className="help">{words.unit.noFaults}</p>}
            <ul className="fault-list">
                {machine.faults.map((fault) => (
                    <li key={fault.code + fault.at}>
                        <ToneMark tone="fault" /><span><b>{fault.spn !== null ? words.unit.spn(fault.spn, fault.fmi) : fault.code}</b> <small><Age at={fault.at} /></small></span>
                        <span className="chip chip-bad">{fault.stops ? words.unit.stops : words.unit.active}</span>
                    </li>
                ))}
                {older.map((fault) => (
                    <li key={fault.code + fault.at} className="dim"><i className="dot" /><span>{fault.spn !== null ? words.unit.spn(fault.spn, fault.fmi) : fault.code} <small>{dateTime(Date.parse(fault.at), words.locale, browserZone()).slice(0, 16)}</small></span></li>
                ))}
            </ul>
        </section>
    );
}

export function Service({ machine }: { machine: FleetMachine }) {
    const words = useWords();
    const { service, facts } = machine;
    if (!service || service.due_in_h === null) return <section><h3>{words.unit.service}</h3><p className="help">{words.unit.noService}</p></section>;
    const over = service.due_in_h < 0;
    const span = facts.service_every_h ?? 500;
    return (
        <section>
            <h3>{words.unit.service}<span>{service.due_at_h !== null && words.unit.serviceAt(number(service.due_at_h, 0))}</span></h3>
            <p className={over ? "service-line over" : "service-line"}>
                <b>{over ? words.unit.serviceOver(number(-service.due_in_h)) : words.unit.serviceIn(number(service.due_in_h))}</b>
                {service.expected_at && !over && <small> · {words.unit.expected} {dayOf(Date.parse(service.expected_at), "sv", browserZone())}</small>}
            </p>
            <div className={`gauge ${over || service.due_in_h < 50 ? "gauge-warn" : ""}`}><i style={{ width: `${Math.min(100, Math.max(2, (1 - service.due_in_h / span) * 100))}%` }} /></div>
        </section>
    );
}

export function JobOf({ machine }: { machine: FleetMachine }) {
    const words = useWords();
    return (
        <section>
            <h3>{words.unit.job}</h3>
            {machine.job ? (
                <p className="unit-job"><StageMark stage={machine.job.stage} /> <Link to={links.fleetRequest(machine.job.request)}>{words.requests.number(machine.job.request)}</Link></p>
            ) : <p className="help">{words.unit.noJob}</p>}
            {!machine.can_be_planned && machine.why_not && <p className="note">{words.unit.notPlanned}: {reasonText(machine.why_not_reason, machine.why_not, words.locale)}</p>}
        </section>
    );
}

function durationText(seconds: number): string {
    const size = Math.abs(seconds);
    return size >= 7200 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 60)} min`;
}
