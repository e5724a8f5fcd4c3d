// Making an order: the stage with its stitches, beside it everything one can choose. Customers and the desk use the same.
import { useMemo, useState } from "react";
import type { Counter } from "../../api/order_calls";
import type { Order, Shop } from "../../api/order_types";
import { useWords } from "../../i18n";
import { ErrorNote } from "../../parts/feedback";
import { Sewing } from "../../sewing/sewing";
import { usePattern } from "../../sewing/stitches";
import { Cloth } from "./cloth";
import { clothColour, firstDraft, wishOf, type Draft } from "./draft";
import { Cannot, Facts } from "./facts";
import { Motif } from "./motif";
import { OrderForm } from "./order_form";
import { useDesign } from "./use_design";

export function Maker({ shop, counter, onPlaced }: { shop: Shop; counter: Counter; onPlaced: (order: Order) => void }) {
    const words = useWords();
    const [draft, setDraft] = useState<Draft>(() => firstDraft(shop, words.shop.textStart));
    const change = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
    const wish = useMemo(() => wishOf(draft, shop.hoops), [draft, shop.hoops]);
    const { design, isCurrent, error, retry } = useDesign(counter, wish);
    const stitches = usePattern(design?.files?.dst ?? null);
    const threads = useMemo(() => (design?.threads ?? []).map((one) => one.colour), [design]);
    const isWorking = wish !== null && !isCurrent && !error;
    return (
        <div className="maker">
            <div className="maker-stage">
                <div className={isWorking ? "maker-cloth maker-cloth-working" : "maker-cloth"} aria-busy={isWorking}>
                    {design && stitches.pattern && wish ? (
                        <Sewing pattern={stitches.pattern} threads={threads} fabric={draft.fabric} cloth={clothColour(draft.cloth)}
                            label={words.sewing.picture(design.name, stitches.pattern.count, threads.length)} />
                    ) : <div className="maker-cloth-empty"><p>{wish ? words.shop.working : words.shop.empty}</p></div>}
                    <p className="maker-cloth-note" role="status">{isWorking && design ? words.shop.working : ""}</p>
                </div>
                {stitches.error !== null && <ErrorNote error={stitches.error} onRetry={retry} />}
                <Cannot error={error} draft={draft} hoops={shop.hoops} change={setDraft} onRetry={retry} />
                {design && wish && !error && <Facts design={design} threads={shop.threads} />}
            </div>
            <div className="maker-choices">
                <Motif draft={draft} change={change} fonts={shop.fonts} threads={shop.threads} />
                <Cloth draft={draft} change={change} fabrics={shop.fabrics} hoops={shop.hoops} bounds={wish && design?.bounds_mm ? design.bounds_mm : null} />
                <OrderForm counter={counter} design={isCurrent && design ? design.id : null} quantity_max={shop.quantity_max} nameLabel={counter.quote ? words.shop.name : words.workshop.customer} cloth={draft.cloth} onPlaced={onPlaced} />
            </div>
        </div>
    );
}
