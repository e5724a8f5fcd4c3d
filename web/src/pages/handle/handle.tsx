// The page that a label's QR code opens: what an identifier is, who vouches for it, and how it was found.
import { useEffect, useState, type FormEvent } from "react";
import { naming } from "../../api/naming_calls";
import { ApiError } from "../../api/client";
import { session } from "../../api/session";
import { useStore } from "../../api/store";
import type { Resolution } from "../../api/naming_types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { CopyButton } from "../../parts/feedback";
import { SignMark } from "../../parts/sign";
import { links, navigate } from "../../router";
import { PublicFrame } from "./frame";
import { hopKind, tellingHops } from "./hops";
import { LabelPanel } from "./label";
import { Proof, tookText, signOfAnswer } from "./proof";
import { FirstMark, Signatures } from "./signatures";
import { Values, webAddress } from "./values";
import { Vouchers } from "./vouchers";

export function HandlePage({ handle }: { handle: string }) {
    return <PublicFrame>{handle.trim() === "" ? <Welcome /> : looksLikeOne.test(handle) ? <Resolved key={handle} handle={handle} /> : <NoName handle={handle} />}</PublicFrame>;
}

// Without a slash the protocol would mean a prefix; those are numbers.
const looksLikeOne = /\/|^[\d.]+$/;

function NoName({ handle }: { handle: string }) {
    const words = useWords();
    return (
        <>
            <Name handle={handle} />
            <div className="note note-error" role="alert"><p>{words.handle.advice.invalid}</p></div>
            <LookUp />
        </>
    );
}

function LookUp({ isFirst }: { isFirst?: boolean }) {
    const words = useWords();
    const [text, setText] = useState("");
    const go = (event: FormEvent) => {
        event.preventDefault();
        const wanted = text.trim().replace(/^(hdl:|.*\/h\/)/i, "");
        if (wanted) navigate(links.handle(wanted));
    };
    return (
        <form className="look-up" role="search" onSubmit={go}>
            <input name="handle" type="search" aria-label={words.handle.lookUp} placeholder={words.handle.lookUpHelp} autoFocus={isFirst} autoComplete="off" autoCapitalize="characters" spellCheck={false}
                value={text} onChange={(event) => setText(event.target.value)} />
            <button className={isFirst ? "primary" : ""}>{words.handle.go}</button>
        </form>
    );
}

function Welcome() {
    const words = useWords();
    return (
        <section className="welcome">
            <h1>{words.handle.lookUpTitle}</h1>
            <p className="dim">{words.handle.lookUpLead}</p>
            <LookUp isFirst />
        </section>
    );
}

function Resolved({ handle }: { handle: string }) {
    const words = useWords();
    const signedIn = useStore(session).state === "in";
    const [turn, setTurn] = useState(0);
    const [told, setTold] = useState<Resolution | null>(null);
    const [error, setError] = useState<unknown>(null);
    const [busy, setBusy] = useState(true);
    useEffect(() => {
        const ended = new AbortController();
        setBusy(true);
        naming.resolve(handle, ended.signal)
            .then((answer) => { setTold(answer); setError(null); setBusy(false); },
                (failure: unknown) => { if (!ended.signal.aborted) { setError(failure); setBusy(false); } });
        return () => ended.abort();
    }, [handle, turn, signedIn]);
    useEffect(() => {
        const before = document.title;
        document.title = `${handle} · ${words.product}`;
        return () => { document.title = before; };
    }, [handle, words]);
    const again = () => setTurn((old) => old + 1);
    if (!told) {
        return (
            <>
                <Name handle={handle} />
                {error ? <Failure error={error} onAgain={again} /> : <p className="loading" role="status">{words.handle.asking}</p>}
                {Boolean(error) && <LookUp />}
            </>
        );
    }
    return (
        <div aria-busy={busy} className="handle-page">
            <Hero of={told} />
            {Boolean(error) && <Failure error={error} onAgain={again} />}
            {told.answer !== "found" && <Advice of={told} onAgain={busy ? null : again} />}
            {told.answer === "found" && <Values of={told} />}
            {told.answer === "found" && <LabelPanel handle={told.handle} />}
            {told.answer !== "found" && <Proof of={told} />}
            {(told.vouched?.length ?? 0) > 0 && <Vouchers of={told} />}
            {told.answer === "found" && <Signatures of={told} />}
            {told.answer === "found" && <Proof of={told} />}
            <footer className="handle-foot">
                <p className="dim figure">{words.handle.checked(dateTime(Date.parse(told.at), words.locale, browserZone()))}</p>
                <button type="button" disabled={busy} onClick={again}>{words.handle.again}</button>
                <LookUp />
            </footer>
        </div>
    );
}

