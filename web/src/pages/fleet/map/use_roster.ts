// The fleet on this page: read once, then what the stream tells; lists are told at most once a second.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import type { CrossingEvent } from "../../../api/fleet_types";
import { useFleetLive } from "../../../api/fleet_live";
import { setNodeNow } from "../../../api/clock";
import { Roster } from "../../../fleet/roster";

const pace_ms = 1000;

export function useRoster(changed: () => void, crossed?: (crossing: CrossingEvent) => void) {
    const roster = useMemo(() => new Roster(), []);
    const [state, setState] = useState<{ ready: boolean; error: unknown; turn: number }>({ ready: false, error: null, turn: 0 });
    const told = useRef(changed);
    told.current = changed;
    const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
    const tell = useCallback(() => {
        told.current();
        timer.current ??= setTimeout(() => {
            timer.current = undefined;
            setState((old) => ({ ...old, turn: old.turn + 1 }));
        }, pace_ms);
    }, []);
    const read = useCallback(async () => {
        try {
            const answer = await fleetCalls.map();
            setNodeNow(answer.at);
            roster.replace(answer);
            setState((old) => ({ ready: true, error: null, turn: old.turn + 1 }));
            told.current();
        } catch (error) {
            setState((old) => ({ ...old, error }));
        }
    }, [roster]);
    useEffect(() => {
        void read();
        return () => clearTimeout(timer.current);
    }, [read]);
    useFleetLive({
        machines: (rows) => {
            roster.apply(rows);
            tell();
        },
        counts: (counts) => {
            roster.counts = counts;
            tell();
        },
        crossing: (crossing) => crossed?.(crossing),
        again: () => void read(),
    });
    return { roster, ...state, reload: () => void read() };
}
