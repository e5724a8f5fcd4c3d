// The page in the cab: one job, large buttons, readable in the sun. Presses are kept when there is no network.
import { useEffect, useState } from "react";
import { ApiError } from "../../../api/client";
import { nodeNow } from "../../../api/clock";
import { fleetCalls } from "../../../api/fleet_calls";
import type { Cab, CabAction, CabJob } from "../../../api/dispatch_types";
import { browserZone } from "../../../format/time";
import { chosenKey } from "../../../fleet/cab_memory";
import { jobOf } from "../../../fleet/presses";
import { metresBetween } from "../../../fleet/mercator";
import { useWords } from "../../../i18n";
import { reasonText } from "../../../i18n/reasons";
import { ageText } from "../../../parts/age";
import { Empty, ErrorNote, say, Said } from "../../../parts/feedback";
import { Link } from "../../../parts/link";
import { Logo } from "../../../parts/mark";
import { LanguageButton } from "../../../parts/shell";
import { useLoad } from "../../../parts/load";
import { links, navigate } from "../../../router";
import { clockText, whenText } from "../names";
import { ProblemDialog } from "./problem_dialog";
import { useCab } from "./use_cab";

export function CabPage({ machine }: { machine: string | null }) {
    const words = useWords();
    useEffect(() => {
        try {
            if (machine !== null) localStorage.setItem(chosenKey, machine);
            else {
                const known = localStorage.getItem(chosenKey);
                if (known && location.hash !== "#choose") navigate(links.cab(known));
            }
        } catch {
            // Then it is chosen again next time.
        }
    }, [machine]);
    return (
        <div className="cab">
            <header className="cab-top">
                <Link to={links.fleet} aria-label={words.cab.leave}><Logo /></Link>
                <LanguageButton />
            </header>
            {machine === null ? <Choose /> : <Job key={machine} machine={machine} />}
            <Said />
        </div>
    );
}

function Choose() {
    const words = useWords();
    const map = useLoad("cab-machines", fleetCalls.map);
    const [q, setQ] = useState("");
    const all = (map.data?.machines ?? []).filter(([id, name]) => `${id} ${name ?? ""}`.toLowerCase().includes(q.toLowerCase()));
    return (
        <main id="content" className="cab-main">
            <h1>{words.cab.choose}</h1>
            <p className="dim">{words.cab.chooseStep}</p>
            <ErrorNote error={map.error} onRetry={map.reload} />
            {map.data?.machines.length === 0 && <Empty title={words.fleet.emptyTitle} step={words.fleet.emptyStep} />}
            <input type="search" aria-label={words.fleet.search} placeholder={words.fleet.search} value={q} onChange={(event) => setQ(event.target.value)} />
            <ul className="cab-choices">{all.slice(0, 60).map(([id, name, type]) => <li key={id}><Link to={links.cab(id)}><b>{name ?? id}</b><small>{type}</small></Link></li>)}</ul>
        </main>
    );
}

