// What an identifier says: first what people read, then what machines need.
import type { HandleValue, Json, Resolution } from "../../api/naming_types";
import { textOf } from "../../api/naming_calls";
import { useWords } from "../../i18n";
import { SignatureMark } from "./proof";

const technical = /^(HS_|10320\/|0\.TYPE\/HS)/;
export const isTechnical = (value: HandleValue) => technical.test(value.type);

/** A web address that a browser may be sent to, else null. */
export function webAddress(text: string): URL | null {
    try {
        const url = new URL(text);
        return url.protocol === "http:" || url.protocol === "https:" ? url : null;
    } catch {
        return null;
    }
}

export function Values({ of }: { of: Resolution }) {
    const words = useWords();
    const shown = of.values.filter((value) => !isTechnical(value));
    const rest = of.values.filter(isTechnical);
    return (
        <section className="panel" aria-labelledby="what">
            <h2 id="what">{words.handle.what}</h2>
            {shown.length === 0 && <p className="dim">{words.handle.nothing}</p>}
            <dl className="said-values">
                {shown.map((value) => (
                    isRecord(value.data) && value.type === "JSON" ? Object.entries(value.data).slice(0, entries_max).map(([name, each]) => <Entry key={`${value.index} ${name}`} name={name} of={each} depth={0} />) : (
                        <div key={value.index}>
                            <dt>{words.handle.types[value.type] ?? value.type}</dt>
                            <dd><Said value={value} /> <SignedMark value={value} /></dd>
                        </div>
                    )
                ))}
            </dl>
            {(of.hidden ?? 0) > 0 && <p className="hidden-note"><b>{words.handle.hidden(of.hidden!)}</b> <span className="dim">{words.handle.hiddenHelp}</span></p>}
            {rest.length > 0 && (
                <details className="technical">
                    <summary>{words.handle.technical(rest.length)}</summary>
                    <dl className="said-values">
                        {rest.map((value) => <div key={value.index}><dt><code>{value.index} {value.type}</code></dt><dd><code className="raw">{textOf(value)}</code></dd></div>)}
                    </dl>
                </details>
            )}
        </section>
    );
}

/** Nothing where nobody signed: most values are not. */
function SignedMark({ value }: { value: HandleValue }) {
    const state = value.signature ?? "unsigned";
    return state === "unsigned" ? null : <small className="value-signed"><SignatureMark signature={state} of="values" /></small>;
}

function Said({ value }: { value: HandleValue }) {
    if (typeof value.data === "object" && value.data !== null) return <Data of={value.data} depth={0} />;
    const text = textOf(value);
    const url = webAddress(text);
    if (url) return <a href={url.href} rel="noreferrer">{text}</a>;
    if (value.type === "EMAIL" && /^[^\s@]+@[^\s@]+$/.test(text)) return <a href={`mailto:${encodeURIComponent(text).replace("%40", "@")}`}>{text}</a>;
    return <>{text}</>;
}

const depth_max = 3, entries_max = 60;
const units: Record<string, string> = { kg: "kg", g: "g", t: "t", mm: "mm", m: "m", km: "km", w: "W", kw: "kW", v: "V", a: "A", h: "h", s: "s", ms: "ms", bar: "bar", l: "l", c: "°C" };
const isRecord = (data: Json): data is { [key: string]: Json } => typeof data === "object" && data !== null && !Array.isArray(data);

/** One member of an object; a unit that ends its name stands behind its number. */
function Entry({ name, of, depth }: { name: string; of: Json; depth: number }) {
    const parts = name.split("_");
    const unit = typeof of === "number" && parts.length > 1 ? units[parts.at(-1)!.toLowerCase()] : undefined;
    return <div><dt className="member">{(unit ? parts.slice(0, -1) : parts).join(" ")}</dt><dd><Data of={of} depth={depth} />{unit && ` ${unit}`}</dd></div>;
}

/** JSON as a person reads it: names and values, deeper parts set in. */
export function Data({ of, depth }: { of: Json; depth: number }) {
    const words = useWords();
    if (of === null) return <span className="dim">–</span>;
    if (typeof of === "boolean") return <>{of ? words.yes : words.no}</>;
    if (typeof of === "number") return <span className="figure">{of.toLocaleString(words.locale, { maximumFractionDigits: 20, useGrouping: Math.abs(of) >= 10_000 })}</span>;
    if (typeof of === "string") {
        const url = webAddress(of);
        return url ? <a href={url.href} rel="noreferrer">{of}</a> : <>{of}</>;
    }
    if (Array.isArray(of)) {
        if (depth >= depth_max || of.length > entries_max) return <code className="raw">{JSON.stringify(of)}</code>;
        if (of.every((each) => typeof each !== "object")) return <>{of.map(String).join(", ")}</>;
        return <ol className="data-list">{of.map((each, index) => <li key={index}><Data of={each} depth={depth + 1} /></li>)}</ol>;
    }
    const entries = Object.entries(of);
    if (depth >= depth_max || entries.length > entries_max) return <code className="raw">{JSON.stringify(of)}</code>;
    return (
        <dl className="data">
            {entries.map(([name, each]) => <Entry key={name} name={name} of={each} depth={depth + 1} />)}
        </dl>
    );
}
