// What happened to a prefix or an application, in order, newest last.
import type { Step } from "../../api/naming_types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";

export function Steps({ of }: { of: Step[] }) {
    const words = useWords();
    if (of.length === 0) return <p className="dim">{words.prefixes.none}</p>;
    return (
        <ol className="vouchers steps">
            {of.map((one, index) => (
                <li key={index}>
                    <b>{words.prefixes.steps[one.step] ?? one.step}</b>
                    <span>{one.reason}</span>
                    <small className="figure">{one.by === "applicant" ? words.prefixes.applicant : one.by}{words.comma}{dateTime(Date.parse(one.at), words.locale, browserZone())}</small>
                </li>
            ))}
        </ol>
    );
}
