// The fields of a site, shared by the list of sites and by adopting a machine into a new one.
import type { SiteFields } from "../api/calls";
import { browserZone, isTimeZone, knownZones } from "../format/time";
import type { Strings } from "../i18n";
import { useWords } from "../i18n";
import { Field } from "./field";

export interface SiteDraft {
    name: string;
    time_zone: string;
    latitude: string;
    longitude: string;
}

export const emptySite = (): SiteDraft => ({ name: "", time_zone: browserZone(), latitude: "", longitude: "" });

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
    return errors;
}

export function siteBody(draft: SiteDraft): SiteFields {
    const number = (text: string) => (text.trim() === "" ? null : Number(text));
    return {
        name: draft.name.trim(), time_zone: draft.time_zone.trim(),
        latitude: number(draft.latitude), longitude: number(draft.longitude),
    };
}

interface SiteInputsProps {
    draft: SiteDraft;
    errors: Partial<Record<keyof SiteDraft, string>>;
    onChange: (draft: SiteDraft) => void;
}

export function SiteInputs({ draft, errors, onChange }: SiteInputsProps) {
    const words = useWords();
    const change = (field: keyof SiteDraft) => (event: { target: { value: string } }) =>
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
        </>
    );
}
