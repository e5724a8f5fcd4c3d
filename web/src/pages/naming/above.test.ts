import { describe, expect, it } from "vitest";
import { reachOf, prefixAbove } from "./above";

describe("where to apply", () => {
    it("is with whoever has the prefix above", () => {
        for (const [prefix, above] of [["88.101.7", "88.101"], ["88.101", "88"], ["88", null], ["", null], [undefined, null]] as const) expect(prefixAbove(prefix)).toBe(above);
    });
    it("takes an address that others can use", () => {
        const cases = { all: ["192.0.2.7:2641", "id.example.com:2641", "[2001:db8::7]:2641"], own: ["127.0.0.1:2641", "localhost:2641", "[::1]:2641"], wildcard: ["0.0.0.0:2641", "*:2641", "[::]:2641"], none: [""] };
        for (const [reach, addresses] of Object.entries(cases)) for (const one of addresses) expect(reachOf(one)).toBe(reach);
    });
});
