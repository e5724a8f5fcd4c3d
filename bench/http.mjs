// Small reads of the API: how many a second, and for each CPU-second of the server? And does a storm of
// sign-ins, whose passwords take a core for tenths of a second each, delay them?
// Run: ./dev bench http [CASE]. Load: wrk of Debian, keep-alive, on the same machine. Data: 20 machines of 5 tags.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Node, until } from "../tests/node.mjs";

const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const only = process.argv[2] ?? "";
const folder = mkdtempSync(join(tmpdir(), "lineshaft-http-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const whole = (number) => Math.round(number).toLocaleString("en-US");

const cpuSeconds = (pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop().split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
};

/** wrk's own words; wrk tells what was not 2xx or 3xx. */
function wrk(path, { connections = 16, headers = {}, script = "" }) {
    const lua = join(folder, "load.lua");
    writeFileSync(lua, `${script}\nfunction done(summary, latency)\n` +
        `io.write(string.format("DONE %d %d %d %d %d\\n", summary.requests, summary.duration, summary.errors.status, latency:percentile(50), latency:percentile(99)))\nend\n`);
    const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", lua, ...Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]), node.url + path];
    return new Promise((done, failed) => {
        const child = spawn("wrk", args);
        let out = "";
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (out += piece));
        child.on("error", failed);
        child.on("exit", () => {
            const found = /^DONE (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+)$/m.exec(out)?.slice(1).map(Number);
            if (!found || found[0] === 0 || found[2] !== 0) return failed(new Error(`wrk ${path}: ${out}`));
            const [requests, micros, , p50, p99] = found;
            done({ requests, perSecond: requests / micros * 1e6, p50_ms: p50 / 1000, p99_ms: p99 / 1000 });
        });
    });
}

const node = new Node(null, { sets: ["log.level=error"] });
await node.start();
const machines = Array.from({ length: 20 }, (_, index) => `press-${index}`);
await node.api("telemetry", { method: "POST", body: machines.map((machine, index) => ({ machine, values: { temperature: 21.5 + index, pressure: 4.25, count: 1000 + index, running: true, state: "producing" } })) });
await until(async () => (await node.api("machines")).total === machines.length && (await node.api("machines")).items.every((one) => one.first_seen), "machines in the catalog");

const password = "a bench of four words";
const signIn = async () => {
    const answer = await fetch(`${node.url}/api/v1/session`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: "ann", password }) });
    if (answer.status !== 200) throw new Error(`sign in: ${answer.status} ${await answer.text()}`);
    return answer.headers.get("set-cookie").split(";")[0];
};
const made = await fetch(`${node.url}/api/v1/session/setup`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ secret: node.secret, name: "ann", password }) });
if (made.status !== 200) throw new Error(`set up: ${made.status} ${await made.text()}`);

const bearer = { authorization: `Bearer ${node.token({ role: "viewer" })}` };
const cookie = { cookie: await signIn() };
const cases = [
    ["`/healthz`, open", "/healthz", {}],
    ["one machine with its 5 newest values, bearer token", "/api/v1/machines/press-3", bearer],
    ["— session cookie", "/api/v1/machines/press-3", cookie],
    ["newest sample of a tag, bearer token", "/api/v1/machines/press-3/samples?tag=pressure&limit=1", bearer],
    ["who I am, session cookie", "/api/v1/session", cookie],
    ["a page of 5 of 20 machines, bearer token", "/api/v1/machines?limit=5", bearer],
    ["all 20 machines, bearer token", "/api/v1/machines", bearer],
];

console.log("| small read | bytes | requests/s | requests per server CPU-second | p50 | p99 |\n|---|---|---|---|---|---|");
for (const [name, path, headers] of cases.filter(([name, path]) => (name + path).includes(only))) {
    const bytes = (await (await fetch(node.url + path, { headers })).text()).length;
    const before = cpuSeconds(node.child.pid);
    const got = await wrk(path, { headers });
    const cpu = cpuSeconds(node.child.pid) - before;
    console.log(`| ${name} | ${bytes} | ${whole(got.perSecond)} | ${whole(got.requests / cpu)} | ${got.p50_ms.toFixed(2)} ms | ${got.p99_ms.toFixed(2)} ms |`);
}

if ("storm".includes(only)) {
    // A calm reader: four clients that ask every 2 ms each.
    const calm = { connections: 4, headers: bearer, script: "function delay() return 2 end" };
    const alone = await wrk("/api/v1/machines/press-3", calm);
    let stop = false, signIns = 0;
    const storm = Array.from({ length: 4 }, async () => { for (; !stop; signIns += 1) await signIn(); });
    const during = await wrk("/api/v1/machines/press-3", calm);
    stop = true;
    await Promise.all(storm);
    console.log(`\nA calm reader's p50 / p99: ${alone.p50_ms.toFixed(2)} / ${alone.p99_ms.toFixed(2)} ms alone, ` +
        `${during.p50_ms.toFixed(2)} / ${during.p99_ms.toFixed(2)} ms while four browsers sign in without pause (${(signIns / seconds).toFixed(1)} passwords a second).`);
}
await node.stop();
await node.remove();
