// Sends rows in slices and reads the receipts. It goes on while people look at other pages of the console.
import { ApiError } from "../../api/client";
import { naming } from "../../api/naming_calls";
import { createStore } from "../../api/store";

const slice_rows = 2000, slice_characters = 1 << 20, tries_max = 4, refused_shown = 200;

export interface Progress {
    key: string;
    state: "running" | "stopped" | "failed" | "done";
    /** Rows there are, where that is known; else the part of the file that was read. */
    rows: number | null;
    share: number | null;
    sent: number;
    made: number;
    changed: number;
    kept: number;
    deleted: number;
    refused: number;
    began_ms: number;
    now_ms: number;
    skipped: number;
    why: unknown;
    refusals: { row: number; why: string }[];
    /** Every receipt as it came, for a file. */
    receipts: string[];
}

export const progress = createStore<Progress | null>(null);
let stopping: AbortController | null = null;

const change = (part: Partial<Progress>) => progress.set({ ...progress.get()!, ...part, now_ms: Date.now() });

interface Receipt {
    row?: number;
    status?: "made" | "changed" | "kept" | "deleted" | "refused";
    why?: string;
    done?: boolean;
    error?: string;
}

async function post(key: string, from: number, lines: string[], signal: AbortSignal): Promise<string> {
    const answer = await fetch(naming.bulkAddress(from), {
        method: "POST", credentials: "same-origin", cache: "no-store", signal,
        headers: { "Content-Type": "application/x-ndjson", "Idempotency-Key": key }, body: `${lines.join("\n")}\n`,
    });
    const text = await answer.text();
    if (answer.ok) return text;
    let problem: Record<string, unknown> = {};
    try {
        problem = JSON.parse(text) as Record<string, unknown>;
    } catch {
        // The status says enough.
    }
    throw new ApiError(answer.status, String(problem.detail ?? problem.title ?? ""), problem, Number(answer.headers.get("Retry-After")) || null);
}

/** Sends one slice until it is answered: sending again is safe, as a row is never done twice. */
async function deliver(key: string, from: number, lines: string[], signal: AbortSignal): Promise<Receipt[]> {
    for (let tries = 1; ; tries += 1) {
        try {
            const text = await post(key, from, lines, signal);
            const receipts = text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as Receipt);
            const end = receipts.at(-1);
            if (end?.error) throw new ApiError(422, end.error);
            if (!end?.done) throw new ApiError(0, "");
            progress.get()!.receipts.push(text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1));
            return receipts.slice(0, -1);
        } catch (failure) {
            const isLasting = failure instanceof ApiError && failure.status >= 400 && failure.status < 500 && failure.status !== 429;
            if (signal.aborted || isLasting || tries >= tries_max) throw failure;
            const wait_s = failure instanceof ApiError && failure.retryAfterSeconds ? failure.retryAfterSeconds : 2 ** (tries - 1);
            await new Promise((done) => setTimeout(done, wait_s * 1000));
        }
    }
}

function count(receipts: Receipt[], sent: number) {
    const now = progress.get()!;
    const add = { made: now.made, changed: now.changed, kept: now.kept, deleted: now.deleted, refused: now.refused };
    for (const one of receipts) {
        if (!one.status) continue;
        add[one.status] += 1;
        if (one.status === "refused" && now.refusals.length < refused_shown) now.refusals.push({ row: one.row ?? 0, why: one.why ?? "" });
    }
    change({ ...add, sent });
}

/** Whether a job of this name was begun before, as far as the page knows. */
type Begun = "yes" | "perhaps" | "no";

/** Where an earlier job of this key stands: its rows before that need not be sent again. */
async function resumeFrom(key: string, begun: Begun): Promise<number> {
    if (begun === "no") return 1;
    try {
        const job = await naming.job(key);
        return job.state === "done" && begun === "perhaps" ? 1 : Math.max(1, job.resume_from);
    } catch (failure) {
        if (failure instanceof ApiError && failure.status === 404) return 1;
        throw failure;
    }
}

export async function send(key: string, begun: Begun, lines: AsyncIterable<string> | Iterable<string>, rows: number | null, share: () => number | null): Promise<void> {
    stopping?.abort();
    const mine = stopping = new AbortController();
    progress.set({
        key, state: "running", rows, share: null, sent: 0, made: 0, changed: 0, kept: 0, deleted: 0, refused: 0,
        began_ms: Date.now(), now_ms: Date.now(), skipped: 0, why: null, refusals: [], receipts: [],
    });
    const leaves = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", leaves);
    try {
        const first = await resumeFrom(key, begun);
        let row = 1, from = first, size = 0;
        let slice: string[] = [];
        const flush = async () => {
            if (slice.length === 0) return;
            const receipts = await deliver(key, from, slice, mine.signal);
            from += slice.length;
            slice = [];
            size = 0;
            if (progress.get()?.key === key) count(receipts, from - 1);
            change({ share: share() });
        };
        for await (const line of lines) {
            if (mine.signal.aborted) break;
            if (row++ < first) continue;
            slice.push(line);
            size += line.length;
            if (slice.length >= slice_rows || size >= slice_characters) await flush();
        }
        if (!mine.signal.aborted) await flush();
        change({ skipped: first - 1, state: mine.signal.aborted ? "stopped" : "done" });
    } catch (failure) {
        change(mine.signal.aborted ? { state: "stopped" } : { state: "failed", why: failure });
    } finally {
        removeEventListener("beforeunload", leaves);
    }
}

export const stop = () => stopping?.abort();
