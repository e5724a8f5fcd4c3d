// On what to sew: fabric, its colour, the hoop that holds it.
import type { Hoop } from "../../api/order_types";
import { useWords } from "../../i18n";
import { Field } from "../../parts/field";
import { cloths, hoopOf } from "./draft";
import type { Part } from "./motif";

export function Cloth({ draft, change, fabrics, hoops, bounds }: Part & { fabrics: string[]; hoops: Hoop[]; bounds: [number, number, number, number] | null }) {
    const words = useWords();
    return (
        <section className="panel maker-part">
            <h2>{words.shop.cloth}</h2>
            <div className="pair">
                <Field label={words.shop.fabric}>
                    <select name="fabric" value={draft.fabric} onChange={(event) => change({ fabric: event.target.value })}>
                        {fabrics.map((fabric) => <option key={fabric} value={fabric}>{words.shop.fabrics[fabric] ?? fabric}</option>)}
                    </select>
                </Field>
                <Field label={words.shop.hoop}>
                    <select name="hoop" value={draft.hoop} onChange={(event) => change({ hoop: event.target.value })}>
                        {hoops.map((hoop) => <option key={hoop.name} value={hoop.name}>{hoop.name} {words.shop.mm}</option>)}
                    </select>
                </Field>
            </div>
            <div className="cloth-row">
                <fieldset className="chart-threads">
                    <legend>{words.shop.clothColour} <small>{words.shop.cloths[draft.cloth] ?? draft.cloth}</small></legend>
                    <div>
                        {cloths.map(([name, colour]) => (
                            <label key={name} className="spool spool-cloth" title={words.shop.cloths[name]} style={{ "--thread": colour } as React.CSSProperties}>
                                <input type="radio" name="cloth" value={name} checked={name === draft.cloth} onChange={() => change({ cloth: name })} aria-label={words.shop.cloths[name]} />
                                <i />
                            </label>
                        ))}
                    </div>
                </fieldset>
                <HoopPicture hoop={hoopOf(hoops, draft.hoop)} bounds={bounds} />
            </div>
        </section>
    );
}

/** How large the design is in its hoop, true to scale. */
function HoopPicture({ hoop, bounds }: { hoop: Hoop; bounds: [number, number, number, number] | null }) {
    const words = useWords();
    const edge = Math.max(hoop.width_mm, hoop.height_mm) * 0.05;
    const box = `${-hoop.width_mm / 2 - 2 * edge} ${-hoop.height_mm / 2 - 2 * edge} ${hoop.width_mm + 4 * edge} ${hoop.height_mm + 4 * edge}`;
    return (
        <figure className="hoop-picture">
            <svg viewBox={box} role="img" aria-label={words.shop.inHoop(hoop.name)}>
                <rect className="rim" x={-hoop.width_mm / 2 - edge} y={-hoop.height_mm / 2 - edge} width={hoop.width_mm + 2 * edge} height={hoop.height_mm + 2 * edge} rx={3 * edge} strokeWidth={edge} />
                {bounds && <rect className="design" x={bounds[0]} y={bounds[1]} width={bounds[2] - bounds[0]} height={bounds[3] - bounds[1]} rx={edge / 3} />}
            </svg>
        </figure>
    );
}
