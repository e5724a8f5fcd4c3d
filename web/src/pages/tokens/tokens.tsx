import { useState } from "react";
import { calls } from "../../api/calls";
import type { Person, Token } from "../../api/types";
import { browserZone, dateTime } from "../../format/time";
import { useWords } from "../../i18n";
import { Age } from "../../parts/age";
import { Confirm } from "../../parts/dialog";
import { Empty, ErrorNote, say, Waiting } from "../../parts/feedback";
import { useAction, useLoad } from "../../parts/load";
import { CreateToken } from "./create";

export function Tokens({ person }: { person: Person }) {
    const words = useWords();
    const tokens = useLoad<Token[]>("tokens", calls.tokens);
    const [creating, setCreating] = useState(false);
    const [revoking, setRevoking] = useState<Token | null>(null);
    const revocation = useAction();
    const create = <button type="button" className="primary" onClick={() => setCreating(true)}>{words.tokens.create}</button>;
    const revoke = (token: Token) => void revocation.run(async () => {
        await calls.revokeToken(token.id);
        setRevoking(null);
        say(words.tokens.revoked(token.name));
        tokens.reload();
    });
    return (
        <>
            <header className="page-head">
                <h1>{words.tokens.title}</h1>
                <p>{words.tokens.lead}</p>
                {tokens.data && tokens.data.length > 0 && create}
            </header>
            <Waiting of={tokens} />
            {tokens.data?.length === 0 && <Empty title={words.tokens.emptyTitle} step={words.tokens.emptyStep}>{create}</Empty>}
            {tokens.data && tokens.data.length > 0 && (
                <table className="list">
                    <thead>
                        <tr>
                            <th scope="col">{words.tokens.name}</th>
                            <th scope="col">{words.tokens.scope}</th>
                            <th scope="col">{words.tokens.created}</th>
                            <th scope="col">{words.tokens.used}</th>
                            <th scope="col"><span className="unseen">{words.tokens.revoke}</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        {tokens.data.map((token) => (
                            <tr key={token.id}>
                                <th scope="row">{token.name}</th>
                                <td data-label={words.tokens.scope}>{token.machine !== null ? words.tokens.machineRole(token.machine) : token.role && words.roles[token.role]}</td>
                                <td data-label={words.tokens.created} className="figure">
                                    {dateTime(Date.parse(token.created_at), words.locale, browserZone())} <small>{words.tokens.by(token.created_by)}</small>
                                </td>
                                <td data-label={words.tokens.used}><Age at={token.last_used_at} /></td>
                                <td className="actions">
                                    <button type="button" className="small quiet" onClick={() => { revocation.clear(); setRevoking(token); }}>{words.tokens.revoke}</button>
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            )}
            {creating && <CreateToken person={person} onChanged={tokens.reload} onClose={() => setCreating(false)} />}
            {revoking && (
                <Confirm title={words.tokens.revokeTitle} text={words.tokens.revokeText(revoking.name)} action={words.tokens.revoke} busy={revocation.busy}
                    error={<ErrorNote error={revocation.error} />} onConfirm={() => revoke(revoking)} onClose={() => setRevoking(null)} />
            )}
        </>
    );
}
