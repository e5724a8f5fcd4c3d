import { expect, test } from "vitest";
import { losers, ruleOf, type ClassRule } from "./retention";

const rule = (name: string, keep_days: number | null, resolution_s: number | null = null, full_days: number | null = null): ClassRule => ({ name, tags: [`${name}*`], keep_days, full_days, resolution_s });

test("what may lose samples is said, what keeps more is not", () => {
    expect(losers([], [])).toEqual([]);
    expect(losers([], [rule("a", null)])).toEqual([]);
    expect(losers([], [rule("a", 90)])).toEqual(["a"]);
    expect(losers([rule("a", 90)], [rule("a", 91)])).toEqual([]);
    expect(losers([rule("a", 90)], [rule("a", 90)])).toEqual([]);
    expect(losers([rule("a", 90)], [rule("a", 89)])).toEqual(["a"]);
    expect(losers([rule("a", 90)], [rule("a", null)])).toEqual([]);
    expect(losers([rule("a", null, 60, 7)], [rule("a", null, 60, 8)])).toEqual([]);
    expect(losers([rule("a", null, 60, 7)], [rule("a", null, 60, 6)])).toEqual(["a"]);
    expect(losers([rule("a", null, 60, 7)], [rule("a", null, 61, 7)])).toEqual(["a"]);
    expect(losers([rule("a", null, 60, 7)], [rule("a", null)])).toEqual([]);
    expect(losers([rule("a", 90), rule("b", 5)], [rule("b", 5), rule("a", 90)])).toEqual(["b", "a"]);
    expect(losers([rule("a", 90), rule("b", 5)], [rule("b", 5)])).toEqual(["b"]);
    expect(losers([rule("a", 90)], [{ ...rule("a", 90), tags: ["*"] }])).toEqual(["a"]);
});

test("a rule is sent without what is shown beside it", () => {
    expect(ruleOf({ ...rule("a", 0, null, 4), machines: [] })).toEqual({ name: "a", tags: ["a*"], keep_days: null, full_days: null, resolution_s: null });
    expect(ruleOf({ ...rule("a", 9, 60), machines: ["m"] })).toEqual({ name: "a", tags: ["a*"], machines: ["m"], keep_days: 9, full_days: 0, resolution_s: 60 });
});
