// The wall: what runs, what does not, where, and what has happened. No controls but the way out.
import { useEffect, useMemo } from "react";
import { calls } from "../../api/calls";
import { setNodeNow } from "../../api/clock";
import { useLiveStream } from "../../api/live";
import type { Machine, Overview, Page } from "../../api/types";
import { useWords } from "../../i18n";
import { ErrorNote } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad } from "../../parts/load";
import { SiteMap } from "../../parts/map/map";
import { LiveBanner, LanguageButton, NodeNotes, useNode } from "../../parts/shell";
import { useSize } from "../../parts/size";
import { links } from "../../router";
import { useLiveMachines } from "../machines/use_machines";
import { Clock } from "./clock";
import { LastHour } from "./last_hour";
import { RatesPanel } from "./rates";
import { MachineCounts, StateBars } from "./states";

const overview_every_ms = 2000;
const machines_every_ms = 15_000;
const machines_max = 3000;

async function allMachines(): Promise<Machine[]> {
    const machines: Machine[] = [];
    let cursor: string | null = null;
    do {
        const page: Page<Machine> = await calls.machines({ limit: 1000, cursor });
        machines.push(...page.items);
        cursor = page.next;
    } while (cursor && machines.length < machines_max);
    return machines;
}

export function Screen() {
    const words = useWords();
    useLiveStream();
    const node = useNode();
    const overview = useLoad<Overview>("overview", calls.overview, overview_every_ms);
    const read = useLoad<Machine[]>("all machines", allMachines, machines_every_ms);
    const told = useLiveMachines();
    const machines = useMemo(() => {
        const all = new Map((read.data ?? []).map((machine) => [machine.id, machine]));
        for (const [id, machine] of told) {
            const known = all.get(id);
            if (!known || Date.parse(machine.last_seen) > Date.parse(known.last_seen)) all.set(id, machine);
        }
        return [...all.values()];
    }, [read.data, told]);
    const names = useMemo(() => new Map(machines.map((machine) => [machine.id, machine.name ?? machine.id])), [machines]);
    const [frame, area] = useSize<HTMLDivElement>();
    const now = overview.data?.now;
    useEffect(() => {
        if (now) setNodeNow(now);
    }, [now]);
    // The map's letters follow the wall's own size, as the style sheet's do.
    const size = Math.max(12, Math.min(30, area.width / 96));
    const data = overview.data;
    return (
        <div className="screen" ref={frame}>
            <header className="screen-head">
                <h1>{node?.name || words.product} <small>{words.screen.title}{node?.demo && ` · ${words.node.demo}`}</small></h1>
                <nav>
                    <LanguageButton />
                    <Link to={links.machines} className="quiet">{words.screen.leave}</Link>
                </nav>
                <Clock />
            </header>
            <div className="screen-notes">
                <LiveBanner />
                <NodeNotes node={node} />
                {overview.error !== null && !data && <ErrorNote error={overview.error} onRetry={overview.reload} />}
            </div>
            <section className="tile tile-machines" aria-label={words.screen.machines}>
                <h2>{words.screen.machines}</h2>
                {data && <MachineCounts counts={data.machines} />}
            </section>
            <section className="tile tile-states" aria-label={words.screen.states}>
                <h2>{words.screen.states}</h2>
                {data && <StateBars states={data.states} total={data.machines.total} />}
            </section>
            <section className="tile tile-map" aria-label={words.screen.map}>
                <SiteMap sites={data?.sites ?? []} machines={machines} size={size} />
            </section>
            <LastHour names={names} />
            <RatesPanel rates={data?.rates ?? null} />
        </div>
    );
}
