// Identifiers: registration in a session, resolution over UDP and TCP, signed answers, proofs, recursion;
// NSD of Debian with as many TXT records beside it, `openssl speed` for the price of a signature.
// Run: ./dev bench handle. BENCH_HANDLES=1000000, BENCH_SECONDS=4, BENCH_SETS="key=value key=value" for the node, BENCH_ONLY=signed
// for the signatures alone (20,000 handles). Load: bench/handle_load, same machine; its load average stands above the table.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync, readdirSync, writeFileSync } from "node:fs";
import { generateKeyPairSync } from "node:crypto";
import { request } from "node:http";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Connection, Session, adminData, askUdp, askWithProof, bodies, message, op, proofs, readValues, rsaKey } from "../tests/handle.mjs";
import { Node, sleep, until } from "../tests/node.mjs";

const onlySigned = process.env.BENCH_ONLY === "signed";
const handles = Number(process.env.BENCH_HANDLES ?? (onlySigned ? 20_000 : 1_000_000));
const seconds = Number(process.env.BENCH_SECONDS ?? 4);
const program = process.env.HANDLE_LOAD ?? "build/release/bench/handle_load";
const folder = mkdtempSync(join(tmpdir(), "lineshaft-handle-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const prefix = "88.111.1";
const whole = (number) => Math.round(number).toLocaleString("en-US");
const rows = [];
const row = (name, figure, peer = "") => { rows.push(`| ${name} | ${figure} | ${peer} |`); console.error(rows.at(-1)); };
const size = (path) => readdirSync(path, { withFileTypes: true }).reduce((sum, one) => sum + (one.isDirectory() ? size(join(path, one.name)) : statSync(join(path, one.name)).size), 0);

function load(kind, port, pid, name, count, { time = seconds, ...options } = {}) {
    return new Promise((done, failed) => {
        const child = spawn(program, [kind, String(port), String(pid), name, String(count), String(time), ...Object.entries(options).map(([key, value]) => `${key}=${value}`)]);
        let out = "";
        child.stdout.on("data", (piece) => (out += piece));
        child.stderr.on("data", (piece) => process.stderr.write(piece));
        child.on("error", failed);
        child.on("exit", (code) => (code === 0 ? done(JSON.parse(out)) : failed(new Error(`${kind}: ${code}`))));
    });
}
const said = (one) => `${whole(one.per_cpu_second)} (${whole(one.per_second)}/s, p99 ${one.p99_ms.toFixed(2)} ms${one.lost ? `, ${one.lost} lost` : ""})`;

const began_at = loadavg()[0].toFixed(1);
const more = (process.env.BENCH_SETS ?? "").split(" ").filter(Boolean);
/** Registers what the session had no time for, in one streamed call; answers how that ended. */
function fill(from, until) {
    return new Promise((done, failed) => {
        const asked = request(`${node.url}/api/v1/naming/bulk?receipts=refused`, { method: "POST", headers: { authorization: `Bearer ${node.admin()}`, "content-type": "application/x-ndjson", "idempotency-key": "fill" } }, (answer) => {
            let tail = "";
            answer.on("data", (piece) => (tail = (tail + piece).slice(-1_000)));
            answer.on("end", () => done(JSON.parse(tail.trim().split("\n").pop())));
        });
        asked.on("error", failed);
        const feed = () => {
            while (from < until) {
                let text = "";
                for (const end = Math.min(until, from + 500); from < end; ++from) text += `{"handle":"${prefix}/${from}","values":[{"index":1,"type":"URL","data":"https://example.com/${prefix}/${from}"},{"index":2,"type":"DESC","data":"made by the benchmark"}],"if_exists":"replace"}\n`;
                if (!asked.write(text)) return void asked.once("drain", feed);
            }
            asked.end();
        };
        feed();
    });
}

const node = new Node(null, { sets: ["log.level=error", "node.role=secondary", `handle.prefix=${prefix}`, "handle.listen=127.0.0.1:0", ...more] });
await node.start();
const portOf = (one) => Number(one.addresses.handle.split(":").pop());
const pid = node.child.pid, port = portOf(node);
/** Signatures over UDP, and what one costs on this machine, in the same minute. */
async function signatures() {
    const speed = () => Number(/rsa 2048 bits +[\d.]+s +[\d.]+s +([\d.]+)/.exec(spawnSync("openssl", ["speed", "-seconds", "2", "rsa2048"]).stdout.toString())?.[1]);
    const before = speed();
    const signed = await load("udp", port, pid, prefix, handles, { signed: 1, window: 64 });
    const peer = (before + speed()) / 2;  // NaN: not installed
    row("answers signed live, RSA-2048: per server CPU-second", said(signed), peer ? `\`openssl speed rsa2048\` before and after: ${whole(peer)} signatures/s of one core, so ${Math.round(signed.per_cpu_second / peer * 100)} %` : "");
}
if (onlySigned) {
    assert.equal((await fill(0, handles)).refused, 0);
    await signatures();
    await node.remove();
    process.exit(0);
}
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
writeFileSync(join(folder, "key.der"), privateKey.export({ type: "pkcs1", format: "der" }));
const put = async (handle, values, query = "") => { const answer = await node.fetch(`/api/handles/${handle}${query}`, { method: "PUT", body: values }); assert.ok(answer.ok, await answer.text()); };
const bytes = (index, type, data) => ({ index, type, data: { format: "base64", value: data.toString("base64") } });
await put(`0.NA/${prefix}`, [bytes(300, "HS_PUBKEY", rsaKey(publicKey.export({ format: "jwk" })))], "?index=300");
await put(`0.NA/${prefix}`, [bytes(101, "HS_ADMIN", adminData(0xfff, `${prefix}/ADMIN`, 301))], "?index=101");
await put(`${prefix}/ADMIN`, [{ index: 301, type: "HS_SECKEY", data: "s3cret", permissions: "1110" }]);

// Registration: one session, proved once; then what fills the node for everything else.
const connection = await Connection.open(port);
const session = await Session.open(connection, 4);
const proved = await askWithProof((question) => session.ask(question), message(op.create, bodies.values(`${prefix}/FIRST`, [{ index: 1, data: "x" }])), proofs.key(`0.NA/${prefix}`, 300, privateKey));
assert.equal(proved.code, 1);
const before = size(node.data);
const registered = await load("register", port, pid, prefix, handles, { time: 20, window: 512, session: session.id, key: session.key.toString("hex"), counter: session.counter });
assert.equal(registered.good, registered.answered);
row(`registrations of two values in a session, durable, ${whole(registered.answered)} of them: per server CPU-second`, said(registered));
const count = handles;
const cpu = () => { const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop().split(" "); return (Number(fields[11]) + Number(fields[12])) / 100; };
const [cpuBefore, since] = [cpu(), performance.now()];
const first = Math.max(0, registered.answered - 1_024);  // the last of them may not have been answered in their order
const filled = handles - first;
if (registered.answered < handles) {
    const ended = await fill(first, handles);
    assert.deepEqual([ended.done, ended.rows, ended.refused], [true, filled, 0]);
    row(`— in one bulk call, durable, a window of them at once, ${whole(filled)} of them`, `${whole(filled / (cpu() - cpuBefore))} (${whole(filled / (performance.now() - since) * 1_000)}/s)`);
}
const byKey = await load("proofs", port, pid, prefix, 20_000_000, { from: count + 1_000_000, window: 256, by: `300:0.NA/${prefix}`, der: join(folder, "key.der") });
row("— each with a challenge, HS_PUBKEY (RSA-2048)", said(byKey));
const bySecret = await load("proofs", port, pid, prefix, 20_000_000, { from: count + 30_000_000, window: 64, by: `301:${prefix}/ADMIN`, secret: "s3cret" });
row("— each with a challenge, HS_SECKEY (PBKDF2, 10,000 rounds)", said(bySecret));
await sleep(1000);

// NSD serves as many TXT records.
const zone = createWriteStream(join(folder, "zone"));
zone.write(`$ORIGIN bench.\n$TTL 86400\n@ SOA ns a 1 3600 600 86400 3600\n@ NS ns\nns A 127.0.0.1\n`);
for (let at = 0; at < count; ++at) if (!zone.write(`${at} TXT "https://example.com/${prefix}/${at}" "made by the benchmark"\n`)) await new Promise((done) => zone.once("drain", done));
await new Promise((done) => zone.end(done));
const nsdPort = 20_000 + (process.pid % 20_000);
writeFileSync(join(folder, "nsd.conf"), `server:\n server-count: 1\n ip-address: 127.0.0.1@${nsdPort}\n username: ""\n zonesdir: "${folder}"\n pidfile: "${folder}/nsd.pid"\n xfrdfile: "${folder}/xfrd"\n zonelistfile: "${folder}/zones"\n logfile: "${folder}/nsd.log"\n database: ""\n tcp-count: 100\n tcp-query-count: 0\nremote-control:\n control-enable: no\nzone:\n name: bench\n zonefile: zone\n`);
const hasNsd = existsSync("/usr/sbin/nsd");
const nsd = hasNsd ? spawn("/usr/sbin/nsd", ["-d", "-c", join(folder, "nsd.conf")], { stdio: "ignore" }) : null;
process.on("exit", () => nsd?.kill());
let nsdPid = 0;
if (nsd) {
    // Its answers come from a child; the parent loads the zone first.
    const children = (of) => spawnSync("pgrep", ["-P", String(of)]).stdout.toString().split("\n").filter(Boolean).map(Number);
    const works = async () => { const one = await load("dns", nsdPort, nsd.pid, "bench", 10, { time: 0.2, window: 1 }).catch(() => null); return one?.good > 0; };
    await until(works, "NSD answers", 60_000);
    const tree = (of) => children(of).flatMap((one) => [one, ...tree(one)]);
    const used = (of) => { const fields = readFileSync(`/proc/${of}/stat`, "utf8").split(") ").pop().split(" "); return Number(fields[11]) + Number(fields[12]); };
    const before = new Map(tree(nsd.pid).map((one) => [one, used(one)]));
    await load("dns", nsdPort, nsd.pid, "bench", count, { time: 1 });
    const spent = (one) => used(one) - (before.get(one) ?? 0);
    nsdPid = tree(nsd.pid).sort((a, b) => spent(b) - spent(a))[0];
}
const beside = async (kind, options = {}) => (nsd ? said(await load(kind, nsdPort, nsdPid, "bench", count, options)) : "not installed");

const udp = await load("udp", port, pid, prefix, count);
row("resolutions over UDP, random names: per server CPU-second", said(udp), await beside("dns"));
const half = await load("udp", port, pid, prefix, count, { rate: Math.round(udp.per_second / 2) });
row(`— at half that load (${whole(half.per_second)}/s): p50 / p99 / longest`, `${half.p50_ms.toFixed(3)} / ${half.p99_ms.toFixed(3)} / ${half.max_ms.toFixed(1)} ms${half.lost ? `, ${half.lost} lost` : ""} (the load program itself stood still for up to ${half.own_stall_ms.toFixed(1)} ms)`);
row("resolutions over TCP, pipelined: per server CPU-second", said(await load("tcp", port, pid, prefix, count)), await beside("dns-tcp"));

await signatures();

// A recursive node, a top node that refers, and this one.
const top = new Node(null, { sets: ["log.level=error", "node.role=top", "handle.prefix=88", "handle.listen=127.0.0.1:0"] });
await top.start();
const site = (await askUdp(port, message(op.siteInfo, bodies.handle("/")))).body;
const delegated = await top.fetch(`/api/handles/0.NA/${prefix}`, { method: "PUT", body: [bytes(1, "HS_SITE", Buffer.from(site)), bytes(2, "HS_SITE.PREFIX", Buffer.from(site))] });
assert.ok(delegated.ok, await delegated.text());
const recursive = new Node(null, { sets: ["log.level=error", "node.role=recursive", `handle.bootstrap=127.0.0.1:${portOf(top)}`, "handle.listen=127.0.0.1:0"] });
await recursive.start();
assert.ok(readValues((await askUdp(portOf(recursive), message(op.resolution, bodies.resolve(`${prefix}/5`)))).body).values.length > 0);
const cold = await load("udp", portOf(recursive), recursive.child.pid, prefix, 20_000, { order: "once", window: 1 });
row("recursive, each name for the first time, one at a time (its answer signed by the node that has it): p50 / p99", `${cold.p50_ms.toFixed(2)} / ${cold.p99_ms.toFixed(2)} ms`);
const cached = await load("udp", portOf(recursive), recursive.child.pid, prefix, 1_000);
row("recursive, 1,000 names it knows: per server CPU-second", said(cached));

const status = readFileSync(`/proc/${pid}/status`, "utf8");
row("resident, all handles registered and asked for", `${whole(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024)} MB`);
row("on disk per handle (log and all)", `${whole((size(node.data) - before) / count)} B`);
connection.close();
await node.stop();
const began = performance.now();
await node.start(60_000);
row("ready after a start with them", `${Math.round(performance.now() - began)} ms`);
console.log(`${whole(count)} handles, load average ${began_at} before and ${loadavg()[0].toFixed(1)} after\n\n| figure | Lineshaft | peer |\n|---|---|---|\n${rows.join("\n")}`);
nsd?.kill();
for (const one of [node, top, recursive]) await one.remove();
