// Counts by hour or day as bars. Drawn as SVG: it does not move.
import { formatShort } from "../../format/number";
import { browserZone, dateTime, dayOf, timeOf } from "../../format/time";
import { useWords } from "../../i18n";
import { useSize } from "../../parts/size";
import { valueScale } from "../../trend/ticks";

export interface Bar {
    at: string;
    /** Stood on each other, from below. */
    parts: number[];
}

const edge = { left: 52, right: 6, top: 10, bottom: 24 };

export function Bars({ bars, by, names, colours, height, label }: { bars: Bar[]; by: "hour" | "day"; names: string[]; colours: string[]; height: number; label: string }) {
    const words = useWords();
    const [frame, { width }] = useSize<HTMLDivElement>();
    const zone = browserZone();
    const sums = bars.map((bar) => bar.parts.reduce((sum, part) => sum + part, 0));
    const scale = valueScale(0, Math.max(1, ...sums), height > 150 ? 4 : 2);
    const step = (width - edge.left - edge.right) / Math.max(1, bars.length);
    const y = (value: number) => edge.top + ((scale.max - value) / scale.max) * (height - edge.top - edge.bottom);
    const marks = Array.from({ length: Math.round(scale.max / scale.step) + 1 }, (_, index) => index * scale.step);
    const every = Math.max(1, Math.ceil(bars.length / Math.max(2, Math.floor(width / 90))));
    const when = (at: string) => by === "day" ? dayOf(Date.parse(at), "sv", zone).slice(5) : timeOf(Date.parse(at), words.locale, zone).slice(0, 5);
    return (
        <div ref={frame} className="bars">
            {width > 0 && (
                <svg width={width} height={height} role="img" aria-label={label}>
                    {marks.map((mark) => (
                        <g key={mark}>
                            <line className="grid" x1={edge.left} x2={width - edge.right} y1={y(mark)} y2={y(mark)} />
                            <text x={edge.left - 8} y={y(mark) + 4} textAnchor="end">{formatShort(mark)}</text>
                        </g>
                    ))}
                    {bars.map((bar, index) => {
                        let below = 0;
                        return (
                            <g key={bar.at} className="bar">
                                <title>{`${dateTime(Date.parse(bar.at), words.locale, zone).slice(0, 16)}\n${names.map((name, part) => `${name}: ${bar.parts[part]!.toLocaleString(words.locale)}`).join("\n")}`}</title>
                                <rect className="reach" x={edge.left + index * step} y={edge.top} width={step} height={height - edge.top - edge.bottom} />
                                {bar.parts.map((part, which) => {
                                    const top = y(below + part), bottom = y(below);
                                    below += part;
                                    return part > 0 && <rect key={which} className={colours[which]} x={edge.left + index * step + step * 0.12} width={Math.max(1, step * 0.76)} y={top} height={Math.max(1, bottom - top)} />;
                                })}
                                {index % every === 0 && <text x={edge.left + (index + 0.5) * step} y={height - 6} textAnchor="middle">{when(bar.at)}</text>}
                            </g>
                        );
                    })}
                </svg>
            )}
        </div>
    );
}
