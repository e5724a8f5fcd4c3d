// One value of an identifier: what it is, who may see it, how long others may remember it.
import { useState, type FormEvent } from "react";
import { naming } from "../../api/naming_calls";
import type { HandleValue, Identifier, Json, ReadRight } from "../../api/naming_types";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { ErrorNote } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction } from "../../parts/load";

interface ValueProps {
    handle: string;
    /** Null makes a new one. */
    value: HandleValue | null;
    onDone: (next: Identifier) => void;
    onClose: () => void;
}

const reads: ReadRight[] = ["public", "parties", "admin"];
const types = ["URL", "EMAIL", "DESC", "NAME", "JSON", "PHONE", "HS_ALIAS", "HS_SERV", "HS_NAMESPACE", "HS_PUBKEY", "HS_VLIST"];
// Their fields are written as an object.
const asObject = /^(JSON|HS_ADMIN|HS_VLIST|HS_SITE|HS_SITE\..*|HS_PUBKEY)$/;

/** The typed text as data; undefined while it is no JSON but has to be. */
export function dataOf(type: string, text: string): Json | undefined {
    if (!asObject.test(type)) return text;
    try {
        return JSON.parse(text) as Json;
    } catch {
        return undefined;
    }
}

export function ValueDialog({ handle, value, onDone, onClose }: ValueProps) {
    const words = useWords();
    const [type, setType] = useState(value?.type ?? "URL");
    const [text, setText] = useState(value === null || value.data === null ? "" : typeof value.data === "string" ? value.data : JSON.stringify(value.data, null, 2));
    const [read, setRead] = useState<ReadRight>(value?.read ?? "public");
    const [parties, setParties] = useState((value?.parties ?? []).join("\n"));
    const [index, setIndex] = useState("");
    const [ttl, setTtl] = useState(String(value?.ttl_s ?? 86_400));
    const [tried, setTried] = useState(false);
    const { busy, error, run } = useAction();
    const data = dataOf(type.trim(), text);
    const isObject = asObject.test(type.trim());
    const submit = (event: FormEvent) => {
        event.preventDefault();
        setTried(true);
        if (data === undefined) return;
        const named = parties.split(/[\n,]/).map((one) => one.trim()).filter(Boolean);
        const at = value ? { index: value.index } : index.trim() ? { index: Number(index) } : {};
        void run(async () => onDone(await naming.changeIdentifier(handle, {
            set: [{ ...at, type: type.trim(), data, ttl_s: Number(ttl), read, ...(read === "parties" && { parties: named }) }],
        })));
    };
    return (
        <Dialog title={value ? words.identifiers.changeTitle(value.index) : words.identifiers.valueTitle} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={words.identifiers.type} help={words.identifiers.typeHelp}>
                    <input name="type" className="code" required maxLength={100} list="value-types" autoComplete="off" spellCheck={false} value={type} onChange={(event) => setType(event.target.value)} />
                </Field>
                <datalist id="value-types">{types.map((one) => <option key={one} value={one} />)}</datalist>
                <Field label={isObject ? words.identifiers.dataJson : words.identifiers.data} error={tried && data === undefined ? words.identifiers.badJson : null}>
                    <textarea name="data" className={isObject ? "code" : ""} required rows={isObject ? 6 : 2} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
                </Field>
                <fieldset>
                    <legend>{words.identifiers.read}</legend>
                    <div className="roles">
                        {reads.map((one) => (
                            <label key={one} className="choice">
                                <input type="radio" name="read" value={one} checked={read === one} onChange={() => setRead(one)} />
                                <span><b>{words.naming.reads[one]}</b> <small>{words.naming.readHelp[one]}</small></span>
                            </label>
                        ))}
                    </div>
                    {read === "parties" && (
                        <Field label={words.identifiers.parties} help={words.identifiers.partiesHelp}>
                            <textarea name="parties" className="code" required rows={3} spellCheck={false} value={parties} onChange={(event) => setParties(event.target.value)} />
                        </Field>
                    )}
                </fieldset>
                <div className="pair">
                    <Field label={words.identifiers.ttl}><input name="ttl" type="number" required min={0} max={4_294_967_295} inputMode="numeric" value={ttl} onChange={(event) => setTtl(event.target.value)} /></Field>
                    {!value && (
                        <Field label={`${words.identifiers.index} (${words.optional})`} help={words.identifiers.indexHelp}>
                            <input name="index" type="number" min={1} max={2_147_483_647} inputMode="numeric" value={index} onChange={(event) => setIndex(event.target.value)} />
                        </Field>
                    )}
                </div>
                <ErrorNote error={error} />
                <Foot action={words.save} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
