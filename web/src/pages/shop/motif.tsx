// The first question: what to sew. Words, a drawing, or a picture.
import { useRef, useState, type DragEvent } from "react";
import type { Thread } from "../../api/order_types";
import { useWords } from "../../i18n";
import { Field } from "../../parts/field";
import { limits, type Draft, type Kind } from "./draft";
import { ThreadChart } from "./threads";

export interface Part {
    draft: Draft;
    change: (part: Partial<Draft>) => void;
}

const kinds: Kind[] = ["text", "svg", "image"];

export function Motif({ draft, change, fonts, threads }: Part & { fonts: string[]; threads: Thread[] }) {
    const words = useWords();
    return (
        <section className="panel maker-part">
            <h2>{words.shop.motif}</h2>
            <div className="segments maker-kinds" role="radiogroup" aria-label={words.shop.motif}>
                {kinds.map((kind) => (
                    <label key={kind}>
                        <input type="radio" name="kind" value={kind} checked={draft.kind === kind} onChange={() => change({ kind })} />
                        <span>{words.shop.kinds[kind]}</span>
                    </label>
                ))}
            </div>
            {draft.kind === "text" ? <Lettering draft={draft} change={change} fonts={fonts} threads={threads} /> : <Upload key={draft.kind} draft={draft} change={change} />}
        </section>
    );
}

function Lettering({ draft, change, fonts, threads }: Part & { fonts: string[]; threads: Thread[] }) {
    const words = useWords();
    return (
        <>
            <Field label={words.shop.text} help={words.shop.textHelp}>
                <input name="text" className="maker-text" maxLength={limits.text_max} autoComplete="off" spellCheck={false} enterKeyHint="done"
                    value={draft.text} onChange={(event) => change({ text: event.target.value })} />
            </Field>
            <fieldset className="maker-fonts">
                <legend>{words.shop.font}</legend>
                <div>
                    {fonts.map((font) => (
                        <label key={font} className={`font-card font-${font}`}>
                            <input type="radio" name="font" value={font} checked={draft.font === font} onChange={() => change({ font })} />
                            <span><b aria-hidden="true">{[...draft.text.trim()].slice(0, 6).join("") || "Aa"}</b><small>{words.shop.fonts[font] ?? font}</small></span>
                        </label>
                    ))}
                </div>
            </fieldset>
            <Slider name="height" label={words.shop.height} value={draft.height_mm} range={limits.height_mm} unit={words.shop.mm} onChange={(height_mm) => change({ height_mm })} />
            <ThreadChart threads={threads} colour={draft.colour} onChoose={(colour) => change({ colour })} />
        </>
    );
}

function Upload({ draft, change }: Part) {
    const words = useWords();
    const isSvg = draft.kind === "svg";
    const chosen = isSvg ? draft.svg : draft.image;
    const [error, setError] = useState<string | null>(null);
    const [isOver, setOver] = useState(false);
    const input = useRef<HTMLInputElement>(null);
    const take = async (file: File | undefined) => {
        if (!file) return;
        setError(null);
        if (file.size > limits.file_bytes_max) return setError(words.shop.tooLarge);
        try {
            if (isSvg) {
                const content = await file.text();
                if (!/<svg[\s>]/i.test(content)) return setError(words.shop.notSvg);
                change({ svg: { file: file.name, content } });
            } else change({ image: { file: file.name, content: await pngOf(file) } });
        } catch {
            setError(words.shop.notPicture);
        }
    };
    const drop = (event: DragEvent) => {
        event.preventDefault();
        setOver(false);
        void take(event.dataTransfer.files[0]);
    };
    return (
        <>
            <div className={isOver ? "drop drop-over" : "drop"} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={drop}>
                <input ref={input} type="file" className="unseen" name="file" aria-label={isSvg ? words.shop.chooseSvg : words.shop.chooseImage}
                    accept={isSvg ? ".svg,image/svg+xml" : "image/*"} onChange={(event) => void take(event.target.files?.[0])} />
                {chosen && <b>{chosen.file}</b>}
                <button type="button" onClick={() => input.current?.click()}>{chosen ? words.shop.change : isSvg ? words.shop.chooseSvg : words.shop.chooseImage}</button>
                {!chosen && <small>{words.shop.drop}</small>}
                <p className="help">{isSvg ? words.shop.svgHelp : words.shop.imageHelp}</p>
            </div>
            {error && <p className="note note-error" role="alert">{error}</p>}
            {chosen && <Slider name="width" label={words.shop.width} value={draft.width_mm} range={limits.width_mm} unit={words.shop.mm} onChange={(width_mm) => change({ width_mm })} />}
            {chosen && !isSvg && <Slider name="colours" label={words.shop.colours} value={draft.colours} range={limits.colours} unit="" onChange={(colours) => change({ colours })} />}
        </>
    );
}

const side_max = 1200;  // more dots than that are finer than any thread

/** Whatever the browser can read, as PNG in base64. */
async function pngOf(file: File): Promise<string> {
    const picture = await createImageBitmap(file);
    const part = Math.min(1, side_max / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * part));
    canvas.height = Math.max(1, Math.round(picture.height * part));
    canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    return canvas.toDataURL("image/png");
}

interface SliderProps {
    name: string;
    label: string;
    value: number;
    range: readonly [number, number];
    unit: string;
    onChange: (value: number) => void;
}

function Slider({ name, label, value, range: [least, most], unit, onChange }: SliderProps) {
    return (
        <label className="slider">
            <span>{label}</span>
            <output className="figure">{value} {unit}</output>
            <input type="range" name={name} min={least} max={most} value={value} onChange={(event) => onChange(Number(event.target.value))} />
        </label>
    );
}
