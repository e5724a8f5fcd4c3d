import { memo, useMemo, useState } from "react";
import { liveState, topics, useLive } from "../../api/live";
import { valueKey } from "../../api/live_state";
import type { Tag } from "../../api/types";
import { formatValue } from "../../format/number";
import { dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Age } from "../../parts/age";
import { Sparkline } from "../../parts/sparkline";
import { isNumeric } from "../../trend/series";

interface TagTableProps {
    machine: string;
    tags: Tag[];
    plotted: string[];
    colourIndex: (tag: string) => number;
    zone: string;
    onPlot: (tag: string) => void;
    onPlotOnly: (tags: string[]) => void;
    onWrite: ((tag: Tag) => void) | null;
    onSettings: ((tag: Tag) => void) | null;
}

export function TagTable({ machine, tags, plotted, colourIndex, zone, onPlot, onPlotOnly, onWrite, onSettings }: TagTableProps) {
    const words = useWords();
    const [search, setSearch] = useState("");
    const shown = useMemo(() => {
        const wanted = search.trim().toLowerCase();
        return tags.filter((tag) => `${tag.name}\n${tag.label ?? ""}`.toLowerCase().includes(wanted));
    }, [tags, search]);
    return (
        <section className="panel tags-panel" aria-label={words.machine.tags}>
            <header className="trend-head">
                <h2>{words.machine.tags} <small className="dim">{tags.length}</small></h2>
                {tags.length > 1 && (
                    <span className="plot-many">
                        <button type="button" className="small" onClick={() => onPlotOnly(shown.map((tag) => tag.name))}>{words.machine.plotAll(shown.length)}</button>
                        {plotted.length > 0 && <button type="button" className="small quiet" onClick={() => onPlotOnly([])}>{words.machine.plotNone}</button>}
                    </span>
                )}
                {tags.length > 8 && <input type="search" aria-label={words.machine.filterTags} placeholder={words.machine.filterTags}
                    value={search} onChange={(event) => setSearch(event.target.value)} />}
            </header>
            {tags.length === 0 && <p className="dim">{words.machine.noTags}</p>}
            {tags.length > 0 && shown.length === 0 && <p className="dim">{words.machine.noTagsMatch}</p>}
            {shown.length > 0 && (
                <table className="list tags">
                    <thead>
                        <tr>
                            <th scope="col"><span className="unseen">{words.machine.plot}</span></th>
                            <th scope="col">{words.machine.tag}</th>
                            <th scope="col" className="number">{words.machine.value}</th>
                            <th scope="col">{words.machine.recent}</th>
                            <th scope="col">{words.machine.age}</th>
                            <th scope="col">{words.machine.quality}</th>
                            <th scope="col"><span className="unseen">{words.machine.write}</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        {shown.map((tag) => (
                            <TagRow key={tag.name} machine={machine} tag={tag} zone={zone}
                                series={plotted.includes(tag.name) ? (colourIndex(tag.name) % 8) + 1 : null}
                                onPlot={onPlot} onWrite={onWrite} onSettings={onSettings} />
                        ))}
                    </tbody>
                </table>
            )}
        </section>
    );
}

interface TagRowProps extends Pick<TagTableProps, "machine" | "zone" | "onPlot" | "onWrite" | "onSettings"> {
    tag: Tag;
    series: number | null;
}

/** Renders again only when its own tag changes. */
const TagRow = memo(function TagRow({ machine, tag, zone, series, onPlot, onWrite, onSettings }: TagRowProps) {
    const words = useWords();
    const key = valueKey(machine, tag.name);
    const topic = topics.value(machine, tag.name);
    const now = useLiveTag(machine, tag);
    const text = formatValue(now.value, tag.kind, { yes: words.yes, no: words.no, none: "–" }, tag.unit);
    const numeric = isNumeric(tag.kind);
    return (
        <tr>
            <td className="plot-cell">
                <label className={series ? `plot series-${series}` : "plot"}>
                    <input type="checkbox" checked={series !== null} aria-label={words.machine.plotTag(tag.label ?? tag.name)} onChange={() => onPlot(tag.name)} />
                </label>
            </td>
            <th scope="row">{tag.label ?? tag.name}{tag.label && <small>{tag.name}</small>}</th>
            <td className="value">
                <span className={numeric ? "reading" : "reading words"} title={numeric ? String(now.value ?? "") : text}>{text}</span>
                <span className="unit">{tag.unit}</span>
            </td>
            <td className="spark-cell">{numeric && <Sparkline topic={topic} read={() => liveState.recent.get(key)} />}</td>
            <td className="age-cell"><Age at={now.at} title={now.at ? dateTime(Date.parse(now.at), words.locale, zone) : undefined} /></td>
            <td className={`quality quality-${now.quality}`}>{words.quality[now.quality] ?? now.quality}</td>
            <td className="actions">
                {onWrite && tag.writable && <button type="button" className="small" aria-label={words.machine.writeTag(tag.label ?? tag.name)} onClick={() => onWrite(tag)}>{words.machine.write}</button>}
                {onSettings && <button type="button" className="small quiet" aria-label={words.machine.settingsOf(tag.label ?? tag.name)} onClick={() => onSettings(tag)}>{words.machine.settings}</button>}
            </td>
        </tr>
    );
});

/** The newest of what was read and what was streamed. */
export function useLiveTag(machine: string, tag: Tag) {
    const live = useLive(topics.value(machine, tag.name), () => liveState.values.get(valueKey(machine, tag.name)));
    return live && (tag.at === null || Date.parse(live.at) >= Date.parse(tag.at)) ? live : tag;
}
