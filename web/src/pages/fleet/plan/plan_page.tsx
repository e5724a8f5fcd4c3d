// The plan in force, and proposals beside it: lanes and map side by side, what changes and why, what cannot be served and why.
import { useMemo, useState } from "react";
import { fleetCalls } from "../../../api/fleet_calls";
import { useFleetLive } from "../../../api/fleet_live";
import type { FleetRequest, Plan } from "../../../api/dispatch_types";
import { may } from "../../../api/session";
import type { Person } from "../../../api/types";
import { browserZone } from "../../../format/time";
import type { Bar } from "../../../fleet/gantt";
import { useWords } from "../../../i18n";
import { Confirm } from "../../../parts/dialog";
import { Empty, ErrorNote, say, Waiting } from "../../../parts/feedback";
import { Link } from "../../../parts/link";
import { useAction, useLoad } from "../../../parts/load";
import { links } from "../../../router";
import { costText, langOf, useNames, wayText, whenText } from "../names";
import { titleOf } from "../requests/requests";
import { Changes, LeftOutList } from "./changes";
import { Decisions } from "./decisions";
import { Gantt } from "./gantt";
import { JobDialog } from "./job_dialog";
import { MoveDialog, type Moving } from "./move_dialog";
import { PlanMap } from "./plan_map";
import { WhatDialog } from "./what_dialog";

