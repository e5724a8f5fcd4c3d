// Sites and machines on a locally drawn grid of degrees. No tiles, no borders, nothing from outside.
import { useMemo, useRef } from "react";
import type { Machine, SiteSummary } from "../../api/types";
import { useWords } from "../../i18n";
import { useSize } from "../size";
import { machineTone, tones, type Tone } from "../tone";
import { ToneMark } from "../mark";
import { Graticule, ScaleBar } from "./grid";
import { placeLabels, textWidth, type Box } from "./labels";
import { land_extent_km_min, landPath, useLand } from "./land";
import { fit, isPlace, type Place, type Projection } from "./projection";

interface MapProps {
    sites: SiteSummary[];
    machines: Machine[];
    /** Label size in pixels; the wall uses large ones. */
    size: number;
}

/** Shown while there is no place to show. */
const world: Place[] = [-140, -70, 0, 70, 140].map((longitude) => ({ latitude: longitude / 3 + 12, longitude }));

interface Cluster {
    x: number;
    y: number;
    count: number;
    tone: Tone;
    key: string;
}

export function SiteMap({ sites, machines, size }: MapProps) {
    const words = useWords();
    const [frame, area] = useSize<HTMLDivElement>();
    const placed = useMemo(() => sites.filter((site): site is SiteSummary & Place => isPlace(site)), [sites]);
    const roaming = useMemo(() => machines.filter((machine) => isPlace(machine.position)), [machines]);
    const projection = useMemo(() => {
        const around: Place[] = placed.length ? placed : roaming.length ? roaming.map((machine) => machine.position!) : world;
        return fit(around, area.width, area.height, Math.min(area.width, area.height) * 0.13 + size * 1.5);
    }, [placed, placed.length ? null : roaming, area, size]);
    const land = useLand(projection !== null && projection.extent_km > land_extent_km_min);
    const coast = useMemo(() => (projection && land.length ? landPath(land, projection) : ""), [land, projection]);
    const mark = size * 0.85;
    const clusters = projection ? cluster(projection, roaming, placed, mark * 1.6) : [];
    const unplaced = sites.length - placed.length;
    return (
        <div className="map" ref={frame}>
            {projection && (
                <svg viewBox={`0 0 ${area.width} ${area.height}`} role="img" aria-label={words.map.label}>
                    {coast && <path className="land" d={coast} />}
                    <Graticule projection={projection} size={size} />
                    <Machines clusters={clusters} mark={mark} />
                    <Sites projection={projection} sites={placed} machines={machines} clusters={clusters} size={size} />
                    <ScaleBar projection={projection} size={size} />
                </svg>
            )}
            {placed.length + roaming.length === 0 && <p className="map-empty">{words.map.empty}</p>}
            <p className="map-foot">
                {coast && <span>{words.map.land}</span>}
                {unplaced > 0 && <span>{words.map.noPlace(unplaced)}</span>}
            </p>
        </div>
    );
}

/**
 * Machines nearer than a mark's width are one mark: the worst state, with how many they are. Those
 * that stand under their own site's pin are left to the site's card, which counts them.
 */
function cluster(projection: Projection, machines: Machine[], sites: (SiteSummary & Place)[], cell: number): Cluster[] {
    const cells = new Map<string, Cluster>();
    const pins = new Map(sites.map((site) => [site.id, [projection.x(site.longitude), projection.y(site.latitude)] as const]));
    for (const machine of machines) {
        const x = projection.x(machine.position!.longitude);
        const y = projection.y(machine.position!.latitude);
        const pin = machine.site !== null ? pins.get(machine.site) : undefined;
        if (pin && Math.hypot(pin[0] - x, pin[1] - y) < cell * 0.8) continue;
        if (x < 0 || y < 0 || x > projection.width || y > projection.height) continue;
        const key = `${Math.floor(x / cell)}:${Math.floor(y / cell)}`;
        const tone = machineTone(machine);
        const known = cells.get(key);
        if (!known) cells.set(key, { x, y, count: 1, tone, key });
        else {
            known.x += (x - known.x) / (known.count + 1);
            known.y += (y - known.y) / (known.count + 1);
            known.count += 1;
            if (tones.indexOf(tone) < tones.indexOf(known.tone)) known.tone = tone;
        }
    }
    return [...cells.values()];
}

