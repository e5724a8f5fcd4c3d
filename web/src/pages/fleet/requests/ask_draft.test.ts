import { describe, expect, it } from "vitest";
import type { FleetRequest } from "../../../api/dispatch_types";
import { askBody, changeOf, draftOf, emptyAsk, placeOfDraft, windowsOf, windowTroubles } from "./ask_draft";

const zone = "Asia/Shanghai";
const now = Date.parse("2026-11-22T04:00:00Z");
const request: FleetRequest = {
    id: "7", title: "Trench", site: "4", position: { latitude: 22.5, longitude: 113.9 }, type: "excavator", attachments: [], windows: [{ from: "2026-11-23T00:00:30Z", until: "2026-11-23T04:00:00Z" }],
    duration_s: 14_400, count: 1, priority: 50, rent_cost: 900, note: null, created_at: "2026-11-22T03:00:00Z", created_by: "anna", places: [],
};

describe("asking for machines", () => {
    it("sends several windows in order, by the clock of the site", () => {
        const windows = [{ from: "2026-11-24T08:00", until: "2026-11-24T12:00" }, { from: "", until: "" }, { from: "2026-11-23T08:00", until: "2026-11-23T12:00" }];
        expect(windowsOf(windows, zone, now)).toEqual([
            { from: "2026-11-23T00:00:00.000Z", until: "2026-11-23T04:00:00.000Z" }, { from: "2026-11-24T00:00:00.000Z", until: "2026-11-24T04:00:00.000Z" },
        ]);
    });
    it("joins windows that overlap, for the node takes none that do", () => {
        const windows = [{ from: "2026-11-23T10:00", until: "2026-11-23T14:00" }, { from: "2026-11-23T08:00", until: "2026-11-23T10:00" }, { from: "2026-11-23T09:00", until: "2026-11-23T11:00" }];
        expect(windowsOf(windows, zone, now)).toEqual([{ from: "2026-11-23T00:00:00.000Z", until: "2026-11-23T06:00:00.000Z" }]);
    });
    it("tells which window is wrong", () => {
        const bad = { from: "2026-11-24T12:00", until: "2026-11-24T08:00" }, past = { from: "", until: "2026-11-22T11:00" }, good = { from: "", until: "2026-11-23T08:00" };
        expect(windowTroubles([bad, past], zone, now)).toEqual(["bad", "past"]);
        expect(windowTroubles([past, good, { from: "", until: "" }], zone, now)).toEqual([null, null, null]);
    });
    it("sends a place of its own instead of a site", () => {
        const draft = { ...emptyAsk("4"), type: "crane", isAnywhere: true, latitude: "22.51", longitude: "113.92" };
        expect(askBody(draft, zone, now)).toMatchObject({ position: { latitude: 22.51, longitude: 113.92 }, type: "crane" });
        expect(askBody(draft, zone, now)).not.toHaveProperty("site");
        expect(["0 0", "91 5", " 5", "x 5"].map((text) => text.split(" ")).map(([latitude, longitude]) => placeOfDraft({ latitude: latitude!, longitude: longitude! }))).toEqual([null, null, null, null]);
    });
    it("changes only what differs", () => {
        const draft = draftOf(request, zone);
        expect(draft.windows).toEqual([{ from: "2026-11-23T08:00", until: "2026-11-23T12:00" }]);
        expect(changeOf(request, draft, zone, now)).toEqual({});
        expect(changeOf(request, { ...draft, rent: "", note: "mind the gate", windows: [{ from: "", until: "" }] }, zone, now)).toEqual({ rent_cost: null, note: "mind the gate", windows: [] });
    });
});
