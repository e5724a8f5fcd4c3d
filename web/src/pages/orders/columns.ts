// The board's columns as orders move through them. Pure.
import type { Order, OrderState } from "../../api/order_types";
import type { Board } from "../../api/workshop_types";

export const states: OrderState[] = ["new", "planned", "running", "held", "done", "refused"];

export interface Column {
    state: OrderState;
    count: number;
    items: Order[];
}

export const columnsOf = (board: Board): Column[] =>
    states.map((state) => board.columns.find((one) => one.state === state) ?? { state, count: 0, items: [] });

/** Puts a told order where it belongs now: first in its column when it comes there, else where it was. */
export function withOrder(columns: Column[], order: Order): Column[] {
    return columns.map((column) => {
        const at = column.items.findIndex((one) => one.id === order.id);
        if (column.state === order.state) {
            if (at >= 0) return { ...column, items: column.items.map((one) => (one.id === order.id ? order : one)) };
            return { ...column, count: column.count + 1, items: [order, ...column.items] };
        }
        if (at < 0) return column;
        return { ...column, count: Math.max(0, column.count - 1), items: column.items.filter((one) => one.id !== order.id) };
    });
}

/** What putting an order into a column asks for; null: people cannot do that. */
export function moveOf(from: OrderState, to: OrderState): "hold" | "release" | "refuse" | null {
    if (from === to || from === "done" || from === "refused") return null;
    if (to === "held") return "hold";
    if (to === "refused") return "refuse";
    if (from === "held" && (to === "planned" || to === "running" || to === "new")) return "release";
    return null;
}

export const isLate = (order: Order, now_ms: number) =>
    order.due_at !== null && order.state !== "done" && order.state !== "refused" && Date.parse(order.planned_end ?? new Date(now_ms).toISOString()) > Date.parse(order.due_at);
