// What the fleet knows of a machine, on the machine's own page. Machines that never told a place or hours show nothing.
import { fleetCalls } from "../../api/fleet_calls";
import type { FleetMachine, FleetSite } from "../../api/fleet_types";
import { useWords } from "../../i18n";
import { Link } from "../../parts/link";
import { useLoad } from "../../parts/load";
import { links } from "../../router";
import { Facts, Faults, JobOf, Service, UseOf } from "./map/machine_panel";

const pace_ms = 15_000;

export function FleetView({ id }: { id: string }) {
    const words = useWords();
    const read = useLoad<FleetMachine>(`fleet-machine ${id}`, () => fleetCalls.machine(id), pace_ms);
    const sites = useLoad<FleetSite[]>("fleet-sites", fleetCalls.sites);
    const machine = read.data;
    if (!machine || (machine.position === null && machine.hours === null && machine.job === null)) return null;
    return (
        <section className="panel fleet-view" aria-label={words.unit.title}>
            <header>
                <h2>{words.unit.title}</h2>
                <span><Link className="button small" to={links.fleetMachine(id)}>{words.unit.onMap}</Link> <Link className="button small" to={links.cab(id)}>{words.unit.cab}</Link></span>
            </header>
            <div className="fleet-view-parts">
                <div><Facts machine={machine} sites={sites.data ?? []} /></div>
                <UseOf id={id} machine={machine} />
                <div><Service machine={machine} /><Faults machine={machine} /><JobOf machine={machine} /></div>
            </div>
        </section>
    );
}
