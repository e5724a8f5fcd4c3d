// The shop's door: what a link opens, without signing in. Made for a phone first.
import { useMemo, type ReactNode } from "react";
import { ApiError } from "../../api/client";
import { orderCalls, shopCounter } from "../../api/order_calls";
import type { Shop } from "../../api/order_types";
import { useWords } from "../../i18n";
import { Empty, Said, Waiting } from "../../parts/feedback";
import { useLoad } from "../../parts/load";
import { Logo } from "../../parts/mark";
import { LanguageButton } from "../../parts/shell";
import { links, navigate } from "../../router";
import { Maker } from "./maker";

/** The frame of pages for customers: no navigation, only who the shop is. */
export function PublicFrame({ name, children }: { name: string; children: ReactNode }) {
    return (
        <div className="storefront">
            <header className="storefront-head"><Logo /><b>{name}</b><LanguageButton /></header>
            <main id="content">{children}</main>
            <Said />
        </div>
    );
}

export function ShopPage({ link }: { link: string }) {
    const words = useWords();
    const shop = useLoad<Shop>(`shop ${link}`, () => orderCalls.shop(link));
    const counter = useMemo(() => shopCounter(link), [link]);
    const isGone = shop.error instanceof ApiError && shop.error.status === 404;
    return (
        <PublicFrame name={shop.data?.name ?? words.product}>
            {isGone ? <Empty title={words.shop.gone} step={words.shop.goneStep} /> : <Waiting of={shop} />}
            {shop.data && (
                <>
                    <header className="page-head"><h1>{words.shop.title}</h1><p>{words.shop.lead}</p></header>
                    <Maker shop={shop.data} counter={counter} onPlaced={(order) => navigate(links.order(order.id))} />
                </>
            )}
        </PublicFrame>
    );
}
