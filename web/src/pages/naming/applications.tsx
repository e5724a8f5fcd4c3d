// Companies that ask for a prefix: look, approve or refuse with a reason, give the prefix.
import { useState, type ReactNode } from "react";
import { naming } from "../../api/naming_calls";
import type { Application, ApplicationState } from "../../api/naming_types";
import { may } from "../../api/session";
import type { Page, Person } from "../../api/types";
import { useWords } from "../../i18n";
import { Age } from "../../parts/age";
import { Drawer } from "../../parts/drawer";
import { CopyButton, Empty, Waiting } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad, useRested } from "../../parts/load";
import { SignMark } from "../../parts/sign";
import { links } from "../../router";
import { ApplyAbove } from "./apply_above";
import { AllocateDialog, DecideDialog } from "./decide";
import type { Names } from "./naming";
import { signOfApplication } from "./signs";
import { Steps } from "./steps";

const stateOrder: ("" | ApplicationState)[] = ["", "applied", "approved", "allocated", "refused"];

export function Applications({ person, names }: { person: Person; names: Names }) {
    const words = useWords();
    const [state, setState] = useState<"" | ApplicationState>("");
    const [text, setText] = useState("");
    const [shown, setShown] = useState<string | null>(null);
    const q = useRested(text.trim(), 250);
    const decides = may(person, "admin") || person.role === "auditor";
    const givesOut = names.node.role === "top" || names.node.role === "secondary";
    const list = useLoad<Page<Application>>(JSON.stringify([state, q]), () => decides && givesOut ? naming.applications({ state, q, limit: 200 }) : Promise.resolve({ items: [], next: null }), 15_000);
    const items = list.data?.items;
    const address = `${names.node.public_url.replace(/\/$/, "") || location.origin}${links.apply}`;
    const selected = items?.find((one) => one.id === shown);
    const head = <header className="page-head"><h1>{words.applications.title}</h1><p>{words.applications.lead}</p></header>;
    if (!givesOut) return <>{head}<ApplyAbove node={names.node} /></>;
    if (!decides) return <>{head}<p className="note">{words.applications.denied}</p></>;
    const isFiltered = state !== "" || q !== "";
    return (
        <>
            {head}
            <search className="application-filters">
                <div className="segments" role="group" aria-label={words.applications.state}>
                    {stateOrder.map((one) => (
                        <button key={one} type="button" aria-pressed={state === one} onClick={() => setState(one)}>
                            {one === "" ? words.applications.all : words.applications.states[one]}
                            {one === "applied" && (names.node.applications?.applied ?? 0) > 0 && ` ${names.node.applications!.applied}`}
                        </button>
                    ))}
                </div>
                <input type="search" name="q" aria-label={words.applications.search} placeholder={words.applications.search} value={text} onChange={(event) => setText(event.target.value)} />
            </search>
            <Waiting of={list} />
            {items?.length === 0 && (isFiltered ? (
                <Empty title={words.applications.none} step=""><button type="button" onClick={() => { setState(""); setText(""); }}>{words.applications.clear}</button></Empty>
            ) : (
                <Empty title={words.applications.emptyTitle} step={words.applications.emptyStep}>
                    <div className="copy-box empty-copy"><code>{address}</code><CopyButton text={address} /></div>
                    <p><Link className="button" to={links.apply}>{words.applications.form}</Link></p>
                </Empty>
            ))}
            {items && items.length > 0 && <Table items={items} onShow={setShown} />}
            {selected && <ApplicationDrawer one={selected} person={person} onClose={() => setShown(null)} onChanged={() => { list.reload(); names.reload(); }} />}
        </>
    );
}

function Table({ items, onShow }: { items: Application[]; onShow: (id: string) => void }) {
    const words = useWords();
    return (
        <table className="list applications">
            <thead>
                <tr>
                    <th scope="col">{words.applications.company}</th>
                    <th scope="col">{words.applications.state}</th>
                    <th scope="col">{words.applications.wants}</th>
                    <th scope="col" className="number">{words.applications.expects}</th>
                    <th scope="col">{words.applications.sent}</th>
                </tr>
            </thead>
            <tbody>
                {items.map((one) => (
                    <tr key={one.id}>
                        <th scope="row"><button type="button" className="as-link" onClick={() => onShow(one.id)}>{one.company}</button><small>{one.contact}, {one.email}</small></th>
                        <td><span className="sign-text"><SignMark sign={signOfApplication(one.state)} /> {words.applications.states[one.state]}</span></td>
                        <td data-label={words.applications.wants}><span className="code">{one.prefix ?? one.wanted ?? ""}</span>{!one.prefix && !one.wanted && <span className="dim">{words.applications.next}</span>} <small>{words.applications.hosting[one.hosting]}</small></td>
                        <td className="number figure" data-label={words.applications.expects}>{one.expected?.toLocaleString(words.locale) ?? <span className="dim">–</span>}</td>
                        <td data-label={words.applications.sent}><Age at={one.applied_at} /></td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}

function ApplicationDrawer({ one, person, onClose, onChanged }: { one: Application; person: Person; onClose: () => void; onChanged: () => void }) {
    const words = useWords();
    const [open, setOpen] = useState<"approve" | "refuse" | "allocate" | null>(null);
    const fact = (name: string, value: ReactNode) => value ? <div><dt>{name}</dt><dd>{value}</dd></div> : null;
    const done = () => { setOpen(null); onChanged(); };
    const gives = may(person, "admin") && person.organisation === "default";
    return (
        <Drawer title={one.company} onClose={onClose}>
            <p className="sign-text"><SignMark sign={signOfApplication(one.state)} /> <b>{words.applications.states[one.state]}</b></p>
            {one.reason && <p className="note">{one.reason}</p>}
            <dl className="facts">
                {fact(words.applications.prefix, one.prefix && <Link className="code" to={links.prefix(one.prefix)}>{one.prefix}</Link>)}
                {fact(words.applications.wanted, <span className="code">{one.wanted ?? words.applications.next}</span>)}
                {fact(words.applications.purpose, one.purpose)}
                {fact(words.applications.expected, one.expected?.toLocaleString(words.locale))}
                {fact(words.applications.hostingTitle, <>{words.applications.hosting[one.hosting]}{one.address && <> <code>{one.address}</code></>}</>)}
                {fact(words.applications.creditCode, one.credit_code && <code>{one.credit_code}</code>)}
                {fact(words.applications.contact, one.contact)}
                {fact(words.applications.email, <a href={`mailto:${encodeURIComponent(one.email).replace("%40", "@")}`}>{one.email}</a>)}
                {fact(words.applications.phone, one.phone)}
                {fact(words.applications.decidedBy, one.decided_by)}
            </dl>
            <h3>{words.applications.history}</h3>
            <Steps of={one.history} />
            {one.state === "applied" && (
                <footer>
                    <button type="button" onClick={() => setOpen("refuse")}>{words.applications.refuse}</button>
                    <button type="button" className="primary" onClick={() => setOpen("approve")}>{words.applications.approve}</button>
                </footer>
            )}
            {one.state === "approved" && gives && <footer><button type="button" className="primary" onClick={() => setOpen("allocate")}>{words.applications.allocate}</button></footer>}
            {(open === "approve" || open === "refuse") && <DecideDialog one={one} step={open} onDone={done} onClose={() => setOpen(null)} />}
            {open === "allocate" && <AllocateDialog one={one} onDone={done} onClose={() => setOpen(null)} />}
        </Drawer>
    );
}
