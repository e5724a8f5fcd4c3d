// How long ago, in the one unit that matters.

export type AgeUnit = "now" | "seconds" | "minutes" | "hours" | "days" | "never";

export interface Age {
    unit: AgeUnit;
    count: number;
}

/** Below two seconds is now; a clock slightly ahead is also now. */
export function ageOf(at_ms: number, now_ms: number): Age {
    if (!Number.isFinite(at_ms)) return { unit: "never", count: 0 };
    const seconds = Math.floor((now_ms - at_ms) / 1000);
    if (seconds < 2) return { unit: "now", count: 0 };
    if (seconds < 60) return { unit: "seconds", count: seconds };
    if (seconds < 3600) return { unit: "minutes", count: Math.floor(seconds / 60) };
    if (seconds < 48 * 3600) return { unit: "hours", count: Math.floor(seconds / 3600) };
    return { unit: "days", count: Math.floor(seconds / 86400) };
}
