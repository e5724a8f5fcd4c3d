// One machine's lane: what it sews now, what comes next, and where threads must be changed.
import { useState, type DragEvent, type KeyboardEvent } from "react";
import type { Job, Progress } from "../../api/order_types";
import type { MachineQueue } from "../../api/workshop_types";
import { useWords } from "../../i18n";
import { ConnectionMark } from "../../parts/mark";
import { Link } from "../../parts/link";
import { links } from "../../router";
import { pressed, shortTime } from "../orders/card";
import { JobControls } from "../orders/job_controls";
import { stopsOf, type Stop } from "./changes";

export interface Moves {
    put: (job: Job, machine: string, position: number) => void;
    unpin: (job: Job) => void;
    changed: () => void;
}

// What is dragged: the browser tells its data only when it is dropped.
let dragged: Job | null = null;

interface LaneProps {
    queue: MachineQueue;
    progress: Progress | undefined;
    others: MachineQueue[];
    moves: Moves;
    mayMove: boolean;
    onSettings: (() => void) | null;
}

export function Lane({ queue, progress, others, moves, mayMove, onSettings }: LaneProps) {
    const words = useWords();
    const [over, setOver] = useState<number | null>(null);
    const stops = stopsOf(queue.running, queue.queue, queue.profile.threads ?? [], queue.profile.needles);
    const drop = (event: DragEvent, position: number) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(null);
        if (dragged) moves.put(dragged, queue.machine, position);
        dragged = null;
    };
    const dragOver = (event: DragEvent, position: number) => {
        if (!mayMove || !dragged) return;
        event.preventDefault();
        event.stopPropagation();
        setOver(position);
    };
    const { profile } = queue;
    return (
        <section className={`queue-lane${over !== null ? " queue-over" : ""}${queue.enabled ? "" : " queue-off"}`} aria-label={queue.name}
            onDragOver={(event) => dragOver(event, stops.length)} onDragLeave={() => setOver(null)} onDrop={(event) => drop(event, stops.length)}>
            <header>
                <h2><ConnectionMark connection={queue.connection} /> <Link to={links.machine(queue.machine)}>{queue.name}</Link></h2>
                {onSettings && <button type="button" className="small quiet" onClick={onSettings}>{words.queue.profile}</button>}
                <p className="help">{words.queue.needles(profile.needles)}{profile.heads > 1 && `${words.comma}${words.queue.heads(profile.heads)}`}{words.comma}{words.queue.hoop(profile.hoop_mm[0], profile.hoop_mm[1])}{!queue.enabled && <b> {words.queue.off}</b>}</p>
            </header>
            {queue.running && <Running job={queue.running} progress={progress} mayMove={mayMove} onChange={moves.changed} />}
            <ol>
                {stops.map((stop, index) => (
                    <Waiting key={stop.job.id} stop={stop} index={index} queue={queue} others={others} moves={moves} mayMove={mayMove} isOver={over === index}
                        onDragOver={(event) => dragOver(event, index)} onDrop={(event) => drop(event, index)} />
                ))}
            </ol>
            {!queue.running && stops.length === 0 && <p className="lane-empty">{queue.enabled ? words.queue.idle : words.queue.off}</p>}
            {queue.free_at && (queue.running || stops.length > 0) && <p className="queue-free dim">{words.queue.free(shortTime(queue.free_at, words.locale))}</p>}
        </section>
    );
}

function Threads({ colours }: { colours: string[] }) {
    return <span className="order-threads" aria-hidden="true">{colours.slice(0, 10).map((colour, index) => <i key={index} style={{ background: colour }} />)}</span>;
}

