import { describe, expect, it } from "vitest";
import { ownFiles, shellOf } from "./shell_worker";

describe("shells that open without a network", () => {
    it("are those of the cab and of customers, and no others", () => {
        expect(["/cab", "/cab/exc-01", "/shop/x", "/order/o-1/certificate"].map(shellOf)).toEqual(["/cab", "/cab", "/shop/", "/order/"]);
        expect(["/", "/cabs", "/machines", "/orders", "/orders/o-1", "/shopkeeping", "/fleet/plan"].map(shellOf)).toEqual([null, null, null, null, null, null, null]);
    });
    it("hold files of the node, never what the API says", () => {
        const urls = ["https://n/assets/a-1.js", "https://n/assets/a-1.js", "https://n/api/v1/fleet/cabs/x", "https://elsewhere/assets/b.js", "https://n/assets/b-2.css"];
        expect(ownFiles(urls, "https://n")).toEqual(["/assets/a-1.js", "/assets/b-2.css"]);
    });
});
