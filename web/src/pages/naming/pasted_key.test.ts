import { describe, expect, it } from "vitest";
import { keyIn } from "./pasted_key";

const key = { kty: "RSA", e: "AQAB", n: "wK3" };
const formatted = { format: "key", value: key };

describe("the key that somebody pasted", () => {
    it("stands in the answer of /api/site, in a site, in a server's publicKey, or alone", () => {
        const site = { serialNumber: 1, servers: [{ serverId: 1, publicKey: formatted }] };
        for (const text of [{ responseCode: 1, site }, site, formatted, key]) expect(keyIn(JSON.stringify(text))).toEqual(key);
    });
    it("is not found where there is none", () => {
        for (const text of ["", "{", "7", "null", "[]", '{"site":{"servers":[]}}', '{"servers":[{"serverId":1}]}', '{"n":"wK3"}']) expect(keyIn(text)).toBeNull();
    });
});
