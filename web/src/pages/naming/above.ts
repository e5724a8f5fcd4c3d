// Who gave a prefix, and which addresses of a node mean it to others.

/** The prefix that `prefix` was given from; null: none, or it is the first of all. */
export function prefixAbove(prefix: string | undefined): string | null {
    const dot = prefix?.lastIndexOf(".") ?? -1;
    return dot > 0 ? prefix!.slice(0, dot) : null;
}

/** Who can mean the node by the address it listens at: nobody (it has none), its own machine, everybody by another address, everybody. */
export function reachOf(address: string): "none" | "own" | "wildcard" | "all" {
    if (address === "") return "none";
    if (/^(127\.|localhost:|\[::1\])/.test(address)) return "own";
    return /^(0\.0\.0\.0|\*|\[::\])/.test(address) ? "wildcard" : "all";
}
