import { liveState, topics, useLive } from "../../api/live";
import type { Rates } from "../../api/types";
import { formatShort } from "../../format/number";
import { useWords } from "../../i18n";
import { Sparkline } from "../../parts/sparkline";

/** Live once a second from the stream; until it speaks, from the overview. */
export function RatesPanel({ rates }: { rates: Rates | null }) {
    const words = useWords();
    const told = useLive(topics.rates, () => liveState.rates);
    const now = told[told.length - 1] ?? rates;
    const history = (field: "messages_per_s" | "samples_per_s") => () => ({
        at: liveState.rates.map((_, second) => second),
        value: liveState.rates.map((each) => each[field]),
    });
    return (
        <section className="tile tile-rates" aria-label={words.screen.rates}>
            <Rate name={words.screen.messages} value={now?.messages_per_s} read={history("messages_per_s")} />
            <Rate name={words.screen.samples} value={now?.samples_per_s} read={history("samples_per_s")} />
            <dl>
                <div><dt>{words.screen.stored}</dt><dd className="figure">{now ? formatShort(now.samples_total) : "–"}</dd></div>
                <div><dt>{words.screen.commit}</dt><dd className="figure">{now ? `${formatShort(now.commit_ms)} ${words.screen.ms}` : "–"}</dd></div>
                <div className={now && now.refused_total > 0 ? "refused" : ""}><dt>{words.screen.refused}</dt><dd className="figure">{now ? formatShort(now.refused_total) : "–"}</dd></div>
            </dl>
        </section>
    );
}

function Rate({ name, value, read }: { name: string; value: number | undefined; read: () => { at: number[]; value: number[] } }) {
    return (
        <div className="rate">
            <p><strong className="figure">{value === undefined ? "–" : formatShort(value)}</strong><span>{name}</span></p>
            <Sparkline topic={topics.rates} read={read} fromZero className="wide" />
        </div>
    );
}
