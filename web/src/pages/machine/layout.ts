// Where the panels of a trend stand: one per unit for numbers, one thin lane per text or boolean tag.
import { isNumeric, type Plot } from "../../trend/series";

export interface Panel {
    unit: string;
    lane: boolean;
    plots: Plot[];
    top: number;
    height: number;
}

export const margin = { left: 76, right: 14, top: 26, bottom: 30 };
const panel_gap = 30;
const lane_height = 24;
const lane_gap = 12;

export function layOut(plots: Plot[]): { panels: Panel[]; height: number } {
    const units = new Map<string, Plot[]>();
    for (const plot of plots) {
        if (!isNumeric(plot.kind)) continue;
        const unit = plot.unit ?? "";
        units.set(unit, [...(units.get(unit) ?? []), plot]);
    }
    const each = units.size <= 1 ? 280 : units.size === 2 ? 190 : 140;
    const panels: Panel[] = [];
    let top = margin.top;
    for (const [unit, of] of units) {
        panels.push({ unit, lane: false, plots: of, top, height: each });
        top += each + panel_gap;
    }
    if (units.size > 0) top -= panel_gap - lane_gap - 6;
    for (const plot of plots) {
        if (isNumeric(plot.kind)) continue;
        panels.push({ unit: "", lane: true, plots: [plot], top, height: lane_height });
        top += lane_height + lane_gap;
    }
    const bottom = panels.length ? panels[panels.length - 1]!.top + panels[panels.length - 1]!.height : 0;
    return { panels, height: Math.max(120, bottom + margin.bottom) };
}
