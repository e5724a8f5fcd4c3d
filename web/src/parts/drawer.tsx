import { useEffect, useId, useRef, type ReactNode } from "react";
import { useWords } from "../i18n";

/** Details beside the page, over it on a phone. The browser's own modal: it keeps the focus and closes on Escape. */
export function Drawer({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
    const words = useWords();
    const element = useRef<HTMLDialogElement>(null);
    const heading = useId();
    useEffect(() => {
        const dialog = element.current;
        if (dialog && !dialog.open) dialog.showModal();
        return () => dialog?.close();
    }, []);
    return (
        <dialog ref={element} className="drawer" aria-labelledby={heading}
            onCancel={(event) => { if (event.target === element.current) { event.preventDefault(); onClose(); } }}
            onClick={(event) => event.target === element.current && onClose()}>
            <div className="drawer-body">
                <header>
                    <h2 id={heading}>{title}</h2>
                    <button type="button" className="quiet icon" aria-label={words.close} onClick={onClose}>×</button>
                </header>
                {children}
            </div>
        </dialog>
    );
}
