import { describe, expect, it } from "vitest";
import type { Cab, Plan, PlanCall } from "../api/dispatch_types";
import type { IndexRow, MapAnswer, MapRow } from "../api/fleet_types";
import { cluster, type Points } from "./clusters";
import { isMovable, laneAway, lanesOf, spanOf } from "./gantt";
import { groupsOf, indexCsv, monthAway, monthsOf, yearBefore } from "./index_rows";
import { hoursAndMinutes, instantOf, localOf } from "./local_time";
import { atPixel, edges, fit, latitudeOf, longitudeOf, metresBetween, panBy, screenX, turn, viewOf, worldX, worldY, zoomAt } from "./mercator";
import { ahead, jobOf, keep, presses_max, type Press } from "./presses";
import { areaOf, contains, faultOf, middleOf, roundRing, type Ring } from "./rings";
import { noFilter, Roster } from "./roster";
import { indexAt, knownStretches, momentAt, trackOf } from "./track";

const square = (south: number, west: number, size: number): Ring => [
    { latitude: south, longitude: west }, { latitude: south, longitude: west + size },
    { latitude: south + size, longitude: west + size }, { latitude: south + size, longitude: west },
];

describe("the world of width 1", () => {
    it.each([[0, 0], [22.5, 113.9], [-33.9, 151.2], [64.1, -21.9], [85, 179.99], [-85, -180]])("%s, %s there and back", (latitude, longitude) => {
        expect(latitudeOf(worldY(latitude))).toBeCloseTo(latitude, 9);
        expect(turn(longitude / 360, longitudeOf(worldX(longitude)) / 360)).toBeCloseTo(0, 12);
    });
    it("keeps what is under the pointer while zooming, away from the edge of the world", () => {
        const view = viewOf({ x: 0.8, y: 0.43, zoom: 9 }, 1000, 700);
        const before = atPixel(view, 300, 500), after = atPixel(zoomAt(view, 300, 500, 1.7), 300, 500);
        expect(after.x).toBeCloseTo(before.x, 12);
        expect(after.y).toBeCloseTo(before.y, 12);
    });
    it("goes around the ring sideways, and not beyond the poles", () => {
        expect(panBy(viewOf({ x: 0.99, y: 0.5, zoom: 4 }, 800, 600), -200, 0).x).toBeLessThan(0.1);
        const north = panBy(viewOf({ x: 0.5, y: 0.5, zoom: 4 }, 800, 600), 0, 1e6);
        expect(north.y * north.scale).toBeCloseTo(300, 6);
    });
    it("fits places on both sides of 180° together", () => {
        const camera = fit([{ latitude: 10, longitude: 179 }, { latitude: 12, longitude: -179 }], 800, 600, edges(50))!;
        const view = viewOf(camera, 800, 600);
        for (const longitude of [179, -179]) expect(Math.abs(screenX(view, worldX(longitude)) - 400)).toBeLessThan(351);
        expect(camera.zoom).toBeGreaterThan(6);
    });
    it("knows a degree of a meridian", () => expect(metresBetween({ latitude: 0, longitude: 5 }, { latitude: 1, longitude: 5 })).toBeCloseTo(111_195, -2));
});

