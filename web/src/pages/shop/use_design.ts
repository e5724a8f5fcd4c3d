// From a draft to a design: asks once it has rested, gives up what is overtaken, waits for what takes long.
import { useEffect, useRef, useState } from "react";
import type { Counter } from "../../api/order_calls";
import type { Design, DesignWish } from "../../api/order_types";
import { useRested } from "../../parts/load";

export interface DesignRead {
    /** The newest whole design: it stays while the next one is worked out. */
    design: Design | null;
    /** Whether `design` is what the draft says now. */
    isCurrent: boolean;
    error: unknown;
    retry: () => void;
}

const rest_ms = 600;  // a link and an address have their measure of designs
const look_again_ms = 700;

export function useDesign(counter: Counter, wish: DesignWish | null): DesignRead {
    const wanted = useRested(wish === null ? "" : JSON.stringify(wish), rest_ms);
    const [turn, setTurn] = useState(0);
    const [held, setHeld] = useState<{ of: string; design: Design | null; error: unknown }>({ of: "", design: null, error: null });
    const asking = useRef(counter);
    asking.current = counter;
    useEffect(() => {
        if (wanted === "") return setHeld({ of: "", design: null, error: null });
        const ended = new AbortController();
        void (async () => {
            try {
                let design = await asking.current.design(JSON.parse(wanted) as DesignWish, ended.signal);
                while (design.state === "working" && !ended.signal.aborted) {
                    await new Promise((done) => setTimeout(done, look_again_ms));
                    design = await asking.current.look(design.id, ended.signal);
                }
                if (ended.signal.aborted) return;
                if (design.state === "refused") throw new Error(design.why ?? "");
                setHeld({ of: wanted, design, error: null });
            } catch (error) {
                if (!ended.signal.aborted) setHeld((old) => ({ of: wanted, design: old.design, error }));
            }
        })();
        return () => ended.abort();
    }, [wanted, turn]);
    const now = wish === null ? "" : JSON.stringify(wish);
    return { design: held.design, isCurrent: held.of === now && held.error === null && held.design !== null, error: held.of === now ? held.error : null, retry: () => setTurn(turn + 1) };
}
