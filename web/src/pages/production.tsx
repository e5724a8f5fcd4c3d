// The pages of custom production in one piece of code, fetched when the first of them is opened.
import type { Route } from "../router";
import { Follow } from "./order/follow";
import { Proof } from "./order/proof";
import { ShopPage } from "./shop/shop";

/** What customers see, without signing in. */
export function CustomerPages({ route }: { route: Extract<Route, { page: "shop" | "order" | "proof" }> }) {
    switch (route.page) {
        case "shop": return <ShopPage key={route.id} link={route.id} />;
        case "order": return <Follow key={route.id} id={route.id} />;
        case "proof": return <Proof key={route.id} id={route.id} />;
    }
}
