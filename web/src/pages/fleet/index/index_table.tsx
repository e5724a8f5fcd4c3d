import type { IndexRow } from "../../../api/fleet_types";
import type { Group } from "../../../fleet/index_rows";
import { useWords } from "../../../i18n";
import { groupName, percentText, YearOnYear } from "./index_page";

interface TableProps {
    groups: Group[];
    chosen: string;
    onChoose: (key: string) => void;
}

export function IndexTable({ groups, chosen, onChoose }: TableProps) {
    const words = useWords();
    return (
        <table className="list index-table">
            <thead>
                <tr>
                    <th scope="col">{words.index.by}</th>
                    <th scope="col"><span className="unseen">{words.index.month}</span></th>
                    <th scope="col">{words.index.month}</th>
                    <th scope="col" className="number">{words.index.value}</th>
                    <th scope="col" className="number">{words.index.yoy}</th>
                    <th scope="col" className="number">{words.index.machines}</th>
                    <th scope="col" className="number">{words.index.days}</th>
                </tr>
            </thead>
            <tbody>
                {groups.map((group) => {
                    const row = [...group.rows].reverse().find((each) => each.index !== null || each.is_withheld) ?? group.rows[group.rows.length - 1]!;
                    const name = groupName(group, words);
                    return (
                        <tr key={group.key} className={group.key === chosen ? "chosen" : ""}>
                            <th scope="row"><button type="button" className="as-link" aria-pressed={group.key === chosen} title={words.index.show(name)} onClick={() => onChoose(group.key)}>{name}</button></th>
                            <td className="month-bars"><Bars rows={group.rows} /></td>
                            <td data-label={words.index.month} className="figure">{row.month}</td>
                            {row.is_withheld ? <td className="withheld" colSpan={4}><span>{words.index.withheld}</span></td> : (
                                <>
                                    <td data-label={words.index.value} className="number figure"><b>{percentText(row.index)}</b></td>
                                    <td data-label={words.index.yoy} className="number"><YearOnYear value={row.year_on_year} /></td>
                                    <td data-label={words.index.machines} className="number figure">{row.machines ?? "–"}</td>
                                    <td data-label={words.index.days} className="number figure">{row.working_days === null || row.observed_days === null ? words.index.noDays : words.index.ofDays(row.working_days.toLocaleString("en"), row.observed_days.toLocaleString("en"))}</td>
                                </>
                            )}
                        </tr>
                    );
                })}
            </tbody>
        </table>
    );
}

function Bars({ rows }: { rows: IndexRow[] }) {
    const step = 9;
    return (
        <svg width={Math.max(1, rows.length) * step} height={26} aria-hidden="true">
            {rows.map((row, i) => row.is_withheld
                ? <rect key={row.month} className="hatched" x={i * step + 3} y={22} width={2} height={4} />
                : <rect key={row.month} x={i * step} y={26 - Math.max(1, (row.index ?? 0) * 25)} width={step - 2} height={Math.max(1, (row.index ?? 0) * 25)} />)}
        </svg>
    );
}
