// Many machines on a small picture: those nearer than a mark's width are one. Pure, and steady while the map is moved.

export interface Points {
    count: number;
    /** World of width 1. */
    x: Float64Array;
    y: Float64Array;
    /** Index of the state, 0 is the worst. */
    state: Uint8Array;
    /** 1 for those that are to be seen. */
    shown: Uint8Array;
}

export const states_max = 6;

export interface Cluster {
    x: number;
    y: number;
    count: number;
    /** How many of each state. */
    states: Uint32Array;
    /** Any of them; the machine itself when it is alone. */
    first: number;
    /** All of them, as indexes: at most `members_max`. */
    members: number[];
}

const members_max = 400;

/**
 * Cells of `cell` pixels are anchored in the world, so that moving the map changes nothing; then neighbours
 * that would touch are joined, the larger first. Time: linear in the points and n log n in the clusters.
 */
export function cluster(points: Points, scale: number, cell: number): Cluster[] {
    const across = scale / cell;
    const cells = new Map<number, Cluster>();
    const columns = Math.ceil(across) + 2;
    for (let i = 0; i < points.count; i += 1) {
        if (!points.shown[i]) continue;
        const key = Math.floor(points.y[i]! * across) * columns + Math.floor(points.x[i]! * across);
        const known = cells.get(key);
        if (!known) {
            const states = new Uint32Array(states_max);
            states[points.state[i]!] = 1;
            cells.set(key, { x: points.x[i]!, y: points.y[i]!, count: 1, states, first: i, members: [i] });
        } else {
            known.x += (points.x[i]! - known.x) / (known.count + 1);
            known.y += (points.y[i]! - known.y) / (known.count + 1);
            known.count += 1;
            known.states[points.state[i]!]! += 1;
            if (known.members.length < members_max) known.members.push(i);
        }
    }
    return join([...cells.entries()], columns, (cell * 0.86) / scale);
}

function join(entries: [number, Cluster][], columns: number, near: number): Cluster[] {
    const byKey = new Map(entries);
    const keyOf = new Map(entries.map(([key, each]) => [each, key]));
    const order = entries.map(([, each]) => each).sort((a, b) => b.count - a.count);
    const gone = new Set<Cluster>();
    for (const one of order) {
        if (gone.has(one)) continue;
        const key = keyOf.get(one)!;
        for (let dy = -1; dy <= 1; dy += 1) {
            for (let dx = -1; dx <= 1; dx += 1) {
                const other = byKey.get(key + dy * columns + dx);
                if (!other || other === one || gone.has(other)) continue;
                if (Math.hypot(other.x - one.x, other.y - one.y) > near) continue;
                take(one, other);
                gone.add(other);
            }
        }
    }
    return order.filter((each) => !gone.has(each));
}

function take(one: Cluster, other: Cluster) {
    const share = other.count / (one.count + other.count);
    one.x += (other.x - one.x) * share;
    one.y += (other.y - one.y) * share;
    one.count += other.count;
    for (let s = 0; s < states_max; s += 1) one.states[s]! += other.states[s]!;
    for (const member of other.members) if (one.members.length < members_max) one.members.push(member);
}
