// Who is here decides what is shown: the first setup, the door, or the page of the address.
import { Component, lazy, Suspense, useEffect, type ReactNode } from "react";
import { refreshSession, session } from "./api/session";
import { useStore } from "./api/store";
import type { Person } from "./api/types";
import { useWords } from "./i18n";
import { Entry } from "./pages/entry";
import { Machines } from "./pages/machines/machines";
import { Empty } from "./parts/feedback";
import { Link } from "./parts/link";
import { Shell } from "./parts/shell";
import { links, useRoute, type Route } from "./router";
import { knowsCab } from "./fleet/cab_memory";

const Screen = lazy(() => import("./pages/screen/screen").then((m) => ({ default: m.Screen })));
const MachinePage = lazy(() => import("./pages/machine/machine").then((m) => ({ default: m.MachinePage })));
const Sites = lazy(() => import("./pages/sites").then((m) => ({ default: m.Sites })));
const Connections = lazy(() => import("./pages/connections/connections").then((m) => ({ default: m.Connections })));
const Topics = lazy(() => import("./pages/topics/topics").then((m) => ({ default: m.Topics })));
const SqlPage = lazy(() => import("./pages/sql/sql").then((m) => ({ default: m.SqlPage })));
const Certificates = lazy(() => import("./pages/certificates/certificates").then((m) => ({ default: m.Certificates })));
const Tokens = lazy(() => import("./pages/tokens/tokens").then((m) => ({ default: m.Tokens })));
const Organisations = lazy(() => import("./pages/organisations").then((m) => ({ default: m.Organisations })));
const AuditPage = lazy(() => import("./pages/audit").then((m) => ({ default: m.AuditPage })));
const AccountPage = lazy(() => import("./pages/account/account").then((m) => ({ default: m.AccountPage })));
const People = lazy(() => import("./pages/people/people").then((m) => ({ default: m.People })));
const FleetMap = lazy(() => import("./pages/fleet/map/map_page").then((m) => ({ default: m.MapPage })));
const FleetRequests = lazy(() => import("./pages/fleet/requests/requests").then((m) => ({ default: m.Requests })));
const FleetPlan = lazy(() => import("./pages/fleet/plan/plan_page").then((m) => ({ default: m.PlanPage })));
const FleetIndex = lazy(() => import("./pages/fleet/index/index_page").then((m) => ({ default: m.IndexPage })));
const FleetSetup = lazy(() => import("./pages/fleet/setup/setup").then((m) => ({ default: m.SetupPage })));
const CabPage = lazy(() => import("./pages/fleet/cab/cab").then((m) => ({ default: m.CabPage })));
const HandlePage = lazy(() => import("./pages/handle/handle").then((m) => ({ default: m.HandlePage })));
const ApplyPage = lazy(() => import("./pages/apply/apply").then((m) => ({ default: m.ApplyPage })));
const RetentionPage = lazy(() => import("./pages/retention/retention").then((m) => ({ default: m.RetentionPage })));
const NamingPages = lazy(() => import("./pages/naming/naming").then((m) => ({ default: m.NamingPages })));
const CustomerPages = lazy(() => import("./pages/production").then((m) => ({ default: m.CustomerPages })));
const WorkshopPages = lazy(() => import("./pages/workshop").then((m) => ({ default: m.WorkshopPages })));

export function App() {
    const here = useStore(session);
    const route = useRoute();
    useEffect(() => {
        void refreshSession();
    }, []);
    // The wall is always dark; everything else follows the system.
    const wall = route.page === "screen" && here.state === "in";
    useEffect(() => {
        document.documentElement.classList.toggle("wall", wall);
    }, [wall]);
    return (
        <CrashNote key={route.page}>
            {route.page === "handle" ? <Suspense fallback={null}><HandlePage handle={route.id} /></Suspense>
                : route.page === "apply" ? <Suspense fallback={null}><ApplyPage ticket={route.id} /></Suspense>
                : route.page === "shop" || route.page === "order" || route.page === "proof" ? <Suspense fallback={null}><CustomerPages route={route} /></Suspense>
                : route.page === "cab" && here.state === "unreachable" && knowsCab(route.id) ? <Suspense fallback={null}><CabPage machine={route.id} /></Suspense>
                : here.state !== "in" ? <Entry state={here.state} /> : <Page person={here.person} route={route} />}
        </CrashNote>
    );
}

function Page({ person, route }: { person: Person; route: Route }) {
    if (route.page === "screen") return <Suspense fallback={null}><Screen /></Suspense>;
    if (route.page === "cab" && !person.totp_missing) return <Suspense fallback={null}><CabPage machine={route.id} /></Suspense>;
    return <Shell person={person} route={route}><Content person={person} route={route} /></Shell>;
}

function Content({ person, route }: { person: Person; route: Route }) {
    const words = useWords();
    if (person.totp_missing) return <AccountPage />;
    switch (route.page) {
        case "machines": return <Machines person={person} />;
        case "machine": return <MachinePage key={route.id} id={route.id} person={person} />;
        case "orders": case "desk": case "queues": case "performance": case "shopkeeping":
            return <WorkshopPages person={person} route={route} />;
        case "sites": return <Sites person={person} />;
        case "connections": return <Connections person={person} />;
        case "topics": return <Topics />;
        case "sql": return <SqlPage />;
        case "tokens": return <Tokens person={person} />;
        case "certificates": return <Certificates />;
        case "people": return <People person={person} />;
        case "organisations": return <Organisations />;
        case "audit": return <AuditPage />;
        case "account": return <AccountPage />;
        case "retention": return <RetentionPage person={person} />;
        case "fleet": return <FleetMap chosen={route.id} person={person} />;
        case "fleet_requests": return <FleetRequests chosen={route.id} person={person} />;
        case "fleet_plan": return <FleetPlan person={person} />;
        case "fleet_index": return <FleetIndex />;
        case "fleet_setup": return <FleetSetup part={route.id} person={person} />;
        case "identifiers": case "identifier": case "prefixes": case "prefix": case "applications": case "naming": case "bulk": case "labels":
            return <NamingPages person={person} route={route} />;
        default:
            return (
                <Empty title={words.errors.unknownPage} step="">
                    <Link className="button" to={links.machines}>{words.errors.toMachines}</Link>
                </Empty>
            );
    }
}

class CrashNote extends Component<{ children: ReactNode }, { crashed: boolean }> {
    override state = { crashed: false };
    static getDerivedStateFromError() {
        return { crashed: true };
    }
    override render() {
        return this.state.crashed ? <Crashed /> : this.props.children;
    }
}

function Crashed() {
    const words = useWords();
    return (
        <div className="entry">
            <div className="note note-error" role="alert">
                <p>{words.errors.crashed}</p>
                <button type="button" onClick={() => location.reload()}>{words.errors.reload}</button>
            </div>
        </div>
    );
}
