// Machines' certificates: which live, until when, revoke; and leave for a machine to enrol.
import { useState } from "react";
import { calls } from "../../api/calls";
import type { Authority, Certificate, Page } from "../../api/types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Confirm } from "../../parts/dialog";
import { CopyButton, Empty, ErrorNote, say, Waiting } from "../../parts/feedback";
import { useAction, useLoad } from "../../parts/load";
import { Enrol } from "./enrol";

export function Certificates() {
    const words = useWords();
    const list = useLoad<Page<Certificate>>("certificates", () => calls.certificates());
    const authority = useLoad<Authority>("authority", calls.authority);
    const [enrolling, setEnrolling] = useState(false);
    const [revoking, setRevoking] = useState<Certificate | null>(null);
    const revocation = useAction();
    const enrol = <button type="button" className="primary" onClick={() => setEnrolling(true)}>{words.certificates.enrol}</button>;
    const when = (at: string) => dateTime(Date.parse(at), words.locale, browserZone());
    const revoke = (one: Certificate) => void revocation.run(async () => {
        await calls.revokeCertificate(one.serial);
        setRevoking(null);
        say(words.certificates.revoked(one.machine));
        list.reload();
    });
    const items = list.data?.items;
    return (
        <>
            <header className="page-head">
                <h1>{words.certificates.title}</h1>
                <p>{words.certificates.lead}</p>
                {items && items.length > 0 && enrol}
            </header>
            <Waiting of={list} />
            {items?.length === 0 && <Empty title={words.certificates.emptyTitle} step={words.certificates.emptyStep}>{enrol}</Empty>}
            {items && items.length > 0 && (
                <table className="list">
                    <thead>
                        <tr>
                            <th scope="col">{words.machines.machine}</th>
                            <th scope="col">{words.certificates.state}</th>
                            <th scope="col">{words.certificates.until}</th>
                            <th scope="col">{words.certificates.serial}</th>
                            <th scope="col"><span className="unseen">{words.certificates.revoke}</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        {items.map((one) => (
                            <tr key={one.serial}>
                                <th scope="row">{one.machine}</th>
                                <td data-label={words.certificates.state}>{words.certificates.states[one.state]}</td>
                                <td data-label={words.certificates.until} className="figure">
                                    {when(one.not_after)} <small>{one.revoked_at ? words.certificates.revokedAt(when(one.revoked_at)) : words.certificates.renewAt(when(one.renew_at))}</small>
                                </td>
                                <td data-label={words.certificates.serial} className="figure"><code title={one.fingerprint}>{one.serial.slice(0, 8)}…</code></td>
                                <td className="actions">
                                    {one.state === "live" && (
                                        <button type="button" className="small quiet" onClick={() => { revocation.clear(); setRevoking(one); }}>{words.certificates.revoke}</button>
                                    )}
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
            {list.data?.next && <p className="help">{words.certificates.newestOnly}</p>}
            {authority.data && (
                <section>
                    <h2>{words.certificates.authority}</h2>
                    <p className="help">{words.certificates.authorityHelp(when(authority.data.not_after))}</p>
                    <div className="copy-box">
                        <code className="secret">{authority.data.fingerprint}</code>
                        <CopyButton text={authority.data.certificate} />
                    </div>
                </section>
            )}
            {enrolling && <Enrol onClose={() => setEnrolling(false)} />}
            {revoking && (
                <Confirm title={words.certificates.revokeTitle} text={words.certificates.revokeText(revoking.machine)} action={words.certificates.revoke}
                    busy={revocation.busy} error={<ErrorNote error={revocation.error} />} onConfirm={() => revoke(revoking)} onClose={() => setRevoking(null)} />
            )}
        </>
    );
}
