// A machine's state is free text. Its tone decides colour and shape; the text itself is always shown.
import type { EventKind, Machine, PlantEvent } from "../api/types";

export type Tone = "run" | "idle" | "busy" | "fault" | "off" | "other";
/** Worst first: the order in which walls and filters show them. */
export const tones: Tone[] = ["fault", "run", "busy", "idle", "off", "other"];

const patterns: [Tone, RegExp][] = [
    ["fault", /fault|alarm|error|fail|break(age|down)|broken|abort|emergency|thread ?break|故障|报警|异常|断线|急停/i],
    ["off", /^(off|offline|shut ?down|powered ?off|parked)$|关机|停机|离线/i],
    ["busy", /set ?up|maint|change ?over|clean|warm|prepar|travel|moving|transport|load|fuel|calibrat|准备|维护|换|清|预热|行驶|转场/i],
    ["run", /run|work|produc|execut|stitch|digging|active|busy|auto|运行|工作|生产|作业/i],
    ["idle", /idle|stand ?by|ready|stop|wait|pause|hold|complete|空闲|待机|等待|暂停|停止|就绪/i],
];

export function toneOf(state: string | null): Tone {
    if (!state) return "other";
    return patterns.find(([, pattern]) => pattern.test(state))?.[0] ?? "other";
}

/** An unreachable machine's last state is not its state now. */
export function machineTone(machine: Pick<Machine, "connection" | "state" | "fault">): Tone {
    if (machine.connection !== "online") return "off";
    if (machine.fault) return "fault";
    return machine.state ? toneOf(machine.state) : "other";
}

/** A change of state looks like the state it led to, which its text names last. */
export function eventToneOf(event: PlantEvent): Tone {
    if (event.kind !== "state") return eventTone[event.kind] ?? "other";
    const after = event.text.split(/→|->/).pop()!.trim();
    return toneOf(after);
}

const eventTone: Record<EventKind, Tone> = {
    discovered: "other", adopted: "other", birth: "run", death: "off", stale: "busy", rebirth: "busy",
    fault: "fault", fault_cleared: "run", state: "idle", write: "other", answer: "other", refused: "fault", ended: "off", overload: "busy",
};
