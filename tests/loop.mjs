// Runs scenarios again and again beside busy processes, to find the test that fails one time in a hundred.
//   node tests/loop.mjs [--times=10] [--busy=2] [NAME...]     names as in tests/scenario; default: all
// Prints a line a run and keeps what failed in build/test/loop. Ends with 1 when anything did.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const { values, positionals } = parseArgs({
    allowPositionals: true, options: { times: { type: "string", default: "10" }, busy: { type: "string", default: "2" } },
});
const all = readdirSync(join(root, "tests/scenario")).filter((file) => file.endsWith(".test.mjs")).map((file) => file.replace(".test.mjs", ""));
const unknown = positionals.filter((name) => !all.includes(name));
if (unknown.length) throw new Error(`no scenario ${unknown.join(", ")}; there are ${all.join(", ")}`);
const kept = join(root, "build/test/loop");
mkdirSync(kept, { recursive: true });

// Each ends by itself, should this process not live to end it.
const busy = Array.from({ length: Number(values.busy) }, () =>
    spawn(process.execPath, ["-e", "setInterval(() => { for (const end = Date.now() + 100; Date.now() < end;); if (process.ppid === 1) process.exit(); }, 0)"], { stdio: "ignore" }));
process.on("exit", () => busy.forEach((child) => child.kill("SIGKILL")));

const once = (name) => new Promise((done) => {
    const began = performance.now();
    const child = spawn(process.execPath, ["--test", "--test-reporter=spec", `tests/scenario/${name}.test.mjs`], { cwd: root, timeout: 420_000 });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (text += piece));
    child.on("close", (code) => done({ code, text, seconds: ((performance.now() - began) / 1000).toFixed(0) }));
});

let failures = 0;
for (let turn = 1; turn <= Number(values.times); ++turn) {
    for (const name of positionals.length ? positionals : all) {
        const { code, text, seconds } = await once(name);
        console.log(`${code === 0 ? "passed" : "FAILED"} ${name} ${turn}, ${seconds} s`);
        if (code === 0) continue;
        ++failures;
        writeFileSync(join(kept, `${name}.${turn}.txt`), text);
    }
}
console.log(failures ? `${failures} failed: ${kept}` : "none failed");
process.exit(failures ? 1 : 0);
