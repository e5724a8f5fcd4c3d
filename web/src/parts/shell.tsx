// The frame around every page but the large screen: brand, navigation, banners, person.
import { Suspense, useEffect, useId, useState, type ReactNode } from "react";
import { calls } from "../api/calls";
import { setNodeNow } from "../api/clock";
import { useLiveStatus, useLiveStream } from "../api/live";
import { signOut } from "../api/session";
import type { Node, Person } from "../api/types";
import { toggleLanguage, useWords } from "../i18n";
import { links, type Route } from "../router";
import { Said, say, advice } from "./feedback";
import { Link } from "./link";
import { Logo } from "./mark";
import { Navigation, useMenu } from "./navigation";

export function LanguageButton() {
    const words = useWords();
    return (
        <button type="button" className="quiet language" onClick={toggleLanguage} title={words.switchLabel}
            lang={words.locale === "zh-CN" ? "en" : "zh-CN"}>
            {words.switchTo}
        </button>
    );
}

/** Visible while the live stream is gone; says it aloud once. A blink of a second is not worth it. */
export function LiveBanner() {
    const words = useWords();
    const status = useLiveStatus();
    const [shown, setShown] = useState(false);
    useEffect(() => {
        if (status === "open" || status === "off") return setShown(false);
        if (status !== "lost") return;
        const timer = setTimeout(() => setShown(true), 700);
        return () => clearTimeout(timer);
    }, [status]);
    return <div role="alert" className="live-banner" hidden={!shown}>{shown && words.live.banner}</div>;
}

export function useNode(): Node | null {
    const [node, setNode] = useState<Node | null>(null);
    useEffect(() => {
        const read = () => calls.node().then((answer) => {
            setNodeNow(answer.now);
            setNode(answer);
        }, () => {});
        void read();
        const timer = setInterval(read, 60_000);
        return () => clearInterval(timer);
    }, []);
    return node;
}

export function NodeNotes({ node }: { node: Node | null }) {
    const words = useWords();
    if (!node) return null;
    return (
        <>
            {node.damage && <div role="alert" className="note note-error">{words.node.damaged(node.damage)}</div>}
            {node.read_only && <div role="alert" className="note note-error">{words.node.readOnly}</div>}
            {node.durability === "fast" && <div className="note note-warn">{words.node.fast}</div>}
        </>
    );
}

function LiveDot() {
    const words = useWords();
    const status = useLiveStatus();
    return <span className={`live-dot live-${status}`}>{words.live[status]}</span>;
}

export function Shell({ person, route, children }: { person: Person; route: Route; children: ReactNode }) {
    const words = useWords();
    const node = useNode();
    useLiveStream();
    const [isMenuOpen, openMenu] = useMenu(route);
    const menu = useId();
    const hasPages = !person.totp_missing;
    const leave = () => signOut().catch((error: unknown) => say(advice(error, words)));
    return (
        <div className="shell">
            <a className="skip" href="#content">{words.skip}</a>
            <header className="top">
                {hasPages && (
                    <button type="button" className="quiet menu" aria-expanded={isMenuOpen} aria-controls={menu} aria-label={words.nav.menu} onClick={() => openMenu(!isMenuOpen)}>
                        <svg viewBox="0 0 20 20" aria-hidden="true">{isMenuOpen ? <path d="M4 4l12 12M16 4L4 16" /> : <path d="M2 5h16M2 10h16M2 15h16" />}</svg>
                    </button>
                )}
                <Link to={links.machines} className="brand" aria-label={words.product}>
                    <Logo />
                    <span><b>{words.product}</b>{node?.name && <small>{node.name}{node.demo ? ` · ${words.node.demo}` : ""}</small>}</span>
                </Link>
                <div className="who">
                    <LiveDot />
                    <LanguageButton />
                    <Link to={links.account} className="person" aria-current={route.page === "account" ? "page" : undefined} title={words.account.title}>
                        {words.nav.signedInAs(person.name, words.roles[person.role])}
                    </Link>
                    <button type="button" className="quiet" onClick={() => void leave()}>{words.nav.signOut}</button>
                </div>
            </header>
            <LiveBanner />
            <div className="frame">
                {hasPages && <Navigation id={menu} person={person} route={route} isOpen={isMenuOpen} />}
                <main id="content" tabIndex={-1}>
                    <NodeNotes node={node} />
                    <Suspense fallback={<p className="loading">{words.loading}</p>}>{children}</Suspense>
                </main>
            </div>
            <Said />
        </div>
    );
}
