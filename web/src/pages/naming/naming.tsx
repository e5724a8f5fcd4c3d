// The pages of who runs a naming node and of who gives names, in one piece of the program.
import { Suspense, lazy } from "react";
import { naming } from "../../api/naming_calls";
import type { NamingNode, Prefix } from "../../api/naming_types";
import type { Person } from "../../api/types";
import { useWords } from "../../i18n";
import { Empty, Waiting } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad, type Loaded } from "../../parts/load";
import { links, type Route } from "../../router";
import { Applications } from "./applications";
import { IdentifierPage } from "./identifier";
import { Identifiers } from "./identifiers";
import { PrefixPage } from "./prefix";
import { Prefixes } from "./prefixes";
import { StatisticsPage } from "./statistics";

const Bulk = lazy(() => import("../bulk/bulk").then((m) => ({ default: m.Bulk })));
const Labels = lazy(() => import("./labels").then((m) => ({ default: m.Labels })));

export interface Names {
    node: NamingNode;
    prefixes: Prefix[];
    reload: () => void;
}

export function NamingPages({ person, route }: { person: Person; route: Route }) {
    const words = useWords();
    const node = useLoad<NamingNode>("naming node", naming.node);
    const prefixes = useLoad<Prefix[]>("naming prefixes", naming.prefixes);
    if (!node.data || !prefixes.data) return <Waiting of={first(node, prefixes)} />;
    const names = { node: node.data, prefixes: prefixes.data, reload: () => { node.reload(); prefixes.reload(); } };
    const isEmpty = names.prefixes.length === 0;
    if (isEmpty && (route.page === "identifiers" || route.page === "prefixes" || route.page === "bulk" || route.page === "naming")) {
        return (
            <Empty title={words.naming.noPrefixTitle} step={words.naming.noPrefixStep}>
                <pre className="code">{words.naming.noPrefixCommand}</pre>
                <p><Link to={links.handle("")}>{words.handle.lookUp}</Link></p>
            </Empty>
        );
    }
    switch (route.page) {
        case "identifiers": return <Identifiers person={person} names={names} />;
        case "identifier": return <IdentifierPage key={route.id} handle={route.id} person={person} />;
        case "prefixes": return <Prefixes names={names} />;
        case "prefix": return <PrefixPage key={route.id} id={route.id} person={person} names={names} />;
        case "applications": return <Applications person={person} names={names} />;
        case "naming": return <StatisticsPage names={names} />;
        case "bulk": return <Suspense fallback={null}><Bulk names={names} /></Suspense>;
        case "labels": return <Suspense fallback={null}><Labels names={names} /></Suspense>;
        default: return null;
    }
}

type Read = Pick<Loaded<unknown>, "data" | "error" | "reload">;
const first = (...all: Read[]) => all.find((one) => one.error) ?? all.find((one) => !one.data) ?? all[0]!;
