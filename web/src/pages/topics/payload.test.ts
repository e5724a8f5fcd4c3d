import { describe, expect, it } from "vitest";
import { formatBytes } from "../../format/bytes";
import { lossesOf } from "../connections/losses_of";
import { hexDump, prettyJson } from "./payload";

describe("payload views", () => {
    it.each([
        ["{\"a\":1,\"b\":[1,{}],\"c\":\"x:,{}\"}", "{\n  \"a\": 1,\n  \"b\": [\n    1,\n    {}\n  ],\n  \"c\": \"x:,{}\"\n}"],
        ["12345678901234567890", "12345678901234567890"],
        ["[ ]", "[]"],
        ["{\"a\\\"\":\"\\\\\"}", "{\n  \"a\\\"\": \"\\\\\"\n}"],
        ["{broken", "{broken"],
    ])("%s is laid out", (text, want) => expect(prettyJson(text)).toBe(want));
    it("dumps bytes", () => expect(hexDump("41ff" + "00".repeat(15)).split("\n")).toEqual([
        "0000  41 ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00  A...............",
        "0010  00                                               .",
    ]));
});

describe("bytes", () => {
    it.each([[0, "0 B"], [2.5, "2.5 B"], [812, "812 B"], [999.6, "1.0 kB"], [1234, "1.2 kB"], [34_000_000, "34 MB"], [NaN, "–"]])(
        "%s reads %s", (value, text) => expect(formatBytes(value)).toBe(text));
});

describe("losses", () => {
    it("are those that happened, the most first", () => expect(lossesOf({
        connects: 5, dropped_slow_qos0: 2, publishes_refused_rights: 9, dropped_expired: 0, slow_disconnected: 1,
    })).toEqual([["publishes_refused_rights", 9], ["dropped_slow_qos0", 2], ["slow_disconnected", 1]]));
});
