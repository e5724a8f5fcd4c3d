import { useState, type FormEvent } from "react";
import { calls } from "../../api/calls";
import type { PersonRecord, Role } from "../../api/types";
import { useWords } from "../../i18n";
import { Dialog, Foot } from "../../parts/dialog";
import { ErrorNote, say } from "../../parts/feedback";
import { Field } from "../../parts/field";
import { useAction } from "../../parts/load";
import { RolePick } from "../../parts/roles";
import { Sessions } from "../../parts/sessions";

/** What an admin may change of a person. */
export function EditPerson({ record, onDone, onClose }: { record: PersonRecord; onDone: () => void; onClose: () => void }) {
    const words = useWords();
    const [role, setRole] = useState<Role>(record.role);
    const [password, setPassword] = useState("");
    const [drops, setDrops] = useState(false);
    const { busy, error, run } = useAction();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void run(async () => {
            await calls.changePerson(record.id, {
                ...(role !== record.role && { role }), ...(password && { password }), ...(drops && { totp: false as const }),
            });
            say(words.rights.saved(record.name));
            onDone();
        });
    };
    return (
        <Dialog title={words.rights.editTitle(record.name)} onClose={onClose}>
            <form className="form" onSubmit={submit}>
                <fieldset>
                    <legend>{words.people.role}</legend>
                    <RolePick name="edit_role" value={role} onChange={setRole} />
                </fieldset>
                <Field label={words.rights.newPassword} help={words.rights.newPasswordHelp}>
                    <input name="edit_password" type="password" minLength={10} autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />
                </Field>
                {record.totp && (
                    <label className="choice">
                        <input type="checkbox" name="drop_totp" checked={drops} onChange={(event) => setDrops(event.target.checked)} />
                        <span>{words.rights.dropTotp}</span>
                    </label>
                )}
                <ErrorNote error={error} special={{ 409: words.rights.lastAdmin }} />
                <Foot action={words.save} busy={busy} onClose={onClose} />
            </form>
        </Dialog>
    );
}

export function PersonSessions({ record, onClose }: { record: PersonRecord; onClose: () => void }) {
    const words = useWords();
    const { busy, error, run } = useAction();
    const endAll = () => void run(async () => {
        await calls.endBrowserSessions(record.id);
        say(words.sessions.endedAll(record.name));
        onClose();
    });
    return (
        <Dialog title={words.sessions.titleOf(record.name)} onClose={onClose}>
            <div className="form">
                <Sessions of={record.id} />
                <ErrorNote error={error} />
                <footer>
                    <button type="button" className="danger" disabled={busy} onClick={endAll}>{words.sessions.endAll}</button>
                    <button type="button" onClick={onClose}>{words.close}</button>
                </footer>
            </div>
        </Dialog>
    );
}
