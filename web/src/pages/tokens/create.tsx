// Creating a token: for a role or for one machine, then its secret, once.
import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import type { Machine, Node, Page, Person, Role, Token } from "../../api/types";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { CopyButton, ErrorNote } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction, useLoad } from "../../parts/load";
import { RolePick } from "../../parts/roles";
import { mqttAddress, mqttExample } from "./example";

interface CreateProps {
    person: Person;
    onChanged: () => void;
    onClose: () => void;
}

export function CreateToken({ person, onChanged, onClose }: CreateProps) {
    const words = useWords();
    const machines = useLoad<Page<Machine>>("machines for tokens", () => calls.machines({ limit: 1000 }));
    const [name, setName] = useState("");
    const [scope, setScope] = useState<"machine" | "role">("machine");
    const [machine, setMachine] = useState("");
    const [role, setRole] = useState<Role>("operator");
    const [created, setCreated] = useState<(Token & { token: string }) | null>(null);
    const { busy, error, run } = useAction();
    if (created) return <Once token={created} organisation={person.organisation} onClose={onClose} />;
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            const given = name.trim();
            setCreated(await calls.createToken(scope === "role" ? { name: given, role } : { name: given, machine: machine.trim() }));
            onChanged();
        });
    };
    return (
        <Dialog title={words.tokens.create} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={words.tokens.name} help={words.tokens.nameHelp}>
                    <input name="token_name" required maxLength={100} autoFocus autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />
                </Field>
                <fieldset>
                    <legend>{words.tokens.forWhat}</legend>
                    <div className="segments">
                        {(["machine", "role"] as const).map((each) => (
                            <label key={each}>
                                <input type="radio" name="scope" value={each} checked={scope === each} onChange={() => setScope(each)} />
                                <span>{words.tokens[each]}</span>
                            </label>
                        ))}
                    </div>
                    {scope === "role" ? <RolePick name="token_role" value={role} onChange={setRole} /> : (
                        <Field label={words.machines.machine} help={words.tokens.machineHelp}>
                            <input name="machine" required list="known-machines" autoComplete="off" spellCheck={false} value={machine}
                                onChange={(event) => setMachine(event.target.value)} />
                        </Field>
                    )}
                    <datalist id="known-machines">
                        {machines.data?.items.map((each) => <option key={each.id} value={each.id}>{each.name ?? ""}</option>)}
                    </datalist>
                </fieldset>
                <ErrorNote error={error} />
                <Foot action={words.tokens.create} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}

function Once({ token, organisation, onClose }: { token: Token & { token: string }; organisation: string; onClose: () => void }) {
    const words = useWords();
    return (
        <Dialog title={token.name} onClose={onClose}>
            <div className="form">
                <p className="note note-warn" role="alert">{words.tokens.once}</p>
                <h3>{words.tokens.token}</h3>
                <div className="copy-box">
                    <code className="secret" data-testid="token">{token.token}</code>
                    <CopyButton text={token.token} />
                </div>
                <Example token={token} organisation={organisation} />
                <footer><button type="button" className="primary" onClick={onClose}>{words.tokens.done}</button></footer>
            </div>
        </Dialog>
    );
}

function Example({ token, organisation }: { token: Token & { token: string }; organisation: string }) {
    const words = useWords();
    const node = useLoad<Node>("node for example", calls.node);
    if (!node.data) return null;
    // A Sparkplug machine's id has colons, which no plain topic of ours has.
    if (token.machine?.includes(":")) return <p className="help">{words.tokens.sparkplugOnly}</p>;
    const address = mqttAddress(node.data, location.hostname);
    if (!address) return <p className="help">{words.tokens.noMqtt}</p>;
    const text = mqttExample(token, organisation, address);
    const readsOnly = text.startsWith("mosquitto_sub");
    return (
        <>
            <h3>{words.tokens.example}</h3>
            <div className="copy-box">
                <pre className="code">{text}</pre>
                <CopyButton text={text} />
            </div>
            <p className="help">{readsOnly ? words.tokens.readOnlyRole : words.tokens.exampleHelp} {!readsOnly && words.tokens.sparkplug}</p>
        </>
    );
}
