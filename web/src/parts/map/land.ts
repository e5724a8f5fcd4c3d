// The outline of the continents, only for pictures wide enough that it is true: Natural Earth 1:110m.
import { useEffect, useState } from "react";
import landUrl from "world-atlas/land-110m.json?url";
import type { Projection } from "./projection";

export const land_extent_km_min = 200;

type Ring = [number, number][];
let rings: Promise<Ring[]> | null = null;

async function load(): Promise<Ring[]> {
    const [{ feature }, answer] = await Promise.all([import("topojson-client"), fetch(landUrl)]);
    const topology = await answer.json();
    const shape = feature(topology, topology.objects.land) as unknown as {
        features?: { geometry: { coordinates: Ring[][] } }[];
        geometry?: { coordinates: Ring[][] };
    };
    const geometries = shape.features?.map((each) => each.geometry) ?? (shape.geometry ? [shape.geometry] : []);
    return geometries.flatMap((geometry) => geometry.coordinates.flat());
}

export function useLand(wanted: boolean): Ring[] {
    const [loaded, setLoaded] = useState<Ring[]>([]);
    useEffect(() => {
        if (!wanted) return;
        let current = true;
        rings ??= load();
        rings.then((all) => current && setLoaded(all), () => (rings = null));
        return () => {
            current = false;
        };
    }, [wanted]);
    return wanted ? loaded : [];
}

/** One SVG path of all rings that touch the picture. A ring is unrolled so that 180° does not tear it. */
export function landPath(all: Ring[], projection: Projection): string {
    const middle = (projection.west + projection.east) / 2;
    const parts: string[] = [];
    for (const ring of all) {
        const unrolled: number[] = [];
        ring.forEach(([longitude], i) => {
            const before = unrolled[i - 1] ?? longitude;
            unrolled.push(longitude + Math.round((before - longitude) / 360) * 360);
        });
        const mean = unrolled.reduce((sum, each) => sum + each, 0) / unrolled.length;
        const turn = Math.round((middle - mean) / 360) * 360;
        const west = Math.min(...unrolled) + turn;
        const east = Math.max(...unrolled) + turn;
        if (east < projection.west || west > projection.east) continue;
        const scale = projection.width / (projection.east - projection.west);
        const points = ring.map(([, latitude], i) =>
            `${((unrolled[i]! + turn - projection.west) * scale).toFixed(1)} ${projection.y(latitude).toFixed(1)}`);
        parts.push(`M${points.join("L")}Z`);
    }
    return parts.join("");
}
