// Classes of tags: how long and how finely each is kept, what each takes on disk. Changes wait until they are saved together.
import { useState } from "react";
import { losers, retention, ruleOf, type ClassRule, type KeptClass, type Retention } from "../../api/retention";
import { may } from "../../api/session";
import type { Person } from "../../api/types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Confirm } from "../../parts/dialog";
import { Empty, ErrorNote, say, Waiting } from "../../parts/feedback";
import { useAction, useLoad } from "../../parts/load";
import { ClassDialog } from "./class_dialog";
import { ClassTable, SpaceBar } from "./space";

export function RetentionPage({ person }: { person: Person }) {
    const words = useWords();
    const text = words.retention;
    // Counting goes on by itself: soon after a change, then slowly.
    const [isCounting, setCounting] = useState(false);
    const read = useLoad<Retention>("retention", async () => {
        const told = await retention.read();
        setCounting(told.counted_at === null || told.rest.bytes === null || told.classes.some((one) => one.bytes === null));
        return told;
    }, isCounting ? 1500 : 30_000);
    const [draft, setDraft] = useState<ClassRule[] | null>(null);
    const [open, setOpen] = useState<number | "new" | "save" | null>(null);
    const { busy, error, run, clear } = useAction();
    const told = read.data;
    if (!told) return <Waiting of={read} />;
    const runs = may(person, "admin");
    const rules = draft ?? told.classes;
    const known = new Map(told.classes.map((one) => [one.name, one]));
    const shown: KeptClass[] = rules.map((rule) => {
        const old = known.get(rule.name);
        return { kept_from: null, thinned_until: null, ...(draft && old && JSON.stringify(ruleOf(old)) !== JSON.stringify(ruleOf(rule)) ? { series: null, samples: null, bytes: null } : { series: old?.series ?? null, samples: old?.samples ?? null, bytes: old?.bytes ?? null, kept_from: old?.kept_from ?? null, thinned_until: old?.thinned_until ?? null }), ...ruleOf(rule) };
    });
    const change = (next: ClassRule[]) => setDraft(JSON.stringify(next.map(ruleOf)) === JSON.stringify(told.classes.map(ruleOf)) ? null : next);
    const lost = draft ? losers(told.classes.map(ruleOf), draft.map(ruleOf)) : [];
    const save = () => void run(async () => {
        const answer = await retention.put(rules.map(ruleOf));
        setDraft(null);
        setOpen(null);
        read.set(() => answer);
        read.reload();
        say(text.saved);
    });
    const add = <button type="button" className="primary" onClick={() => setOpen("new")}>{text.add}</button>;
    return (
        <>
            <header className="page-head">
                <h1>{text.title}</h1>
                <p>{text.lead}</p>
                {runs && rules.length > 0 && <span className="page-actions">{add}</span>}
            </header>
            <ErrorNote error={read.error} onRetry={read.reload} />
            {draft && (
                <div className="note note-warn unsaved" role="status">
                    <b>{text.unsaved}</b>
                    <span className="page-actions">
                        <button type="button" onClick={() => setDraft(null)}>{text.discard}</button>
                        <button type="button" className="primary" onClick={() => { clear(); setOpen("save"); }}>{text.save}</button>
                    </span>
                </div>
            )}
            {!draft && <SpaceBar told={told} />}
            {rules.length === 0 && <Empty title={text.emptyTitle} step={text.emptyStep}>{runs ? add : <p>{text.viewOnly}</p>}</Empty>}
            {rules.length > 0 && (
                <>
                    <ClassTable classes={shown} rest={draft ? null : told.rest} runs={runs} onEdit={setOpen}
                        onMove={(index, by) => { const next = [...rules]; const [one] = next.splice(index, 1); next.splice(index + by, 0, one!); change(next); }}
                        onRemove={(index) => change(rules.filter((_, each) => each !== index))} />
                    <p className="help retention-foot">{text.first}{told.counted_at && ` ${text.counted} ${dateTime(Date.parse(told.counted_at), words.locale, browserZone())}${words.stop}`}</p>
                </>
            )}
            {(open === "new" || typeof open === "number") && (
                <ClassDialog rule={typeof open === "number" ? rules[open]! : null} taken={rules.filter((_, index) => index !== open).map((one) => one.name)} onClose={() => setOpen(null)}
                    onDone={(rule) => { setOpen(null); change(typeof open === "number" ? rules.map((one, index) => (index === open ? rule : one)) : [...rules, rule]); }} />
            )}
            {open === "save" && (
                <Confirm title={text.saveTitle} text={lost.length > 0 ? text.saveLoses(lost.join(", ")) : text.saveSafe} action={lost.length > 0 ? text.saveRemoves : text.saveAction}
                    busy={busy} error={<ErrorNote error={error} special={{ 409: text.conflict }} />} onConfirm={save} onClose={() => setOpen(null)} />
            )}
        </>
    );
}