describe("clusters", () => {
    const points = (list: [number, number, number, number?][]): Points => ({
        count: list.length, x: Float64Array.from(list, (p) => p[0]), y: Float64Array.from(list, (p) => p[1]),
        state: Uint8Array.from(list, (p) => p[2]), shown: Uint8Array.from(list, (p) => p[3] ?? 1),
    });
    it("joins what would touch, across the borders of cells, and leaves the rest", () => {
        // Cells are 50 of 1000 pixels: 0.0499 and 0.0501 are in two of them.
        const found = cluster(points([[0.0499, 0.5, 0], [0.0501, 0.5, 1], [0.9, 0.5, 2]]), 1000, 50).sort((a, b) => b.count - a.count);
        expect(found.map((each) => each.count)).toEqual([2, 1]);
        expect([...found[0]!.states]).toEqual([1, 1, 0, 0, 0, 0]);
        expect(found[0]!.x).toBeCloseTo(0.05, 9);
    });
    it("counts every machine that is shown exactly once, whatever the zoom", () => {
        const list = Array.from({ length: 3000 }, (_, i): [number, number, number, number] => [(i * 0.61803) % 1, 0.3 + ((i * 0.41421) % 0.4), i % 5, i % 7 ? 1 : 0]);
        for (const scale of [256, 4096, 65_536]) {
            const found = cluster(points(list), scale, 50);
            expect(found.reduce((sum, each) => sum + each.count, 0)).toBe(list.filter((p) => p[3]).length);
            for (const each of found) expect(each.states.reduce((sum, n) => sum + n, 0)).toBe(each.count);
        }
    });
});

describe("borders", () => {
    it("finds the sides that cross, counted from 1", () => {
        const [a, b, c, d] = square(22, 113, 0.1) as [Ring[0], Ring[0], Ring[0], Ring[0]];
        expect(faultOf([a, b, c, d])).toBeNull();
        expect(faultOf([a, c, b, d])).toEqual({ kind: "crossing", first: 1, second: 3 });
        expect(faultOf([a, b])).toEqual({ kind: "few" });
        expect(faultOf(square(22, 113, 3))).toEqual({ kind: "large" });
        expect(faultOf(roundRing(a, 1000, 1001))).toEqual({ kind: "many" });
    });
    it("knows inside and area, across 180° as well", () => {
        const ring = square(-17, 179.95, 0.1);
        expect(contains(ring, { latitude: -16.95, longitude: -179.99 })).toBe(true);
        expect(contains(ring, { latitude: -16.95, longitude: 179.9 })).toBe(false);
        const expected = (0.1 * 111_195) ** 2 * Math.cos((16.95 * Math.PI) / 180);
        expect(Math.abs(areaOf(ring) / expected - 1)).toBeLessThan(0.01);
        expect(middleOf(ring.map((corner) => ({ ...corner, longitude: corner.longitude > 180 ? corner.longitude - 360 : corner.longitude }))).longitude).toBeCloseTo(180, 6);
    });
});

describe("a way", () => {
    const minute = 60_000;
    const track = trackOf({ points: [[0, 10, 10, 5], [minute, 10, 10.01, null], [60 * minute, 11, 11, 0]] });
    it("is between two places that are near in time, and nowhere else", () => {
        expect(momentAt(track, minute / 2)!.x).toBeCloseTo((worldX(10) + worldX(10.01)) / 2, 12);
        expect(momentAt(track, 30 * minute)).toMatchObject({ is_known: false, x: worldX(10.01) });
        expect(momentAt(track, 60 * minute)!.is_known).toBe(true);
        expect(momentAt(trackOf({ points: [] }), 0)).toBeNull();
    });
    it("does not count the way of a gap", () => expect(track.metres).toBeCloseTo(metresBetween({ latitude: 10, longitude: 10 }, { latitude: 10, longitude: 10.01 }), 6));
    it("finds the place before an instant", () => expect([-1, 0, minute - 1, minute, 1e12].map((at) => indexAt(track, at))).toEqual([-1, 0, 0, 1, 2]));
    it("shows what is known", () => expect(knownStretches(track, 0, 60 * minute)).toEqual([[0, 1 / 60], [1, 1]]));
});