function Running({ job, progress, mayMove, onChange }: { job: Job; progress: Progress | undefined; mayMove: boolean; onChange: () => void }) {
    const words = useWords();
    const stitch = progress?.stitch ?? job.stitch.current, total = Math.max(1, progress?.total ?? job.stitch.total);
    const stopped = progress ? progress.stop_reason : job.stop_reason;
    return (
        <div className={`queue-now now-${job.state === "Interrupted" || stopped ? "held" : "running"}`}>
            <p className="queue-name"><Link to={links.ordersOne(job.order)}>{job.order_name}</Link> <small>{job.id}</small></p>
            <p className="queue-count figure"><strong>{Math.floor((stitch / total) * 100)} %</strong> {stitch.toLocaleString(words.locale)} / {total.toLocaleString(words.locale)}</p>
            <span className="order-bar"><i style={{ width: `${(stitch / total) * 100}%` }} /></span>
            <p className="dim">{stopped ? <b className="order-late">{words.follow.stops[stopped] ?? stopped}</b> : words.queue.states[job.state]}{job.pieces.wanted > 1 && `${words.comma}${words.workshop.jobPieces(job.pieces.good, job.pieces.wanted)}`}{(progress?.rpm ?? job.rpm) ? `, ${words.follow.rpm(Math.round((progress?.rpm ?? job.rpm)!))}` : ""}</p>
            <Threads colours={job.threads} />
            {mayMove && <JobControls job={job} onChange={onChange} />}
        </div>
    );
}

interface WaitingProps {
    stop: Stop;
    index: number;
    queue: MachineQueue;
    others: MachineQueue[];
    moves: Moves;
    mayMove: boolean;
    isOver: boolean;
    onDragOver: (event: DragEvent) => void;
    onDrop: (event: DragEvent) => void;
}

function Waiting({ stop: { job, fresh, isSame }, index, queue, others, moves, mayMove, isOver, onDragOver, onDrop }: WaitingProps) {
    const words = useWords();
    const [isOpen, setOpen] = useState(false);
    const neighbour = (step: number) => others[others.findIndex((one) => one.machine === queue.machine) + step];
    const keys = (event: KeyboardEvent) => {
        if (!event.altKey) return pressed(() => setOpen(!isOpen))(event);
        if (!mayMove) return;
        const side = event.key === "ArrowLeft" ? neighbour(-1) : event.key === "ArrowRight" ? neighbour(1) : undefined;
        if (event.key === "ArrowUp" && index > 0) moves.put(job, queue.machine, index - 1);
        else if (event.key === "ArrowDown" && index < queue.queue.length - 1) moves.put(job, queue.machine, index + 1);
        else if (side) moves.put(job, side.machine, 0);
        else return;
        event.preventDefault();
    };
    return (
        <li className={`queue-stop${isSame ? " queue-same" : ""}${isOver ? " queue-before" : ""}`} onDragOver={onDragOver} onDrop={onDrop}>
            {fresh.length > 0 ? <p className="queue-change"><Threads colours={fresh} />{words.queue.change(fresh.length)}</p> : !isSame && index > 0 && <p className="queue-change">{words.queue.noChange}</p>}
            <div className="queue-job" draggable={mayMove} onDragStart={(event) => { dragged = job; event.dataTransfer.setData("text/plain", job.id); event.dataTransfer.effectAllowed = "move"; }} onDragEnd={() => { dragged = null; }}>
                <div role="button" tabIndex={0} className="queue-open" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} onKeyDown={keys}>
                    <b>{job.order_name}</b>
                    <small className="figure">{job.id}, {job.stitch.total.toLocaleString(words.locale)}{job.pieces.wanted > 1 && ` × ${job.pieces.wanted}`}</small>
                    {job.planned_start && <small className="figure queue-when">{shortTime(job.planned_start, words.locale)}</small>}
                    {job.pinned && <small className="chip">{words.queue.pinned}</small>}
                    <Threads colours={job.threads} />
                </div>
                {isOpen && (
                    <div className="queue-tools">
                        <Link to={links.ordersOne(job.order)}>{words.queue.order}</Link>
                        {mayMove && (
                            <>
                                <button type="button" className="small" disabled={index === 0} onClick={() => moves.put(job, queue.machine, index - 1)}>{words.queue.earlier}</button>
                                <button type="button" className="small" disabled={index >= queue.queue.length - 1} onClick={() => moves.put(job, queue.machine, index + 1)}>{words.queue.later}</button>
                                <select aria-label={words.queue.toMachine} value="" onChange={(event) => moves.put(job, event.target.value, 0)}>
                                    <option value="" disabled>{words.queue.toMachine}</option>
                                    {others.filter((one) => one.machine !== queue.machine).map((one) => <option key={one.machine} value={one.machine}>{one.name}</option>)}
                                </select>
                                {job.pinned && <button type="button" className="small" onClick={() => moves.unpin(job)}>{words.queue.unpin}</button>}
                                <JobControls job={job} onChange={moves.changed} />
                            </>
                        )}
                    </div>
                )}
            </div>
        </li>
    );
}
