import { useState, type ReactNode } from "react";
import { calls } from "../../api/calls";
import { ApiError } from "../../api/client";
import type { SparkplugMetric, TopicDetail } from "../../api/traffic_types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Age } from "../../parts/age";
import { CopyButton, ErrorNote } from "../../parts/feedback";
import { useLoad } from "../../parts/load";
import { hexDump, prettyJson, type PayloadView } from "./payload";

export function TopicPanel({ topic }: { topic: string }) {
    const words = useWords();
    const detail = useLoad<TopicDetail>(`topic ${topic}`, () => calls.topic(topic), 2000);
    const isUnknown = detail.error instanceof ApiError && detail.error.status === 404;
    return (
        <>
            <h2 className="topic-name"><code>{topic}</code></h2>
            {isUnknown ? <p className="note">{words.topics.notFound}</p> : <ErrorNote error={detail.error} onRetry={detail.reload} />}
            {!detail.data && !detail.error && <p className="dim">{words.loading}</p>}
            {detail.data && !isUnknown && <Message message={detail.data} />}
        </>
    );
}

function Message({ message }: { message: TopicDetail }) {
    const words = useWords();
    const text = words.topics;
    const zone = browserZone();
    const line = (label: string, value: ReactNode) => <div><dt>{label}</dt><dd>{value}</dd></div>;
    const when = (at: string) => dateTime(Date.parse(at), words.locale, zone);
    return (
        <>
            <dl className="facts topic-facts">
                {line(text.at, <>{when(message.at)} <small><Age at={message.at} /></small></>)}
                {line(text.publisher, message.publisher ?? text.theNode)}
                {line(text.size, text.bytes(message.size))}
                {line(text.qos, <>{message.qos}{message.retained && <span className="chip">{text.retained}</span>}</>)}
                {message.content_type && line(text.contentType, message.content_type)}
                {message.response_topic && line(text.responseTopic, <code>{message.response_topic}</code>)}
                {message.expires_at && line(text.expires, when(message.expires_at))}
                {message.user_properties.length > 0 && line(text.properties, message.user_properties.map(([name, value], at) => <span key={at} className="property"><code>{name}</code> {value}</span>))}
            </dl>
            <Payload message={message} />
        </>
    );
}

function Payload({ message }: { message: TopicDetail }) {
    const words = useWords();
    const { payload } = message;
    const offered: PayloadView[] = [
        ...(payload.sparkplug ? ["sparkplug" as const] : []), ...(payload.json ? ["json" as const] : []),
        ...(payload.text !== null ? ["text" as const] : []), "hex",
    ];
    const [wanted, setWanted] = useState<PayloadView | null>(null);
    const view = wanted && offered.includes(wanted) ? wanted : offered[0]!;
    if (message.size === 0) return <p className="dim">{words.topics.empty}</p>;
    const shown = view === "json" ? prettyJson(payload.text ?? "") : view === "text" ? payload.text ?? "" : hexDump(payload.hex);
    return (
        <>
            <div className="payload-head">
                <div className="segments" role="group" aria-label={words.topics.view}>
                    {offered.map((each) => <button key={each} type="button" aria-pressed={each === view} onClick={() => setWanted(each)}>{words.topics.views[each]}</button>)}
                </div>
                {view !== "sparkplug" && <CopyButton text={shown} />}
            </div>
            {view === "sparkplug" && payload.sparkplug
                ? <Metrics metrics={payload.sparkplug.metrics} total={payload.sparkplug.metrics_total} />
                : <pre className="payload code" tabIndex={0}>{shown}</pre>}
            {payload.cut && <p className="help">{words.topics.cut}</p>}
        </>
    );
}

function Metrics({ metrics, total }: { metrics: SparkplugMetric[]; total: number }) {
    const words = useWords();
    return (
        <>
            <p className="help">{words.topics.metrics(metrics.length, total)}</p>
            <div className="payload">
                <table className="list metrics">
                    <thead><tr><th scope="col">{words.topics.metric}</th><th scope="col">{words.topics.value}</th><th scope="col">{words.topics.type}</th></tr></thead>
                    <tbody>
                        {metrics.map((metric, at) => (
                            <tr key={at}>
                                <th scope="row">{metric.name ?? words.topics.alias(String(metric.alias ?? "?"))}</th>
                                <td className="figure">{metric.value === null ? <span className="dim">–</span> : typeof metric.value === "boolean" ? (metric.value ? words.yes : words.no) : String(metric.value)}</td>
                                <td className="dim">{metric.type ?? ""}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </>
    );
}
