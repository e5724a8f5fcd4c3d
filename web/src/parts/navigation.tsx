// Where everything is: the pages in groups, beside the page on a wide window, behind a button on a narrow one.
import { useEffect, useId, useState } from "react";
import { may } from "../api/session";
import type { Person } from "../api/types";
import { useWords, type Strings } from "../i18n";
import { links, type Route } from "../router";
import { Link } from "./link";

interface Entry {
    to: string;
    name: string;
    /** The pages it stands for: the first one, and those reached from it. */
    pages: Route["page"][];
}

interface Group {
    name: string;
    entries: Entry[];
}

/** What this person may open. A group without a page is not shown. */
function groupsOf(person: Person, words: Strings): Group[] {
    const { nav } = words;
    const isAdmin = may(person, "admin");
    const only = (allowed: boolean, ...entries: Entry[]) => (allowed ? entries : []);
    const groups: Group[] = [
        { name: nav.groups.overview, entries: [
            { to: links.screen, name: nav.screen, pages: ["screen"] },
            { to: links.machines, name: nav.machines, pages: ["machines", "machine"] },
            { to: links.sites, name: nav.sites, pages: ["sites"] },
        ] },
        { name: words.fleet.nav, entries: [
            { to: links.fleet, name: words.fleet.map, pages: ["fleet"] },
            { to: links.fleetRequests, name: words.fleet.requests, pages: ["fleet_requests"] },
            { to: links.fleetPlan, name: words.fleet.plan, pages: ["fleet_plan"] },
            { to: links.fleetIndex, name: words.fleet.index, pages: ["fleet_index"] },
            { to: links.cabs, name: words.fleet.cab, pages: ["cab"] },
            { to: links.fleetSetup("settings"), name: words.fleetSetup.nav, pages: ["fleet_setup"] },
        ] },
        { name: nav.groups.production, entries: [
            { to: links.orders, name: words.workshop.orders, pages: ["orders", "desk"] },
            { to: links.queues, name: words.workshop.queues, pages: ["queues"] },
            { to: links.performance, name: words.workshop.performance, pages: ["performance"] },
            ...only(may(person, "engineer"), { to: links.shopkeeping, name: words.workshop.shopkeeping, pages: ["shopkeeping"] }),
        ] },
        { name: words.naming.group, entries: [
            { to: links.identifiers, name: words.identifiers.title, pages: ["identifiers", "identifier", "labels"] },
            ...only(may(person, "engineer"), { to: links.bulk, name: words.bulk.title, pages: ["bulk"] }),
            { to: links.prefixes, name: words.prefixes.title, pages: ["prefixes", "prefix"] },
            ...only(isAdmin || person.role === "auditor", { to: links.applications, name: words.applications.nav, pages: ["applications"] }),
            { to: links.naming, name: words.naming.statisticsNav, pages: ["naming"] },
        ] },
        { name: nav.groups.data, entries: [
            { to: links.topics, name: nav.topics, pages: ["topics"] },
            { to: links.sql, name: words.sql.nav, pages: ["sql"] },
            { to: links.retention, name: words.retention.title, pages: ["retention"] },
        ] },
        { name: nav.groups.node, entries: [
            { to: links.connections, name: nav.connections, pages: ["connections"] },
            ...only(isAdmin,
                { to: links.tokens, name: nav.tokens, pages: ["tokens"] },
                { to: links.certificates, name: nav.certificates, pages: ["certificates"] },
                { to: links.people, name: nav.people, pages: ["people"] }),
            ...only(isAdmin && person.organisation === "default", { to: links.organisations, name: words.organisations.title, pages: ["organisations"] }),
            ...only(isAdmin || person.role === "auditor", { to: links.audit, name: words.audit.title, pages: ["audit"] }),
        ] },
    ];
    return groups.filter((group) => group.entries.length > 0);
}

export function Navigation({ person, route, isOpen, id }: { person: Person; route: Route; isOpen: boolean; id: string }) {
    const words = useWords();
    const heading = useId();
    return (
        <nav id={id} className={isOpen ? "side side-open" : "side"} aria-label={words.nav.label}>
            {groupsOf(person, words).map((group, index) => (
                <section key={group.name} aria-labelledby={`${heading}-${index}`}>
                    <h2 id={`${heading}-${index}`}>{group.name}</h2>
                    {group.entries.map((entry) => (
                        <Link key={entry.to} to={entry.to} aria-current={entry.pages.includes(route.page) ? "page" : undefined}>{entry.name}</Link>
                    ))}
                </section>
            ))}
        </nav>
    );
}

/** Whether the narrow window's menu is open: it closes on Escape and wherever one goes. */
export function useMenu(route: Route): [boolean, (open: boolean) => void] {
    const [isOpen, setOpen] = useState(false);
    const here = "id" in route ? `${route.page} ${route.id}` : route.page;
    useEffect(() => setOpen(false), [here]);
    useEffect(() => {
        if (!isOpen) return;
        const leave = (event: KeyboardEvent) => event.key === "Escape" && setOpen(false);
        addEventListener("keydown", leave);
        return () => removeEventListener("keydown", leave);
    }, [isOpen]);
    return [isOpen, setOpen];
}
