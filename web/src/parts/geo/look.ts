// The colours of the map, taken from the page's own.
export interface Look {
    font: string;
    text: string;
    dim: string;
    bg: string;
    surface: string;
    raised: string;
    line: string;
    strong: string;
    land: string;
    shore: string;
    water: string;
    link: string;
    focus: string;
    fault: string;
    tones: Record<string, string>;
    series: string[];
}

export function readLook(element: Element): Look {
    const style = getComputedStyle(element);
    const of = (name: string) => style.getPropertyValue(name).trim();
    return {
        font: style.fontFamily,
        text: of("--text"), dim: of("--text-dim"), bg: of("--bg"), surface: of("--surface"), raised: of("--raised"),
        line: of("--map-line"), strong: of("--line-strong"), land: of("--map-land"), shore: of("--map-shore"), water: of("--map-water"),
        link: of("--link"), focus: of("--focus"), fault: of("--fault"),
        tones: { run: of("--run"), idle: of("--idle"), busy: of("--busy"), fault: of("--fault"), off: of("--off"), other: of("--other"), silent: of("--other") },
        series: Array.from({ length: 8 }, (_, i) => of(`--series-${i + 1}`)),
    };
}
