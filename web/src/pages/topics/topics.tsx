// The topic browser: a tree read level by level, and the chosen topic's last message in every view.
import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import type { TopicLevel, TopicPage } from "../../api/traffic_types";
import { browserZone, timeOf } from "../../format/time";
import { useWords } from "../../i18n";
import { Empty, ErrorNote } from "../../parts/feedback";
import { useLoad } from "../../parts/load";
import { TopicPanel } from "./topic_panel";

const refresh_ms = 3000;
const pages_max = 20;

export function Topics() {
    const words = useWords();
    const [chosen, setChosen] = useState<string | null>(null);
    const [typed, setTyped] = useState("");
    const [since, setSince] = useState<string | null>(null);
    const [isEmpty, setIsEmpty] = useState(false);
    const open = (event: FormEvent) => {
        event.preventDefault();
        if (typed !== "") setChosen(typed);
    };
    const noteFirst = (page: TopicPage) => {
        setSince(page.since);
        setIsEmpty(page.items.length === 0);
    };
    return (
        <>
            <header className="page-head">
                <h1>{words.topics.title}</h1>
                <p className="lead">{words.topics.lead}</p>
            </header>
            <form className="topic-open" onSubmit={open}>
                <label>
                    <span className="unseen">{words.topics.open}</span>
                    <input name="topic" placeholder={words.topics.openHelp} value={typed} autoComplete="off" spellCheck={false} onChange={(event) => setTyped(event.target.value)} />
                </label>
                <button type="submit" disabled={typed === ""}>{words.topics.show}</button>
            </form>
            {isEmpty && <Empty title={words.topics.emptyTitle} step={words.topics.emptyStep}><pre className="code">mosquitto_pub -r -t plant/hello -m hello -u NAME -P TOKEN</pre></Empty>}
            <div className="topic-page">
                <section className="panel topic-tree" aria-label={words.topics.tree} hidden={isEmpty}>
                    <Branch prefix={undefined} chosen={chosen} onChoose={setChosen} onRead={noteFirst} />
                    {since && <p className="help">{words.topics.since(timeOf(Date.parse(since), words.locale, browserZone()))}</p>}
                </section>
                {(chosen !== null || !isEmpty) && (
                    <section className="panel topic-panel" aria-live="off">
                        {chosen === null ? <p className="dim">{words.topics.choose}</p> : <TopicPanel key={chosen} topic={chosen} />}
                    </section>
                )}
            </div>
        </>
    );
}

interface BranchProps {
    prefix: string | undefined;
    chosen: string | null;
    onChoose: (topic: string) => void;
    onRead?: (page: TopicPage) => void;
}

async function readBranch(prefix: string | undefined, pages: number): Promise<TopicPage> {
    let all = await calls.topics(prefix);
    for (let page = 1; page < pages && all.next !== null; page += 1) {
        const more = await calls.topics(prefix, all.next);
        all = { ...more, items: [...all.items, ...more.items], whole: all.whole && more.whole };
    }
    return all;
}

function Branch({ prefix, chosen, onChoose, onRead }: BranchProps) {
    const words = useWords();
    const [pages, setPages] = useState(1);
    const branch = useLoad(JSON.stringify([prefix ?? null, pages]), async () => {
        const page = await readBranch(prefix, pages);
        onRead?.(page);
        return page;
    }, refresh_ms);
    if (!branch.data) return branch.error ? <ErrorNote error={branch.error} onRetry={branch.reload} /> : <p className="dim">{words.topics.loading}</p>;
    return (
        <>
            <ul className="branch">
                {branch.data.items.map((level) => <Level key={level.topic} level={level} chosen={chosen} onChoose={onChoose} />)}
            </ul>
            {branch.data.next !== null && pages < pages_max && <button type="button" className="small quiet" onClick={() => setPages(pages + 1)}>{words.topics.more}</button>}
            {!branch.data.whole && <p className="note note-warn">{words.topics.notWhole}</p>}
        </>
    );
}

function Level({ level, chosen, onChoose }: { level: TopicLevel; chosen: string | null; onChoose: (topic: string) => void }) {
    const words = useWords();
    const [open, setOpen] = useState(false);
    const name = level.name === "" ? words.topics.emptyLevel : level.name;
    const pick = () => level.last ? onChoose(level.topic) : setOpen(!open);
    return (
        <li>
            <div className="level">
                {level.has_more
                    ? <button type="button" className="quiet twist" aria-expanded={open} aria-label={words.topics.expand(name)} onClick={() => setOpen(!open)}>{open ? "▾" : "▸"}</button>
                    : <span className="twist" />}
                <button type="button" className="quiet level-name" aria-current={chosen === level.topic ? "true" : undefined} onClick={pick}>
                    <b>{name}</b>
                    {level.last && <span className="level-last">{level.last.preview ?? (level.last.size === 0 ? "" : words.topics.binary)}</span>}
                    {level.last?.retained && <span className="chip">{words.topics.retained}</span>}
                </button>
            </div>
            {open && level.has_more && <Branch prefix={level.topic} chosen={chosen} onChoose={onChoose} />}
        </li>
    );
}
