// An answer's lines over time. Drawn as SVG: it does not move.
import { browserZone, dateTime, timeOf, dayOf } from "../../format/time";
import { formatShort } from "../../format/number";
import { useWords } from "../../i18n";
import { useSize } from "../../parts/size";
import { timeTicks, valueScale } from "../../trend/ticks";
import type { Line } from "./answer";

const height = 260;
const edge = { left: 56, right: 12, top: 12, bottom: 28 };

export function AnswerChart({ lines }: { lines: Line[] }) {
    const words = useWords();
    const [frame, { width }] = useSize<HTMLDivElement>();
    const zone = browserZone();
    const all = lines.flatMap((line) => line.points);
    const from = Math.min(...all.map(([at]) => at)), until = Math.max(...all.map(([at]) => at));
    const scale = valueScale(Math.min(...all.map(([, value]) => value)), Math.max(...all.map(([, value]) => value)), 5);
    const x = (at: number) => edge.left + ((at - from) / Math.max(1, until - from)) * (width - edge.left - edge.right);
    const y = (value: number) => edge.top + ((scale.max - value) / (scale.max - scale.min)) * (height - edge.top - edge.bottom);
    const ticks = timeTicks(from, until + 1, Math.max(2, width / 120), zone);
    const marks = Array.from({ length: Math.round((scale.max - scale.min) / scale.step) + 1 }, (_, index) => scale.min + index * scale.step);
    const label = (at: number) => (ticks.step_ms >= 86_400_000 ? dayOf(at, "sv", zone) : timeOf(at, words.locale, zone).slice(0, ticks.step_ms < 60_000 ? 8 : 5));
    return (
        <figure className="sql-chart">
            <div ref={frame}>
                {width > 0 && (
                    <svg width={width} height={height} role="img"
                        aria-label={words.sql.chart(lines.map((line) => line.name).join(", "), dateTime(from, words.locale, zone), dateTime(until, words.locale, zone))}>
                        {marks.map((mark) => (
                            <g key={mark}>
                                <line className="grid" x1={edge.left} x2={width - edge.right} y1={y(mark)} y2={y(mark)} />
                                <text x={edge.left - 8} y={y(mark) + 4} textAnchor="end">{formatShort(mark)}</text>
                            </g>
                        ))}
                        {ticks.at.map((at) => <text key={at} x={x(at)} y={height - 8} textAnchor="middle">{label(at)}</text>)}
                        {lines.map((line, index) => (
                            <polyline key={line.name} className={`line line-${index + 1}`} points={line.points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ")} />
                        ))}
                    </svg>
                )}
            </div>
            <figcaption>
                {lines.map((line, index) => <span key={line.name}><i className={`swatch swatch-${index + 1}`} />{line.name}</span>)}
                <small>{zone}</small>
            </figcaption>
        </figure>
    );
}
