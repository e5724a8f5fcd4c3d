// The label to print: a QR code that opens the page, with the name below it.
import { useEffect, useState } from "react";
import { naming } from "../../api/naming_calls";
import { useWords } from "../../i18n";

export function LabelPanel({ handle }: { handle: string }) {
    const words = useWords();
    const [isPrinting, setPrinting] = useState(false);
    const svg = naming.label(handle, { format: "svg" });
    useEffect(() => {
        if (!isPrinting) return;
        document.documentElement.classList.add("prints-label");
        const ended = () => setPrinting(false);
        addEventListener("afterprint", ended);
        print();
        return () => {
            removeEventListener("afterprint", ended);
            document.documentElement.classList.remove("prints-label");
        };
    }, [isPrinting]);
    return (
        <section className="panel label-panel" aria-labelledby="label">
            <img className="label" src={svg} alt={words.handle.labelOf(handle)} width={180} height={200} />
            <div>
                <h2 id="label">{words.handle.label}</h2>
                <p className="help">{words.handle.labelHelp}</p>
                <p className="label-actions">
                    <button type="button" onClick={() => setPrinting(true)}>{words.handle.print}</button>
                    <a className="button" href={svg} download={`${fileName(handle)}.svg`}>{words.handle.svg}</a>
                    <a className="button" href={naming.label(handle, { format: "png", size: 1024 })} download={`${fileName(handle)}.png`}>{words.handle.png}</a>
                </p>
            </div>
        </section>
    );
}

export const fileName = (handle: string) => handle.replace(/[^\w.-]+/g, "_").slice(0, 80);
