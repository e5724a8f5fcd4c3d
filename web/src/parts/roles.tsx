import type { Role } from "../api/types";
import { useWords } from "../i18n";

export const roles: Role[] = ["viewer", "operator", "engineer", "admin", "auditor"];

/** A role with the sentence that says what it may do. */
export function RolePick({ name, value, onChange }: { name: string; value: Role; onChange: (role: Role) => void }) {
    const words = useWords();
    return (
        <div className="roles" role="radiogroup">
            {roles.map((role) => (
                <label key={role} className="choice">
                    <input type="radio" name={name} value={role} checked={value === role} onChange={() => onChange(role)} />
                    <span><b>{words.roles[role]}</b> <small>{words.roleHelp[role]}</small></span>
                </label>
            ))}
        </div>
    );
}
