// The shapes and calls of docs/protocols/retention-api.md.
import { ask, path } from "./client";

export interface ClassRule {
    name: string;
    tags: string[];
    machines?: string[];
    keep_days: number | null;
    full_days: number | null;
    resolution_s: number | null;
}

interface Space {
    series: number | null;
    samples: number | null;
    bytes: number | null;
}

export interface KeptClass extends ClassRule, Space {
    kept_from: string | null;
    thinned_until: string | null;
}

export interface Retention {
    classes: KeptClass[];
    rest: Space;
    counted_at: string | null;
}

export const retention = {
    read: () => ask<Retention>("GET", path("retention")),
    put: (classes: ClassRule[]) => ask<Retention>("PUT", path("retention"), { body: { classes } }),
};

export const ruleOf = ({ name, tags, machines, keep_days, full_days, resolution_s }: ClassRule): ClassRule => ({
    name, tags, ...(machines && machines.length > 0 && { machines }), keep_days: keep_days || null, full_days: resolution_s ? full_days ?? 0 : null, resolution_s: resolution_s || null,
});

/** Classes whose tags may lose samples when `next` replaces `now`: kept shorter, made coarser, new with an end, or another order. */
export function losers(now: ClassRule[], next: ClassRule[]): string[] {
    const before = new Map(now.map((one) => [one.name, one]));
    const ends = (one: ClassRule) => Boolean(one.keep_days) || Boolean(one.resolution_s);
    const order = (list: ClassRule[], other: Set<string>) => list.filter((one) => other.has(one.name)).map((one) => one.name).join("\0");
    const names = new Set(next.map((one) => one.name));
    const isReordered = order(now, names) !== order(next, new Set(before.keys()));
    return next.filter((one) => {
        const old = before.get(one.name);
        if (!ends(one)) return false;
        if (!old || isReordered || JSON.stringify([old.tags, old.machines ?? []]) !== JSON.stringify([one.tags, one.machines ?? []])) return true;
        const isShorter = Boolean(one.keep_days) && (!old.keep_days || one.keep_days! < old.keep_days);
        const isCoarser = Boolean(one.resolution_s) && (!old.resolution_s || one.resolution_s! > old.resolution_s || (one.full_days ?? 0) < (old.full_days ?? 0));
        return isShorter || isCoarser;
    }).map((one) => one.name)
        // A class that goes leaves its tags to those after it.
        .concat(now.some((one) => !names.has(one.name)) ? next.filter((one) => ends(one) && before.has(one.name)).map((one) => one.name) : [])
        .filter((name, index, all) => all.indexOf(name) === index);
}
