// From the first prefix down: who answers for it, and which company it was given to.
import type { Resolution } from "../../api/naming_types";
import { useWords } from "../../i18n";
import { SignMark } from "../../parts/sign";
import { signOfPrefix } from "../naming/signs";

export function Vouchers({ of }: { of: Resolution }) {
    const words = useWords();
    return (
        <section className="panel" aria-labelledby="vouches">
            <h2 id="vouches">{words.handle.vouches}</h2>
            <p className="help">{words.handle.vouchesHelp}</p>
            <ol className="vouchers">
                {of.vouched?.map((one) => (
                    <li key={one.prefix}>
                        <b className="code">{one.prefix}</b>
                        <span>{one.company ?? <span className="dim">{one.prefix.includes(".") ? words.handle.noCompany : words.handle.root}</span>}</span>
                        <small>
                            {one.by && words.handle.answers(one.by === "this node" ? words.handle.thisNode : one.by === "cache" ? words.handle.cache : one.by)}
                            {one.state && <span className="prefix-state"><SignMark sign={signOfPrefix(one.state)} /> {words.handle.prefixStates[one.state]}</span>}
                        </small>
                    </li>
                ))}
            </ol>
        </section>
    );
}
