// The fleet's set-up: its rules, ways between sites, tables to import, feeds of makers.
import { may } from "../../../api/session";
import type { Person } from "../../../api/types";
import { useWords } from "../../../i18n";
import { Link } from "../../../parts/link";
import { links, setupParts, type SetupPart } from "../../../router";
import { FeedsPart } from "./feeds";
import { ImportsPart } from "./imports";
import { RulesPart } from "./rules";
import { WaysPart } from "./ways";

export function SetupPage({ part, person }: { part: SetupPart; person: Person }) {
    const words = useWords();
    const open = { settings: true, ways: true, imports: may(person, "operator"), feeds: may(person, "admin") };
    return (
        <>
            <header className="page-head"><h1>{words.fleetSetup.title}</h1><p>{words.fleetSetup.lead}</p></header>
            <nav className="segments setup-parts" aria-label={words.fleetSetup.title}>
                {setupParts.filter((one) => open[one]).map((one) => <Link key={one} to={links.fleetSetup(one)} aria-current={one === part ? "page" : undefined}>{words.fleetSetup.parts[one]}</Link>)}
            </nav>
            {!open[part] ? <p className="note">{words.errors.denied}</p>
                : part === "settings" ? <RulesPart person={person} />
                : part === "ways" ? <WaysPart person={person} />
                : part === "imports" ? <ImportsPart person={person} />
                : <FeedsPart />}
        </>
    );
}
