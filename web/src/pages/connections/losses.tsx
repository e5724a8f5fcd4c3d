// What the whole node refused or dropped, by reason: nothing disappears without a number here.
import { useWords } from "../../i18n";
import { lossesOf } from "./losses_of";

export function NodeLosses({ numbers }: { numbers: Record<string, number> }) {
    const words = useWords();
    const losses = lossesOf(numbers);
    const total = losses.reduce((sum, [, count]) => sum + count, 0);
    return (
        <details className="panel node-losses">
            <summary><h2>{words.connections.node}</h2> <span className="figure">{total.toLocaleString(words.locale)}</span></summary>
            <p className="help">{losses.length === 0 ? words.connections.nodeNone : words.connections.nodeLead}</p>
            {losses.length > 0 && (
                <dl className="counts">
                    {losses.map(([name, count]) => (
                        <div key={name}><dt>{words.connections.nodeLossNames[name] ?? ""} <small><code>{name}</code></small></dt><dd className="figure">{count.toLocaleString(words.locale)}</dd></div>
                    ))}
                </dl>
            )}
        </details>
    );
}
