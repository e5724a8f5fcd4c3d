// "127.0.0.1 Mozilla/5.0 (…) …" as a person reads it: which browser, on what, from where.

const browsers: [RegExp, string][] = [[/Edg(?:e|A|iOS)?\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\/|FxiOS\//, "Firefox"], [/(?:Headless)?Chrome\/|CriOS\//, "Chrome"], [/Safari\//, "Safari"], [/^curl\//, "curl"]];
const systems: [RegExp, string][] = [[/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/Windows/, "Windows"], [/Mac OS X|Macintosh/, "macOS"], [/CrOS/, "ChromeOS"], [/Linux/, "Linux"]];

export function originText(origin: string): { what: string; address: string } {
    const cut = origin.indexOf(" ");
    const address = cut < 0 ? origin : origin.slice(0, cut), agent = cut < 0 ? "" : origin.slice(cut + 1);
    const named = [browsers, systems].flatMap((list) => list.find(([pattern]) => pattern.test(agent))?.[1] ?? []);
    return { what: named.join(", ") || agent.slice(0, 60), address };
}
