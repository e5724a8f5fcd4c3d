import { expect, test } from "vitest";
import type { Hop } from "../../api/naming_types";
import { hopKind, rolesOf, tellingHops } from "./hops";

const hop = (server: string, answer = "success", asked = "88.101.7/A"): Hop => ({ server, transport: "udp", asked, answer, note: null, took_us: 1, signature: "unsigned" });

test.each([
    ["success", "88.1/A", "found"], ["found", "88.1/A", "found"], ["success", "0.NA/88.1", "prefix"], ["handle not found", "88.1/A", "notFound"], ["values not found", "88.1/A", "notFound"], ["not_found", "88.1/A", "notFound"],
    ["referral for the prefix", "0.NA/88.1", "referral"], ["prefix referral", "0.NA/88.1", "referral"], ["referral to another service", "88.1/A", "referral"], ["server too busy", "88.1/A", "busy"],
    ["server not responsible for the handle", "88.1/A", "elsewhere"], ["", "88.1/A", "silent"], ["a request", "88.1/A", "silent"], ["no answer", "88.1/A", "silent"], ["something new", "88.1/A", "silent"],
] as const)("%s to %s is %s", (answer, asked, kind) => expect(hopKind({ answer, asked })).toBe(kind));

test("servers are levels in the order of their first question", () => {
    expect(rolesOf([])).toEqual([]);
    expect(rolesOf([hop("a")])).toEqual(["one"]);
    expect(rolesOf([hop("this node")])).toEqual(["here"]);
    expect(rolesOf([hop("cache")])).toEqual(["memory"]);
    expect(rolesOf([hop("a"), hop("b")])).toEqual(["top", "secondary"]);
    expect(rolesOf([hop("a"), hop("b"), hop("c")])).toEqual(["top", "secondary", "enterprise"]);
    expect(rolesOf([hop("a"), hop("a"), hop("b"), hop("c"), hop("c")])).toEqual(["top", "top", "secondary", "enterprise", "enterprise"]);
    expect(rolesOf([hop("cache"), hop("c")])).toEqual(["memory", "one"]);
    expect(rolesOf([hop("cache"), hop("b"), hop("c")])).toEqual(["memory", "secondary", "enterprise"]);
});

test("this node's own hop is left out where others were asked", () => {
    const here = hop("this node", "server not responsible for the handle");
    expect(tellingHops([here])).toEqual([here]);
    expect(tellingHops([here, hop("a")])).toEqual([hop("a")]);
    expect(tellingHops([hop("this node"), hop("a")])).toHaveLength(2);
    expect(rolesOf([hop("this node"), hop("a"), hop("b")])).toEqual(["here", "top", "secondary"]);
    expect(tellingHops([])).toEqual([]);
});
