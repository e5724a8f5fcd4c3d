// What the stitches say: how many, how large, how long; and in plain words what may go wrong.
import { ApiError } from "../../api/client";
import type { Design, Hoop, Thread } from "../../api/order_types";
import { useWords } from "../../i18n";
import { ErrorNote } from "../../parts/feedback";
import { hoopFor, smaller, tooLarge, type Draft } from "./draft";
import { ThreadList } from "./threads";

export function Facts({ design, threads }: { design: Design; threads: Thread[] }) {
    const words = useWords();
    const [left, top, right, bottom] = design.bounds_mm ?? [0, 0, 0, 0];
    const facts: [string, string][] = [
        [words.shop.facts.stitches, (design.stitches ?? 0).toLocaleString(words.locale)],
        [words.shop.facts.size, words.shop.sizeOf((right - left).toFixed(0), (bottom - top).toFixed(0))],
        [words.shop.facts.minutes, words.shop.minutes(design.minutes ?? 0)],
        ...(design.thread_m ? [[words.shop.facts.thread, words.shop.metres(design.thread_m)] as [string, string]] : []),
    ];
    const colours = (design.threads ?? []).map((one) => one.colour);
    return (
        <>
            <dl className="sewn-facts">
                {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="figure">{value}</dd></div>)}
            </dl>
            <ThreadList colours={colours} threads={threads} />
            <Warnings design={design} />
        </>
    );
}

function Warnings({ design }: { design: Design }) {
    const words = useWords();
    const warnings = design.warnings ?? [];
    if (warnings.length === 0) return <p className="sewn-fine">{words.shop.fine}</p>;
    const codes = [...new Set(warnings.map((one) => one.code))];
    return (
        <div className="note note-warn">
            <p><b>{words.shop.warn}</b></p>
            {codes.map((code) => {
                const own = warnings.filter((one) => one.code === code);
                return <p key={code}>{words.shop.warnings[code] ?? own[0]!.text} {code === "left_out" && <span className="detail">({own.map((one) => one.text).join("; ")})</span>}</p>;
            })}
        </div>
    );
}

interface CannotProps {
    error: unknown;
    draft: Draft;
    hoops: Hoop[];
    change: (draft: Draft) => void;
    onRetry: () => void;
}

/** Why it cannot be sewn, with the ways out as buttons. */
export function Cannot({ error, draft, hoops, change, onRetry }: CannotProps) {
    const words = useWords();
    if (!error) return null;
    if (!(error instanceof ApiError) || error.status !== 422) {
        const isOurs = error instanceof ApiError;
        return <ErrorNote error={isOurs ? error : new ApiError(422, error instanceof Error ? error.message : "")} special={{ 422: words.shop.cannot, 429: words.shop.throttled, 503: words.shop.full }} onRetry={onRetry} />;
    }
    const size = tooLarge(error.detail);
    const fitting = size && smaller(draft, 0.98 * Math.min(size.hoop_mm[0] / size.width_mm, size.hoop_mm[1] / size.height_mm));
    const larger = size && hoopFor(hoops, size.width_mm, size.height_mm);
    return (
        <div className="note note-error" role="alert">
            <p>{size ? words.shop.tooBig(size.width_mm.toFixed(0), size.height_mm.toFixed(0), size.hoop_mm.join(" × ")) : words.shop.cannot}</p>
            {!size && <p className="detail">{words.errors.nodeSays(error.detail)}</p>}
            {size && (
                <p className="ways">
                    {fitting && <button type="button" onClick={() => change(fitting)}>{words.shop.smaller}</button>}
                    {larger && <button type="button" onClick={() => change({ ...draft, hoop: larger.name })}>{words.shop.largerHoop(larger.name)}</button>}
                </p>
            )}
        </div>
    );
}
