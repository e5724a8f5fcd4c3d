// The fields of a site, shared by the list of sites and by adopting a machine into a new one.
import type { SiteFields } from "../api/calls";
import type { Site } from "../api/types";
import { browserZone, isTimeZone, knownZones } from "../format/time";
import type { Strings } from "../i18n";
import { useWords } from "../i18n";
import { Field } from "./field";

export interface SiteDraft {
    name: string;
    time_zone: string;
    latitude: string;
    longitude: string;
    day_starts: string;
    week_starts: number;
    shifts: ShiftDraft[];
}

interface ShiftDraft {
    name: string;
    starts: string;
    weekdays: number[];
}

const everyDay = [1, 2, 3, 4, 5, 6, 7];
const shifts_max = 24;

export const emptySite = (): SiteDraft => ({ name: "", time_zone: browserZone(), latitude: "", longitude: "", day_starts: "00:00", week_starts: 1, shifts: [] });

export const siteDraft = (site: Site): SiteDraft => ({
    name: site.name, time_zone: site.time_zone,
    latitude: site.latitude === null ? "" : String(site.latitude), longitude: site.longitude === null ? "" : String(site.longitude),
    day_starts: site.day_starts, week_starts: site.week_starts, shifts: site.shifts.map((shift) => ({ weekdays: everyDay, ...shift })),
});

/** What is wrong with the draft, per field; empty when it may be sent. */
export function siteErrors(draft: SiteDraft, words: Strings): Partial<Record<keyof SiteDraft, string>> {
    const errors: Partial<Record<keyof SiteDraft, string>> = {};
    if (!isTimeZone(draft.time_zone.trim())) errors.time_zone = words.sites.zoneWrong;
    const has = (text: string) => text.trim() !== "";
    if (has(draft.latitude) !== has(draft.longitude)) {
        errors[has(draft.latitude) ? "longitude" : "latitude"] = words.sites.bothPlaces;
    }
    const within = (text: string, most: number) => !has(text) || Math.abs(Number(text)) <= most;
    if (!within(draft.latitude, 90)) errors.latitude = words.sites.placeWrong;
    if (!within(draft.longitude, 180)) errors.longitude = words.sites.placeWrong;
    if (new Set(draft.shifts.map((shift) => shift.starts)).size < draft.shifts.length) errors.shifts = words.sites.shiftsEqual;
    return errors;
}

export function siteBody(draft: SiteDraft): SiteFields {
    const number = (text: string) => (text.trim() === "" ? null : Number(text));
    return {
        name: draft.name.trim(), time_zone: draft.time_zone.trim(),
        latitude: number(draft.latitude), longitude: number(draft.longitude),
        day_starts: draft.day_starts || "00:00", week_starts: draft.week_starts,
        shifts: draft.shifts.map(({ name, starts, weekdays }) => ({ name: name.trim(), starts, ...(weekdays.length < 7 && { weekdays }) })),
    };
}

interface SiteInputsProps {
    draft: SiteDraft;
    errors: Partial<Record<keyof SiteDraft, string>>;
    onChange: (draft: SiteDraft) => void;
}

export function SiteInputs({ draft, errors, onChange }: SiteInputsProps) {
    const words = useWords();
    const change = (field: "name" | "time_zone" | "latitude" | "longitude") => (event: { target: { value: string } }) =>
        onChange({ ...draft, [field]: event.target.value });
    return (
        <>
            <Field label={words.sites.name}>
                <input name="site_name" required maxLength={200} value={draft.name} onChange={change("name")} />
            </Field>
            <Field label={words.sites.zone} help={words.sites.zoneHelp} error={errors.time_zone}>
                <input name="time_zone" required value={draft.time_zone} onChange={change("time_zone")} list="time-zones" spellCheck={false} autoComplete="off" />
            </Field>
            <datalist id="time-zones">{knownZones().map((zone) => <option key={zone} value={zone} />)}</datalist>
            <div className="pair">
                <Field label={`${words.sites.latitude} (${words.optional})`} help={words.sites.placeHelp} error={errors.latitude}>
                    <input name="latitude" inputMode="decimal" pattern="-?[0-9]+([.][0-9]*)?" value={draft.latitude} onChange={change("latitude")} />
                </Field>
                <Field label={`${words.sites.longitude} (${words.optional})`} error={errors.longitude}>
                    <input name="longitude" inputMode="decimal" pattern="-?[0-9]+([.][0-9]*)?" value={draft.longitude} onChange={change("longitude")} />
                </Field>
            </div>
            <SiteCalendar draft={draft} error={errors.shifts} onChange={onChange} />
        </>
    );
}

