// Every order on one board, moving as the machines report. Dragged by hand or opened by key.
import { useEffect, useRef, useState, type DragEvent, type KeyboardEvent } from "react";
import { orderCalls } from "../../api/order_calls";
import { orderShare } from "../../api/order_share";
import { useOrderStream } from "../../api/order_stream";
import type { Order, OrderState, Progress } from "../../api/order_types";
import { may } from "../../api/session";
import type { Person } from "../../api/types";
import type { Board as BoardData } from "../../api/workshop_types";
import { useWords } from "../../i18n";
import { advice, Empty, ErrorNote, say, Waiting } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad, useRested } from "../../parts/load";
import { links, navigate } from "../../router";
import { Card } from "./card";
import { columnsOf, moveOf, withOrder, type Column } from "./columns";
import { OrderDrawer } from "./order_drawer";
import { RefuseDialog } from "./refuse";

export function Board({ person, opened }: { person: Person; opened: string | undefined }) {
    const words = useWords();
    const read = useLoad<BoardData>("board", orderCalls.board);
    const [columns, setColumns] = useState<Column[] | null>(null);
    const [news, setNews] = useState<Record<string, Progress>>({});
    const [q, setQ] = useState("");
    const [refusing, setRefusing] = useState<Order | null>(null);
    // What the stream began with is newer than an answer that was on its way meanwhile.
    const isStreamed = useRef(false);
    useEffect(() => { if (read.data && !isStreamed.current) setColumns(columnsOf(read.data)); }, [read.data]);
    const isLost = useOrderStream(null, {
        board: (board) => {
            isStreamed.current = true;
            setColumns(columnsOf(board));
        },
        order: (order) => setColumns((old) => old && withOrder(old, order)),
        progress: (one) => setNews((old) => ({ ...old, [one.order]: one })),
        gap: () => {
            isStreamed.current = false;
            read.reload();
        },
    });
    const mayMove = may(person, "operator");
    const move = async (order: Order, to: OrderState) => {
        const what = moveOf(order.state, to);
        if (order.state === to) return;
        if (what === null) return say(words.workshop.cannotMove(words.workshop.states[order.state], words.workshop.states[to]));
        if (what === "refuse") return setRefusing(order);
        try {
            const now = await orderCalls.act(order.id, what);
            setColumns((old) => old && withOrder(old, now));
            say(words.workshop.did[what](order.number));
        } catch (error) {
            say(advice(error, words));
        }
    };
    const isEmpty = columns?.every((column) => column.count === 0);
    return (
        <>
            <header className="page-head">
                <h1>{words.workshop.orders}</h1>
                <p>{words.workshop.boardLead}</p>
                <span className="page-actions">
                    <input type="search" className="board-search" aria-label={words.workshop.search} placeholder={words.workshop.search} value={q} onChange={(event) => setQ(event.target.value)} />
                    {mayMove && <Link className="button primary" to={links.desk}>{words.workshop.newOrder}</Link>}
                </span>
            </header>
            {columns && isLost && <p className="note note-warn" role="status">{words.workshop.notConnected}</p>}
            {!columns && <Waiting of={read} />}
            {q.trim() ? <Found q={q.trim()} news={news} /> : columns && (isEmpty ? (
                <Empty title={words.workshop.emptyTitle} step={words.workshop.emptyStep}>
                    {may(person, "engineer") && <Link className="button" to={links.shopkeeping}>{words.workshop.toShop}</Link>}
                </Empty>
            ) : <Columns columns={columns} news={news} mayMove={mayMove} onMove={(order, to) => void move(order, to)} />)}
            {opened && <OrderDrawer key={opened} id={opened} person={person} onChange={(order) => setColumns((old) => old && withOrder(old, order))} onRefuse={setRefusing} onClose={() => navigate(links.orders)} />}
            {refusing && <RefuseDialog order={refusing} onDone={(order) => { setColumns((old) => old && withOrder(old, order)); setRefusing(null); }} onClose={() => setRefusing(null)} />}
        </>
    );
}

