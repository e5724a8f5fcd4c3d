// One way to ask the node: JSON in, JSON out, failures as ApiError.

const timeout_ms = 20_000;

/** `status` 0 means that no answer came: the node is down, the network is cut, or it took too long. */
export class ApiError extends Error {
    constructor(
        readonly status: number,
        readonly detail: string,
        readonly problem: Record<string, unknown> = {},
        readonly retryAfterSeconds: number | null = null,
    ) {
        super(detail || `HTTP ${status}`);
        this.name = "ApiError";
    }
}

let onUnauthorised: () => void = () => {};

/** `call` runs whenever the node says that this browser is not signed in (any more). */
export function whenUnauthorised(call: () => void) {
    onUnauthorised = call;
}

type Query = Record<string, string | number | boolean | null | undefined | string[]>;

/** Joins parts to a path; each part is percent-encoded as one part. */
export function path(...parts: string[]): string {
    return "/api/v1/" + parts.map(encodeURIComponent).join("/");
}

export function withQuery(base: string, query: Query): string {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) {
        if (value === null || value === undefined || value === "") continue;
        for (const one of Array.isArray(value) ? value : [value]) search.append(key, String(one));
    }
    const text = search.toString();
    return text ? `${base}?${text}` : base;
}

interface Ask {
    body?: unknown;
    /** A body that is no JSON, sent as it is. */
    text?: { type: string; content: string };
    signal?: AbortSignal;
    /** Asking who I am may answer 401 without that being news. */
    quiet401?: boolean;
    /** How long the answer may take; 20 s unless told. */
    patience_ms?: number;
    /** The Idempotency-Key of a POST that may be sent again; each is its own unless told. */
    key?: string;
}

export async function ask<T>(method: string, url: string, { body, text: given, signal, quiet401, patience_ms, key }: Ask = {}): Promise<T> {
    // The console's language, not the browser's: the node writes some of its sentences in it.
    const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": globalThis.document?.documentElement.lang || "en" };
    if (given) headers["Content-Type"] = given.type;
    else if (body !== undefined) headers["Content-Type"] = "application/json";
    if (method === "POST") headers["Idempotency-Key"] = key ?? randomKey();
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), patience_ms ?? timeout_ms);
    const stop = () => ended.abort();
    signal?.addEventListener("abort", stop);
    try {
        const answer = await fetch(url, {
            method,
            headers,
            body: given ? given.content : body === undefined ? null : JSON.stringify(body),
            credentials: "same-origin",
            cache: "no-store",
            signal: ended.signal,
        });
        const text = await answer.text();
        if (!answer.ok) throw problemOf(answer, text);
        return (text ? JSON.parse(text) : undefined) as T;
    } catch (error) {
        if (error instanceof ApiError) {
            if (error.status === 401 && !quiet401) onUnauthorised();
            throw error;
        }
        if (signal?.aborted) throw error;
        throw new ApiError(0, error instanceof SyntaxError ? error.message : "");
    } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", stop);
    }
}

function problemOf(answer: Response, text: string): ApiError {
    let problem: Record<string, unknown> = {};
    try {
        const parsed: unknown = JSON.parse(text);
        if (parsed && typeof parsed === "object") problem = parsed as Record<string, unknown>;
    } catch {
        // Not problem details: a proxy in between answered. The status still says enough.
    }
    const detail = typeof problem.detail === "string" ? problem.detail
        : typeof problem.title === "string" ? problem.title : "";
    const after = Number(answer.headers.get("Retry-After"));
    return new ApiError(answer.status, detail, problem, Number.isFinite(after) && after > 0 ? after : null);
}

// crypto.randomUUID exists only on HTTPS and loopback; a plain workshop LAN has neither.
export function randomKey(): string {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
