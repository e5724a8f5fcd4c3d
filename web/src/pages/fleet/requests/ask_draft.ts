// What people enter to ask for machines, and what is sent of it. Pure.
import type { FleetRequest, RequestChange, RequestFields } from "../../../api/dispatch_types";
import { instantOf, localOf } from "../../../fleet/local_time";

export interface WindowDraft {
    from: string;
    until: string;
}

export interface AskDraft {
    title: string;
    /** Where: a site, or a place of its own on the map. */
    isAnywhere: boolean;
    site: string;
    latitude: string;
    longitude: string;
    type: string;
    attachments: string;
    windows: WindowDraft[];
    hours: string;
    count: string;
    priority: string;
    rent: string;
    note: string;
    rush: boolean;
}

export const windows_max = 10;
const day_ms = 86_400_000;

export const emptyAsk = (site: string): AskDraft => ({
    title: "", isAnywhere: false, site, latitude: "", longitude: "", type: "", attachments: "", windows: [{ from: "", until: "" }],
    hours: "4", count: "1", priority: "50", rent: "", note: "", rush: false,
});

/** The zone its times are entered in: that of its site, else the browser's. */
export const zoneOf = (draft: Pick<AskDraft, "isAnywhere" | "site">, zone: (site: string | null) => string) => zone(draft.isAnywhere ? null : draft.site);

/** What is wrong with each time; null when it may be sent. Both empty: any time. */
export function windowTrouble({ from, until }: WindowDraft, zone: string, now: number): "bad" | "past" | null {
    if (!from && !until) return null;
    const [begin, end] = [from ? instantOf(from, zone) : now, until ? instantOf(until, zone) : Infinity];
    if (end < begin) return from ? "bad" : "past";
    return end < now ? "past" : null;
}

/** One that lies wholly in the past is only wrong if no other is left. */
export function windowTroubles(windows: WindowDraft[], zone: string, now: number): ("bad" | "past" | null)[] {
    const each = windows.map((one) => windowTrouble(one, zone, now));
    const isOneLeft = windows.some((one, i) => each[i] === null && (one.from || one.until));
    return each.map((one) => (one === "past" && isOneLeft ? null : one));
}

/** Ascending, as the node wants them; those that overlap are one. */
export function windowsOf(windows: WindowDraft[], zone: string, now: number): { from: string; until: string }[] {
    const sorted = windows.filter((one) => one.from || one.until)
        .map((one) => ({ from: one.from ? instantOf(one.from, zone) : now, until: one.until ? instantOf(one.until, zone) : now + 90 * day_ms }))
        .sort((a, b) => a.from - b.from);
    const joined: typeof sorted = [];
    for (const one of sorted) {
        const last = joined[joined.length - 1];
        if (last && one.from <= last.until) last.until = Math.max(last.until, one.until);
        else joined.push(one);
    }
    return joined.map((one) => ({ from: new Date(one.from).toISOString(), until: new Date(one.until).toISOString() }));
}

/** A place as numbers; null when it is none on the earth. */
export function placeOfDraft({ latitude, longitude }: Pick<AskDraft, "latitude" | "longitude">): { latitude: number; longitude: number } | null {
    const [lat, lon] = [Number(latitude), Number(longitude)];
    const isThere = latitude.trim() !== "" && longitude.trim() !== "" && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && !(lat === 0 && lon === 0);
    return isThere ? { latitude: lat, longitude: lon } : null;
}

export function askBody(draft: AskDraft, zone: string, now: number): RequestFields {
    const attachments = draft.attachments.split(/[,，;；]/).map((each) => each.trim()).filter(Boolean);
    const windows = windowsOf(draft.windows, zone, now);
    const place = draft.isAnywhere ? placeOfDraft(draft) : null;
    return {
        ...(place ? { position: place } : { site: draft.site }),
        type: draft.type.trim(), duration_s: Math.round(Number(draft.hours) * 3600), count: Number(draft.count), priority: Number(draft.priority),
        ...(draft.title.trim() && { title: draft.title.trim() }),
        ...(attachments.length && { attachments }),
        ...(windows.length && { windows }),
        ...(draft.rent.trim() && { rent_cost: Number(draft.rent) }),
        ...(draft.note.trim() && { note: draft.note.trim() }),
        ...(draft.rush && { rush: true }),
    };
}

/** A request as it may be changed; its times on the wall of the zone. */
export function draftOf(request: FleetRequest, zone: string): AskDraft {
    const windows = request.windows.map((one) => ({ from: localOf(Date.parse(one.from), zone), until: localOf(Date.parse(one.until), zone) }));
    return {
        ...emptyAsk(request.site ?? ""), isAnywhere: request.site === null, title: request.title ?? "", windows: windows.length > 0 ? windows : [{ from: "", until: "" }],
        hours: String(Math.round(request.duration_s / 36) / 100), priority: String(request.priority), rent: request.rent_cost === null ? "" : String(request.rent_cost), note: request.note ?? "",
    };
}

/** Only what differs: windows that nobody touched keep their seconds. */
export function changeOf(request: FleetRequest, draft: AskDraft, zone: string, now: number): RequestChange {
    const was = draftOf(request, zone);
    return {
        ...(draft.title.trim() !== was.title && { title: draft.title.trim() }),
        ...(JSON.stringify(draft.windows) !== JSON.stringify(was.windows) && { windows: windowsOf(draft.windows, zone, now) }),
        ...(draft.hours !== was.hours && { duration_s: Math.round(Number(draft.hours) * 3600) }),
        ...(draft.priority !== was.priority && { priority: Number(draft.priority) }),
        ...(draft.rent.trim() !== was.rent && { rent_cost: draft.rent.trim() === "" ? null : Number(draft.rent) }),
        ...(draft.note.trim() !== was.note && { note: draft.note.trim() }),
    };
}
