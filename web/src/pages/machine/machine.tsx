import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import { calls } from "../../api/calls";
import { liveState, onLive, topics, useLive, useMachineValues } from "../../api/live";
import { may } from "../../api/session";
import type { MachineDetail, Person, Site, Tag } from "../../api/types";
import { browserZone } from "../../format/time";
import { useWords } from "../../i18n";
import { ErrorNote, say } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad } from "../../parts/load";
import { isNumeric } from "../../trend/series";
import { links, navigate } from "../../router";
import { AdoptDialog } from "../machines/adopt";
import { EraseDialog } from "./erase_dialog";
import { MachineEvents } from "./machine_events";
import { MachineHead } from "./machine_head";
import { PeriodPanel } from "./periods";
import { TagTable } from "./tag_table";
import { TrendPanel } from "./trend_panel";
import { useRecentHistory } from "./use_recent";
import { TagSettings } from "./tag_settings";
import { WriteDialog } from "./write_dialog";

const FleetView = lazy(() => import("../fleet/machine_view").then((m) => ({ default: m.FleetView })));
/** As many as the node answers at once. */
const plotted_max = 50;

export function MachinePage({ id, person }: { id: string; person: Person }) {
    const words = useWords();
    useMachineValues(id);
    const detail = useLoad<MachineDetail>(id, () => calls.machine(id));
    const sites = useLoad<Site[]>("sites", calls.sites);
    const told = useLive(topics.machines, () => liveState.machines.get(id));
    const [editing, setEditing] = useState(false);
    const [writing, setWriting] = useState<Tag | null>(null);
    const [erasing, setErasing] = useState(false);
    const [settings, setSettings] = useState<Tag | null>(null);
    const read = detail.data;
    const machine = read && told && Date.parse(told.last_seen) > Date.parse(read.last_seen) ? { ...read, ...told } : read;
    useNewTags(id, read, detail.reload);
    useRecentHistory(id, read?.values ?? null);
    const { plotted, toggle, plotOnly, colourIndex } = usePlotted(read?.values ?? null, () => say(words.trend.most(plotted_max)));
    const tags = useMemo(() => [...(read?.values ?? [])].sort(byName), [read?.values]);

    if (!machine) {
        return (
            <>
                <p className="crumb"><Link to={links.machines}>← {words.machine.all}</Link></p>
                {detail.error ? <ErrorNote error={detail.error} onRetry={detail.reload} /> : <p className="loading">{words.loading}</p>}
            </>
        );
    }
    const site = sites.data?.find((each) => each.id === machine.site) ?? null;
    const zone = site?.time_zone ?? browserZone();
    const shown = plotted.flatMap((name) => tags.find((tag) => tag.name === name) ?? []);
    return (
        <>
            <p className="crumb"><Link to={links.machines}>← {words.machine.all}</Link></p>
            <MachineHead machine={machine} site={site} zone={zone} zoneIsSite={site !== null}
                onEdit={may(person, "engineer") ? () => setEditing(true) : null}
                onErase={may(person, "admin") ? () => setErasing(true) : null} />
            <ErrorNote error={detail.error} onRetry={detail.reload} />
            {machine.position !== null && <Suspense fallback={null}><FleetView id={id} /></Suspense>}
            <TrendPanel machine={id} tags={shown} zone={zone} colourIndex={colourIndex} onUnplot={toggle} />
            <PeriodPanel machine={id} tags={tags} first={plotted[0]} />
            <TagTable machine={id} tags={tags} plotted={plotted} colourIndex={colourIndex} zone={zone} onPlot={toggle} onPlotOnly={plotOnly}
                onWrite={may(person, "operator") ? setWriting : null}
                onSettings={may(person, "engineer") ? setSettings : null} />
            <MachineEvents machine={id} zone={zone} />
            {editing && <AdoptDialog machine={machine} onClose={() => setEditing(false)} onDone={() => {
                setEditing(false);
                liveState.machines.delete(id);
                detail.reload();
                sites.reload();
            }} />}
            {erasing && <EraseDialog machine={machine} onClose={() => setErasing(false)} onGone={() => navigate(links.machines)} />}
            {writing && <WriteDialog machine={machine} tag={writing} zone={zone} onClose={() => setWriting(null)} />}
            {settings && <TagSettings machine={id} tag={settings} onClose={() => setSettings(null)} onDone={() => {
                setSettings(null);
                detail.reload();
            }} />}
        </>
    );
}

const byName = (a: Tag, b: Tag) => a.name.localeCompare(b.name, "en", { numeric: true });

/** A tag that the stream names and the page does not know: the machine has learned something, read it again. */
function useNewTags(machine: string, read: MachineDetail | null, reload: () => void) {
    useEffect(() => {
        if (!read) return;
        const known = new Set(read.values.map((tag) => tag.name));
        const prefix = `${machine}\0`;
        let timer: ReturnType<typeof setTimeout> | undefined;
        const check = () => {
            if (timer) return;
            for (const key of liveState.values.keys()) {
                if (!key.startsWith(prefix) || known.has(key.slice(prefix.length))) continue;
                timer = setTimeout(reload, 1000);
                return;
            }
        };
        const stop = onLive(topics.valuesOf(machine), check);
        return () => {
            stop();
            clearTimeout(timer);
        };
    }, [machine, read, reload]);
}

/** Which tags are plotted; a colour stays with its tag while others come and go. */
function usePlotted(tags: Tag[] | null, full: () => void) {
    const [chosen, setChosen] = useState<(string | null)[] | null>(null);
    const slots = chosen ?? (tags ? firstChoice(tags) : []);
    const toggle = useCallback((tag: string) => {
        const now = chosen ?? (tags ? firstChoice(tags) : []);
        const at = now.indexOf(tag);
        if (at >= 0) return setChosen(now.map((each) => (each === tag ? null : each)));
        const free = now.indexOf(null);
        if (free >= 0) return setChosen(now.map((each, i) => (i === free ? tag : each)));
        if (now.length >= plotted_max) return full();
        setChosen([...now, tag]);
    }, [chosen, tags, full]);
    const colourIndex = useCallback((tag: string) => Math.max(0, slots.indexOf(tag)), [slots]);
    const plotOnly = useCallback((names: string[]) => {
        if (names.length > plotted_max) full();
        setChosen(names.slice(0, plotted_max));
    }, [full]);
    return { plotOnly, plotted: slots.filter((tag): tag is string => tag !== null), toggle, colourIndex };
}

/** To begin with: the state, and the first measured value. */
function firstChoice(tags: Tag[]): string[] {
    const sorted = [...tags].sort(byName);
    const double = sorted.find((tag) => tag.kind === "double") ?? sorted.find((tag) => isNumeric(tag.kind));
    const state = sorted.find((tag) => tag.kind === "string" && tag.name.toLowerCase() === "state");
    return [double, state].flatMap((tag) => (tag ? [tag.name] : []));
}
