import { useEffect, useId, useRef, type ReactNode } from "react";
import { useWords } from "../i18n";

/** Opens its element as the browser's own modal for as long as it stands on the page. */
export function useModal() {
    const element = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        const dialog = element.current;
        if (dialog && !dialog.open) {
            dialog.showModal();
            // The browser begins at the cross that closes; a form begins at its first field.
            dialog.querySelector<HTMLElement>("form :is(input, select, textarea):not([type=radio], [type=checkbox], :disabled)")?.focus();
        }
        return () => dialog?.close();
    }, []);
    return element;
}

/** The browser's own modal: it keeps the focus inside and closes on Escape. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
    const words = useWords();
    const element = useModal();
    const heading = useId();
    return (
        <dialog ref={element} aria-labelledby={heading} onCancel={(event) => { event.preventDefault(); onClose(); }}>
            <header>
                <h2 id={heading}>{title}</h2>
                <button type="button" className="quiet icon" aria-label={words.close} onClick={onClose}>×</button>
            </header>
            {children}
        </dialog>
    );
}

/** A form's end: leave it, or send it. */
export function Foot({ action, busy, onClose }: { action: string; busy: boolean; onClose: () => void }) {
    const words = useWords();
    return (
        <footer>
            <button type="button" onClick={onClose}>{words.cancel}</button>
            <button className="primary" disabled={busy}>{action}</button>
        </footer>
    );
}

interface ConfirmProps {
    title: string;
    text: string;
    action: string;
    busy: boolean;
    error: ReactNode;
    onConfirm: () => void;
    onClose: () => void;
}

export function Confirm({ title, text, action, busy, error, onConfirm, onClose }: ConfirmProps) {
    const words = useWords();
    return (
        <Dialog title={title} onClose={onClose}>
            <div className="form">
                <p>{text}</p>
                {error}
                <footer>
                    <button type="button" onClick={onClose}>{words.cancel}</button>
                    <button type="button" className="danger" disabled={busy} onClick={onConfirm}>{action}</button>
                </footer>
            </div>
        </Dialog>
    );
}
