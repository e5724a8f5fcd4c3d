// Rows from what the node knows: machines and orders, each leading to its own page.
import { calls } from "../../api/calls";
import { ask, path, withQuery } from "../../api/client";
import type { Machine, Page } from "../../api/types";

const page_size = 1000, pages_max = 1000;

async function* everything<T>(read: (cursor: string | null) => Promise<Page<T>>): AsyncGenerator<T> {
    let cursor: string | null = null;
    for (let pages = 0; pages < pages_max; pages += 1) {
        const page: Page<T> = await read(cursor);
        yield* page.items;
        cursor = page.next;
        if (!cursor) return;
    }
}

export const machineCount = () => calls.machines({ limit: 1 }).then((page) => page.total ?? null);

export async function* machineLines(prefix: string, before: string, origin: string): AsyncGenerator<string> {
    for await (const one of everything<Machine>((cursor) => calls.machines({ limit: page_size, cursor }))) {
        const about = Object.fromEntries(Object.entries({ name: one.name, kind: one.kind, site: one.site }).filter(([, value]) => value));
        yield JSON.stringify({
            handle: `${prefix}/${before}${one.id}`,
            values: [{ type: "URL", data: `${origin}/machines/${encodeURIComponent(one.id)}` }, ...(Object.keys(about).length > 0 ? [{ type: "JSON", data: about }] : [])],
        });
    }
}

interface OrderLike {
    id: string;
    number: number;
    name: string;
    quantity: number;
}

export async function* orderLines(prefix: string, before: string, origin: string): AsyncGenerator<string> {
    for await (const one of everything<OrderLike>((cursor) => ask<Page<OrderLike>>("GET", withQuery(path("orders"), { limit: 200, cursor })))) {
        yield JSON.stringify({
            handle: `${prefix}/${before}${one.id}`,
            values: [{ type: "URL", data: `${origin}/order/${encodeURIComponent(one.id)}` }, { type: "JSON", data: { name: one.name, number: one.number, quantity: one.quantity } }],
        });
    }
}
