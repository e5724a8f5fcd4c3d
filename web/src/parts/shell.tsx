// The frame around every page but the large screen: brand, navigation, banners, person.
import { Suspense, useEffect, useState, type ReactNode } from "react";
import { calls } from "../api/calls";
import { setNodeNow } from "../api/clock";
import { useLiveStatus, useLiveStream } from "../api/live";
import { may, signOut } from "../api/session";
import type { Node, Person } from "../api/types";
import { toggleLanguage, useWords } from "../i18n";
import { links, type Route } from "../router";
import { Said, say, advice } from "./feedback";
import { Link } from "./link";
import { Logo } from "./mark";

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
    const all = [
        { to: links.screen, name: words.nav.screen, here: route.page === "screen" },
        { to: links.machines, name: words.nav.machines, here: route.page === "machines" || route.page === "machine" },
        { to: links.sites, name: words.nav.sites, here: route.page === "sites" },
        { to: links.connections, name: words.nav.connections, here: route.page === "connections" },
        { to: links.topics, name: words.nav.topics, here: route.page === "topics" },
        { to: links.sql, name: words.sql.nav, here: route.page === "sql" },
        ...(may(person, "admin") ? [
            { to: links.tokens, name: words.nav.tokens, here: route.page === "tokens" },
            { to: links.certificates, name: words.nav.certificates, here: route.page === "certificates" },
            { to: links.people, name: words.nav.people, here: route.page === "people" },
        ] : []),
        ...(may(person, "admin") && person.organisation === "default" ? [
            { to: links.organisations, name: words.organisations.title, here: route.page === "organisations" },
        ] : []),
        ...(may(person, "admin") || person.role === "auditor" ? [{ to: links.audit, name: words.audit.title, here: route.page === "audit" }] : []),
    ];
    const pages = person.totp_missing ? [] : all;
    const leave = () => signOut().catch((error: unknown) => say(advice(error, words)));
    return (
        <div className="shell">
            <a className="skip" href="#content">{words.skip}</a>
            <header className="top">
                <Link to={links.machines} className="brand">
                    <Logo />
                    <span><b>{words.product}</b>{node?.name && <small>{node.name}{node.demo ? ` · ${words.node.demo}` : ""}</small>}</span>
                </Link>
                <nav aria-label={words.nav.label}>
                    {pages.map((page) => (
                        <Link key={page.to} to={page.to} aria-current={page.here ? "page" : undefined}>{page.name}</Link>
                    ))}
                </nav>
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
            <main id="content" tabIndex={-1}>
                <NodeNotes node={node} />
                <Suspense fallback={<p className="loading">{words.loading}</p>}>{children}</Suspense>
            </main>
            <Said />
        </div>
    );
}