function Machines({ clusters, mark }: { clusters: Cluster[]; mark: number }) {
    return (
        <g className="map-machines">
            {clusters.map((each) => (
                <g key={each.key} transform={`translate(${each.x.toFixed(1)} ${each.y.toFixed(1)})`}>
                    <circle className="halo" r={mark * 0.72} />
                    <svg x={-mark / 2} y={-mark / 2} width={mark} height={mark}><ToneMark tone={each.tone} /></svg>
                    {each.count > 1 && <text className="cluster" x={mark * 0.62} y={-mark * 0.3} fontSize={mark * 0.85}>{each.count}</text>}
                </g>
            ))}
        </g>
    );
}

interface SitesProps {
    projection: Projection;
    sites: (SiteSummary & Place)[];
    machines: Machine[];
    clusters: Cluster[];
    size: number;
}

function Sites({ projection, sites, machines, clusters, size }: SitesProps) {
    const words = useWords();
    const counts = useMemo(() => {
        const all = new Map<string, Map<Tone, number>>();
        for (const machine of machines) {
            if (!machine.site) continue;
            const of = all.get(machine.site) ?? new Map<Tone, number>();
            const tone = machineTone(machine);
            of.set(tone, (of.get(tone) ?? 0) + 1);
            all.set(machine.site, of);
        }
        return all;
    }, [machines]);
    const kept = useRef(new Map<string, number>());
    const mark = size * 0.95;
    const pad = size * 0.42;
    const entries = sites.map((site) => {
        const parts = tones.flatMap((tone) => {
            const count = counts.get(site.id)?.get(tone) ?? 0;
            return count > 0 ? [{ tone, count }] : [];
        });
        const partWidth = ({ count }: { count: number }) => mark + size * 0.28 + textWidth(String(count), size) + size * 0.55;
        const name = shorten(site.name, projection.width < 600 ? 16 : 28);
        const line = parts.reduce((sum, part) => sum + partWidth(part), 0);
        return {
            key: site.id, site, parts, partWidth, name,
            x: projection.x(site.longitude), y: projection.y(site.latitude),
            width: Math.max(textWidth(name, size), line) + 2 * pad,
            height: (parts.length ? 2.5 : 1.25) * size + 2 * pad * 0.7,
        };
    });
    const corner: Box = { x: projection.width - 220, y: projection.height - 46, width: 220, height: 46 };
    const marks = clusters.map(({ x, y }) => ({ x: x - size * 0.6, y: y - size * 0.6, width: size * 1.2, height: size * 1.2 }));
    const boxes = placeLabels(entries, projection, size * 0.9, [corner, ...marks.slice(0, 200)], kept.current);
    return (
        <g className="map-sites">
            {entries.map(({ site, x, y }, i) => (
                <line key={site.id} className="leader" x1={x} y1={y} x2={nearest(x, boxes[i]!.x, boxes[i]!.width)} y2={nearest(y, boxes[i]!.y, boxes[i]!.height)} />
            ))}
            {entries.map(({ site, x, y }) => (
                <rect key={site.id} className="pin" x={x - size * 0.36} y={y - size * 0.36} width={size * 0.72} height={size * 0.72} rx={2} />
            ))}
            {entries.map(({ site, parts, partWidth, name }, i) => {
                const box = boxes[i]!;
                let left = box.x + pad;
                return (
                    <g key={site.id}>
                        <title>{words.map.siteLine(site.name, site.online, site.machines)}</title>
                        <rect className={site.faults > 0 ? "card card-fault" : "card"} {...box} rx={size * 0.25} />
                        <text className="site-name" x={left} y={box.y + pad * 0.7 + size * 0.98} fontSize={size}>{name}</text>
                        {parts.map((part) => {
                            const x = left;
                            left += partWidth(part);
                            const top = box.y + pad * 0.7 + size * 1.38;
                            return (
                                <g key={part.tone}>
                                    <svg x={x} y={top} width={mark} height={mark}><ToneMark tone={part.tone} /></svg>
                                    <text className="site-count" x={x + mark + size * 0.28} y={top + mark * 0.86} fontSize={size}>{part.count}</text>
                                </g>
                            );
                        })}
                    </g>
                );
            })}
        </g>
    );
}

const nearest = (value: number, start: number, length: number) => Math.min(Math.max(value, start), start + length);
const shorten = (text: string, most: number) => ([...text].length > most ? [...text].slice(0, most - 1).join("") + "…" : text);
