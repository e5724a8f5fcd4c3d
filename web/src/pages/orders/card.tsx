// One order on the board.
import type { KeyboardEvent } from "react";
import { nodeNow, useSecond } from "../../api/clock";
import { orderCalls } from "../../api/order_calls";
import type { Order } from "../../api/order_types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { orderReason } from "../../i18n/order_reasons";
import { pictured } from "../shop/draft";
import { Thumb } from "../../sewing/thumb";
import { isLate } from "./columns";

interface CardProps {
    order: Order;
    share: number;
    onOpen: () => void;
    onDrag: (isDragged: boolean) => void;
}

/** The day and the minute: "11-22 14:05". */
export const shortTime = (text: string, locale: string) => dateTime(Date.parse(text), locale, browserZone()).slice(5, 16);

/** Enter and the space bar press what some browsers would not let be dragged as a button. */
export const pressed = (press: () => void) => (event: KeyboardEvent) => {
    if ((event.key !== "Enter" && event.key !== " ") || event.target !== event.currentTarget) return;
    event.preventDefault();
    press();
};

export function Card({ order, share, onOpen, onDrag }: CardProps) {
    const words = useWords();
    useSecond();
    const late = isLate(order, nodeNow());
    const job = order.jobs.find((one) => one.state === "Running" || one.state === "Interrupted");
    return (
        <div role="button" tabIndex={0} className="order-card" draggable data-order={order.id} onClick={onOpen} onKeyDown={pressed(onOpen)}
            onDragStart={(event) => { event.dataTransfer.setData("text/plain", order.id); event.dataTransfer.effectAllowed = "move"; onDrag(true); }}
            onDragEnd={() => onDrag(false)} aria-label={words.workshop.open(order.number, order.name)}>
            <Thumb url={orderCalls.stitchesOf(order.id)} threads={order.design.threads} cloth={pictured(order.cloth, order.design.threads).cloth} />
            <b>{order.name}</b>
            <small>{order.number}{order.customer.name && `, ${order.customer.name}`}</small>
            <span className="order-threads" aria-hidden="true">{order.design.threads.slice(0, 8).map((colour, index) => <i key={index} style={{ background: colour }} />)}</span>
            <span className="order-when">
                {order.quantity > 1 && <span className="figure">{words.workshop.pieces(order.pieces.good, order.quantity)}</span>}
                {order.due_at ? <span className={late ? "order-late figure" : "figure"}>{late && `${words.workshop.late}, `}{words.workshop.due(shortTime(order.due_at, words.locale))}</span>
                    : order.planned_end && order.state !== "done" && order.state !== "refused" && <span className="figure">{words.workshop.ready(shortTime(order.planned_end, words.locale))}</span>}
            </span>
            {job && <span className="order-machine">{job.machine_name}{job.stop_reason && <em> {words.follow.stops[job.stop_reason] ?? job.stop_reason}</em>}</span>}
            {order.state === "new" && order.why && <em className="order-why">{orderReason(order.why, order.reason, words)}</em>}
            {(order.state === "running" || order.state === "held") && <span className="order-bar"><i style={{ width: `${Math.min(100, share * 100)}%` }} /></span>}
        </div>
    );
}
