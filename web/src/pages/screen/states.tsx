import type { Overview } from "../../api/types";
import { useWords } from "../../i18n";
import { ConnectionMark, ToneMark } from "../../parts/mark";
import { tones, toneOf } from "../../parts/tone";

const bars_max = 7;

export function MachineCounts({ counts }: { counts: Overview["machines"] }) {
    const words = useWords();
    const others = (["stale", "offline", "discovered"] as const);
    return (
        <div className="counts">
            <p className="count-big">
                <strong className="figure">{counts.online}</strong>
                <span><ConnectionMark connection="online" />{words.connection.online}<small className="figure">/ {counts.total}</small></span>
            </p>
            <ul>
                {others.map((each) => (
                    <li key={each} className={counts[each] > 0 ? `link-text-${each}` : "dim"}>
                        <strong className="figure">{counts[each]}</strong>
                        <span><ConnectionMark connection={each} />{words.connection[each]}</span>
                    </li>
                ))}
            </ul>
            {counts.total === 0 && counts.discovered === 0 && <p className="dim">{words.screen.empty}</p>}
        </div>
    );
}

interface StateBarsProps {
    states: Overview["states"];
    total: number;
}

/** One bar per state, worst first; rare states are summed up so that the wall never scrolls. */
export function StateBars({ states, total }: StateBarsProps) {
    const words = useWords();
    const sorted = [...states].filter((each) => each.count > 0).sort((a, b) =>
        tones.indexOf(toneOf(a.state)) - tones.indexOf(toneOf(b.state)) || b.count - a.count || a.state.localeCompare(b.state));
    const shown = sorted.length > bars_max ? sorted.slice(0, bars_max - 1) : sorted;
    const rest = sorted.slice(shown.length).reduce((sum, each) => sum + each.count, 0);
    const most = Math.max(1, ...sorted.map((each) => each.count), Math.min(total, 1));
    if (sorted.length === 0) return <p className="dim">{words.screen.noStates}</p>;
    return (
        <ul className="bars">
            {shown.map(({ state, count }) => (
                <li key={state} className={`tone-text-${toneOf(state)}`}>
                    <ToneMark tone={toneOf(state)} />
                    <span className="bar-name">{state || words.screen.noState}</span>
                    <strong className="figure">{count}</strong>
                    <span className="bar" aria-hidden="true"><i style={{ width: `${(count / most) * 100}%` }} /></span>
                </li>
            ))}
            {rest > 0 && (
                <li className="tone-text-other">
                    <ToneMark tone="other" />
                    <span className="bar-name">{words.screen.otherStates}</span>
                    <strong className="figure">{rest}</strong>
                    <span className="bar" aria-hidden="true"><i style={{ width: `${(rest / most) * 100}%` }} /></span>
                </li>
            )}
        </ul>
    );
}
