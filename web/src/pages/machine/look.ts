import type { Look } from "./chart_option";

const names = ["run", "idle", "busy", "fault", "off", "other"];
let known: { key: string; look: Look } | null = null;

/** The colours of the style sheet, for the canvas. Asked on every frame, so kept per theme. */
export function readLook(element: Element): Look {
    const styles = getComputedStyle(element);
    const key = `${styles.color}|${matchMedia("(prefers-color-scheme: light)").matches}`;
    if (known?.key === key) return known.look;
    const get = (name: string) => styles.getPropertyValue(`--${name}`).trim();
    const look: Look = {
        text: get("text"), dim: get("text-dim"), line: get("line"), onTone: get("on-tone"),
        series: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => get(`series-${i}`)),
        tones: Object.fromEntries(names.map((name) => [name, get(`band-${name}`)])),
        font: styles.fontFamily,
    };
    known = { key, look };
    return look;
}
