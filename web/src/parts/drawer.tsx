import { useId, type ReactNode } from "react";
import { useWords } from "../i18n";
import { useModal } from "./dialog";

/** Details beside the page, over it on a phone. The browser's own modal: it keeps the focus and closes on Escape. */
export function Drawer({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
    const words = useWords();
    const element = useModal();
    const heading = useId();
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
