import { expect, it } from "vitest";
import { checkWrite } from "./write_value";

const of = (kind: "double" | "integer" | "boolean" | "string", typed: string) => checkWrite({ kind, low: 0, high: 100 }, typed);

it("takes what fits the kind and the range", () => {
    expect(of("double", " 12.5 ")).toEqual({ value: 12.5 });
    expect(of("integer", "100")).toEqual({ value: 100 });
    expect(of("boolean", "false")).toEqual({ value: false });
    expect(of("string", "<b>")).toEqual({ value: "<b>" });
    expect(checkWrite({ kind: "integer", low: null, high: null }, "9007199254740993")).toEqual({ value: "9007199254740993" });
});

it("refuses the rest and says why", () => {
    expect(of("double", "")).toEqual({ wrong: "invalid" });
    expect(of("double", "12,5")).toEqual({ wrong: "invalid" });
    expect(of("double", "0x10")).toEqual({ wrong: "invalid" });
    expect(of("integer", "1.5")).toEqual({ wrong: "whole" });
    expect(of("double", "100.1")).toEqual({ wrong: "outside" });
    expect(of("double", "-1")).toEqual({ wrong: "outside" });
});
