// What a person typed, as the value to send, or the reason why it may not be sent.
import type { Tag, TagValue } from "../../api/types";

export type WriteCheck = { value: TagValue } | { wrong: "invalid" | "whole" | "outside" };

export function checkWrite(tag: Pick<Tag, "kind" | "low" | "high">, typed: string): WriteCheck {
    if (tag.kind === "boolean") return { value: typed === "true" };
    if (tag.kind === "string") return { value: typed };
    const text = typed.trim();
    if (!/^[+-]?(\d+([.]\d*)?|[.]\d+)(e[+-]?\d+)?$/i.test(text)) return { wrong: "invalid" };
    const value = Number(text);
    if (!Number.isFinite(value)) return { wrong: "invalid" };
    if (tag.kind === "integer" && !Number.isInteger(value)) return { wrong: "whole" };
    if ((tag.low !== null && value < tag.low) || (tag.high !== null && value > tag.high)) return { wrong: "outside" };
    // Beyond 2^53 a JSON number would be rounded; the API takes such integers as text.
    if (tag.kind === "integer" && !Number.isSafeInteger(value)) return { value: text };
    return { value };
}
