// Rings of land out of a topology. Pure.
import { worldX, worldY } from "../../fleet/mercator";

/** One ring on the world of width 1: x, y, x, y, … */
export interface Shore {
    points: Float64Array;
    west: number;
    east: number;
    north: number;
    south: number;
}

export interface Topology {
    transform: { scale: [number, number]; translate: [number, number] };
    arcs: [number, number][][];
    objects: { land: { geometries?: Geometry[] } & Partial<Geometry> };
}
type Geometry = { type: "Polygon"; arcs: number[][] } | { type: "MultiPolygon"; arcs: number[][][] };

/** A topology's arcs are steps of whole numbers, shared between rings, some taken backwards (~index). */
export function shoresOf({ transform, arcs, objects }: Topology): Shore[] {
    const decoded = arcs.map((arc) => {
        const points = new Float64Array(arc.length * 2);
        let east = 0, north = 0;
        arc.forEach(([dx, dy], i) => {
            east += dx;
            north += dy;
            points[2 * i] = worldX(east * transform.scale[0] + transform.translate[0]);
            points[2 * i + 1] = worldY(north * transform.scale[1] + transform.translate[1]);
        });
        return points;
    });
    const geometries = objects.land.geometries ?? [objects.land as Geometry];
    return geometries.flatMap((geometry) => (geometry.type === "Polygon" ? geometry.arcs : geometry.arcs.flat()).map((ring) => ringOf(ring, decoded)));
}

function ringOf(ring: number[], arcs: Float64Array[]): Shore {
    const length = ring.reduce((sum, index) => sum + arcs[index < 0 ? ~index : index]!.length - 2, 2);
    const points = new Float64Array(length);
    let at = 0;
    for (const index of ring) {
        const arc = arcs[index < 0 ? ~index : index]!;
        const count = arc.length / 2;
        // The first point of an arc is the last of the one before.
        for (let i = at === 0 ? 0 : 1; i < count; i += 1) {
            const from = index < 0 ? count - 1 - i : i;
            points[at] = arc[2 * from]!;
            points[at + 1] = arc[2 * from + 1]!;
            at += 2;
        }
    }
    const shore: Shore = { points, west: Infinity, east: -Infinity, north: Infinity, south: -Infinity };
    for (let i = 0; i < points.length; i += 2) {
        shore.west = Math.min(shore.west, points[i]!);
        shore.east = Math.max(shore.east, points[i]!);
        shore.north = Math.min(shore.north, points[i + 1]!);
        shore.south = Math.max(shore.south, points[i + 1]!);
    }
    return shore;
}
