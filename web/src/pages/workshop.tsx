// The workshop's pages of custom production in one piece of code, fetched when the first of them is opened.
import type { Person } from "../api/types";
import type { Route } from "../router";
import { Board } from "./orders/board";
import { Desk } from "./orders/desk";
import { Performance } from "./performance/performance";
import { QueuesPage } from "./queues/queues";
import { Shopkeeping } from "./shopkeeping/shopkeeping";

export function WorkshopPages({ person, route }: { person: Person; route: Extract<Route, { page: "orders" | "desk" | "queues" | "performance" | "shopkeeping" }> }) {
    switch (route.page) {
        case "orders": return <Board person={person} opened={route.id} />;
        case "desk": return <Desk />;
        case "queues": return <QueuesPage person={person} />;
        case "performance": return <Performance />;
        case "shopkeeping": return <Shopkeeping />;
    }
}
