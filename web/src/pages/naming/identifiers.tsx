// The identifiers of a prefix: search, look, choose for labels, give new ones.
import { useState } from "react";
import { naming, textOf } from "../../api/naming_calls";
import type { Identifier, IdentifierPage as Read, Prefix } from "../../api/naming_types";
import { may } from "../../api/session";
import { useStore } from "../../api/store";
import type { Person } from "../../api/types";
import { useWords } from "../../i18n";
import { Age } from "../../parts/age";
import { Empty, Waiting } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad, useRested } from "../../parts/load";
import { links, navigate } from "../../router";
import { isTechnical } from "../handle/values";
import { chooseLabels, choosePrefix, chosen } from "./chosen";
import { MintDialog } from "./mint";
import type { Names } from "./naming";

const page_size = 100, pages_max = 20;

async function readPages(prefix: string, q: string, pages: number): Promise<Read> {
    const all: Read = { items: [], next: null, total: 0 };
    for (let page = 0; page < pages; page += 1) {
        const answer = await naming.identifiers({ prefix, q, limit: page_size, cursor: all.next });
        all.items.push(...answer.items);
        all.next = answer.next;
        all.total = answer.total;
        if (!answer.next) break;
    }
    return all;
}

/** The prefix of last time, else the first one that has names here. */
export function usePrefix(prefixes: Prefix[]): Prefix {
    const { prefix } = useStore(chosen);
    return prefixes.find((one) => one.prefix === prefix)
        ?? [...prefixes].sort((a, b) => (b.identifiers ?? -1) - (a.identifiers ?? -1)).find((one) => one.state === "active") ?? prefixes[0]!;
}

export function PrefixPick({ prefixes, value, onChange }: { prefixes: Prefix[]; value: string; onChange: (prefix: string) => void }) {
    const words = useWords();
    return (
        <label>
            <span>{words.naming.prefix}</span>
            <select name="prefix" value={value} onChange={(event) => onChange(event.target.value)}>
                {prefixes.map((one) => <option key={one.prefix} value={one.prefix}>{one.prefix}{one.company ? ` · ${one.company}` : ""}</option>)}
            </select>
        </label>
    );
}

export function Identifiers({ person, names }: { person: Person; names: Names }) {
    const words = useWords();
    const prefix = usePrefix(names.prefixes);
    const { labels } = useStore(chosen);
    const [text, setText] = useState("");
    const [pages, setPages] = useState(1);
    const [minting, setMinting] = useState(false);
    const q = useRested(text.trim(), 250);
    const isHere = prefix.kind !== "delegated";
    const list = useLoad<Read>(JSON.stringify([prefix.prefix, q, pages]), () => isHere ? readPages(prefix.prefix, q, pages) : Promise.resolve({ items: [], next: null, total: 0 }));
    const mayGive = may(person, "engineer");
    const canGive = mayGive && isHere && prefix.state === "active";
    const add = <button type="button" className="primary" onClick={() => setMinting(true)}>{words.identifiers.add}</button>;
    const items = list.data?.items;
    return (
        <>
            <header className="page-head">
                <h1>{words.identifiers.title}</h1>
                {list.data && isHere && <p aria-live="polite">{words.identifiers.count(list.data.total)}</p>}
                <span className="page-actions">
                    <Link className="button" to={links.labels}>{words.identifiers.labels(labels.length)}</Link>
                    {mayGive && isHere && <a className="button" href={naming.exportOf(prefix.prefix)} download={`${prefix.prefix}.ndjson`}>{words.identifiers.export}</a>}
                    {canGive && <Link className="button" to={links.bulk}>{words.identifiers.bulk}</Link>}
                    {canGive && add}
                </span>
            </header>
            <search className="filters filters-names">
                <PrefixPick prefixes={names.prefixes} value={prefix.prefix} onChange={(next) => { setPages(1); setText(""); choosePrefix(next); }} />
                {isHere && (
                    <label>
                        <span>{words.identifiers.search}</span>
                        <input type="search" name="q" className="code" autoComplete="off" spellCheck={false} value={text} onChange={(event) => { setPages(1); setText(event.target.value); }} />
                    </label>
                )}
            </search>
            {!isHere && <p className="note">{words.identifiers.elsewhere(prefix.company ?? prefix.prefix, prefix.address ?? "")}</p>}
            <Waiting of={list} />
            {isHere && items?.length === 0 && (q ? (
                <Empty title={words.identifiers.none} step=""><button type="button" onClick={() => setText("")}>{words.identifiers.clear}</button></Empty>
            ) : (
                <Empty title={words.identifiers.emptyTitle} step={words.identifiers.emptyStep}>
                    {canGive && <span className="empty-actions">{add}<Link className="button" to={links.bulk}>{words.identifiers.bulk}</Link></span>}
                </Empty>
            ))}
            {items && items.length > 0 && <Table items={items} labels={labels} />}
            {list.data?.next && pages < pages_max && <button type="button" className="more" onClick={() => setPages(pages + 1)}>{words.more}</button>}
            {minting && <MintDialog prefix={prefix.prefix} onClose={() => setMinting(false)} onDone={(made) => navigate(links.identifier(made))} />}
        </>
    );
}

function Table({ items, labels }: { items: Identifier[]; labels: string[] }) {
    const words = useWords();
    const isChosen = new Set(labels);
    const all = items.every((item) => isChosen.has(item.handle));
    const shown = new Set(items.map((item) => item.handle));
    return (
        <table className="list names" aria-label={words.identifiers.title}>
            <thead>
                <tr>
                    <th scope="col" className="pick"><input type="checkbox" aria-label={words.identifiers.selectAll} checked={all}
                        onChange={() => chooseLabels(all ? labels.filter((one) => !shown.has(one)) : [...new Set([...labels, ...shown])])} /></th>
                    <th scope="col">{words.identifiers.handle}</th>
                    <th scope="col">{words.identifiers.says}</th>
                    <th scope="col">{words.identifiers.changed}</th>
                    <th scope="col"><span className="unseen">{words.naming.public}</span></th>
                </tr>
            </thead>
            <tbody>
                {items.map((item) => (
                    <tr key={item.handle}>
                        <td className="pick"><input type="checkbox" aria-label={words.identifiers.select(item.handle)} checked={isChosen.has(item.handle)}
                            onChange={() => chooseLabels(isChosen.has(item.handle) ? labels.filter((one) => one !== item.handle) : [...labels, item.handle])} /></td>
                        <th scope="row"><Link className="code" to={links.identifier(item.handle)}>{item.handle.slice(item.prefix.length + 1)}</Link></th>
                        <td className="says"><Says item={item} /></td>
                        <td data-label={words.identifiers.changed}><Age at={item.changed_at} /></td>
                        <td className="actions"><Link to={links.handle(item.handle)}>{words.naming.public}</Link></td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}

/** The first words of an identifier, and which kinds of values it has. */
function Says({ item }: { item: Identifier }) {
    const words = useWords();
    const told = item.values.filter((value) => !isTechnical(value));
    const first = told.find((value) => value.type === "URL") ?? told[0];
    const hidden = item.values.filter((value) => value.read !== "public").length;
    return (
        <>
            {first && <span className="says-first">{textOf(first)}</span>}
            <small>{[...new Set(told.filter((value) => value !== first).map((value) => value.type)), hidden > 0 ? words.identifiers.notPublic(hidden) : ""].filter(Boolean).join(", ")}</small>
        </>
    );
}
