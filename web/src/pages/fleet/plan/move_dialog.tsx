// A job to another machine: what it would cost and change is seen before anything is.
import { useEffect, useState } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import type { Plan } from "../../../api/dispatch_types";
import { useWords } from "../../../i18n";
import { Dialog } from "../../../parts/dialog";
import { ErrorNote, say } from "../../../parts/feedback";
import { useAction } from "../../../parts/load";
import { costText, langOf, type Names } from "../names";
import { Changes } from "./changes";

export interface Moving {
    request: string;
    place: number;
    title: string;
    machine: string;
    from: string | null;
}

interface MoveProps {
    moving: Moving;
    names: Names;
    titles?: Map<string, string>;
    onClose: () => void;
    onDone: () => void;
}

export function MoveDialog({ moving, names, titles, onClose, onDone }: MoveProps) {
    const words = useWords();
    const lang = langOf(words);
    const [cost, setCost] = useState<{ extra_cost: number; plan: Plan } | null>(null);
    const [refused, setRefused] = useState<unknown>(null);
    const { busy, error, run } = useAction();
    const name = names.machine(moving.machine);
    useEffect(() => {
        let current = true;
        fleetCalls.move(moving.request, moving.place, moving.machine, false, lang).then((answer) => current && setCost(answer), (failure: unknown) => current && setRefused(failure));
        return () => {
            current = false;
        };
    }, []);
    const keep = () => void run(async () => {
        await fleetCalls.move(moving.request, moving.place, moving.machine, true, lang);
        say(words.plan.kept(moving.title, name));
        onDone();
    });
    const extra = cost?.extra_cost ?? 0;
    return (
        <Dialog title={words.plan.moveTitle(moving.title, name)} onClose={onClose}>
            <div className="form">
                {!cost && !refused && <p className="loading" role="status">{words.plan.moveAsk}</p>}
                <ErrorNote error={refused ?? error} />
                {cost && (
                    <>
                        <p className="move-cost" role="status">
                            {Math.abs(extra) < 0.05 ? words.plan.moveSame : <>{extra > 0 ? words.plan.moveCost : words.plan.moveSaves} <b className="figure">{costText(Math.abs(extra))}</b></>}
                        </p>
                        <Changes changes={cost.plan.changes} names={names} titles={titles} most={12} />
                    </>
                )}
                <footer>
                    <button type="button" onClick={onClose}>{words.plan.leave}</button>
                    {cost && <button type="button" className="primary" autoFocus disabled={busy} onClick={keep}>{words.plan.keep}</button>}
                </footer>
            </div>
        </Dialog>
    );
}
