// The first slice's figures, on a real node and real sockets. Run: ./dev bench slice
// Questions: how many resident bytes has an idle node? How long from a publish until its PUBACK (so,
// fsynced), and until a browser's live stream shows it? How soon is a node ready after kill -9 with
// `BENCH_STORED_MB` stored? How many durable JSON samples a second, and for each CPU-second?
// Every run is bounded in count and stops by itself.
import { readFileSync } from "node:fs";
import { Node, mqtt, sleep } from "../tests/node.mjs";
import { RawPublisher } from "../tests/raw_publisher.mjs";

const latencyCount = Number(process.env.BENCH_LATENCY_COUNT ?? 500);
const loadMessages = Number(process.env.BENCH_MESSAGES ?? 200_000);
const storedMb = Number(process.env.BENCH_STORED_MB ?? 0);

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const residentMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
const cpuSeconds = (pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
};
const print = (name, value) => console.log(`${name.padEnd(46)} ${value}`);

const connect = (node, options = {}) => new Promise((done, failed) => {
    const client = mqtt.connect(`mqtt://127.0.0.1:${node.mqttPort}`, {
        protocolVersion: 5, username: "bench", password: node.writer, ...options });
    client.once("connect", () => done(client));
    client.once("error", failed);
});
const publish = (client, topic, payload) => new Promise((done, failed) =>
    client.publish(topic, payload, { qos: 1 }, (problem) => (problem ? failed(problem) : done())));

/** Calls `on(tag value)` for each value the live stream of one machine brings. */
async function watch(node, machine, on) {
    const answer = await node.fetch(`live?machine=${machine}`);
    const reader = answer.body.getReader();
    let text = "";
    (async () => {
        for (;;) {
            const { value, done } = await reader.read();
            if (done) return;
            text += Buffer.from(value).toString();
            const pieces = text.split("\n\n");
            text = pieces.pop();
            for (const piece of pieces.filter((one) => one.startsWith("event: values"))) {
                for (const { values } of JSON.parse(piece.split("data: ")[1])) values.forEach(on);
            }
        }
    })().catch(() => {});
    return () => reader.cancel();
}

async function latency(node) {
    const client = await connect(node);
    await publish(client, "lineshaft/v1/bench-1/telemetry", '{"n":-1}');
    const sent = new Map(), acked = [], shown = [];
    const stop = await watch(node, "bench-1", ({ tag, value }) => {
        if (tag !== "n" || !sent.has(value)) return;
        shown.push(performance.now() - sent.get(value));
        sent.delete(value);
    });
    for (let n = 0; n < latencyCount; ++n) {
        const began = performance.now();
        sent.set(n, began);
        await publish(client, "lineshaft/v1/bench-1/telemetry", JSON.stringify({ n }));
        acked.push(performance.now() - began);
        await sleep(120);  // longer than the live interval and its timer's slot: no value is overtaken by the next
    }
    await sleep(500);
    stop();
    client.end(true);
    for (const [name, all] of [["publish to PUBACK (fsynced)", acked], ["publish to browser (fsynced, live stream)", shown]]) {
        all.sort((a, b) => a - b);
        print(`${name}, ${all.length} of ${latencyCount}`, `p50 ${percentile(all, 0.5).toFixed(1)} ms  p99 ${percentile(all, 0.99).toFixed(1)} ms`);
    }
}

async function load(node, messages, label) {
    const clients = await Promise.all([1, 2, 3, 4].map(() => connect(node)));
    const payload = (n) => JSON.stringify({ ts: Date.now(), values: Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`v${i}`, n + i / 10])) });
    const before = cpuSeconds(node.child.pid), began = performance.now();
    await Promise.all(clients.map(async (client, index) => {
        const share = Math.floor(messages / clients.length);
        const waiting = new Set();
        for (let n = 0; n < share; ++n) {
            const one = publish(client, `lineshaft/v1/load-${index}/telemetry`, payload(n)).finally(() => waiting.delete(one));
            waiting.add(one);
            if (waiting.size >= 500) await Promise.race(waiting);
        }
        await Promise.all(waiting);
    }));
    const wall = (performance.now() - began) / 1000, cpu = cpuSeconds(node.child.pid) - before;
    clients.forEach((client) => client.end(true));
    print(label, `${Math.round(messages * 10 / wall)} samples/s wall, ${Math.round(messages * 10 / cpu)} per server CPU-second, ${Math.round(messages / wall)} messages/s`);
}

/** Random numbers, which nothing compresses, until the store holds `megabytes`. Gives what it holds. */
async function fill(node, megabytes) {
    const storeMb = async () => Number(/^lineshaft_store_size_bytes (\d+)/m.exec(await (await node.fetch("/metrics")).text())[1]) / 1e6;
    const payloads = Array.from({ length: 20_000 }, () =>
        JSON.stringify(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`v${i}`, Math.random()]))));
    const epoch = Date.parse("2026-01-01T00:00:00Z");
    const payload = (n) => `{"ts":${epoch + n},"values":${payloads[n % payloads.length]}}`;
    let from = 0, stored = await storeMb();
    for (; stored < megabytes; stored = await storeMb()) {
        const began = performance.now(), before = cpuSeconds(node.child.pid), count = 100_000;
        const all = [0, 1, 2, 3].map((index) => new RawPublisher({
            port: node.mqttPort, token: node.writer, clientId: `fill-${index}`, from, count: count / 4, window: 500,
            message: (n) => ({ topic: `lineshaft/v1/fill-${index}/telemetry`, payload: payload(n) }),
        }));
        await Promise.all(all.map((one) => one.closed));
        if (all.some((one) => one.acked < from + count / 4)) throw new Error("the node ended a connection");
        from += count / 4;
        const wall = (performance.now() - began) / 1000, cpu = cpuSeconds(node.child.pid) - before;
        print(`filling: ${Math.round(stored)} MB`, `${Math.round(count * 100 / wall)} samples/s wall, ${Math.round(count * 100 / cpu)} per server CPU-second`);
    }
    return stored;
}

const node = await Node.start(null, {});
try {
    node.writer = node.token({ role: "engineer", name: "bench" });
    node.admin();
    await sleep(2_000);
    print("idle node, resident", `${residentMb(node.child.pid).toFixed(1)} MB`);
    await latency(node);
    await load(node, loadMessages, "QoS 1 JSON, 10 values a message, 4 clients");
    print("resident after the load", `${residentMb(node.child.pid).toFixed(1)} MB`);
    const stored = await fill(node, storedMb);
    await node.kill();
    await node.start();
    print(`ready after kill -9 with ${stored.toFixed(0)} MB stored`, `${Math.round(node.startMs)} ms`);
} finally {
    await node.remove();
}
process.exit(0);
