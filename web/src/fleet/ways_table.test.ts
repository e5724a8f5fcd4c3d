import { describe, expect, it } from "vitest";
import { readTable } from "./table_file";
import { draftOf, legOf, waysOfTable, wayTrouble, withBacks } from "./ways_table";

const way = (from: string, to: string, km = "12.5", minutes = "30") => ({ from, to, km, minutes });

describe("ways between sites", () => {
    it("are the same after they were edited", () => {
        expect(draftOf({ from: "1", to: "2", metres: 12_500, seconds: 1800 })).toEqual(way("1", "2"));
        expect(legOf(way("1", "2"))).toEqual({ from: "1", to: "2", metres: 12_500, seconds: 1800 });
    });
    it("are told what is wrong with them", () => {
        const ways = [way("1", "2"), way("1", "1"), way("1", "2"), way("2", "1", "", "5"), way("3", "1", "1", "-2")];
        expect(ways.map((_, index) => wayTrouble(ways, index))).toEqual([null, "same", "twice", "number", "number"]);
    });
    it("lead back where no way back is told", () => {
        expect(withBacks([way("1", "2"), way("2", "1", "13"), way("1", "3")]).map((one) => `${one.from}${one.to}${one.km}`)).toEqual(["1212.5", "2113", "1312.5", "3112.5"]);
    });
    it("come from a file by a site's number or name", () => {
        const sites = [{ id: "1", name: "North" }, { id: "2", name: "South" }];
        const read = waysOfTable(readTable("from,to,metres,minutes\nNorth,2,12500,30\nWest,2,1,1\n1,South,far,3"), sites);
        expect(read).toEqual({ ways: [way("1", "2")], lost: 2 });
    });
});
