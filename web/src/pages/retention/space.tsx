// The classes as rows, and the space they take as one bar.
import type { KeptClass, Retention } from "../../api/retention";
import { formatBytes } from "../../format/bytes";
import { formatShort } from "../../format/number";
import { dayOf } from "../../format/time";
import { useWords, type Strings } from "../../i18n";

export function eachText(seconds: number, words: Strings): string {
    const { each } = words.retention;
    const named: Record<number, string> = { 1: each.second, 60: each.minute, 3600: each.hour, 86_400: each.day };
    return named[seconds] ?? each.seconds(seconds);
}

export function SpaceBar({ told }: { told: Retention }) {
    const words = useWords();
    const text = words.retention;
    const parts = [...told.classes.map((one) => ({ name: one.name, bytes: one.bytes })), { name: text.rest, bytes: told.rest.bytes }];
    if (parts.some((one) => one.bytes === null)) return <p className="dim" role="status">{text.counting}</p>;
    const total = parts.reduce((sum, one) => sum + one.bytes!, 0);
    let at = 0;
    return (
        <section className="panel space" aria-label={text.space}>
            <p className="dim">{text.total} <b className="figure">{formatBytes(total)}</b></p>
            <svg className="space-bar" viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true">
                <rect className="track" width="1000" height="20" />
                {parts.map((one, index) => {
                    const width = total > 0 ? (one.bytes! / total) * 1000 : 0, x = at;
                    at += width;
                    return width > 0 && <rect key={one.name} className={index === told.classes.length ? "space-rest" : `space-${(index % 8) + 1}`} x={x} width={Math.max(2, width - 2)} height="20" />;
                })}
            </svg>
            <ul className="space-keys">
                {parts.map((one, index) => <li key={one.name}><i className={`key ${index === told.classes.length ? "space-rest" : `space-${(index % 8) + 1}`}`} />{one.name} <span className="figure dim">{formatBytes(one.bytes!)}</span></li>)}
            </ul>
        </section>
    );
}

interface TableProps {
    classes: KeptClass[];
    rest: Retention["rest"] | null;
    runs: boolean;
    onEdit: (index: number) => void;
    onMove: (index: number, by: 1 | -1) => void;
    onRemove: (index: number) => void;
}

function Taken({ of }: { of: Retention["rest"] }) {
    const words = useWords();
    if (of.bytes === null || of.series === null || of.samples === null) return <span className="dim">{words.retention.counting}</span>;
    return <><b className="figure">{formatBytes(of.bytes)}</b> <small>{words.retention.series(of.series)}{words.comma}{words.retention.samples(formatShort(of.samples))}</small></>;
}

export function ClassTable({ classes, rest, runs, onEdit, onMove, onRemove }: TableProps) {
    const words = useWords();
    const text = words.retention;
    const day = (at: string) => dayOf(Date.parse(at), "sv", "UTC");
    return (
        <table className="list classes">
            <thead>
                <tr>
                    <th scope="col">{text.name}</th>
                    <th scope="col">{text.tags}</th>
                    <th scope="col">{text.kept}</th>
                    <th scope="col">{text.fineness}</th>
                    <th scope="col">{text.space}</th>
                    <th scope="col"><span className="unseen">{text.edit}</span></th>
                </tr>
            </thead>
            <tbody>
                {classes.map((one, index) => (
                    <tr key={one.name}>
                        <th scope="row">{one.name}</th>
                        <td data-label={text.tags}><code>{one.tags.join(", ")}</code> <small>{one.machines?.length ? one.machines.join(", ") : text.allMachines}</small></td>
                        <td data-label={text.kept}>{one.keep_days ? text.days(one.keep_days) : text.forEver}{one.kept_from && <small className="since"> {text.keptFrom(day(one.kept_from))}</small>}</td>
                        <td data-label={text.fineness}>{one.resolution_s ? text.coarse(one.full_days ?? 0, eachText(one.resolution_s, words)) : text.everything}{one.thinned_until && <small className="since"> {text.thinnedUntil(day(one.thinned_until))}</small>}</td>
                        <td data-label={text.space}><Taken of={one} /></td>
                        <td className="actions">
                            {runs && (
                                <>
                                    <button type="button" className="small quiet icon" disabled={index === 0} aria-label={text.up(one.name)} title={text.up(one.name)} onClick={() => onMove(index, -1)}>↑</button>
                                    <button type="button" className="small quiet icon" disabled={index === classes.length - 1} aria-label={text.down(one.name)} title={text.down(one.name)} onClick={() => onMove(index, 1)}>↓</button>
                                    <button type="button" className="small quiet" aria-label={`${text.edit}: ${one.name}`} onClick={() => onEdit(index)}>{text.edit}</button>
                                    <button type="button" className="small quiet" aria-label={`${text.remove}: ${one.name}`} onClick={() => onRemove(index)}>{text.remove}</button>
                                </>
                            )}
                        </td>
                    </tr>
                ))}
                {rest && (
                    <tr className="rest">
                        <th scope="row">{text.rest}</th>
                        <td><code>*</code></td>
                        <td data-label={text.kept}>{text.forEver}</td>
                        <td data-label={text.fineness}>{text.everything}</td>
                        <td data-label={text.space}><Taken of={rest} /></td>
                        <td className="actions" />
                    </tr>
                )}
            </tbody>
        </table>
    );
}
