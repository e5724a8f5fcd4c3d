import { calls } from "../api/calls";
import type { BrowserSession } from "../api/trust_types";
import { originText } from "../format/agent";
import { browserZone, dateTime } from "../format/time";
import { useWords } from "../i18n";
import { Age } from "./age";
import { ErrorNote, say } from "./feedback";
import { useAction, useLoad } from "./load";

/** Browser sessions of the person `of`, or (null) of who looks, each with a way to end it. */
export function Sessions({ of }: { of: string | null }) {
    const words = useWords();
    const sessions = useLoad<BrowserSession[]>(`sessions ${of ?? "own"}`, () => calls.browserSessions(of));
    const { busy, error, run } = useAction();
    const end = (id: string) => void run(async () => {
        await calls.endBrowserSession(of, id);
        say(words.sessions.ended);
        sessions.reload();
    });
    if (!sessions.data) return sessions.error ? <ErrorNote error={sessions.error} onRetry={sessions.reload} /> : <p className="loading">{words.loading}</p>;
    if (sessions.data.length === 0) return <p>{words.sessions.none}</p>;
    return (
        <>
            <ErrorNote error={error} />
            <table className="list">
                <thead>
                    <tr>
                        <th scope="col">{words.sessions.origin}</th>
                        <th scope="col">{words.sessions.since}</th>
                        <th scope="col">{words.sessions.seen}</th>
                        <th scope="col"><span className="unseen">{words.sessions.end}</span></th>
                    </tr>
                </thead>
                <tbody>
                    {sessions.data.map((one) => (
                        <tr key={one.id}>
                            <th scope="row" className="origin" title={one.origin}>{originText(one.origin).what || one.origin}{originText(one.origin).what && <small>{originText(one.origin).address}</small>}{one.own && <span className="chip">{words.sessions.own}</span>}</th>
                            <td data-label={words.sessions.since} className="figure">{dateTime(Date.parse(one.created_at), words.locale, browserZone())}</td>
                            <td data-label={words.sessions.seen}><Age at={one.last_seen_at} /></td>
                            <td className="actions">
                                {!one.own && <button type="button" className="small quiet" disabled={busy} onClick={() => end(one.id)}>{words.sessions.end}</button>}
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </>
    );
}
