// Whom a machine is shared with: other organisations of the node, each of which sees it among its own.
import { useState } from "react";
import { calls } from "../../../api/calls";
import { fleetCalls } from "../../../api/fleet_calls";
import type { FleetMachine } from "../../../api/fleet_types";
import { nameOf } from "../../../fleet/roster";
import { useWords } from "../../../i18n";
import { Dialog, Foot } from "../../../parts/dialog";
import { ErrorNote, say, Waiting } from "../../../parts/feedback";
import { useAction, useLoad } from "../../../parts/load";

export function CustomersDialog({ machine, mine, onClose, onDone }: { machine: FleetMachine; mine: string; onClose: () => void; onDone: () => void }) {
    const words = useWords();
    const text = words.unit.customers;
    const all = useLoad("customers", calls.organisations);
    const now = useLoad(`shares ${machine.id}`, () => fleetCalls.shares(machine.id));
    const [changed, setChanged] = useState<Set<string> | null>(null);
    const { busy, error, run } = useAction();
    const chosen = changed ?? new Set(now.data?.organisations.map((one) => one.name) ?? []);
    const others = (all.data ?? []).filter((one) => one.name !== mine);
    const turn = (name: string) => {
        const next = new Set(chosen);
        if (!next.delete(name)) next.add(name);
        setChanged(next);
    };
    const submit = (event: { preventDefault: () => void }) => {
        event.preventDefault();
        void run(async () => {
            await fleetCalls.setShares(machine.id, [...chosen]);
            say(text.saved);
            onDone();
        });
    };
    return (
        <Dialog title={text.title(nameOf(machine))} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <p className="help">{text.lead}</p>
                <Waiting of={all} />
                {all.data && others.length === 0 && <p className="note">{text.none}</p>}
                {now.data && others.map((one) => (
                    <label key={one.id} className="choice"><input type="checkbox" name="customer" checked={chosen.has(one.name)} onChange={() => turn(one.name)} />{one.title ?? one.name}</label>
                ))}
                <ErrorNote error={error ?? now.error} />
                <Foot action={text.save} busy={busy || changed === null} onClose={onClose} />
            </form>
        </Dialog>
    );
}
