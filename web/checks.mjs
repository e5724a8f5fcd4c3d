// Small rules that a compiler does not know. Run by `npm run check`; prints every breach, exits 1 if any.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const lines_max = 250;
const breaches = [];

function files(folder) {
    return readdirSync(folder).flatMap((name) => {
        const path = join(folder, name);
        return statSync(path).isDirectory() ? files(path) : [path];
    });
}

const forbidden = [
    [/dangerouslySetInnerHTML|\.innerHTML|insertAdjacentHTML|document\.write/, "HTML from strings: names of machines and tags are hostile"],
    [/\beval\(|new Function\(/, "code from strings: the content security policy forbids it"],
    [/https?:\/\/(?!\$\{|…|127\.0\.0\.1|localhost|www\.w3\.org)/, "an outside address: the console speaks to its own node only"],
    [/TODO|FIXME|XXX/, "unfinished"],
];

for (const path of files("src")) {
    const text = readFileSync(path, "utf8");
    const count = text.split("\n").length;
    if (count > lines_max) breaches.push(`${path}: ${count} lines, at most ${lines_max}`);
    if (/\.test\.tsx?$/.test(path)) continue;
    for (const [pattern, why] of forbidden) if (pattern.test(text)) breaches.push(`${path}: ${why}`);
    // Words belong to src/i18n, so that both languages have them.
    if (/\.tsx$/.test(path) && /[\u4e00-\u9fff]/.test(text)) breaches.push(`${path}: Chinese text outside src/i18n`);
}

const page = readFileSync("index.html", "utf8");
if (/<script(?![^>]*\ssrc=)/.test(page) || /\sstyle=|<style/.test(page)) breaches.push("index.html: inline script or style");
if (readFileSync("package-lock.json", "utf8").includes('"resolved"')) breaches.push("package-lock.json: names download addresses");

for (const breach of breaches) console.error(breach);
process.exit(breaches.length ? 1 : 0);
