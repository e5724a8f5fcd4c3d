// One new identifier. Its other values come on its own page.
import { useState, type FormEvent } from "react";
import { ApiError } from "../../api/client";
import { naming } from "../../api/naming_calls";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction } from "../../parts/load";

export function MintDialog({ prefix, onClose, onDone }: { prefix: string; onClose: () => void; onDone: (handle: string) => void }) {
    const words = useWords();
    const [suffix, setSuffix] = useState("");
    const [url, setUrl] = useState("");
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            const made = await naming.mint({ prefix, ...(suffix.trim() && { suffix: suffix.trim() }), ...(url.trim() && { values: [{ type: "URL", data: url.trim() }] }) });
            say(words.identifiers.made(made.handle));
            onDone(made.handle);
        });
    };
    const isQuota = error instanceof ApiError && /quota/i.test(String(error.problem.title ?? ""));
    return (
        <Dialog title={words.identifiers.newTitle} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={`${words.identifiers.suffix} (${words.optional})`} help={words.identifiers.suffixHelp}>
                    <input name="suffix" className="code" maxLength={200} autoComplete="off" spellCheck={false} value={suffix} onChange={(event) => setSuffix(event.target.value)} />
                </Field>
                <p className="handle-preview code"><span className="dim">{prefix}/</span>{suffix.trim() || "…"}</p>
                <Field label={`${words.identifiers.url} (${words.optional})`} help={words.identifiers.urlHelp}>
                    <input name="url" type="url" maxLength={2000} autoComplete="off" value={url} onChange={(event) => setUrl(event.target.value)} />
                </Field>
                <ErrorNote error={error} special={{ 409: isQuota ? words.identifiers.quota : words.identifiers.exists }} />
                <Foot action={words.identifiers.add} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
