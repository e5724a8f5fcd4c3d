import { describe, expect, it } from "vitest";
import { checkColumns, decodeTable, readTable, receiptsOf, receiptsText } from "./table_file";

describe("tables to import", () => {
    it("reads quotes, separators, blank lines and a byte order mark as the node does", () => {
        const table = readTable('\uFEFFMachine;Type;Note\r\nexc-01;excavator;"a;\nb ""c"""\r\n\r\nexc-02; crane ;');
        expect(table.columns).toEqual(["machine", "type", "note"]);
        expect(table.rows).toEqual([{ line: 2, cells: ["exc-01", "excavator", 'a;\nb "c"'] }, { line: 5, cells: ["exc-02", "crane", ""] }]);
        expect(readTable("a\tb\n1\t2").rows[0]!.cells).toEqual(["1", "2"]);
    });
    it("tells a quote without an end", () => {
        expect(readTable('a,b\n1,"2\n').openQuote).toBe(2);
        expect(readTable("").columns).toEqual([]);
    });
    it("reads what spreadsheets in China write", () => {
        expect(decodeTable(new Uint8Array([0xbb, 0xfa, 0xd0, 0xcd]).buffer)).toBe("机型");
        expect(decodeTable(new TextEncoder().encode("机型").buffer as ArrayBuffer)).toBe("机型");
    });
    it("knows columns that are missing and columns that nobody reads", () => {
        expect(checkColumns(readTable("site,type,colour\n1,crane,red"), "requests")).toEqual({ missing: ["duration_h"], unknown: ["colour"] });
        expect(checkColumns(readTable("machine,type\n"), "machines")).toEqual({ missing: [], unknown: [] });
    });
    it("gives every row its receipt", () => {
        const table = readTable("title,site,type,duration_h\nA,1,crane,2\nB,9,crane,2\n\nC,1,crane,2");
        const receipts = receiptsOf(table, "requests", [{ line: 3, why: 'no site "9", sorry' }], ["7", "8"]);
        expect(receipts.map((one) => [one.line, one.made, one.why])).toEqual([[2, "7", null], [3, null, 'no site "9", sorry'], [5, "8", null]]);
        expect(receiptsText(receipts).split("\n")[2]).toBe('3,B,,"no site ""9"", sorry"');
    });
});
