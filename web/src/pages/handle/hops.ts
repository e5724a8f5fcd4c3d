// What the hops of a trace mean: the node's words sorted into a few kinds, servers into levels of the chain.
import type { Hop } from "../../api/naming_types";

export type HopKind = "found" | "prefix" | "referral" | "notFound" | "silent" | "busy" | "elsewhere";
export type HopRole = "top" | "secondary" | "enterprise" | "here" | "memory" | "one";

/** The kind of a hop's answer. What is not known counts as no answer when it failed, so nothing bad looks good. */
export function hopKind(hop: Pick<Hop, "answer" | "asked">): HopKind {
    const told = hop.answer.toLowerCase();
    if (/referral/.test(told)) return "referral";
    if (/not.?found/.test(told)) return "notFound";
    if (/success|found/.test(told)) return /^0\.NA\//i.test(hop.asked) ? "prefix" : "found";
    if (/busy|limit|backup/.test(told)) return "busy";
    if (/not responsible|elsewhere/.test(told)) return "elsewhere";
    return "silent";
}

/** The hops that people care for: that this node asked others because the name is not its own goes without saying. */
export function tellingHops(trace: Hop[]): Hop[] {
    return trace.length > 1 && trace[0]!.server === "this node" && hopKind(trace[0]!) !== "found" ? trace.slice(1) : trace;
}

/** The level of each hop's server: servers are asked from the top down, so the order of first questions tells. */
export function rolesOf(trace: Hop[]): HopRole[] {
    const order: string[] = [];
    for (const { server } of trace) if (server !== "cache" && server !== "this node" && !order.includes(server)) order.push(server);
    return trace.map(({ server }) => {
        if (server === "cache") return "memory";
        if (server === "this node") return "here";
        const level = order.indexOf(server);
        // A remembered step hides how far up the first server stands.
        if (trace[0]!.server === "cache") return level === order.length - 1 && order.length > 0 ? (order.length > 1 ? "enterprise" : "one") : "secondary";
        if (level === 0) return order.length > 1 ? "top" : "one";
        return level === order.length - 1 && order.length > 2 ? "enterprise" : "secondary";
    });
}
