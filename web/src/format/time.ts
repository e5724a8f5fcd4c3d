// Instants at the edge of the console: always in a named zone, never silently the browser's.

export const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

const cache = new Map<string, Intl.DateTimeFormat>();

/** Formatters are costly to make and asked for thousands of times a minute. */
function formatter(locale: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = `${locale}|${zone}|${JSON.stringify(options)}`;
    let made = cache.get(key);
    if (!made) {
        if (cache.size > 200) cache.clear();
        try {
            made = new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...options });
        } catch {
            made = new Intl.DateTimeFormat(locale, { timeZone: "UTC", hourCycle: "h23", ...options });
        }
        cache.set(key, made);
    }
    return made;
}

const clockTime: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const dayOnly: Intl.DateTimeFormatOptions = { year: "numeric", month: "2-digit", day: "2-digit" };

export const timeOf = (ms: number, locale: string, zone: string) =>
    formatter(locale, zone, clockTime).format(ms);
export const dayOf = (ms: number, locale: string, zone: string) =>
    formatter(locale, zone, dayOnly).format(ms);
export const longDay = (ms: number, locale: string, zone: string) =>
    formatter(locale, zone, { weekday: "long", year: "numeric", month: "long", day: "numeric" }).format(ms);
export const dateTime = (ms: number, locale: string, zone: string) =>
    Number.isFinite(ms) ? `${dayOf(ms, "sv", zone)} ${timeOf(ms, locale, zone)}` : "–";

/** The zone's short name at that instant, such as "GMT+8" or "CET". */
export function zoneName(ms: number, locale: string, zone: string): string {
    const parts = formatter(locale, zone, { timeZoneName: "short", hour: "2-digit" }).formatToParts(ms);
    return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}

/** Minutes the zone's wall clock is ahead of UTC at that instant. */
export function offsetMinutes(ms: number, zone: string): number {
    const parts = formatter("en-US", zone, { ...dayOnly, ...clockTime }).formatToParts(ms);
    const get = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
    const wall = Date.UTC(get("year"), get("month") - 1, get("day"), get("hour"), get("minute"), get("second"));
    return Math.round((wall - Math.floor(ms / 1000) * 1000) / 60_000);
}

export function isTimeZone(name: string): boolean {
    try {
        new Intl.DateTimeFormat("en", { timeZone: name });
        return name.trim() !== "";
    } catch {
        return false;
    }
}

/** Names to offer while typing; older browsers know no list and offer none. */
export function knownZones(): string[] {
    const list = (Intl as unknown as { supportedValuesOf?: (key: string) => string[] }).supportedValuesOf;
    return list ? list("timeZone") : [];
}
