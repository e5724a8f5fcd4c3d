// What a node that gives out no prefixes says on the page of applications: where to apply instead, and what to say there.
import { naming, textOf } from "../../api/naming_calls";
import type { NamingNode } from "../../api/naming_types";
import { useWords } from "../../i18n";
import { CopyButton } from "../../parts/feedback";
import { Link } from "../../parts/link";
import { useLoad } from "../../parts/load";
import { links } from "../../router";
import { webAddress } from "../handle/values";
import { prefixAbove, reachOf } from "./above";

export function ApplyAbove({ node }: { node: NamingNode }) {
    const words = useWords(), told = words.applyAbove;
    const above = prefixAbove(node.prefixes[0]);
    const asks = above !== null && node.resolves_elsewhere;
    const found = useLoad<URL | null>(`web address of ${above}`, async () => {
        if (!asks) return null;
        const read = await naming.resolve(`0.NA/${above}`).catch(() => null);
        return read?.values.filter((one) => one.type === "URL").map((one) => webAddress(textOf(one))).find((one) => one !== null) ?? null;
    });
    const page = found.data ? `${found.data.href.replace(/\/$/, "").replace(/\/apply$/, "")}/apply` : null;
    const address = node.handle_listen, reach = reachOf(address);
    return (
        <section className="panel next-steps" aria-labelledby="apply-above">
            <h2 id="apply-above">{told.title}</h2>
            <p>{told.lead}</p>
            <ol>
                <li>
                    <b>{told.where}</b>
                    {page ? <p><a className="button primary" href={page} rel="noreferrer">{told.open(above!, new URL(page).host)}</a></p> : <p>{told.ask} <code>https://…/apply</code></p>}
                    {above && <p className="dim">{told.above(node.prefixes[0]!, above)} <Link to={links.handle(`0.NA/${above}`)}>{told.look(above)}</Link></p>}
                </li>
                <li>
                    <b>{told.say}</b>
                    {reach === "all" && <div className="copy-box empty-copy"><code data-testid="own-address">{address}</code><CopyButton text={address} /></div>}
                    {reach === "wildcard" && <p>{told.everywhere(address.slice(address.lastIndexOf(":") + 1))}</p>}
                    {(reach === "none" || reach === "own") && <p>{reach === "none" ? told.noDoor : told.onlyHere(address)} <code>--set handle.listen=0.0.0.0:2641</code></p>}
                    <p className="dim">{told.sayHelp}</p>
                </li>
                <li>
                    <b>{told.then}</b>
                    <pre className="code">{told.command}</pre>
                </li>
            </ol>
        </section>
    );
}
