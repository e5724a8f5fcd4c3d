// Every prefix this node knows, who has it, how full it is.
import type { Prefix } from "../../api/naming_types";
import { useWords } from "../../i18n";
import { Empty } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { SignMark } from "../../parts/sign";
import { links } from "../../router";
import { CertificateMark, doubtOf } from "./certificate";
import type { Names } from "./naming";
import { Quota } from "./quota";
import { signOfPrefix } from "./signs";

export function Prefixes({ names }: { names: Names }) {
    const words = useWords();
    const waiting = names.node.applications?.applied ?? 0;
    const doubts = names.prefixes.filter(doubtOf).length;
    const givesOut = names.node.role === "top" || names.node.role === "secondary";
    return (
        <>
            <header className="page-head">
                <h1>{words.prefixes.title}</h1>
                <p>{words.prefixes.lead}</p>
                {givesOut && (
                    <span className="page-actions">
                        {waiting > 0 && <Link className="button primary" to={links.applications}>{words.prefixes.waiting(waiting)}</Link>}
                        <Link className="button" to={links.apply}>{words.prefixes.apply}</Link>
                    </span>
                )}
            </header>
            {doubts > 0 && <p className="note note-warn">{words.prefixCertificates.inDoubt(doubts)}</p>}
            <table className="list prefixes">
                <thead>
                    <tr>
                        <th scope="col">{words.prefixes.prefix}</th>
                        <th scope="col">{words.prefixes.company}</th>
                        <th scope="col">{words.prefixes.state}</th>
                        <th scope="col">{words.prefixes.names}</th>
                    </tr>
                </thead>
                <tbody>{names.prefixes.map((one) => <Row key={one.prefix} one={one} />)}</tbody>
            </table>
            {names.node.key && <p className="help own-key">{words.prefixCertificates.ownKey} <code className="fingerprint">{names.node.key}</code><br />{words.prefixCertificates.ownKeyHelp}</p>}
            {givesOut && names.prefixes.every((one) => one.kind === "own") && (
                <Empty title={words.prefixes.notAllocatedTitle} step={words.prefixes.notAllocatedStep}><Link className="button primary" to={links.apply}>{words.prefixes.apply}</Link></Empty>
            )}
        </>
    );
}

export function PrefixState({ one }: { one: Prefix }) {
    const words = useWords();
    return <span className="sign-text"><SignMark sign={signOfPrefix(one.state)} /> {words.naming.states[one.state]}</span>;
}

function Row({ one }: { one: Prefix }) {
    const words = useWords();
    return (
        <tr>
            <th scope="row"><Link className="code" to={links.prefix(one.prefix)}>{one.prefix}</Link></th>
            <td>{one.company ?? <span className="dim">–</span>} <small>{words.prefixes.kinds[one.kind]}{one.address && `, ${one.address}`}</small></td>
            <td><PrefixState one={one} />{one.reason && one.state !== "active" && <small className="why">{one.reason}</small>}{one.certificate && doubtOf(one) && <small className="why">{words.prefixCertificates.short}: <CertificateMark state={one.certificate.state} /></small>}</td>
            <td className="quota-cell"><Quota used={one.identifiers} quota={one.quota} /></td>
        </tr>
    );
}
