import { describe, expect, it } from "vitest";
import { ageOf } from "./age";
import { originText } from "./agent";
import { formatNumber, formatShort, formatValue } from "./number";
import { dateTime, isTimeZone, offsetMinutes } from "./time";

describe("numbers", () => {
    it.each([
        [0, "0"], [812.5, "812.5"], [812.537, "812.54"], [11942.137, "11,942.1"], [3.14159265, "3.142"], [0.000123, "0.0001"], [123456.7, "123,457"],
        [-42, "-42"], [1e15, "1.000e+15"], [1e-7, "1.000e-7"], [NaN, "NaN"],
    ])("%s reads %s", (value, text) => expect(formatNumber(value)).toBe(text));
    it.each([
        [0, "0"], [4.25, "4.3"], [42.5, "42.5"], [310, "310"], [9999, "9999"], [12345, "12.3k"], [4_560_000, "4.56M"],
        [999_600, "1.00M"],
    ])("%s is short %s", (value, text) => expect(formatShort(value)).toBe(text));
    it("keeps exact big integers and says yes and no", () => {
        const words = { yes: "yes", no: "no", none: "–" };
        expect(formatValue("9007199254740993", "integer", words)).toBe("9007199254740993");
        expect(formatValue(1234567, "integer", words)).toBe("1,234,567");
        expect(formatValue(false, "boolean", words)).toBe("no");
        expect(formatValue(121.4737, "double", words, "°")).toBe("121.47370");
        expect(formatValue(null, "double", words)).toBe("–");
    });
});

describe("ages", () => {
    it.each([
        [0, "now", 0], [-5000, "now", 0], [3000, "seconds", 3], [59_999, "seconds", 59], [60_000, "minutes", 1],
        [3_600_000, "hours", 1], [47.9 * 3_600_000, "hours", 47], [48 * 3_600_000, "days", 2],
    ])("%s ms is %s %s", (ms, unit, count) => expect(ageOf(1e12 - ms, 1e12)).toEqual({ unit, count }));
    it("knows never", () => expect(ageOf(NaN, 0).unit).toBe("never"));
});

describe("zones", () => {
    it("knows offsets on both sides of daylight saving", () => {
        expect(offsetMinutes(Date.UTC(2026, 0, 1), "Europe/Berlin")).toBe(60);
        expect(offsetMinutes(Date.UTC(2026, 6, 1), "Europe/Berlin")).toBe(120);
        expect(offsetMinutes(Date.UTC(2026, 6, 1), "Asia/Kolkata")).toBe(330);
    });
    it("formats in the zone", () =>
        expect(dateTime(Date.UTC(2026, 10, 21, 20, 0, 1), "en-GB", "Asia/Shanghai")).toBe("2026-11-22 04:00:01"));
    it("refuses what is no zone", () => {
        expect(isTimeZone("Asia/Shanghai")).toBe(true);
        expect(isTimeZone("Mars/Olympus")).toBe(false);
        expect(isTimeZone("")).toBe(false);
    });
});

describe("origins of sessions", () => {
    it("name browser, system and address", () => {
        expect(originText("127.0.0.1 Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36")).toEqual({ what: "Chrome, Linux", address: "127.0.0.1" });
        expect(originText("::1 Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1")).toEqual({ what: "Safari, iPhone", address: "::1" });
        expect(originText("10.0.0.9 Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537.36 Edg/140.0")).toEqual({ what: "Edge, Windows", address: "10.0.0.9" });
        expect(originText("10.0.0.9 <b>x</b>")).toEqual({ what: "<b>x</b>", address: "10.0.0.9" });
        expect(originText("10.0.0.9")).toEqual({ what: "", address: "10.0.0.9" });
    });
});
