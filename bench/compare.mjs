// Beside its peers: the same trucks through the same doors into Lineshaft, VictoriaMetrics, InfluxDB and ClickHouse of Debian, in one run.
// Run: ./dev bench compare (peers: apt-get install victoria-metrics influxdb clickhouse-server; who is not there is named and left out).
// BENCH_SAMPLES=4000000, BENCH_DISORDER=1. Writes a table; what an acknowledgement means is measured with kill -9.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Node, sleep, until } from "../tests/node.mjs";
import { clickHouse } from "./clickhouse.mjs";
import { plainNames, plainQuestions, truckQuestions } from "./questions.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const load = process.env.LINESHAFT_LOAD ?? join(root, "build/release/bench/lineshaft_load");
const samples = Number(process.env.BENCH_SAMPLES ?? 4_000_000);
const shape = process.env.BENCH_DISORDER ? ["--disorder"] : [];
const begin_s = 1_451_606_400;
const end_s = begin_s + Math.ceil(samples / 10 / 1000 * 1.3) * 10 + 10;
const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const whole = (number) => Math.round(number).toLocaleString("en-US");
const millions = (number) => `${(number / 1e6).toFixed(2)} M`;

const freePort = () => new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        server.close(() => done(port));
    });
});

// Questions of a millisecond are asked over a connection that stays, with as little of the client as there is: fetch alone takes half of one.
const agent = new Agent({ keepAlive: true, noDelay: true });
function asked(port, path, { method = "GET", headers = {}, body } = {}) {
    return new Promise((done, fail) => {
        const bytes = body === undefined ? undefined : Buffer.from(body instanceof URLSearchParams ? body.toString() : body);
        const form = body instanceof URLSearchParams && { "content-type": "application/x-www-form-urlencoded" };
        const sent = request({ host: "127.0.0.1", port, path, method, agent, headers: { ...form, ...(bytes && { "content-length": bytes.length }), ...headers } }, (answer) => {
            const pieces = [];
            answer.on("data", (piece) => pieces.push(piece));
            answer.on("end", () => done({ status: answer.statusCode, bytes: Buffer.concat(pieces) }));
        });
        sent.on("error", fail);
        sent.end(bytes);
    });
}

