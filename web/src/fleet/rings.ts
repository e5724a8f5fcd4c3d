// A site's border while it is drawn: corners in order, degrees. Pure; the node checks it again.
import type { Place } from "../parts/map/projection";
import { metresBetween, turn, worldX, worldY } from "./mercator";

export type Ring = Place[];

export const corners_max = 1000;
export const extent_metres_max = 200_000;

export type RingFault =
    | { kind: "few" }
    | { kind: "many" }
    | { kind: "large" }
    | { kind: "crossing"; first: number; second: number };

type Flat = [number, number];

function flatten(ring: Ring): Flat[] {
    const start = ring.length ? worldX(ring[0]!.longitude) : 0;
    return ring.map((corner) => [start + turn(start, worldX(corner.longitude)), worldY(corner.latitude)]);
}

const side = (a: Flat, b: Flat, c: Flat) => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
const between = (a: Flat, b: Flat, c: Flat) =>
    Math.min(a[0], b[0]) <= c[0] && c[0] <= Math.max(a[0], b[0]) && Math.min(a[1], b[1]) <= c[1] && c[1] <= Math.max(a[1], b[1]);

function cross(a: Flat, b: Flat, c: Flat, d: Flat): boolean {
    const [abc, abd, cda, cdb] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)];
    if (abc !== abd && cda !== cdb) return true;
    return (abc === 0 && between(a, b, c)) || (abd === 0 && between(a, b, d)) || (cda === 0 && between(c, d, a)) || (cdb === 0 && between(c, d, b));
}

/** What keeps a ring from being a border; sides are counted from 1. Time: square in the corners. */
export function faultOf(ring: Ring): RingFault | null {
    if (ring.length < 3) return { kind: "few" };
    if (ring.length > corners_max) return { kind: "many" };
    const flat = flatten(ring);
    const count = flat.length;
    for (let i = 0; i < count; i += 1) {
        for (let j = i + 1; j < count; j += 1) {
            if (j === i + 1 || (i === 0 && j === count - 1)) continue;
            if (cross(flat[i]!, flat[(i + 1) % count]!, flat[j]!, flat[(j + 1) % count]!)) return { kind: "crossing", first: i + 1, second: j + 1 };
        }
    }
    const [low, high] = [ring.reduce((a, b) => (b.latitude < a.latitude ? b : a)), ring.reduce((a, b) => (b.latitude > a.latitude ? b : a))];
    const [west, east] = [ring.reduce((a, b) => (b.longitude < a.longitude ? b : a)), ring.reduce((a, b) => (b.longitude > a.longitude ? b : a))];
    if (Math.max(metresBetween(low, high), metresBetween(west, east)) > extent_metres_max) return { kind: "large" };
    return null;
}

/** Square metres, for a ring that has no fault. */
export function areaOf(ring: Ring): number {
    if (ring.length < 3) return 0;
    const middle = ring.reduce((sum, corner) => sum + corner.latitude, 0) / ring.length;
    const metres = 40_075_016.7 * Math.cos((middle * Math.PI) / 180);
    const flat = flatten(ring);
    let twice = 0;
    flat.forEach(([x, y], i) => {
        const [nx, ny] = flat[(i + 1) % flat.length]!;
        twice += x * ny - nx * y;
    });
    return (Math.abs(twice) / 2) * metres * metres;
}

export function contains(ring: Ring, place: Place): boolean {
    const flat = flatten(ring);
    if (flat.length < 3) return false;
    const x = flat[0]![0] + turn(flat[0]![0], worldX(place.longitude));
    const y = worldY(place.latitude);
    let inside = false;
    for (let i = 0, j = flat.length - 1; i < flat.length; j = i, i += 1) {
        const [ax, ay] = flat[i]!, [bx, by] = flat[j]!;
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
    return inside;
}

/** Where a name stands: the middle of the corners' box. */
export function middleOf(ring: Ring): Place {
    const start = ring[0]!.longitude;
    const longitudes = ring.map((corner) => start + turn(start / 360, corner.longitude / 360) * 360);
    const latitudes = ring.map((corner) => corner.latitude);
    const longitude = (Math.min(...longitudes) + Math.max(...longitudes)) / 2;
    return { latitude: (Math.min(...latitudes) + Math.max(...latitudes)) / 2, longitude: longitude > 180 ? longitude - 360 : longitude < -180 ? longitude + 360 : longitude };
}

/** A regular ring around a place: a border to begin with. */
export function roundRing(middle: Place, radius_metres: number, corners = 8): Ring {
    const degrees = radius_metres / 111_320;
    const squeeze = Math.max(0.05, Math.cos((middle.latitude * Math.PI) / 180));
    return Array.from({ length: corners }, (_, i) => {
        const angle = ((i + 0.5) / corners) * 2 * Math.PI;
        return { latitude: middle.latitude + Math.cos(angle) * degrees, longitude: middle.longitude + (Math.sin(angle) * degrees) / squeeze };
    });
}
