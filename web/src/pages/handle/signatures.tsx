// Who signed the values themselves, and up to which key that was checked: it holds whoever hands them on.
import type { Resolution, ValueSignature } from "../../api/naming_types";
import { useWords } from "../../i18n";
import { SignatureMark } from "./proof";

/** What is to be said at first sight: of the values where they are signed, which holds whoever answered, else of the answer. */
export function FirstMark({ of }: { of: Resolution }) {
    const all = of.signatures ?? [];
    const told = (["invalid", "valid", "untrusted"] as const).find((state) => all.some((one) => one.state === state));
    return told && (told === "invalid" || of.signature !== "valid") ? <SignatureMark signature={told} of="values" /> : <SignatureMark signature={of.signature} />;
}

/** "400:0.NA/88.101" as people know it: the prefix. */
export const prefixOfKey = (key: string) => key.replace(/^\d+:(0\.NA\/)?/i, "");

export function Signatures({ of }: { of: Resolution }) {
    const words = useWords();
    const all = of.signatures ?? [];
    if (all.length === 0) return null;
    return (
        <section className="panel" aria-labelledby="signed">
            <h2 id="signed">{words.handle.signed}</h2>
            <p className="help">{words.handle.signedHelp}</p>
            {all.map((one) => <Signed key={one.index} of={one} />)}
        </section>
    );
}

function Signed({ of }: { of: ValueSignature }) {
    const words = useWords();
    const down = [...of.chain].reverse();
    return (
        <div className="signed-set">
            <p className="verdict"><b><SignatureMark signature={of.state} of="values" /></b>{of.by && <span>{words.handle.signedBy(prefixOfKey(of.by))}</span>}</p>
            {of.changed.length > 0 && <p>{words.handle.signedChanged(of.changed.join(", "))}</p>}
            {of.why && of.changed.length === 0 && <p className="dim">{words.handle.whyNode(of.why)}</p>}
            {down.length > 0 && (
                <ol className="vouchers">
                    {down.map((key) => (
                        <li key={key}>
                            <b className="code">{prefixOfKey(key)}</b>
                            <span className="dim">{key === of.root ? words.handle.signedRoot : key === of.by ? words.handle.signedHere : words.handle.signedBetween}</span>
                        </li>
                    ))}
                </ol>
            )}
        </div>
    );
}