/** Runs the load program to its end, or until it is cut off; what it measured. */
function send(door, peer, words = []) {
    const child = spawn(load, [door, "--port", peer.port, "--pid", peer.pid, ...peer.words(door), ...words, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (piece) => { out += piece; });
    return { child, told: new Promise((done, fail) => child.once("exit", (code) => code === 0 ? done(JSON.parse(out)) : fail(new Error(`${peer.name} ${door}: ${code}`)))) };
}

const du = (folder) => Number(spawnSync("du", ["-sb", folder], { encoding: "utf8" }).stdout.split("\t")[0]);

class Lineshaft {
    name = "Lineshaft";
    doors = ["--influx", "--remote-write", "--mqtt-json", "--sparkplug"];
    async start() {
        this.node ??= new Node(null, { sets: ["log.level=error"] });
        await this.node.start(60_000);
        this.token ??= this.node.admin();
        this.pid = this.node.child.pid;
        this.port = this.node.addresses.http.split(":").pop();
    }
    words(door) { return ["--token", this.token, ...(["--mqtt-json", "--sparkplug"].includes(door) ? ["--port", this.node.mqttPort] : [])]; }
    // Loaded as it comes. Sealing and settling every 3 s, which this needs, would be a part of the load's figures.
    async settled() {
        await this.node.stop();
        this.node.sets.push("history.settle_age_max=3", "history.seal_age_max=3");
        await this.start();
        await until(async () => {
            const told = await this.node.metrics();
            return told.history_samples_fresh === 0 && told.history_head_samples === 0;
        }, "settling", 180_000);
        let space;
        await until(async () => (space = await this.node.api("/api/v1/retention", { token: this.token })).counted_at, "the space", 60_000);
        return { chunks: space.rest.bytes, all: du(this.node.data) };
    }
    async stop() { await this.node.stop(); }
    async kill() { await this.node.kill(); }
    async remove() { await this.node.remove(); this.node = null; this.token = null; }
    async sql(sql) {
        const headers = { authorization: `Bearer ${this.token}`, "content-type": "application/json" };
        const { status, bytes } = await asked(this.port, "/api/v1/sql", { method: "POST", headers, body: JSON.stringify({ sql, limit: 1_000_000 }) });
        if (status !== 200) throw new Error(`${sql}: ${status} ${bytes.subarray(0, 300)}`);
        return bytes;
    }
    async count() { return Number(JSON.parse(await this.sql("SELECT count(*) FROM samples")).rows[0][0]); }
    queries() {
        const all = { ...plainQuestions({ begin_s }), ...truckQuestions({ tag: (field) => `readings.${field}`, begin_s, end_s }) };
        return Object.fromEntries(Object.entries(all).map(([name, sql]) => [name, () => this.sql(sql)]));
    }
}

/** A peer is a process with a folder and a port. */
class Peer {
    async start() {
        this.folder ??= mkdtempSync(join(tmpdir(), "compare-"));
        this.port ??= await freePort();
        const [program, ...args] = await this.command();
        this.child = spawn(program, args, { stdio: "ignore", env: { ...process.env, ...this.environment } });
        this.pid = this.child.pid;
        this.ended = new Promise((done) => this.child.once("exit", done));
        this.child.once("error", () => {});
        await until(async () => (await fetch(`http://127.0.0.1:${this.port}${this.ready}`).catch(() => null))?.ok, `${this.name} ready`, 60_000);
        await this.prepare?.();
    }
    async stop(signal = "SIGTERM") { this.child.kill(signal); await this.ended; }
    async kill() { await this.stop("SIGKILL"); }
    async remove() { rmSync(this.folder, { recursive: true, force: true }); this.folder = null; this.port = null; }
    async ask(path, options) {
        const { status, bytes } = await asked(this.port, path, options);
        if (status >= 300) throw new Error(`${this.name} ${path}: ${status} ${bytes.subarray(0, 300)}`);
        return bytes;
    }
}

class VictoriaMetrics extends Peer {
    name = "VictoriaMetrics";
    doors = ["--influx", "--remote-write"];
    ready = "/health";
    command() { return ["victoria-metrics", `-storageDataPath=${this.folder}`, `-httpListenAddr=127.0.0.1:${this.port}`, "-retentionPeriod=100y", "-loggerLevel=ERROR", "-search.maxPointsPerTimeseries=1000000", "-search.latencyOffset=0s"]; }
    words(door) { return door === "--influx" ? ["--path", "/write?precision=ns"] : []; }
    async settled() {
        await this.ask("/internal/force_flush");
        await this.ask("/internal/force_merge");
        await sleep(3_000);
        return { chunks: null, all: du(join(this.folder, "data")) + du(join(this.folder, "indexdb")) };
    }
    query(expression, at = end_s) { return this.ask("/api/v1/query", this.form({ query: expression, time: at, nocache: 1 })); }
    range(expression) { return this.ask("/api/v1/query_range", this.form({ query: expression, start: begin_s, end: end_s, step: 60, nocache: 1 })); }
    form(fields) { return { method: "POST", body: new URLSearchParams(fields) }; }
    async count() {
        await this.ask("/internal/force_flush");
        const told = JSON.parse(await this.query('sum(count_over_time({__name__=~"readings_.*"}[10d]))'));
        return Number(told.data.result[0]?.value[1] ?? 0);
    }
    queries() {
        return {
            last: () => this.query("last_over_time(readings_velocity[1d])"),
            hour: () => this.query('readings_velocity{machine="truck_7"}[1h]', begin_s + 4200),
            minute1: () => this.range('avg_over_time(readings_velocity{machine="truck_7"}[1m])'),
            minute100: () => this.range('avg_over_time(readings_velocity{machine=~"truck_[0-9]|truck_[1-9][0-9]"}[1m])'),
            minuteEach: () => this.range("avg_over_time(readings_velocity[1m])"),
            minuteAll: () => this.range("avg(avg_over_time(readings_velocity[1m]))"),
            fleet: () => this.query("max by (fleet) (max_over_time(readings_velocity[10d]))"),
        };
    }
}

class InfluxDb extends Peer {
    name = "InfluxDB";
    doors = ["--influx"];
    ready = "/ping";
    environment = {};
    async command() {
        this.environment = {
            INFLUXDB_META_DIR: join(this.folder, "meta"), INFLUXDB_DATA_DIR: join(this.folder, "data"), INFLUXDB_DATA_WAL_DIR: join(this.folder, "wal"),
            INFLUXDB_HTTP_BIND_ADDRESS: `127.0.0.1:${this.port}`, INFLUXDB_BIND_ADDRESS: `127.0.0.1:${await freePort()}`, INFLUXDB_DATA_INDEX_VERSION: "tsi1",
            INFLUXDB_REPORTING_DISABLED: "true", INFLUXDB_HTTP_LOG_ENABLED: "false", INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION: "2s",
            INFLUXDB_DATA_COMPACT_FULL_WRITE_COLD_DURATION: "3s", INFLUXDB_MONITOR_STORE_ENABLED: "false",
        };
        return ["influxd", "run"];
    }
    async prepare() { await this.ask("/query", { method: "POST", body: new URLSearchParams({ q: "CREATE DATABASE load" }) }); }
    words() { return ["--path", "/write?db=load&precision=ns"]; }
    async settled() {
        // Compacted once nothing has changed for a while. Its list of series lies in files that are mostly holes, which take no room.
        const blocks = () => Number(spawnSync("du", ["-s", "--block-size=1", join(this.folder, "data")], { encoding: "utf8" }).stdout.split("\t")[0]);
        for (let same = 0, before = blocks(); same < 4;) {
            await sleep(3_000);
            const now = blocks();
            same = now === before ? same + 1 : 0;
            before = now;
        }
        return { chunks: null, all: blocks() };
    }
    influx(q) { return this.ask("/query", { method: "POST", body: new URLSearchParams({ db: "load", epoch: "ms", q }) }); }
    async count() {
        const told = JSON.parse(await this.influx("SELECT count(*) FROM readings"));
        return (told.results[0].series?.[0].values[0] ?? [0]).slice(1).reduce((sum, one) => sum + one, 0);
    }
    queries() {
        const all = `time >= ${begin_s}s AND time < ${end_s}s`;
        return {
            last: () => this.influx("SELECT last(velocity) FROM readings GROUP BY machine"),
            hour: () => this.influx(`SELECT velocity FROM readings WHERE machine = 'truck_7' AND time >= ${begin_s + 600}s AND time < ${begin_s + 4200}s`),
            minute1: () => this.influx(`SELECT mean(velocity) FROM readings WHERE machine = 'truck_7' AND ${all} GROUP BY time(1m) fill(none)`),
            minute100: () => this.influx(`SELECT mean(velocity) FROM readings WHERE machine =~ /^truck_[0-9]{1,2}$/ AND ${all} GROUP BY time(1m), machine fill(none)`),
            minuteEach: () => this.influx(`SELECT mean(velocity) FROM readings WHERE ${all} GROUP BY time(1m), machine fill(none)`),
            minuteAll: () => this.influx(`SELECT mean(velocity) FROM readings WHERE ${all} GROUP BY time(1m) fill(none)`),
            fleet: () => this.influx("SELECT max(velocity) FROM readings GROUP BY fleet"),
        };
    }
}

// Warm, the client too: its first hundred requests take Node several times as long as those that follow, and whoever is measured first would pay.
async function medianMs(question) {
    const until_ms = performance.now() + 500;
    for (let asked = 0; asked < 100 && performance.now() < until_ms; ++asked) await question();
    const times = [];
    for (let round = 0; round < rounds; ++round) {
        const began = performance.now();
        await question();
        times.push(performance.now() - began);
    }
    return times.sort((a, b) => a - b)[rounds >> 1];
}

/** kill -9 in the middle; how many acknowledged samples are there afterwards. */
async function killed(peer) {
    await peer.start();
    const journal = join(tmpdir(), `journal-${process.pid}`);
    const { told, child } = send("--influx", peer, ["--samples", samples, ...shape, "--journal", journal]);
    child.stdout.resume();
    await until(async () => existsSync(journal) && du(journal) > samples / 4000, "half of it", 120_000);
    await peer.kill();
    const { samples: acknowledged } = await told;
    await peer.start();
    let found = 0;
    for (let patience = 0; patience < 10 && found < acknowledged; ++patience) { found = await peer.count(); if (found < acknowledged) await sleep(500); }
    rmSync(journal, { force: true });
    await peer.stop();
    await peer.remove();
    return { acknowledged, kept: Math.min(1, found / acknowledged) };
}

async function measure(peer) {
    const row = { doors: {}, queries: {} };
    for (const door of peer.doors) {
        await peer.start();
        const lines = door === "--influx" ? ["--lines", "5000"] : [];
        const told = await send(door, peer, ["--samples", samples, ...shape, ...lines]).told;
        row.doors[door] = told;
        if (door === "--influx") {
            const bytes = await peer.settled();
            const there = await until(async () => await peer.count(), "something");
            row.bytes = { chunks: bytes.chunks && bytes.chunks / there, all: bytes.all / there };
            row.missing = told.samples - there;
            for (const [name, question] of Object.entries(peer.queries())) row.queries[name] = await medianMs(question);
        }
        await peer.stop();
        await peer.remove();
        console.error(`${peer.name} ${door}: ${whole(told.samples_per_cpu_s)} samples per server CPU-second`);
    }
    row.killed = await killed(peer);
    return row;
}

const ClickHouse = clickHouse(Peer, { begin_s, end_s, freePort });
const only = process.env.BENCH_ONLY?.split(",");
const wanted = [[Lineshaft], [VictoriaMetrics, "victoria-metrics", "victoria-metrics"], [InfluxDb, "influxd", "influxdb"], [ClickHouse, "clickhouse-server", "clickhouse-server"]]
    .map(([kind, program, parcel]) => ({ peer: new kind(), program, parcel })).filter(({ peer }) => !only || only.includes(peer.name));
const rows = new Map();
const present = [];
for (const { peer, program, parcel } of wanted) {
    if (program && spawnSync("which", [program]).status !== 0) {
        console.error(`${peer.name} is left out: apt-get install ${parcel}`);
        continue;
    }
    try {
        rows.set(peer.name, await measure(peer));
        present.push(peer);
    } catch (error) {  // the others are measured all the same
        console.error(`${peer.name} is left out: ${error.message}`);
        process.exitCode = 1;
        await peer.kill().catch(() => {});
        await peer.remove().catch(() => {});
    }
}

const table = (title, tell) => console.log(`| ${title} | ${present.map(({ name }) => tell(rows.get(name)) || "–").join(" | ")} |`);
console.log(`| ${whole(samples)} samples of 1,000 trucks${shape.length ? ", out of order" : ""} | ${present.map(({ name }) => name).join(" | ")} |\n|---|${present.map(() => "---|").join("")}`);
const doorNames = { "--influx": "line protocol, 5,000 lines a body", "--remote-write": "remote write, 2,000 series a body", "--mqtt-json": "MQTT QoS 1, JSON, 10 values a message", "--sparkplug": "MQTT QoS 1, Sparkplug, 10 metrics a message" };
for (const [door, name] of Object.entries(doorNames)) {
    table(`${name}: samples per server CPU-second`, (row) => row.doors[door] && millions(row.doors[door].samples_per_cpu_s));
    table("— samples a second, wall", (row) => row.doors[door] && millions(row.doors[door].samples_per_s));
    table("— p99 of an acknowledgement", (row) => row.doors[door] && `${row.doors[door].p99_ms.toFixed(1)} ms`);
    table("— resident afterwards", (row) => row.doors[door] && `${whole(row.doors[door].resident_mb)} MB`);
}
table("acknowledged samples that are there after kill -9", (row) => `${(row.killed.kept * 100).toFixed(1)} %`);
table("bytes per sample after settling, the data's own files", (row) => (row.bytes.chunks ?? row.bytes.all).toFixed(2));
const queryNames = { ...plainNames };
for (const question of Object.keys(truckQuestions({ tag: (field) => field, begin_s, end_s }))) queryNames[question] = `TSBS ${question}`;
for (const [query, name] of Object.entries(queryNames)) table(name, (row) => row.queries[query] !== undefined && `${row.queries[query].toFixed(2)} ms`);
