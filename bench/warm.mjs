// What a warm question costs: the time until its answer has come, at best and in the middle, and what the node's processors spend on it, which a crowded machine changes little.
// Run: ./dev bench warm (a release build with lineshaft_load). BENCH_SAMPLES=2100000, BENCH_REPEAT=300, BENCH_QUESTIONS=last,hour. BENCH_WAIT=1 keeps the node for a profiler.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { loadavg } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Node, sleep, until } from "../tests/node.mjs";
import { plainNames, plainQuestions, truckQuestions } from "./questions.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const load = process.env.LINESHAFT_LOAD ?? join(root, "build/release/bench/lineshaft_load");
const samples = Number(process.env.BENCH_SAMPLES ?? 2_100_000);
const repeat = Number(process.env.BENCH_REPEAT ?? 300);
const begin_s = 1_451_606_400;
const end_s = begin_s + Math.ceil(samples / 10 / 1000 * 1.3) * 10 + 10;

/** A connection that stays, and nothing of a client but what a question needs. */
class Line {
    constructor(port, token) {
        this.head = `POST /api/v1/sql HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: `;
        this.socket = connect({ host: "127.0.0.1", port, noDelay: true });
        this.socket.on("data", (piece) => this.take(piece));
    }
    take(piece) {
        if (this.length === undefined) {
            const text = piece.toString("latin1");
            const end = text.indexOf("\r\n\r\n");
            if (!text.startsWith("HTTP/1.1 200") || end < 0) throw new Error(text);
            this.length = Number(/content-length: (\d+)/i.exec(text)[1]);
            this.bytes = piece.length - end - 4;
        } else {
            this.bytes += piece.length;
        }
        if (this.bytes < this.length) return;
        this.length = undefined;
        this.done(this.bytes);
    }
    ask(sql) {
        const body = JSON.stringify({ sql, limit: 1_000_000 });
        return new Promise((done) => {
            this.done = done;
            this.socket.write(`${this.head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
        });
    }
    end() { this.socket.destroy(); }
}

/** Milliseconds that all threads of a process have run. */
function cpu_ms(pid) {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks).reduce((sum, task) => {
        try { return sum + Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]) / 1e6; } catch { return sum; }
    }, 0);
}

const node = new Node(null, { sets: ["log.level=error", "history.settle_age_max=3", "history.seal_age_max=3", ...(process.env.BENCH_SETS?.split(" ") ?? [])] });
await node.start(60_000);
const port = node.addresses.http.split(":").pop();
const token = node.admin();
const sent = spawnSync(load, ["--influx", "--port", port, "--pid", node.child.pid, "--token", token, "--samples", samples, "--lines", "5000", "--json"], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
if (sent.status !== 0) throw new Error(`load: ${sent.status}`);
await until(async () => {
    const told = await node.metrics();
    return told.history_samples_fresh === 0 && told.history_head_samples === 0;
}, "settling", 180_000);
if (process.env.BENCH_WAIT) console.error(`pid ${node.child.pid} port ${port} token ${token}`);

const all = { ...plainQuestions({ begin_s }), ...truckQuestions({ tag: (field) => `readings.${field}`, begin_s, end_s }) };
const wanted = (process.env.BENCH_QUESTIONS ?? Object.keys(plainNames).join(",")).split(",");
console.log(`| ${samples.toLocaleString("en-US")} samples of 1,000 trucks, ${repeat} times, load ${loadavg()[0].toFixed(1)} | best, ms | median, ms | processors, ms | bytes |\n|---|---|---|---|---|`);
for (const name of wanted) {
    const sql = all[name];
    const times = [];
    let spent_ms = 0, asked = 0, bytes = 0;
    for (let connection = 0; connection < 6; ++connection) {  // some land on the shard that owns what is asked, some on another
        const line = new Line(port, token);
        for (let warm = 0; warm < 5; ++warm) bytes = await line.ask(sql);
        const before_ms = cpu_ms(node.child.pid);
        for (let round = 0; round < Math.max(2, repeat / 6); ++round, ++asked) {
            const began = performance.now();
            await line.ask(sql);
            times.push(performance.now() - began);
            if (performance.now() - began > 100 && round > 10) break;
        }
        spent_ms += cpu_ms(node.child.pid) - before_ms;
        line.end();
    }
    times.sort((a, b) => a - b);
    console.log(`| ${plainNames[name] ?? `TSBS ${name}`} | ${times[0].toFixed(3)} | ${times[times.length >> 1].toFixed(3)} | ${(spent_ms / asked).toFixed(3)} | ${bytes} |`);
}
if (process.env.BENCH_WAIT) await sleep(Number(process.env.BENCH_WAIT) * 1000);
await node.remove();
