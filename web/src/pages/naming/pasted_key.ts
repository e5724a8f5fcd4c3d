// The public key of a company's node, as somebody pastes it.
import type { Json } from "../../api/naming_types";

/** The key in what somebody pasted: the answer of /api/site, a site, or the key alone; null: there is none. */
export function keyIn(text: string): Json | null {
    const at = (value: unknown, name: string | number): unknown => (typeof value === "object" && value !== null ? (value as Record<string | number, unknown>)[name] : undefined);
    try {
        const read: unknown = JSON.parse(text);
        const site = at(read, "site") ?? read;
        const named = at(at(at(site, "servers"), 0), "publicKey") ?? read;
        const key = at(named, "value") ?? named;
        return typeof at(key, "kty") === "string" ? (key as Json) : null;
    } catch {
        return null;
    }
}
