import type { Connection, Site } from "../../api/types";
import { useWords } from "../../i18n";

export interface Filter {
    q: string;
    connection: Connection | "";
    state: string;
    site: string;
    adoption: "" | "adopted" | "discovered";
}

export const noFilter: Filter = { q: "", connection: "", state: "", site: "", adoption: "" };

interface FiltersProps {
    filter: Filter;
    states: string[];
    sites: Site[];
    onChange: (filter: Filter) => void;
}

export function Filters({ filter, states, sites, onChange }: FiltersProps) {
    const words = useWords();
    const pick = (field: keyof Filter, label: string, options: [string, string][]) => (
        <label>
            <span>{label}</span>
            <select name={field} value={filter[field]} onChange={(event) => onChange({ ...filter, [field]: event.target.value })}>
                <option value="">{words.machines.any}</option>
                {options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
            </select>
        </label>
    );
    const offered = filter.state && !states.includes(filter.state) ? [filter.state, ...states] : states;
    return (
        <search className="filters">
            <label className="search">
                <span className="unseen">{words.machines.search}</span>
                <input type="search" name="q" placeholder={words.machines.search} value={filter.q}
                    onChange={(event) => onChange({ ...filter, q: event.target.value })} />
            </label>
            {pick("state", words.machines.state, offered.map((state) => [state, state]))}
            {pick("connection", words.machines.connection, [
                ["online", words.connection.online], ["stale", words.connection.stale], ["offline", words.connection.offline]])}
            {pick("site", words.machines.site, sites.map((site) => [site.id, site.name]))}
            {pick("adoption", words.machines.adoption, [["adopted", words.machines.adopted], ["discovered", words.machines.discovered]])}
        </search>
    );
}
