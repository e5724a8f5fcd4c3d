// How much of an order is sewn, between two tellings of the whole order. Pure.
import type { Order, Progress } from "./order_types";

/** 0..1. A machine tells of its own job order; pieces of the others are known from the order. */
export function orderShare(order: Order, now: Progress | undefined): number {
    const job = now && order.jobs.find((one) => one.id === now.job);
    if (!now || !job || order.state === "done" || order.quantity <= 0 || now.total <= 0) return order.progress.share;
    const others = Math.max(0, order.pieces.good - job.pieces.good);
    const pieces = others + (now.piece - 1) + Math.min(1, now.stitch / now.total);
    return Math.min(1, Math.max(0, pieces / order.quantity));
}