/** When days, weeks and shifts begin, and who works when. */
function SiteCalendar({ draft, error, onChange }: { draft: SiteDraft; error: string | undefined; onChange: (draft: SiteDraft) => void }) {
    const words = useWords();
    const put = (index: number, part: Partial<ShiftDraft>) =>
        onChange({ ...draft, shifts: draft.shifts.map((shift, at) => (at === index ? { ...shift, ...part } : shift)) });
    const add = () => onChange({ ...draft, shifts: [...draft.shifts, { name: "", starts: nextStart(draft.shifts), weekdays: everyDay }] });
    return (
        <details className="site-calendar" open={draft.shifts.length > 0 || error ? true : undefined}>
            <summary>{words.sites.calendar}</summary>
            <div className="pair">
                <Field label={words.sites.dayStarts}>
                    <input name="day_starts" type="time" required value={draft.day_starts} onChange={(event) => onChange({ ...draft, day_starts: event.target.value })} />
                </Field>
                <Field label={words.sites.weekStarts}>
                    <select name="week_starts" value={draft.week_starts} onChange={(event) => onChange({ ...draft, week_starts: Number(event.target.value) })}>
                        {everyDay.map((day) => <option key={day} value={day}>{words.sites.weekdays[day - 1]}</option>)}
                    </select>
                </Field>
            </div>
            <p className="help">{words.sites.shiftsHelp}</p>
            {draft.shifts.map((shift, index) => (
                <fieldset key={index} className="shift-row">
                    <legend className="unseen">{words.sites.shift(index + 1)}</legend>
                    <input name="shift_name" required maxLength={40} aria-label={words.sites.shiftName} placeholder={words.sites.shiftName} value={shift.name} onChange={(event) => put(index, { name: event.target.value })} />
                    <input name="shift_starts" type="time" required aria-label={words.sites.shiftStarts} value={shift.starts} onChange={(event) => put(index, { starts: event.target.value })} />
                    <span className="shift-days" role="group" aria-label={words.sites.shiftDays}>
                        {everyDay.map((day) => (
                            <label key={day} title={words.sites.weekdays[day - 1]}>
                                <input type="checkbox" checked={shift.weekdays.includes(day)} onChange={(event) => put(index, { weekdays: everyDay.filter((one) => (one === day ? event.target.checked : shift.weekdays.includes(one))) })} aria-label={words.sites.weekdays[day - 1]} />
                                <span aria-hidden="true">{words.sites.weekdaysShort[day - 1]}</span>
                            </label>
                        ))}
                    </span>
                    <button type="button" className="small quiet" onClick={() => onChange({ ...draft, shifts: draft.shifts.filter((_, at) => at !== index) })}>{words.remove}</button>
                </fieldset>
            ))}
            {error && <p className="error" role="alert">{error}</p>}
            {draft.shifts.length < shifts_max && <button type="button" className="small" onClick={add}>{words.sites.addShift}</button>}
        </details>
    );
}

/** Eight hours after the last one; the first at six. */
function nextStart(shifts: ShiftDraft[]): string {
    const last = shifts[shifts.length - 1];
    const hour = last ? (Number(last.starts.slice(0, 2)) + 8) % 24 : 6;
    return `${String(hour).padStart(2, "0")}:${last ? last.starts.slice(3, 5) || "00" : "00"}`;
}
