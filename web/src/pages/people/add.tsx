import { useState, type FormEvent } from "react";
import type { Role } from "../../api/types";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction } from "../../parts/load";
import { RolePick } from "../../parts/roles";

interface AddPersonProps {
    title: string;
    nameHelp?: string;
    role: Role;  // chosen at first
    /** Resolves to the name the person signs in with. */
    add: (person: { name: string; role: Role; password: string }) => Promise<string>;
    onDone: () => void;
    onClose: () => void;
}

export function AddPerson({ title, nameHelp, role: first, add, onDone, onClose }: AddPersonProps) {
    const words = useWords();
    const [name, setName] = useState("");
    const [password, setPassword] = useState("");
    const [role, setRole] = useState<Role>(first);
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            say(words.people.added(await add({ name: name.trim(), role, password })));
            onDone();
        });
    };
    return (
        <Dialog title={title} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <Field label={words.people.name} help={nameHelp}>
                    <input name="person_name" required maxLength={100} autoFocus autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />
                </Field>
                <Field label={words.people.password} help={words.people.passwordHelp}>
                    <input name="person_password" type="password" required minLength={10} autoComplete="new-password" value={password}
                        onChange={(event) => setPassword(event.target.value)} />
                </Field>
                <fieldset>
                    <legend>{words.people.role}</legend>
                    <RolePick name="person_role" value={role} onChange={setRole} />
                </fieldset>
                <ErrorNote error={error} special={{ 409: words.people.exists }} />
                <Foot action={words.people.add} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}
