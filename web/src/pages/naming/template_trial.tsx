// A prefix's template tried on a name: what it computes, without registering anything.
import { useState, type FormEvent } from "react";
import { naming, textOf } from "../../api/naming_calls";
import type { TemplateTrial } from "../../api/naming_types";
import { useWords } from "../../i18n";
import { ErrorNote } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction } from "../../parts/load";

export function TemplateTrialPanel({ template, prefix }: { template: string; prefix: string }) {
    const words = useWords();
    const [name, setName] = useState(`${prefix}/`);
    const [told, setTold] = useState<TemplateTrial | null>(null);
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => setTold(await naming.tryTemplate(template, name.trim())));
    };
    return (
        <section className="panel">
            <h2>{words.prefixes.template}</h2>
            <pre className="code template">{template}</pre>
            <form className="form trial" onSubmit={submit}>
                <Field label={words.prefixes.try} help={words.prefixes.tryHelp}>
                    <input name="try" className="code" required autoComplete="off" spellCheck={false} value={name} onChange={(event) => setName(event.target.value)} />
                </Field>
                <button disabled={busy}>{words.prefixes.tryAction}</button>
            </form>
            <ErrorNote error={error} />
            {told && !error && (told.found ? (
                <dl className="said-values">
                    <div><dt>{words.prefixes.base}</dt><dd className="code">{told.base}</dd></div>
                    <div><dt>{words.prefixes.extension}</dt><dd className="code">{told.extension}</dd></div>
                    {told.values.map((value) => <div key={value.index}><dt><code>{value.index} {value.type}</code></dt><dd>{textOf(value)}</dd></div>)}
                </dl>
            ) : <p className="note">{words.prefixes.tryNothing}</p>)}
        </section>
    );
}
