// A group's index by month: this year full, the year before as an outline behind it. Withheld months are hatched.
import { monthsOf, yearBefore, type Group } from "../../../fleet/index_rows";
import { useWords } from "../../../i18n";
import { useSize } from "../../../parts/size";
import { groupName, percentText } from "./index_page";

const height = 250;
const edge = { left: 46, right: 6, top: 14, bottom: 40 };

export function IndexChart({ group, from, until }: { group: Group; from: string; until: string }) {
    const words = useWords();
    const [frame, { width }] = useSize<HTMLDivElement>();
    const months = monthsOf(from, until);
    const byMonth = new Map(group.rows.map((row) => [row.month, row]));
    const step = (width - edge.left - edge.right) / Math.max(1, months.length);
    const bar = Math.min(44, step * 0.62);
    const y = (share: number) => edge.top + (1 - share) * (height - edge.top - edge.bottom);
    const every = Math.ceil(months.length / Math.max(1, Math.floor(width / 62)));
    return (
        <figure className="panel index-chart">
            <div ref={frame}>
                {width > 0 && (
                    <svg width={width} height={height} role="img" aria-label={words.index.chart(groupName(group, words))}>
                        <defs>
                            <pattern id="withheld" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect className="hatch" width="2" height="6" /></pattern>
                        </defs>
                        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
                            <g key={share}><line className="grid" x1={edge.left} x2={width - edge.right} y1={y(share)} y2={y(share)} /><text x={edge.left - 8} y={y(share) + 4} textAnchor="end">{Math.round(share * 100)} %</text></g>
                        ))}
                        {months.map((month, i) => {
                            const row = byMonth.get(month), before = byMonth.get(yearBefore(month));
                            const middle = edge.left + (i + 0.5) * step;
                            const known = row && row.index !== null;
                            return (
                                <g key={month}>
                                    <title>{`${month}: ${row?.is_withheld ? words.index.withheld : percentText(row?.index ?? null)}${before && before.index !== null ? ` · ${words.index.lastYear}: ${percentText(before.index)}` : ""}`}</title>
                                    <rect className="reach" x={middle - step / 2} y={edge.top} width={step} height={height - edge.top - edge.bottom} />
                                    {before && before.index !== null && <rect className="before" x={middle - bar / 2 - 4} y={y(before.index)} width={bar} height={Math.max(0, y(0) - y(before.index))} />}
                                    {known && <rect className="value" x={middle - bar / 2 + 4} y={y(row.index!)} width={bar} height={Math.max(1, y(0) - y(row.index!))} />}
                                    {row?.is_withheld && <rect x={middle - bar / 2} y={y(0.5)} width={bar} height={y(0) - y(0.5)} fill="url(#withheld)" />}
                                    {known && step > 46 && <text className={row.index! > 0.12 ? "bar-value" : "bar-value over"} x={middle + 4} y={row.index! > 0.12 ? y(row.index!) + 15 : y(row.index!) - 5} textAnchor="middle">{Math.round(row.index! * 100)}</text>}
                                    {i % every === 0 && <text x={middle} y={height - 20} textAnchor="middle">{month.slice(5)}</text>}
                                    {(month.endsWith("-01") || (i === 0 && (13 - Number(month.slice(5))) * step > 44)) && <text className="year" x={middle} y={height - 4} textAnchor="middle">{month.slice(0, 4)}</text>}
                                </g>
                            );
                        })}
                    </svg>
                )}
            </div>
            <figcaption><b>{groupName(group, words)}</b><span><i className="key-value" />{words.index.thisYear}</span><span><i className="key-before" />{words.index.lastYear}</span></figcaption>
        </figure>
    );
}