describe("the roster", () => {
    const row = (id: string, state: MapRow[6], place: [number, number] | null = [1, 2], name: string | null = null): MapRow => [id, name, "crane", place?.[0] ?? null, place?.[1] ?? null, null, state, 1, null, null];
    const answer: MapAnswer = { at: "", version: 1, counts: { working: 1, idle: 1, off: 0, fault: 1, silent: 0 }, columns: [], machines: [row("m10", "idle"), row("m9", "fault"), row("m2", "working", null)] };
    it("lists the worst first, then by name as people count", () => {
        const roster = new Roster();
        roster.replace(answer);
        expect(roster.list(noFilter, 10).spots.map((spot) => spot.id)).toEqual(["m9", "m2", "m10"]);
        expect(roster.list({ ...noFilter, q: "M1" }, 10)).toMatchObject({ count: 1 });
        expect(roster.list(noFilter, 1)).toMatchObject({ count: 3, spots: [{ id: "m9" }] });
    });
    it("folds in what changed and what is new, with the way it came", () => {
        const roster = new Roster();
        roster.replace(answer);
        roster.apply([row("m10", "working", [1.5, 2]), row("new", "off")]);
        expect(roster.at("m10")).toMatchObject({ state: "working", latitude: 1.5 });
        expect(roster.points.count).toBe(4);
        expect(roster.trails.get(0)).toHaveLength(4);
        roster.select({ ...noFilter, states: new Set(["off"]) });
        expect([...roster.points.shown]).toEqual([0, 0, 0, 1]);
    });
});

describe("the index as rows", () => {
    const row = (month: string, type: string | null, region: string | null, is_withheld = false): IndexRow => ({ month, type, region, machines: is_withheld ? null : 6, index: is_withheld ? null : 0.5, year_on_year: null, working_days: 1, observed_days: 2, is_withheld });
    const rows = [row("2026-02", "crane", null), row("2026-01", "crane", null), row("2026-01", null, null), row("2026-01", null, "south"), row("2026-01", "crane", "south", true)];
    it("groups by what is asked, the sum first, months ascending", () => {
        expect(groupsOf(rows, "type").map((group) => [group.type, group.rows.map((each) => each.month)])).toEqual([[null, ["2026-01"]], ["crane", ["2026-01", "2026-02"]]]);
        expect(groupsOf(rows, "both").map((group) => group.key)).toEqual(["\0", "crane\0south"]);
    });
    it("writes a file that no spreadsheet runs", () => {
        const text = indexCsv([{ ...row("2026-01", "=cmd()", 'a,"b"'), index: 0.25 }], "N hours, k machines");
        expect(text.split("\r\n")).toEqual(['definition,"N hours, k machines"', "month,type,region,machines,index,year_on_year,working_days,observed_days,is_withheld", `2026-01,'=cmd(),"a,""b""",6,0.25,,1,2,false`, ""]);
    });
    it("counts months over the year's end", () => {
        expect(monthAway("2026-01", -1)).toBe("2025-12");
        expect(monthsOf("2025-11", "2026-02")).toEqual(["2025-11", "2025-12", "2026-01", "2026-02"]);
        expect(yearBefore("2026-03")).toBe("2025-03");
    });
});

describe("the plan as lanes", () => {
    const call = (request: string, hour: number, stage: PlanCall["stage"] = "planned"): PlanCall => ({ request, place: 0, title: null, site: null, stage, arrival: new Date(hour * 3.6e6).toISOString(), begin: new Date(hour * 3.6e6).toISOString(), end: new Date((hour + 1) * 3.6e6).toISOString(), way_metres: 1, late_s: 0, is_pinned: false, haul: null });
    const plan = { routes: [{ machine: "b10", calls: [call("1", 100), call("2", 103)] }, { machine: "b9", calls: [call("3", 101, "working")] }] } as Plan;
    it("orders lanes as people count, those without a job last", () => {
        const lanes = lanesOf(plan, ["a1", "b9"]);
        expect(lanes.map((lane) => lane.machine)).toEqual(["b9", "b10", "a1"]);
        expect(lanes[1]!.bars[1]!.since).toBe(101 * 3.6e6);
        expect([laneAway(lanes, 0, -1), laneAway(lanes, 1, 5)]).toEqual([0, 2]);
    });
    it("shows what a low-loader carries, from loading to unloading", () => {
        const stop = (kind: "load" | "unload", machine: string, hour: number) => ({ kind, machine, latitude: 0, longitude: 0, arrival: new Date(hour * 3.6e6).toISOString(), begin: "", end: new Date((hour + 0.5) * 3.6e6).toISOString(), weight_kg: 1 });
        const tours = [{ loader: "low-1", stops: [stop("load", "b9", 100), stop("load", "b10", 101), stop("unload", "b10", 102), stop("unload", "b9", 103)] }];
        const lane = lanesOf({ ...plan, tours } as Plan, []).find((each) => each.machine === "low-1")!;
        expect(lane.carries).toEqual([{ machine: "b10", from: 101 * 3.6e6, until: 102.5 * 3.6e6 }, { machine: "b9", from: 100 * 3.6e6, until: 103.5 * 3.6e6 }]);
    });
    it("shows from before now to after the last job", () => expect(spanOf(lanesOf(plan, []), 101.5 * 3.6e6, 3.6e6)).toEqual({ from: 100 * 3.6e6, until: 105 * 3.6e6 }));
    it("leaves alone what has begun", () => expect(plan.routes.flatMap((route) => route.calls).map(isMovable)).toEqual([true, true, false]));
});

