// A sheet of labels for a printer: the codes are drawn here, so a thousand of them ask nothing of the node.
import { useMemo, useState } from "react";
import { handlePath } from "../../api/naming_calls";
import { useStore } from "../../api/store";
import { useWords } from "../../i18n";
import { Empty } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { Link } from "../../parts/link";
import { Qr } from "../../parts/qr";
import { links } from "../../router";
import { chooseLabels, chosen } from "./chosen";
import type { Names } from "./naming";

const labels_max = 1000;
const perSheet = { small: 35, medium: 16, large: 8 };
type Size = keyof typeof perSheet;

export function Labels({ names }: { names: Names }) {
    const words = useWords();
    const { labels } = useStore(chosen);
    const [text, setText] = useState(labels.join("\n"));
    const [size, setSize] = useState<Size>("medium");
    const [hasText, setHasText] = useState(true);
    const handles = useMemo(() => [...new Set(text.split("\n").map((line) => line.trim()).filter((line) => line.includes("/")))].slice(0, labels_max), [text]);
    const origin = names.node.public_url.replace(/\/$/, "") || location.origin;
    const isLoopback = /\/\/(127\.|localhost|\[::1\])/.test(origin);
    const sheets = Math.ceil(handles.length / perSheet[size]);
    const change = (next: string) => {
        setText(next);
        chooseLabels(next.split("\n").map((line) => line.trim()).filter((line) => line.includes("/")).slice(0, labels_max));
    };
    return (
        <>
            <header className="page-head">
                <h1>{words.labels.title}</h1>
                <p>{words.labels.lead}</p>
                <button type="button" className="primary" disabled={handles.length === 0} onClick={() => print()}>{words.labels.print}</button>
            </header>
            <div className="label-maker">
                <form className="panel form" onSubmit={(event) => event.preventDefault()}>
                    <Field label={words.labels.list} help={words.labels.listHelp(labels_max)}>
                        <textarea name="handles" className="code" rows={8} spellCheck={false} value={text} onChange={(event) => change(event.target.value)} />
                    </Field>
                    <Field label={words.labels.size}>
                        <select name="size" value={size} onChange={(event) => setSize(event.target.value as Size)}>
                            {(Object.keys(perSheet) as Size[]).map((one) => <option key={one} value={one}>{words.labels.sizes[one]}</option>)}
                        </select>
                    </Field>
                    <label className="choice"><input type="checkbox" checked={hasText} onChange={(event) => setHasText(event.target.checked)} /><span>{words.labels.withText}</span></label>
                    <div>
                        <h3>{words.labels.address}</h3>
                        <p className="code label-origin">{origin}/h/…</p>
                        <p className={isLoopback ? "note note-warn" : "help"}>{isLoopback ? words.labels.loopback : words.labels.addressHelp}</p>
                    </div>
                </form>
                <section aria-label={words.labels.preview}>
                    {handles.length === 0 ? (
                        <Empty title={words.labels.emptyTitle} step={words.labels.emptyStep}><Link className="button" to={links.identifiers}>{words.labels.choose}</Link></Empty>
                    ) : (
                        <>
                            <p className="dim figure" aria-live="polite">{words.labels.count(handles.length, sheets)}</p>
                            <ul className={`label-sheet label-${size}`}>
                                {handles.map((handle) => (
                                    <li key={handle}>
                                        <Qr text={`${origin}/h/${handlePath(handle)}`} label={words.handle.labelOf(handle)} />
                                        {hasText && <span className="code">{handle}</span>}
                                    </li>
                                ))}
                            </ul>
                        </>
                    )}
                </section>
            </div>
        </>
    );
}
