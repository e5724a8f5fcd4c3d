// When it may begin: any number of windows, each by the clock of the place.
import { useWords } from "../../../i18n";
import { Field } from "../../../parts/field";
import { windows_max, type WindowDraft } from "./ask_draft";

interface WindowFieldsProps {
    windows: WindowDraft[];
    troubles: ("bad" | "past" | null)[] | null;
    zone: string;
    onChange: (windows: WindowDraft[]) => void;
}

export function WindowFields({ windows, troubles, zone, onChange }: WindowFieldsProps) {
    const words = useWords();
    const { form } = words.requests;
    const put = (index: number, key: keyof WindowDraft) => (event: { target: { value: string } }) =>
        onChange(windows.map((one, each) => (each === index ? { ...one, [key]: event.target.value } : one)));
    return (
        <div className="windows">
            {windows.map((window, index) => {
                const trouble = troubles?.[index] ?? null;
                return (
                    <div key={index} className={windows.length > 1 ? "window-pair window-many" : "window-pair"}>
                        <Field label={form.from} error={trouble === "bad" ? form.badWindow : trouble === "past" ? form.pastWindow : null}><input name={index === 0 ? "from" : `from_${index}`} type="datetime-local" value={window.from} onChange={put(index, "from")} /></Field>
                        <Field label={form.until}><input name={index === 0 ? "until" : `until_${index}`} type="datetime-local" value={window.until} onChange={put(index, "until")} /></Field>
                        {windows.length > 1 && <button type="button" className="small quiet icon" aria-label={form.removeWindow(index + 1)} title={form.removeWindow(index + 1)} onClick={() => onChange(windows.filter((_, each) => each !== index))}>×</button>}
                    </div>
                );
            })}
            <div className="window-foot">
                <p className="help">{form.windowHelp} {zone}</p>
                {windows.length < windows_max && <button type="button" className="small" onClick={() => onChange([...windows, { from: "", until: "" }])}>{form.addWindow}</button>}
            </div>
        </div>
    );
}
