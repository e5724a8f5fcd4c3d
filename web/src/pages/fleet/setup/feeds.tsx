// Feeds of makers by AEMP: which there are, what came of the last round, and asking now.
import { useState, type FormEvent } from "react";
import { setupCalls, type Feed, type FeedAuth, type NewFeed } from "../../../api/fleet_setup";
import { useWords } from "../../../i18n";
import { Age } from "../../../parts/age";
import { Confirm, Dialog, Foot } from "../../../parts/dialog";
import { Empty, ErrorNote, say, Waiting } from "../../../parts/feedback";
import { Field } from "../../../parts/field";
import { useAction, useLoad } from "../../../parts/load";

export function FeedsPart() {
    const words = useWords();
    const text = words.fleetSetup.feeds;
    const feeds = useLoad<Feed[]>("fleet feeds", setupCalls.feeds, 10_000);
    const [adding, setAdding] = useState(false);
    const [removing, setRemoving] = useState<Feed | null>(null);
    const removal = useAction();
    const add = <button type="button" className="primary" onClick={() => setAdding(true)}>{text.add}</button>;
    const remove = () => removing && void removal.run(async () => {
        await setupCalls.removeFeed(removing.id);
        setRemoving(null);
        say(text.removed);
        feeds.reload();
    });
    return (
        <>
            <div className="setup-line"><p className="dim">{text.lead}</p>{feeds.data && feeds.data.length > 0 && add}</div>
            <Waiting of={feeds} />
            {feeds.data?.length === 0 && <Empty title={text.none} step={text.noneStep}>{add}</Empty>}
            <ul className="feeds">
                {feeds.data?.map((feed) => (
                    <FeedCard key={feed.id} feed={feed} onRemove={() => { removal.clear(); setRemoving(feed); }} onPolled={(now) => feeds.set((all) => all.map((one) => (one.id === now.id ? now : one)))} />
                ))}
            </ul>
            {adding && <AddFeed onClose={() => setAdding(false)} onDone={() => { setAdding(false); feeds.reload(); }} />}
            {removing && (
                <Confirm title={text.removeTitle(removing.name)} text={text.removeText} action={text.remove} busy={removal.busy} error={<ErrorNote error={removal.error} />}
                    onConfirm={remove} onClose={() => setRemoving(null)} />
            )}
        </>
    );
}

function FeedCard({ feed, onRemove, onPolled }: { feed: Feed; onRemove: () => void; onPolled: (feed: Feed) => void }) {
    const words = useWords();
    const text = words.fleetSetup.feeds;
    const { busy, error, run } = useAction();
    const poll = () => void run(async () => {
        const now = await setupCalls.pollFeed(feed.id);
        onPolled(now);
        if (!now.last_error) say(text.polled(now.machines));
    });
    const tone = feed.last_error ? "feed-failed" : feed.last_at ? "feed-good" : "";
    return (
        <li className={`panel feed ${tone}`}>
            <header>
                <h2>{feed.name}</h2>
                <span className="page-actions">
                    <button type="button" className="small" disabled={busy} onClick={poll}>{busy ? text.polling : text.poll}</button>
                    <button type="button" className="small quiet" aria-label={`${text.remove}: ${feed.name}`} onClick={onRemove}>{text.remove}</button>
                </span>
            </header>
            <p className="dim feed-address"><code>{feed.url}</code></p>
            <dl className="feed-facts">
                <div><dt>{text.state}</dt><dd><b>{feed.last_error ? text.failed : feed.last_at ? text.good : text.never}</b>{feed.last_at && <small> <Age at={feed.last_at} /></small>}</dd></div>
                <div><dt>{text.came}</dt><dd className="figure">{text.machines(feed.machines)} <small>{text.samples(feed.samples)}</small></dd></div>
                <div><dt>{text.auth}</dt><dd>{text.auths[feed.auth]} <small>{text.every(String(Math.round(feed.period_s / 6) / 10))}</small></dd></div>
            </dl>
            {feed.last_error && <p className="note note-error">{feed.last_error}</p>}
            {feed.notes.length > 0 && <details className="feed-notes"><summary>{text.notes(feed.notes.length)}</summary><ul>{feed.notes.slice(0, 50).map((note, index) => <li key={index}>{note}</li>)}</ul></details>}
            <ErrorNote error={error} />
        </li>
    );
}

const auths: FeedAuth[] = ["none", "basic", "bearer", "oauth2"];

function AddFeed({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
    const words = useWords();
    const text = words.fleetSetup.feeds;
    const [draft, setDraft] = useState({ name: "", url: "", minutes: "15", auth: "none" as FeedAuth, user: "", secret: "", token_url: "" });
    const { busy, error, run } = useAction();
    const change = (key: keyof typeof draft) => (event: { target: { value: string } }) => setDraft({ ...draft, [key]: event.target.value });
    const { auth } = draft;
    const submit = (event: FormEvent) => {
        event.preventDefault();
        const body: NewFeed = {
            name: draft.name.trim(), url: draft.url.trim(), period_s: Math.round(Number(draft.minutes) * 60), auth,
            ...((auth === "basic" || auth === "oauth2") && { user: draft.user }),
            ...(auth !== "none" && { secret: draft.secret }),
            ...(auth === "oauth2" && { token_url: draft.token_url.trim() }),
        };
        void run(async () => {
            const made = await setupCalls.addFeed(body);
            say(text.added(made.name));
            onDone();
        });
    };
    return (
        <Dialog title={text.add} onClose={onClose}>
            <form className="form" onSubmit={submit} autoComplete="off">
                <Field label={text.name}><input name="feed_name" required maxLength={100} placeholder={text.nameExample} value={draft.name} onChange={change("name")} /></Field>
                <Field label={text.url} help={text.urlHelp}><input name="feed_url" type="url" className="code" required maxLength={2000} spellCheck={false} value={draft.url} onChange={change("url")} /></Field>
                <div className="pair">
                    <Field label={text.auth}><select name="feed_auth" value={auth} onChange={change("auth")}>{auths.map((one) => <option key={one} value={one}>{text.auths[one]}</option>)}</select></Field>
                    <Field label={text.period}><input name="feed_minutes" type="number" required min={1} step="any" inputMode="decimal" value={draft.minutes} onChange={change("minutes")} /></Field>
                </div>
                {auth === "oauth2" && <Field label={text.tokenUrl}><input name="feed_token_url" type="url" className="code" required maxLength={2000} spellCheck={false} value={draft.token_url} onChange={change("token_url")} /></Field>}
                {(auth === "basic" || auth === "oauth2") && <Field label={auth === "basic" ? text.user : text.client}><input name="feed_user" required maxLength={500} autoComplete="off" spellCheck={false} value={draft.user} onChange={change("user")} /></Field>}
                {auth !== "none" && <Field label={auth === "basic" ? text.secret : auth === "bearer" ? text.token : text.clientSecret} help={text.secretHelp}><input name="feed_secret" type="password" required maxLength={4000} autoComplete="new-password" value={draft.secret} onChange={change("secret")} /></Field>}
                <ErrorNote error={error} />
                <Foot action={text.add} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