function Job({ machine }: { machine: string }) {
    const words = useWords();
    const { cab, error, at, waiting, press, refused, forget, online } = useCab(machine);
    const [problem, setProblem] = useState(false);
    const act = (action: CabAction, text?: string) => {
        const job = cab ? jobOf(cab) : null;
        press({ action, ...(job && action !== "problem" && action !== "fixed" && { request: job.request, place: job.place }), ...(text && { text }) });
        say(words.cab.done[action]);
        if ("vibrate" in navigator) navigator.vibrate(40);
    };
    const job = cab ? jobOf(cab) : null;
    const next = cab ? cab.next.filter((each) => each !== job) : [];
    const out = cab !== null && !cab.now && (cab.state === "fault" || (cab.why_not ?? null) !== null);
    const missing = error instanceof ApiError && (error.status === 404 || error.status === 403);
    return (
        <main id="content" className="cab-main">
            <div className="cab-machine"><h1>{cab?.name ?? machine}</h1>{cab && <span>{words.fleet.states[cab.state]}</span>}<a href="/cab#choose">{words.cab.change}</a></div>
            <div role="status" className="cab-notes">
                {!online && <p className="cab-note">{words.cab.offline}</p>}
                {waiting.length > 0 && <p className="cab-note">{words.cab.waiting(waiting.length)}</p>}
                {!online && cab && at !== null && <p className="dim">{words.cab.stale(ageText(at, nodeNow(), words))}</p>}
                {refused && <p className="cab-note cab-refused">{words.cab.refused(refused)} <button type="button" className="small" onClick={forget}>{words.cab.forget}</button></p>}
            </div>
            {!cab && !error && <p className="loading">{words.loading}</p>}
            {(missing || (!cab && error !== null)) && <ErrorNote error={error} />}
            {out && <section className="cab-none"><h2>{words.cab.broken}</h2>{cab.why_not && <p>{reasonText(cab.why_not_reason, cab.why_not, words.locale)}</p>}<button type="button" className="cab-big" onClick={() => act("fixed")}>{words.cab.actions.fixed}</button></section>}
            {cab && !out && !job && <section className="cab-none"><h2>{words.cab.none}</h2><p>{words.cab.noneStep}</p></section>}
            {cab && !out && job && <Now job={job} cab={cab} pending={waiting.length > 0} onAct={act} />}
            {next.length > 0 && (
                <section className="cab-next">
                    <h2>{words.cab.next}</h2>
                    <ol>{next.slice(0, 4).map((job) => <li key={`${job.request}/${job.place}`}><time className="figure">{job.begin && clockText(job.begin, browserZone(), words)}</time><span>{job.title ?? words.requests.number(job.request)}<small>{job.site_name}</small></span></li>)}</ol>
                </section>
            )}
            {cab && !out && <button type="button" className="cab-problem" onClick={() => setProblem(true)}><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 .6 15.400 8 8 15.400.600 8Zm-1 3.600.300 5h1.400l.300-5Zm0 6.400v2h2v-2Z" fillRule="evenodd" /></svg>{words.cab.actions.problem}</button>}
            {cab && cab.service_due_in_h !== null && <p className="dim cab-service">{cab.service_due_in_h < 0 ? words.cab.serviceOver : words.cab.service(cab.service_due_in_h.toFixed(0))}</p>}
            {problem && <ProblemDialog onClose={() => setProblem(false)} onTell={(text) => { setProblem(false); act("problem", text); }} />}
        </main>
    );
}

function Now({ job, cab, pending, onAct }: { job: CabJob; cab: Cab; pending: boolean; onAct: (action: CabAction) => void }) {
    const words = useWords();
    const zone = browserZone();
    const far = cab.position && cab.position.latitude !== null ? metresBetween(cab.position, job) : null;
    const [main, ...rest] = job.actions.filter((action) => action !== "problem");
    return (
        <section className="cab-now">
            <p className="cab-stage">{words.requests.stages[job.stage]}</p>
            <h2>{job.title ?? words.requests.number(job.request)}</h2>
            <p className="cab-place">{job.site_name ?? `${job.latitude.toFixed(4)}, ${job.longitude.toFixed(4)}`}</p>
            <dl>
                {far !== null && far > 150 && <div><dt>{words.cab.go}</dt><dd className="figure">{far >= 950 ? `${(far / 1000).toFixed(far > 20_000 ? 0 : 1)} ${words.map.km}` : `${Math.round(far / 50) * 50} ${words.map.m}`}</dd></div>}
                {job.begin && <div><dt>{words.cab.begin}</dt><dd className="figure">{clockText(job.begin, zone, words)}</dd></div>}
                {job.end && <div><dt>{words.cab.end}</dt><dd className="figure">{whenText(job.end, zone, words).slice(6)}</dd></div>}
            </dl>
            {job.haul && job.haul.loader !== null && <p className="cab-haul">{words.cab.carried(job.haul.loader)} <b className="figure">{clockText(job.haul.leaves, zone, words)}</b></p>}
            {job.note && <p className="cab-job-note">{job.note}</p>}
            {main && <button type="button" className="cab-big" aria-busy={pending} onClick={() => onAct(main)}>{words.cab.actions[main]}</button>}
            {rest.map((action) => <button key={action} type="button" className="cab-second" onClick={() => onAct(action)}>{words.cab.actions[action]}</button>)}
        </section>
    );
}