function Columns({ columns, news, mayMove, onMove }: { columns: Column[]; news: Record<string, Progress>; mayMove: boolean; onMove: (order: Order, to: OrderState) => void }) {
    const words = useWords();
    const [shown, setShown] = useState<OrderState>(() => columns.find((one) => one.state === "running" && one.count)?.state ?? columns.find((one) => one.count)?.state ?? "new");
    const [dragged, setDragged] = useState<Order | null>(null);
    const [over, setOver] = useState<OrderState | null>(null);
    const board = useRef<HTMLDivElement>(null);
    const drop = (event: DragEvent, to: OrderState) => {
        event.preventDefault();
        setOver(null);
        if (dragged) onMove(dragged, to);
        setDragged(null);
    };
    const keys = (event: KeyboardEvent) => {
        const steps: Record<string, [number, number]> = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0] };
        const step = steps[event.key];
        const lanes = [...(board.current?.querySelectorAll(".board-lane") ?? [])].map((lane) => [...lane.querySelectorAll<HTMLElement>(".order-card")]);
        const lane = lanes.findIndex((all) => all.includes(document.activeElement as HTMLElement));
        if (!step || lane < 0) return;
        event.preventDefault();
        const place = lanes[lane]!.indexOf(document.activeElement as HTMLElement);
        if (step[0] === 0) return lanes[lane]![place + step[1]]?.focus();
        for (let at = lane + step[0]; at >= 0 && at < lanes.length; at += step[0]) {
            if (lanes[at]!.length) return lanes[at]![Math.min(place, lanes[at]!.length - 1)]!.focus();
        }
    };
    return (
        <>
            <div className="segments board-tabs" role="group" aria-label={words.workshop.orders}>
                {columns.map((column) => <button key={column.state} type="button" aria-pressed={shown === column.state} onClick={() => setShown(column.state)}>{words.workshop.states[column.state]} {column.count > 0 && column.count}</button>)}
            </div>
            <div className="board" ref={board} onKeyDown={keys}>
                {columns.map((column) => {
                    const can = dragged !== null && (dragged.state === column.state || moveOf(dragged.state, column.state) !== null);
                    return (
                        <section key={column.state} className={`board-lane lane-${column.state}${shown === column.state ? " lane-shown" : ""}${over === column.state && can ? " lane-over" : ""}${dragged && !can ? " lane-closed" : ""}`} aria-label={words.workshop.states[column.state]}
                            onDragOver={(event) => { if (!mayMove) return; event.preventDefault(); setOver(column.state); }} onDragLeave={() => setOver(null)} onDrop={(event) => drop(event, column.state)}>
                            <h2>{words.workshop.states[column.state]} <small className="figure">{column.count > 0 && column.count.toLocaleString(words.locale)}</small></h2>
                            {column.items.length === 0 && <p className="lane-empty">{words.workshop.emptyColumn[column.state]}</p>}
                            {column.items.map((order) => <Card key={order.id} order={order} share={orderShare(order, news[order.id])} onOpen={() => navigate(links.ordersOne(order.id))} onDrag={(is) => setDragged(is ? order : null)} />)}
                            {column.count > column.items.length && <p className="lane-empty">{words.workshop.more(column.count - column.items.length)}</p>}
                        </section>
                    );
                })}
            </div>
            <p className="help board-help">{words.workshop.moveHelp}</p>
        </>
    );
}

function Found({ q, news }: { q: string; news: Record<string, Progress> }) {
    const words = useWords();
    const asked = useRested(q, 250);
    const read = useLoad(`orders ${asked}`, () => orderCalls.orders({ q: asked, limit: 100 }));
    if (read.error) return <ErrorNote error={read.error} onRetry={read.reload} />;
    return (
        <>
            <p role="status" className="dim">{read.data && words.workshop.found(read.data.items.length)}</p>
            <div className="board-found">{read.data?.items.map((order) => <Card key={order.id} order={order} share={orderShare(order, news[order.id])} onOpen={() => navigate(links.ordersOne(order.id))} onDrag={() => {}} />)}</div>
        </>
    );
}
