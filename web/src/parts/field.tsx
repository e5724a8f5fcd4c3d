import { cloneElement, useId, type ReactElement, type ReactNode } from "react";

interface FieldProps {
    label: string;
    help?: ReactNode;
    error?: string | null;
    children: ReactElement<Record<string, unknown>>;
}

/** A labelled control with its help and its error tied to it. */
export function Field({ label, help, error, children }: FieldProps) {
    const id = useId();
    const described = [help ? `${id}-help` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
    return (
        <div className="field">
            <label htmlFor={id}>{label}</label>
            {cloneElement(children, {
                id,
                "aria-describedby": described || undefined,
                "aria-invalid": error ? true : undefined,
            })}
            {help && <p className="help" id={`${id}-help`}>{help}</p>}
            {error && <p className="error" id={`${id}-error`} role="alert">{error}</p>}
        </div>
    );
}