describe("presses in the cab", () => {
    const job = (request: string) => ({ request, place: 0, title: null, site_name: null, latitude: 0, longitude: 0, stage: "accepted" as const, arrival: null, begin: null, end: null, note: null, actions: ["depart" as const], haul: null });
    const cab: Cab = { machine: "m", name: null, state: "idle", position: null, now: job("1"), next: [job("2")], service_due_in_h: null };
    const press = (action: Press["action"], request = "1"): Press => ({ action, request, place: 0, key: action, at: 0 });
    it("are kept once, in order, with a key of their own, and not without end", () => {
        let presses = keep([], { action: "depart", request: "1", place: 0 }, 5);
        presses = keep(presses, { action: "depart", request: "1", place: 0 }, 6);
        expect(presses).toHaveLength(1);
        presses = keep(presses, { action: "arrive", request: "1", place: 0 }, 7);
        expect(presses.map((each) => each.action)).toEqual(["depart", "arrive"]);
        expect(presses[0]!.key).not.toBe(presses[1]!.key);
        for (let i = 0; i < 2 * presses_max; i += 1) presses = keep(presses, { action: i % 2 ? "fixed" : "problem" }, i);
        expect(presses).toHaveLength(presses_max);
    });
    it("are shown as if the node knew them", () => {
        expect(ahead(cab, [press("depart")]).now).toMatchObject({ stage: "travelling", actions: ["arrive"] });
        expect(ahead(cab, [press("depart"), press("arrive"), press("begin"), press("finish")])).toMatchObject({ now: { request: "2" }, next: [] });
        const offered: Cab = { ...cab, now: null, next: [{ ...job("2"), stage: "planned", actions: ["accept"] }] };
        expect(jobOf(offered)!.request).toBe("2");
        expect(ahead(offered, [press("accept", "2")])).toMatchObject({ now: { request: "2", stage: "accepted" }, next: [] });
        expect(ahead(cab, [press("depart", "9")]).now!.stage).toBe("accepted");
        expect(ahead(cab, [{ action: "problem", key: "", at: 0 }])).toMatchObject({ now: null, state: "fault" });
    });
});

describe("times as people enter them", () => {
    it("are on the wall of the site", () => {
        expect(instantOf("2026-11-22T08:00", "Asia/Shanghai")).toBe(Date.UTC(2026, 10, 22));
        expect(localOf(Date.UTC(2026, 10, 22), "Asia/Shanghai")).toBe("2026-11-22T08:00");
        expect(instantOf("2026-07-01T12:00", "Europe/Berlin")).toBe(Date.UTC(2026, 6, 1, 10));
        expect(instantOf("", "UTC")).toBeNaN();
    });
    it("are lengths in hours and minutes", () => expect(hoursAndMinutes(9000)).toEqual({ hours: 2, minutes: 30 }));
});
