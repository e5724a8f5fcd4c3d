// Stitch files from the node, read once each.
import { ApiError } from "../api/client";
import { useEffect, useState } from "react";
import { readDst, type Pattern } from "./pattern";

const kept_max = 8;
const kept = new Map<string, Promise<Pattern>>();

export async function fetchPattern(url: string): Promise<Pattern> {
    let answer: Response;
    try {
        answer = await fetch(url, { credentials: "same-origin" });
    } catch {
        throw new ApiError(0, "");
    }
    if (!answer.ok) throw new ApiError(answer.status, "");
    return readDst(new Uint8Array(await answer.arrayBuffer()));
}

export function patternOf(url: string): Promise<Pattern> {
    let known = kept.get(url);
    if (!known) {
        known = fetchPattern(url);
        known.catch(() => kept.delete(url));
        kept.set(url, known);
        if (kept.size > kept_max) kept.delete(kept.keys().next().value!);
    }
    return known;
}

export interface PatternRead {
    pattern: Pattern | null;
    error: unknown;
}

export function usePattern(url: string | null): PatternRead {
    const [read, setRead] = useState<PatternRead & { url: string | null }>({ url: null, pattern: null, error: null });
    useEffect(() => {
        if (!url) return;
        let current = true;
        patternOf(url).then(
            (pattern) => current && setRead({ url, pattern, error: null }),
            (error: unknown) => current && setRead({ url, pattern: null, error }),
        );
        return () => { current = false; };
    }, [url]);
    return url !== null && read.url === url ? read : { pattern: null, error: null };
}
