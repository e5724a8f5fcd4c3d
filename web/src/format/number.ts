// Numbers as people read them: few digits, never false precision, always the same width.
import type { Tag, TagValue } from "../api/types";

const made: Intl.NumberFormat[] = [];

// Making a formatter costs more than using it a hundred times.
const decimals = (digits: number) => (made[digits] ??= new Intl.NumberFormat("en", { maximumFractionDigits: digits }));

/** A measured value with few digits; `digits_max` asks for more of them behind the point. */
export function formatNumber(value: number, digits_max?: number): string {
    if (!Number.isFinite(value)) return String(value);
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e12 || size < 1e-4) return value.toExponential(3);
    const digits = digits_max ?? (size >= 1e5 ? 0 : size >= 1000 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4);
    return decimals(Math.min(digits, 15)).format(value);
}

/** A rate or a count for the wall: 42.5, 310, 12.3k, 4.56M. */
export function formatShort(value: number): string {
    const size = Math.abs(value);
    if (!Number.isFinite(value)) return "–";
    if (size < 10) return value.toFixed(size === 0 || Number.isInteger(value) ? 0 : 1);
    if (size < 100) return Number.isInteger(value) ? String(value) : value.toFixed(1);
    if (size < 10_000) return String(Math.round(value));
    const [divisor, letter] = size < 999_500 ? [1e3, "k"] : size < 999_500_000 ? [1e6, "M"] : [1e9, "G"];
    const scaled = value / (divisor as number);
    return scaled.toFixed(Math.abs(scaled) < 10 ? 2 : Math.abs(scaled) < 100 ? 1 : 0) + letter;
}

/** Degrees of a place need more digits than a measurement: a hundred-thousandth is a metre. */
export const isDegrees = (unit: string | null) => unit === "°" || unit === "deg" || unit === "degrees";

/** What stands in a tag's value cell, without the unit. A big integer comes as text and stays exact. */
export function formatValue(value: TagValue, kind: Tag["kind"], words: { yes: string; no: string; none: string }, unit: string | null = null): string {
    if (value === null || value === undefined) return words.none;
    if (typeof value === "boolean") return value ? words.yes : words.no;
    if (typeof value === "number") {
        if (kind === "integer") return decimals(0).format(value);
        return isDegrees(unit) ? value.toFixed(5) : formatNumber(value);
    }
    return value;
}
