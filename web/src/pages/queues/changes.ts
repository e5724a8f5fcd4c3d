// Which threads have to be put on a machine before a job, and which jobs run with the same ones. Pure.
import type { Job } from "../../api/order_types";

const setOf = (colours: (string | null)[]) => new Set(colours.filter((one): one is string => one !== null).map((one) => one.toLowerCase()));

export interface Stop {
    job: Job;
    /** Threads this job needs that the one before did not leave on the machine. */
    fresh: string[];
    /** It goes on with the same threads as the one before. */
    isSame: boolean;
}

/** The queue with what has to be changed before each job. A machine has `needles` threads on it: the last used go first. */
export function stopsOf(running: Job | null, queue: Job[], loaded: (string | null)[], needles: number): Stop[] {
    // Newest use last.
    let on = [...setOf(loaded)];
    const use = (colours: Set<string>) => {
        on = [...on.filter((one) => !colours.has(one)), ...colours].slice(-Math.max(1, needles));
    };
    if (running) use(setOf(running.threads));
    let before = running ? setOf(running.threads) : null;
    return queue.map((job) => {
        const needed = setOf(job.threads);
        const fresh = [...needed].filter((one) => !on.includes(one));
        const isSame = before !== null && before.size === needed.size && [...needed].every((one) => before!.has(one));
        use(needed);
        before = needed;
        return { job, fresh, isSame };
    });
}
