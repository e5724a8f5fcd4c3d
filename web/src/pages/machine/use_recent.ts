// Fills the sparklines with the last ten minutes, so that they are not empty when a page opens.
import { useEffect, useRef } from "react";
import { calls } from "../../api/calls";
import { nodeNow } from "../../api/clock";
import { liveState } from "../../api/live";
import { seedRecent, valueKey } from "../../api/live_state";
import type { Tag } from "../../api/types";
import { isNumeric, plotOf } from "../../trend/series";

const span_ms = 600_000;
const tags_per_question = 50;
const columns = 120;

export function useRecentHistory(machine: string, tags: Tag[] | null) {
    const done = useRef("");
    useEffect(() => {
        if (!tags || done.current === machine) return;
        done.current = machine;
        const ended = new AbortController();
        const names = tags.filter((tag) => isNumeric(tag.kind)).map((tag) => tag.name).slice(0, 500);
        const fill = async () => {
            for (let i = 0; i < names.length; i += tags_per_question) {
                const trend = await calls.trend(machine, {
                    tag: names.slice(i, i + tags_per_question),
                    from: new Date(nodeNow() - span_ms).toISOString(),
                    columns,
                }, ended.signal);
                for (const series of trend.series) {
                    const points = plotOf(series).points.flatMap((point) => (point.value === null ? [] : [[point.at, point.value] as const]));
                    seedRecent(liveState, valueKey(machine, series.tag), points.map(([at]) => at), points.map(([, value]) => value));
                }
            }
        };
        // A sparkline without its past is still a sparkline.
        fill().catch(() => {});
        return () => ended.abort();
    }, [machine, tags !== null]);
}
