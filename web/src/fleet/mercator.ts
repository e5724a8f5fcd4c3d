// The map's mathematics: Web Mercator on a world of width 1, and a camera on it. Pure.
import type { Place } from "../parts/map/projection";

export interface Camera {
    /** Middle of the picture, 0..1 from the west and from the north. */
    x: number;
    y: number;
    /** The world is 256 · 2^zoom pixels wide. */
    zoom: number;
}

export interface View extends Camera {
    width: number;
    height: number;
    /** Pixels of the whole world. */
    scale: number;
}

export const zoom_max = 19;
const latitude_max = 85.05;
const earth_metres = 40_075_016.7;

export const worldX = (longitude: number) => longitude / 360 + 0.5;

export function worldY(latitude: number): number {
    const clipped = Math.min(latitude_max, Math.max(-latitude_max, latitude));
    return 0.5 - Math.asinh(Math.tan((clipped * Math.PI) / 180)) / (2 * Math.PI);
}

export const longitudeOf = (x: number) => (x - Math.floor(x) - 0.5) * 360;
export const latitudeOf = (y: number) => (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI;
export const placeOf = (x: number, y: number): Place => ({ latitude: latitudeOf(y), longitude: longitudeOf(x) });

/** The way from a to b on the world's ring, -0.5..0.5: so that 180° does not tear the picture. */
export const turn = (from: number, to: number) => to - from - Math.round(to - from);

export const screenX = (view: View, x: number) => turn(view.x, x) * view.scale + view.width / 2;
export const screenY = (view: View, y: number) => (y - view.y) * view.scale + view.height / 2;
export const atPixel = (view: View, px: number, py: number) => ({
    x: view.x + (px - view.width / 2) / view.scale,
    y: view.y + (py - view.height / 2) / view.scale,
});

export const metresPerPixel = (view: View) => (earth_metres * Math.cos((latitudeOf(view.y) * Math.PI) / 180)) / view.scale;

/** A view with its zoom and middle inside what there is. */
export function viewOf(camera: Camera, width: number, height: number): View {
    const zoom_min = Math.max(0.5, Math.log2(Math.max(width, height, 1) / 256));
    const zoom = Math.min(zoom_max, Math.max(zoom_min, camera.zoom));
    const scale = 256 * 2 ** zoom;
    const half = Math.min(0.5, height / 2 / scale);
    return { x: camera.x - Math.floor(camera.x), y: Math.min(1 - half, Math.max(half, camera.y)), zoom, width, height, scale };
}

/** Nearer or farther by `steps` of zoom; what is under the pixel stays there. */
export function zoomAt(view: View, px: number, py: number, steps: number): View {
    const fixed = atPixel(view, px, py);
    const next = viewOf({ ...view, zoom: view.zoom + steps }, view.width, view.height);
    return viewOf({
        x: fixed.x - (px - view.width / 2) / next.scale,
        y: fixed.y - (py - view.height / 2) / next.scale,
        zoom: next.zoom,
    }, view.width, view.height);
}

export const panBy = (view: View, dx: number, dy: number): View =>
    viewOf({ x: view.x - dx / view.scale, y: view.y - dy / view.scale, zoom: view.zoom }, view.width, view.height);

export interface Edges {
    left: number;
    right: number;
    top: number;
    bottom: number;
}
export const edges = (all: number): Edges => ({ left: all, right: all, top: all, bottom: all });

/** The camera that shows all places inside the edges. The widest empty stretch of the ring stays outside. */
export function fit(places: Place[], width: number, height: number, edge: Edges, zoom_most = 15): Camera | null {
    if (places.length === 0 || width < 40 || height < 40) return null;
    const xs = places.map((place) => worldX(place.longitude)).sort((a, b) => a - b);
    let west = xs[0]!;
    let widest = west + 1 - xs[xs.length - 1]!;
    let before = west;
    for (const x of xs) {
        if (x - before > widest) {
            widest = x - before;
            west = x;
        }
        before = x;
    }
    let north = Infinity, south = -Infinity;
    for (const place of places) {
        const y = worldY(place.latitude);
        if (y < north) north = y;
        if (y > south) south = y;
    }
    const across = Math.max(1e-9, 1 - widest), down = Math.max(1e-9, south - north);
    const roomX = Math.max(40, width - edge.left - edge.right), roomY = Math.max(40, height - edge.top - edge.bottom);
    const zoom = Math.min(zoom_most, Math.log2(Math.min(roomX / across, roomY / down) / 256));
    const scale = 256 * 2 ** zoom;
    return {
        x: west + across / 2 - (edge.left - edge.right) / 2 / scale,
        y: (north + south) / 2 - (edge.top - edge.bottom) / 2 / scale,
        zoom,
    };
}

/** Metres on a sphere. */
export function metresBetween(a: Place, b: Place): number {
    const rad = Math.PI / 180;
    const h = Math.sin(((b.latitude - a.latitude) * rad) / 2) ** 2
        + Math.cos(a.latitude * rad) * Math.cos(b.latitude * rad) * Math.sin(((b.longitude - a.longitude) * rad) / 2) ** 2;
    return 2 * 6_371_009 * Math.asin(Math.min(1, Math.sqrt(h)));
}
