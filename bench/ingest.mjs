// The doors for data: how many samples a second, and for each CPU-second of the server, when what is acknowledged is fsynced?
// Run: ./dev bench ingest. Data: TSBS-iot-compatible, 1,000 trucks, 10 fields a line (bench/lineshaft_load.cc).
// BENCH_SAMPLES=21000000 · BENCH_DOORS=remote-write,sparkplug · BENCH_SETS=store.x=1,y.z=2: settings · BENCH_PERF=FILE: what the server does, for `perf report`.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Node } from "../tests/node.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const load = process.env.LINESHAFT_LOAD ?? join(root, "build/release/bench/lineshaft_load");
const samples = Number(process.env.BENCH_SAMPLES ?? 4_000_000);
const wanted = process.env.BENCH_DOORS?.split(",");
const whole = (number) => Math.round(number).toLocaleString("en-US");
const peakMb = (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

console.log("| door | samples/s | samples per server CPU-second | p50 | p99 | bytes sent per sample | resident at most |\n|---|---|---|---|---|---|---|");
for (const [name, door, ...args] of [
    ["InfluxDB line protocol, 1,000 lines a body", "influx"],
    ["InfluxDB line protocol, 5,000 lines a body", "influx", "--lines", "5000"],
    ["JSON, one object a line, 1,000 lines a body", "ndjson"],
    ["Prometheus remote write, 2,000 series a body", "remote-write"],
    ["Prometheus remote write, 10,000 series a body", "remote-write", "--lines", "1000"],
    ["MQTT QoS 1, JSON, 10 values a message", "mqtt-json"],
    ["MQTT QoS 1, Sparkplug, 10 metrics a message", "sparkplug"],
    ["MQTT QoS 1, Sparkplug, 10 metrics of a device at 20 instants a message", "sparkplug", "--batch", "20"],
    ["MQTT QoS 1, Sparkplug, NDATA of 100 metrics", "sparkplug", "--node-batch", "10"],
    ["MQTT QoS 1, Sparkplug, NDATA of 200 metrics", "sparkplug", "--node-batch", "20"],
    ["MQTT QoS 1, Sparkplug, NDATA of 1,000 metrics", "sparkplug", "--node-batch", "100"],
]) {
    if (wanted && !wanted.includes(door)) continue;
    const node = new Node(null, { sets: ["log.level=error", ...(process.env.BENCH_SETS?.split(",") ?? [])] });
    await node.start();
    const token = node.token({ role: "engineer" });
    const { pid } = node.child;
    const port = door === "mqtt-json" || door === "sparkplug" ? node.mqttPort : node.addresses.http.split(":").pop();
    const perf = process.env.BENCH_PERF && spawn("perf", ["record", "-q", "-F", "999", "-p", pid, "-o", `${process.env.BENCH_PERF}.${door}`], { stdio: "ignore" });
    const done = spawnSync(load, [`--${door}`, ...args, "--port", port, "--pid", pid, "--token", token, "--samples", samples, "--json"], { encoding: "utf8", timeout: 300_000 });
    if (perf) await new Promise((ended) => { perf.once("exit", ended); perf.kill("SIGINT"); });
    if (done.status !== 0) throw new Error(`${name}: ${done.stderr}${done.stdout}`);
    const told = JSON.parse(done.stdout);
    const metrics = await node.metrics();
    if (metrics.history_samples_stored_total < told.samples) throw new Error(`${name}: stored ${metrics.history_samples_stored_total}`);
    console.log(`| ${name} | ${whole(told.samples_per_s)} | ${whole(told.samples_per_cpu_s)} | ${told.p50_ms.toFixed(1)} ms | ${told.p99_ms.toFixed(1)} ms | ${told.bytes_per_sample.toFixed(1)} | ${whole(peakMb(pid))} MB |`);
    await node.stop();
    await node.remove();
}
