// Reasons machines stood: bars by time, a line that adds them up. SVG: it does not move.
import type { Stops } from "../../api/workshop_types";
import { useWords } from "../../i18n";
import { useSize } from "../../parts/size";

const row = 46;

export function Pareto({ stops }: { stops: Stops }) {
    const words = useWords();
    const [frame, { width }] = useSize<HTMLDivElement>();
    const items = stops.items.slice(0, 12);
    const most = Math.max(1, ...items.map((one) => one.seconds));
    const total = stops.items.reduce((sum, one) => sum + one.seconds, 0) || 1;
    // Bars reach to their share of the whole, so that the line that adds up has the same scale.
    const x = (share: number) => share * (width - 6);
    const top = most / total;
    return (
        <figure className="pareto">
            <div ref={frame}>
                {width > 0 && (
                    <svg width={width} height={items.length * row + 6} role="img" aria-label={words.performance.chart}>
                        {items.map((one, index) => {
                            const y = index * row;
                            const name = words.follow.stops[one.reason] ?? one.reason;
                            return (
                                <g key={one.reason}>
                                    <text x={0} y={y + 14}>{name} <tspan className="value">{one.seconds < 90 ? words.performance.seconds(Math.round(one.seconds)) : words.performance.minutes((one.seconds / 60).toLocaleString(words.locale, { maximumFractionDigits: one.seconds < 600 ? 1 : 0 }))}, {words.performance.times_n(one.count)}</tspan></text>
                                    <rect className="ground" x={x(0)} y={y + 21} width={x(1) - x(0)} height={14} rx={3} />
                                    <rect className={one.share >= top ? "bar worst" : "bar"} x={x(0)} y={y + 21} width={Math.max(2, x(one.share) - x(0))} height={14} rx={3} />
                                </g>
                            );
                        })}
                        <polyline className="adds" points={items.map((one, index) => `${x(one.cumulative).toFixed(1)},${index * row + 28}`).join(" ")} />
                        {items.map((one, index) => <circle key={one.reason} className="adds-dot" cx={x(one.cumulative)} cy={index * row + 28} r={3.5}><title>{`${words.performance.cumulative}: ${Math.round(one.cumulative * 100)} %`}</title></circle>)}
                    </svg>
                )}
            </div>
            <figcaption className="help">{words.performance.stopsHelp}</figcaption>
        </figure>
    );
}
