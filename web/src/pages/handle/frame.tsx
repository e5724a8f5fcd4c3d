// The frame of pages that anybody may open, without signing in: brand, language, the way to the console.
import type { ReactNode } from "react";
import { session } from "../../api/session";
import { useStore } from "../../api/store";
import { useWords } from "../../i18n";
import { Said } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { Logo } from "../../parts/mark";
import { LanguageButton } from "../../parts/shell";
import { links } from "../../router";

export function PublicFrame({ children }: { children: ReactNode }) {
    const words = useWords();
    const here = useStore(session);
    return (
        <div className="public">
            <a className="skip" href="#content">{words.skip}</a>
            <header className="public-top">
                <Link to={links.handle("")} className="brand"><Logo /><span><b>{words.product}</b></span></Link>
                <LanguageButton />
                <Link to={links.identifiers} className="quiet-link">{here.state === "in" ? words.handle.console : words.handle.signIn}</Link>
            </header>
            <main id="content" tabIndex={-1}>{children}</main>
            <Said />
        </div>
    );
}
