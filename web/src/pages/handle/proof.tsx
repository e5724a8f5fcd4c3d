// The hops of a resolution as a chain: down the page on a phone, across it on a wide window.
import type { Answer, Hop, Resolution, Signature } from "../../api/naming_types";
import { formatNumber } from "../../format/number";
import { useWords, type Strings } from "../../i18n";
import { SignMark, type Sign } from "../../parts/sign";
import { hopKind, rolesOf, tellingHops, type HopKind } from "./hops";

/** 412 µs, 3.2 ms, 1.5 s; the node measures in milliseconds. */
export function tookText(us: number): string {
    if (us < 1) return "< 1 ms";
    if (us < 1000) return `${us} µs`;
    return us < 1_000_000 ? `${formatNumber(us / 1000, us < 100_000 ? 1 : 0)} ms` : `${formatNumber(us / 1_000_000, 1)} s`;
}

const signOfKind: Record<HopKind, Sign> = { found: "good", prefix: "onward", referral: "onward", notFound: "unknown", silent: "broken", busy: "waiting", elsewhere: "unknown" };
export const signOfAnswer: Record<Answer, Sign> = { found: "good", not_found: "unknown", suspended: "paused", elsewhere: "onward", unreachable: "broken", invalid: "ended" };
const signOfSignature: Record<Signature, Sign> = { valid: "good", unsigned: "plain", untrusted: "unknown", invalid: "broken" };

/** Of an answer, or of the values themselves. */
export function SignatureMark({ signature, of = "answer" }: { signature: Signature; of?: "answer" | "values" }) {
    const words = useWords();
    return (
        <span className={`signature signature-${signature}`} title={(of === "values" ? words.handle.valueSignatureHelp : words.handle.signatureHelp)[signature]}>
            <SignMark sign={signOfSignature[signature]} /> {words.handle.signatures[signature]}
        </span>
    );
}

function answerText(hop: Hop, kind: HopKind, words: Strings): string {
    const told = words.handle.hopAnswers;
    if (kind === "referral") {
        const to = /(?:0\.NA\/)?([\d.]+)\s*$/.exec(hop.note ?? "")?.[1];
        return to ? told.referral(to) : told.referralPlain;
    }
    return kind === "prefix" ? told.prefix(hop.asked.slice(5)) : told[kind];
}

export function Proof({ of }: { of: Resolution }) {
    const words = useWords();
    const trace = tellingHops(of.trace ?? []);
    if (trace.length === 0) return null;
    const slowest = Math.max(1, ...trace.map((hop) => hop.took_us));
    const roles = rolesOf(trace);
    const total = trace.reduce((sum, hop) => sum + hop.took_us, 0);
    return (
        <section className="panel proof" aria-labelledby="proof">
            <header><h2 id="proof">{of.answer === "found" ? words.handle.proof : words.handle.proofLost}</h2><p className="figure">{words.handle.total} <b>{tookText(total)}</b></p></header>
            <p className="help">{words.handle.proofHelp}</p>
            <ol className="hops">
                <li className="hop hop-you">
                    <span className="station" aria-hidden="true" />
                    <div><h3>{words.handle.you}</h3><p className="dim">{words.handle.youAsk}</p></div>
                </li>
                {trace.map((hop, index) => {
                    const kind = hopKind(hop);
                    return (
                        <li key={index} className={`hop hop-${kind}${hop.server === "cache" ? " hop-memory" : ""}`}>
                            <span className="station"><SignMark sign={signOfKind[kind]} /></span>
                            <div>
                                <h3>{words.handle.roles[roles[index]!]}</h3>
                                {hop.server !== "cache" && hop.server !== "this node" && <p className="code server">{hop.server}</p>}
                                <p className="dim">{/^0\.NA\//i.test(hop.asked) ? words.handle.asksPrefix(hop.asked.slice(5)) : words.handle.asks(hop.asked)}</p>
                                <p><b>{answerText(hop, kind, words)}</b></p>
                                <p className="hop-facts">
                                    <span className="figure">{tookText(hop.took_us)}</span>
                                    {hop.transport && <span>{hop.transport.toUpperCase()}</span>}
                                    {hop.server === "cache" ? <span>{words.handle.remembered}</span> : kind !== "silent" && <SignatureMark signature={hop.signature} />}
                                </p>
                                <Took share={hop.took_us / slowest} />
                            </div>
                        </li>
                    );
                })}
            </ol>
        </section>
    );
}

function Took({ share }: { share: number }) {
    return (
        <svg className="took" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            <rect className="track" width="100" height="4" />
            <rect className="share" width={Math.max(1.5, share * 100)} height="4" />
        </svg>
    );
}
