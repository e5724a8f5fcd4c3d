// An order placed by the workshop itself: the customers' page with the person's own rights.
import { orderCalls, deskCounter } from "../../api/order_calls";
import type { Hoop, Shop } from "../../api/order_types";
import { useWords } from "../../i18n";
import { Waiting } from "../../parts/feedback";
import { useLoad } from "../../parts/load";
import { links, navigate } from "../../router";
import { Maker } from "../shop/maker";

const fonts = ["sans", "serif", "script"];
const fabrics = ["twill", "canvas", "denim", "felt", "silk", "leather", "cap", "pique", "jersey", "fleece", "terry"];
const usualHoop: Hoop = { name: "360 × 360", width_mm: 360, height_mm: 360 };

/** What a shop link would tell, from what a signed-in person may read. */
async function readCounter(): Promise<Shop> {
    const [threads, machines] = await Promise.all([orderCalls.threadChart(), orderCalls.sewingMachines()]);
    const hoops = new Map(machines.map(({ hoop_mm: [w, h] }) => [`${w} × ${h}`, { name: `${w} × ${h}`, width_mm: w, height_mm: h }]));
    return { name: "", organisation: "", currency: "", fonts, fabrics, hoops: hoops.size ? [...hoops.values()] : [usualHoop], threads, quantity_max: 1000, expires_at: null };
}

export function Desk() {
    const words = useWords();
    const shop = useLoad<Shop>("desk", readCounter);
    return (
        <>
            <header className="page-head"><h1>{words.shop.deskTitle}</h1><p>{words.shop.deskLead}</p></header>
            <Waiting of={shop} />
            {shop.data && <Maker shop={shop.data} counter={deskCounter} onPlaced={(order) => navigate(links.ordersOne(order.id))} />}
        </>
    );
}