export function PlanPage({ person }: { person: Person }) {
    const words = useWords();
    const lang = langOf(words);
    const names = useNames();
    const [turn, setTurn] = useState(0);
    const force = useLoad<Plan>(`plan ${lang}`, () => fleetCalls.plan(lang));
    const requests = useLoad<FleetRequest[]>("requests plan", () => fleetCalls.requests(true));
    const [proposal, setProposal] = useState<{ plan: Plan; is_what_if: boolean } | null>(null);
    const [chosen, setChosen] = useState<string | null>(null);
    const [opened, setOpened] = useState<Bar | null>(null);
    const [moving, setMoving] = useState<Moving | null>(null);
    const [dialog, setDialog] = useState<"what" | "event" | "accept" | null>(null);
    const [hours, setHours] = useState(() => (matchMedia("(max-width: 780px)").matches ? 6 : 12));
    const [everybody, setEverybody] = useState(false);
    const proposing = useAction();
    const acting = useAction();
    const again = () => {
        force.reload();
        requests.reload();
        setTurn((old) => old + 1);
    };
    useFleetLive({ plan: again, decision: () => setTurn((old) => old + 1), request: requests.reload, again });
    const plan = proposal?.plan ?? force.data;
    const titles = useMemo(() => new Map((requests.data ?? []).map((request) => [request.id, titleOf(request, words.requests.number)])), [requests.data, lang]);
    // What a route says of its own job is known even when the request is closed.
    for (const call of plan?.routes.flatMap((route) => route.calls) ?? []) if (!titles.has(call.request)) titles.set(call.request, call.title || words.requests.number(call.request));
    const siteOf = (request: string) => requests.data?.find((each) => each.id === request)?.site ?? null;
    const others = useMemo(() => (everybody ? [...names.spots.keys()] : []), [everybody, names]);
    const engineer = may(person, "engineer");
    if (!plan) return <Waiting of={force} />;
    const jobs = plan.routes.reduce((sum, route) => sum + route.calls.length, 0);
    if (jobs + plan.left_out.length === 0 && !proposal) {
        return (
            <>
                <header className="page-head"><h1>{words.plan.title}</h1></header>
                <Empty title={words.plan.none} step={words.plan.noneStep}><Link className="button primary" to={links.fleetRequests}>{words.plan.askFirst}</Link></Empty>
            </>
        );
    }
    const better = () => void proposing.run(async () => {
        const found = await fleetCalls.propose({ seconds: 2 }, lang);
        if (found.changes.length === 0) return say(words.plan.same);
        setProposal({ plan: found, is_what_if: false });
    });
    const adopt = () => void acting.run(async () => {
        await fleetCalls.adopt(proposal!.plan.id!);
        say(words.plan.adopted);
        setProposal(null);
        again();
    });
    const acceptAll = () => void acting.run(async () => {
        const { accepted } = await fleetCalls.acceptAll();
        setDialog(null);
        say(words.plan.accepted(accepted));
        again();
    });
    const planned = plan.routes.some((route) => route.calls.some((call) => call.stage === "planned"));
    return (
        <>
            <header className="page-head plan-head">
                <h1>{words.plan.title}</h1>
                <span className={`plan-status ${proposal ? "is-proposal" : ""}`}>{proposal ? (proposal.is_what_if ? words.plan.whatIfTitle : words.plan.proposal) : words.plan.inForce}</span>
                <p>{words.plan.version(plan.version)} · {words.plan.made} <time className="figure" dateTime={plan.made_at ?? undefined}>{whenText(plan.made_at, browserZone(), words)}</time>{plan.is_checked && <span className="checked" title={words.plan.checkedHelp}>✓ {words.plan.checked}</span>}</p>
                {engineer && !proposal && (
                    <div className="page-actions plan-actions">
                        <button type="button" disabled={proposing.busy} onClick={better}>{proposing.busy ? words.plan.thinking : words.plan.better}</button>
                        <button type="button" onClick={() => setDialog("what")}>{words.plan.whatIf}</button>
                        <button type="button" onClick={() => setDialog("event")}>{words.plan.event}</button>
                        {planned && <button type="button" className="primary" onClick={() => { acting.clear(); setDialog("accept"); }}>{words.plan.accept}</button>}
                    </div>
                )}
            </header>
            <ErrorNote error={proposing.error ?? force.error} onRetry={force.reload} />
            {proposal && (
                <section className="note proposal" role="status">
                    <p><b>{proposal.is_what_if ? words.plan.whatIfTitle : words.plan.proposal}.</b> {words.plan.proposalLead}</p>
                    {dialog === null && <ErrorNote error={acting.error} special={{ 409: words.plan.stale }} />}
                    <div>
                        {!proposal.is_what_if && engineer && <button type="button" className="primary" disabled={acting.busy} onClick={adopt}>{words.plan.adopt}</button>}
                        <button type="button" onClick={() => { acting.clear(); setProposal(null); }}>{words.plan.leave}</button>
                    </div>
                </section>
            )}
            <Summary plan={plan} beside={proposal ? force.data : null} />
            <div className="plan-tools">
                <div className="segments" role="group" aria-label={words.plan.zoom}>{[6, 12, 24, 72].map((each) => <button key={each} type="button" aria-pressed={hours === each} onClick={() => setHours(each)}>{words.plan.shown(each)}</button>)}</div>
                <div className="segments" role="group" aria-label={words.plan.machines}>
                    <button type="button" aria-pressed={!everybody} onClick={() => setEverybody(false)}>{words.plan.busy}</button>
                    <button type="button" aria-pressed={everybody} onClick={() => setEverybody(true)}>{words.plan.all}</button>
                </div>
                {engineer && !proposal && <p className="help plan-keys">{words.plan.jobKeys}</p>}
            </div>
            <div className="plan-stage">
                <Gantt plan={plan} names={names} titles={titles} others={others} chosen={chosen} onChoose={setChosen} onOpen={setOpened} hours={hours}
                    onMove={engineer && !proposal ? (bar, machine) => setMoving({ request: bar.call.request, place: bar.call.place, title: titles.get(bar.call.request)!, machine, from: bar.machine }) : null} />
                <PlanMap plan={plan} names={names} requests={requests.data ?? []} chosen={chosen} onChoose={setChosen} />
            </div>
            <div className="plan-notes">
                <section className="panel"><h2>{proposal ? words.plan.changesTitle : words.plan.lastChanges}</h2><Changes key={plan.version} changes={plan.changes} names={names} titles={titles} /></section>
                <section className="panel"><h2>{words.plan.leftTitle}</h2><LeftOutList left={plan.left_out} titles={titles} names={names} siteOf={siteOf} /></section>
                <section className="panel"><h2>{words.plan.history}</h2><Decisions names={names} turn={turn} /></section>
            </div>
            {opened && <JobDialog bar={opened} title={titles.get(opened.call.request)!} names={names} mayMove={engineer && !proposal} onClose={() => setOpened(null)} onChanged={() => { setOpened(null); again(); }}
                onMove={(machine) => { setMoving({ request: opened.call.request, place: opened.call.place, title: titles.get(opened.call.request)!, machine, from: opened.machine }); setOpened(null); }} />}
            {moving && <MoveDialog moving={moving} names={names} titles={titles} onClose={() => setMoving(null)} onDone={() => { setMoving(null); again(); }} />}
            {(dialog === "what" || dialog === "event") && (
                <WhatDialog happened={dialog === "event"} plan={plan} names={names} titles={titles} onClose={() => setDialog(null)} onDone={() => { setDialog(null); again(); }}
                    onProposal={(found) => { setDialog(null); setProposal({ plan: found, is_what_if: true }); }} />
            )}
            {dialog === "accept" && <Confirm title={words.plan.accept} text={words.plan.acceptText} action={words.plan.accept} busy={acting.busy} error={<ErrorNote error={acting.error} />} onConfirm={acceptAll} onClose={() => setDialog(null)} />}
        </>
    );
}

function Summary({ plan, beside }: { plan: Plan; beside: Plan | null }) {
    const words = useWords();
    const calls = plan.routes.flatMap((route) => route.calls);
    const metres = calls.reduce((sum, call) => sum + call.way_metres, 0);
    const delta = beside ? plan.cost.total - beside.cost.total : null;
    return (
        <dl className="plan-summary">
            <div><dt>{words.plan.jobs}</dt><dd className="figure">{words.plan.served(calls.length, calls.length + plan.left_out.length)}</dd></div>
            <div><dt>{words.plan.out}</dt><dd className={`figure ${plan.left_out.length ? "some" : ""}`}>{plan.left_out.length}</dd></div>
            <div><dt>{words.plan.machines}</dt><dd className="figure">{plan.routes.length}</dd></div>
            <div><dt>{words.plan.way}</dt><dd className="figure">{wayText(metres, words)}</dd></div>
            <div><dt>{words.plan.cost}</dt><dd className="figure">{costText(plan.cost.total)}{delta !== null && <small> {words.plan.against(`${delta > 0 ? "+" : "−"}${costText(Math.abs(delta))}`)}</small>}</dd></div>
        </dl>
    );
}
