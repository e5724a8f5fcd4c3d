// A flat picture of a piece of the earth: equirectangular, true to scale at its middle latitude.

export interface Place {
    latitude: number;
    longitude: number;
}

export interface Projection {
    width: number;
    height: number;
    /** Pixels from the upper left corner. */
    x(longitude: number): number;
    y(latitude: number): number;
    metres_per_pixel: number;
    /** Longer side of what is shown. */
    extent_km: number;
    west: number;
    east: number;
    south: number;
    north: number;
}

const metres_per_degree = 111_320;
const extent_degrees_min = 0.035;

export const isPlace = (place: { latitude: number | null; longitude: number | null } | null): place is Place =>
    place !== null && typeof place.latitude === "number" && typeof place.longitude === "number"
    && Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180;

/** The longitude where the widest empty stretch ends, so that sites on both sides of 180° stay together. */
function westEdge(longitudes: number[]): number {
    const sorted = [...longitudes].sort((a, b) => a - b);
    let west = sorted[0]!;
    let widest = west + 360 - sorted[sorted.length - 1]!;
    for (let i = 1; i < sorted.length; i += 1) {
        const gap = sorted[i]! - sorted[i - 1]!;
        if (gap > widest) {
            widest = gap;
            west = sorted[i]!;
        }
    }
    return west;
}

export function fit(places: Place[], width: number, height: number, padding: number): Projection | null {
    if (places.length === 0 || width < 40 || height < 40) return null;
    const edge = westEdge(places.map((place) => place.longitude));
    const turned = places.map((place) => (place.longitude < edge ? place.longitude + 360 : place.longitude));
    const west = Math.min(...turned);
    const east = Math.max(...turned);
    const south = Math.min(...places.map((place) => place.latitude));
    const north = Math.max(...places.map((place) => place.latitude));
    const middle = { latitude: (south + north) / 2, longitude: (west + east) / 2 };
    const squeeze = Math.max(0.05, Math.cos((middle.latitude * Math.PI) / 180));
    const across = Math.max((east - west) * squeeze, extent_degrees_min);
    const down = Math.max(north - south, extent_degrees_min);
    const room = Math.min((width - 2 * padding) / across, (height - 2 * padding) / down);
    const pixels_per_degree = Math.max(0.5, room);
    const x = (longitude: number) => {
        let away = longitude - middle.longitude;
        if (away > 180) away -= 360;
        if (away < -180) away += 360;
        return width / 2 + away * squeeze * pixels_per_degree;
    };
    const y = (latitude: number) => height / 2 - (latitude - middle.latitude) * pixels_per_degree;
    const half = { lon: width / 2 / (squeeze * pixels_per_degree), lat: height / 2 / pixels_per_degree };
    const metres_per_pixel = metres_per_degree / pixels_per_degree;
    return {
        width, height, x, y, metres_per_pixel,
        extent_km: (Math.max(width, height) * metres_per_pixel) / 1000,
        west: middle.longitude - half.lon, east: middle.longitude + half.lon,
        south: Math.max(-90, middle.latitude - half.lat), north: Math.min(90, middle.latitude + half.lat),
    };
}

const degree_steps = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 45];

/** Round degrees between `low` and `high`, about `count` of them, with the digits to name them. */
export function graticule(low: number, high: number, count: number): { at: number[]; digits: number } {
    const step = degree_steps.find((each) => each >= (high - low) / count) ?? 45;
    const at: number[] = [];
    for (let i = Math.ceil(low / step); i * step <= high && at.length < 60; i += 1) at.push(i * step);
    return { at, digits: step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3 };
}

/** A round length for the scale bar, at most `width_max` pixels. */
export function scaleBar(metres_per_pixel: number, width_max: number): { metres: number; pixels: number } {
    const most = metres_per_pixel * width_max;
    const power = 10 ** Math.floor(Math.log10(most));
    const lead = most / power >= 5 ? 5 : most / power >= 2 ? 2 : 1;
    return { metres: lead * power, pixels: (lead * power) / metres_per_pixel };
}