function Name({ handle }: { handle: string }) {
    const words = useWords();
    const cut = handle.indexOf("/") + 1;
    return (
        <>
            <p className="eyebrow">{words.handle.eyebrow}</p>
            <h1 className="handle-name"><span className="dim">{handle.slice(0, cut)}</span><wbr />{handle.slice(cut)}</h1>
        </>
    );
}

/** What the values call the thing, if they do. */
function titleOf(told: Resolution): string | null {
    const of = (...types: string[]) => told.values.find(({ type, data }) => types.includes(type) && typeof data === "string" && data.length <= 120)?.data as string | undefined;
    const named = of("TITLE", "NAME");
    if (named) return named;
    for (const { data } of told.values) {
        if (typeof data !== "object" || data === null || Array.isArray(data)) continue;
        for (const key of ["name", "title"]) if (typeof data[key] === "string" && data[key].length <= 120) return data[key];
    }
    return of("DESC") ?? null;
}

function Hero({ of }: { of: Resolution }) {
    const words = useWords();
    const url = of.url ? webAddress(of.url) : null;
    const title = titleOf(of);
    const trace = tellingHops(of.trace ?? []);
    const total = trace.reduce((sum, hop) => sum + hop.took_us, 0);
    const hops = trace.length;
    return (
        <section className={`handle-hero answer-${of.answer}`}>
            <Name handle={of.handle} />
            {title && <p className="handle-title">{title}</p>}
            <p className="verdict" role="status">
                <b><SignMark sign={signOfAnswer[of.answer]} /> {words.handle.verdicts[of.answer]}</b>
                {hops > 0 && <span className="figure">{words.handle.took(tookText(total), hops)}</span>}
                {of.computed && <span>{words.handle.computed}</span>}
                {of.stale ? <span>{words.handle.stale}</span> : of.from_cache && <span>{words.handle.fromCache}</span>}
                {of.answer === "found" && <FirstMark of={of} />}
            </p>
            <p className="handle-actions">
                {url && <a className="button primary" href={url.href} rel="noreferrer">{words.handle.open(url.host)}</a>}
                <CopyButton text={of.handle} />
            </p>
        </section>
    );
}

function Advice({ of, onAgain }: { of: Resolution; onAgain: (() => void) | null }) {
    const words = useWords();
    if (of.answer === "found") return null;
    const company = [...(of.vouched ?? [])].reverse().find((one) => one.company)?.company ?? null;
    const lost = (of.trace ?? []).find((hop) => hopKind(hop) === "silent");
    return (
        <div className={`note ${of.answer === "unreachable" ? "note-error" : "note-warn"}`} role="alert">
            <p>{words.handle.advice[of.answer]}</p>
            {of.answer === "not_found" && company && <p>{words.handle.advice.notFoundBy(company)}</p>}
            {of.answer === "suspended" && company && <p>{words.handle.advice.suspendedBy(company)}</p>}
            {of.answer === "elsewhere" && <p>{words.handle.advice.elsewhereStep}</p>}
            {of.why && <p className="detail">{words.handle.whyNode(of.why)}</p>}
            {of.answer === "unreachable" && lost && <p className="detail code">{lost.server}</p>}
            {of.answer === "unreachable" && <button type="button" disabled={!onAgain} onClick={() => onAgain?.()}>{words.retry}</button>}
        </div>
    );
}

function Failure({ error, onAgain }: { error: unknown; onAgain: () => void }) {
    const words = useWords();
    const { status, retryAfterSeconds, detail } = error instanceof ApiError ? error : new ApiError(0, "");
    const text = status === 429 ? words.handle.throttled(retryAfterSeconds) : status === 400 || status === 404 || status === 422 ? words.handle.advice.invalid : words.handle.unreachableNode;
    return (
        <div className="note note-error" role="alert">
            <p>{text}</p>
            {detail && status > 0 && <p className="detail">{words.handle.whyNode(detail)}</p>}
            <button type="button" onClick={onAgain}>{words.retry}</button>
        </div>
    );
}
