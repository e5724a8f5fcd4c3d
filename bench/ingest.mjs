// The HTTP doors for data: how many samples a second, and for each CPU-second of the server, when 204 means fsynced?
// Run: ./dev bench ingest. Data: TSBS-iot-compatible, 1,000 trucks, 10 fields a line (bench/lineshaft_load.cc).
import { spawnSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Node } from "../tests/node.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const load = process.env.LINESHAFT_LOAD ?? join(root, "build/release/bench/lineshaft_load");
const samples = Number(process.env.BENCH_SAMPLES ?? 4_000_000);
const whole = (number) => Math.round(number).toLocaleString("en-US");

console.log("| door | samples/s | samples per server CPU-second | p50 | p99 | bytes per sample |\n|---|---|---|---|---|---|");
for (const [name, ...args] of [
    ["InfluxDB line protocol, 1,000 lines a body", "--influx"],
    ["InfluxDB line protocol, 5,000 lines a body", "--influx", "--lines", "5000"],
    ["JSON, one object a line, 1,000 lines a body", "--ndjson"],
    ["Prometheus remote write, 2,000 series a body", "--remote-write"],
]) {
    const node = new Node(null, { sets: ["log.level=error"] });
    await node.start();
    const token = node.token({ role: "engineer" });
    const done = spawnSync(load, [...args, "--port", node.addresses.http.split(":").pop(), "--pid", node.child.pid, "--token", token, "--samples", samples, "--json"], { encoding: "utf8", timeout: 300_000 });
    if (done.status !== 0) throw new Error(`${name}: ${done.stderr}${done.stdout}`);
    const told = JSON.parse(done.stdout);
    const metrics = await node.metrics();
    if (metrics.history_samples_stored_total < told.samples) throw new Error(`${name}: stored ${metrics.history_samples_stored_total}`);
    console.log(`| ${name} | ${whole(told.samples_per_s)} | ${whole(told.samples_per_cpu_s)} | ${told.p50_ms.toFixed(1)} ms | ${told.p99_ms.toFixed(1)} ms | ${told.bytes_per_sample.toFixed(1)} |`);
    await node.stop();
    await node.remove();
}
