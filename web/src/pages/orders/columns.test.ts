import { describe, expect, it } from "vitest";
import type { Job, Order, OrderState, Progress } from "../../api/order_types";
import { orderShare } from "../../api/order_share";
import { stopsOf } from "../queues/changes";
import { columnsOf, isLate, moveOf, withOrder } from "./columns";

const order = (id: string, state: OrderState, more: Partial<Order> = {}) => ({ id, state, due_at: null, planned_end: null, ...more }) as Order;

describe("the board", () => {
    const columns = columnsOf({ columns: [{ state: "planned", count: 60, items: [order("a", "planned"), order("b", "planned")] }] });
    it("has its six columns whatever the node told", () => expect(columns.map((one) => one.state)).toEqual(["new", "planned", "running", "held", "done", "refused"]));
    it("moves an order and counts it once", () => {
        const next = withOrder(columns, order("b", "running"));
        expect(next[1]).toMatchObject({ count: 59, items: [{ id: "a" }] });
        expect(next[2]).toMatchObject({ count: 1, items: [{ id: "b" }] });
        expect(withOrder(next, order("b", "running"))[2]!.count).toBe(1);
    });
    it.each<[OrderState, OrderState, string | null]>([
        ["planned", "held", "hold"], ["running", "held", "hold"], ["held", "planned", "release"], ["held", "running", "release"], ["new", "refused", "refuse"],
        ["planned", "running", null], ["done", "held", null], ["refused", "planned", null], ["running", "done", null], ["held", "held", null],
    ])("from %s to %s is %s", (from, to, what) => expect(moveOf(from, to)).toBe(what));
    it("knows what is late", () => {
        const now = Date.parse("2026-11-22T12:00:00Z");
        expect(isLate(order("a", "planned", { due_at: "2026-11-22T11:00:00Z" }), now)).toBe(true);
        expect(isLate(order("a", "planned", { due_at: "2026-11-22T13:00:00Z", planned_end: "2026-11-22T14:00:00Z" }), now)).toBe(true);
        expect(isLate(order("a", "done", { due_at: "2026-11-22T11:00:00Z" }), now)).toBe(false);
    });
});

describe("thread changes", () => {
    const job = (id: string, ...threads: string[]) => ({ id, threads }) as Job;
    it("are what the machine does not carry yet, and equal threads stand together", () => {
        const stops = stopsOf(job("J1", "#aa0000"), [job("J2", "#AA0000"), job("J3", "#00bb00"), job("J4", "#aa0000", "#00bb00")], ["#aa0000", null], 15);
        expect(stops.map((stop) => [stop.fresh.length, stop.isSame])).toEqual([[0, true], [1, false], [0, false]]);
    });
    it("forget the thread used longest ago when the needles are full", () => {
        const stops = stopsOf(null, [job("J1", "#1", "#2"), job("J2", "#3"), job("J3", "#1")], [], 2);
        expect(stops.map((stop) => stop.fresh)).toEqual([["#1", "#2"], ["#3"], ["#1"]]);
    });
});

describe("the share of an order", () => {
    const job = (id: string, good: number) => ({ id, pieces: { good } }) as Job;
    const of = (good: number, jobs: Job[]) => order("a", "running", { quantity: 4, pieces: { good, rework: 0, scrap: 0 }, progress: { stitches_done: 0, stitches_total: 0, share: 0.1 }, jobs });
    const told = (id: string, piece: number, stitch: number) => ({ job: id, piece, stitch, total: 100 }) as Progress;
    it.each<[string, Order, Progress | undefined, number]>([
        ["nothing told: as the order says", of(0, [job("J1", 0)]), undefined, 0.1],
        ["the second of four, half done", of(1, [job("J1", 1)]), told("J1", 2, 50), 0.375],
        ["a job that sews the rest of another's", of(3, [job("J1", 3), job("J2", 0)]), told("J2", 1, 50), 0.875],
        ["a job the order does not have yet", of(0, []), told("J9", 1, 50), 0.1],
        ["never more than all", of(4, [job("J1", 0)]), told("J1", 1, 100), 1],
    ])("%s", (_, one, now, share) => expect(orderShare(one, now)).toBeCloseTo(share));
});
