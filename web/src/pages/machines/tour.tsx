// The first five minutes: a token, a message, a name, a chart. Each step knows whether it is done.
import { useState, type ReactNode } from "react";
import { calls } from "../../api/calls";
import { may } from "../../api/session";
import type { Machine, Person, Token } from "../../api/types";
import { useWords } from "../../i18n";
import { CopyButton } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad } from "../../parts/load";
import { useNode } from "../../parts/shell";
import { links } from "../../router";

const memory_key = "lineshaft.tour";
const machines_max = 5;  // whoever has more needs no tour

function isOver(): boolean {
    try {
        return localStorage.getItem(memory_key) === "over";
    } catch {
        return false;
    }
}

/** An address to type: a node that listens everywhere is reached as this page was. */
function endpoint(address: string | undefined): string {
    const port = address?.split(":").pop() ?? "1883";
    const isEverywhere = !address || address.startsWith("0.0.0.0") || address.startsWith("[::]");
    const host = isEverywhere ? location.hostname : address.slice(0, -port.length - 1).replace(/^\[|\]$/g, "");
    return `-h ${host} -p ${port}`;
}

/** Offered until the plant has grown, or the person has seen enough. */
export function useTour(machines: Machine[] | null): { isOn: boolean; end: () => void } {
    const [over, setOver] = useState(isOver);
    const end = () => {
        try {
            localStorage.setItem(memory_key, "over");
        } catch {
            // Then it comes back with the next visit.
        }
        setOver(true);
    };
    return { isOn: !over && machines !== null && machines.length <= machines_max, end };
}

interface TourProps {
    person: Person;
    machines: Machine[];
    onAdopt: (machine: Machine) => void;
    onEnd: () => void;
}

export function Tour({ person, machines, onAdopt, onEnd }: TourProps) {
    const words = useWords();
    const node = useNode();
    const isAdmin = may(person, "admin");
    const tokens = useLoad<Token[]>(isAdmin ? "tour tokens" : "no tokens", () => (isAdmin ? calls.tokens() : Promise.resolve([])), 5000);
    const adopted = machines.find((machine) => machine.adopted), found = machines.find((machine) => !machine.adopted);
    const prefix = person.organisation === "default" ? "" : `${person.organisation}/`;
    const listener = node?.listeners.find((each) => each.name === "mqtt")?.address;
    const command = `mosquitto_pub ${endpoint(listener)} -u tour -P TOKEN -q 1 -t ${prefix}lineshaft/v1/press-1/telemetry -m '{"speed": 812.5, "state": "Running"}'`;
    const hasToken = machines.length > 0 || (tokens.data?.length ?? 0) > 0;
    return (
        <section className="panel tour" aria-labelledby="tour">
            <h2 id="tour">{words.tour.title}</h2>
            <ol>
                <Step done={hasToken} title={words.tour.token}>
                    <p>{isAdmin ? words.tour.tokenHelp : words.tour.tokenAsk}</p>
                    {isAdmin && <Link to={links.tokens} className="button">{words.tokens.create}</Link>}
                </Step>
                <Step done={machines.length > 0} title={words.tour.send}>
                    <p>{words.tour.sendHelp}</p>
                    <pre className="code">{command}</pre>
                    <CopyButton text={command} />
                </Step>
                <Step done={adopted !== undefined} title={words.tour.adopt}>
                    <p>{words.tour.adoptHelp}</p>
                    {found && may(person, "engineer") && (
                        <button type="button" onClick={() => onAdopt(found)}>{words.tour.adoptThis(found.name ?? found.id)}</button>
                    )}
                </Step>
                <Step done={false} title={words.tour.chart}>
                    <p>{words.tour.chartHelp}</p>
                    {adopted && <Link to={links.machine(adopted.id)} className="button primary" onClick={onEnd}>{words.tour.open(adopted.name ?? adopted.id)}</Link>}
                </Step>
            </ol>
            <button type="button" className="small quiet" onClick={onEnd}>{words.tour.hide}</button>
        </section>
    );
}

function Step({ done, title, children }: { done: boolean; title: string; children: ReactNode }) {
    const words = useWords();
    return (
        <li className={done ? "done" : ""}>
            <h3>{title}{done && <span className="unseen">{words.tour.done}</span>}</h3>
            {!done && children}
        </li>
    );
}
