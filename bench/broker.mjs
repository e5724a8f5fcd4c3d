// The broker beside its peers: the same load on the same machine in the same run. Run: ./dev bench broker
// Ours is the whole node with rights and it syncs before it acknowledges; the peers do not sync. Each server is a child
// process on a free port with a fresh directory; nothing is installed as a service. The table goes to docs/benchmarks.md.
//   node bench/broker.mjs [table|idle|sixty|reconnect|ramp|flood|garbage|all] [--long] [--minutes N]
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync, existsSync } from "node:fs";
import { createServer } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const load = process.env.MQTT_LOAD ?? join(root, "build/release/bench/mqtt_load");
const binary = process.env.LINESHAFT ?? join(root, "build/release/lineshaft");
const what = process.argv[2] ?? "all";
const isLong = process.argv.includes("--long");
const doc = join(root, "docs/benchmarks.md");
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const print = (text) => console.log(text);

const freePort = () => new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        server.close(() => done(port));
    });
});

async function accepts(port) {
    for (let tries = 0; tries < 200; tries += 1) {
        const open = await new Promise((done) => {
            const socket = connect(port, "127.0.0.1", () => { socket.destroy(); done(true); });
            socket.on("error", () => done(false));
        });
        if (open) return;
        await sleep(50);
    }
    throw new Error(`nothing listens on ${port}`);
}

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** A server of its own directory. `stop` kills it by its pid. */
async function start(name, command, args, port, folder) {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", process.env.BENCH_VERBOSE ? "inherit" : "ignore"] });
    running.add(child);
    child.once("exit", () => running.delete(child));
    await accepts(port);
    return { name, port, pid: child.pid, folder, async stop() {
        const ended = new Promise((done) => child.once("exit", done));
        child.kill("SIGKILL");
        await ended;
        rmSync(folder, { recursive: true, force: true });
    } };
}

const folderOf = (name) => mkdtempSync(join(tmpdir(), `bench-${name}-`));

async function lineshaft(sets = [], folder = folderOf("lineshaft")) {
    const port = await freePort(), http = await freePort();
    const settings = [`mqtt.listen=127.0.0.1:${port}`, `http.listen=127.0.0.1:${http}`, "trust.loopback_role=admin", ...sets];
    const server = await start("Lineshaft", binary, ["serve", "--data", join(folder, "data"), ...settings.flatMap((one) => ["--set", one])], port, folder);
    return { ...server, http, async broker() { return (await fetch(`http://127.0.0.1:${http}/api/v1/broker`)).json(); } };
}

async function mosquitto() {
    const folder = folderOf("mosquitto"), port = await freePort();
    writeFileSync(join(folder, "conf"), `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location ${folder}/\n`);
    const user = process.getuid?.() === 0 ? "user root\n" : "";
    writeFileSync(join(folder, "conf"), user + readFileSync(join(folder, "conf"), "utf8"));
    return start("mosquitto", peer("mosquitto", "usr/sbin/mosquitto"), ["-c", join(folder, "conf")], port, folder);
}

async function nats() {
    const folder = folderOf("nats"), port = await freePort(), client = await freePort();
    writeFileSync(join(folder, "conf"), `server_name: bench\nlisten: 127.0.0.1:${client}\nmqtt { listen: "127.0.0.1:${port}", max_ack_pending: 1000 }\njetstream { store_dir: "${folder}/js" }\n`);
    return start("nats-server", peer("nats-server", "usr/sbin/nats-server"), ["-c", join(folder, "conf")], port, folder);
}

/** The program of a Debian package, unpacked into build/peers: nothing is installed and no service starts. */
function peer(name, path) {
    const folder = join(root, "build/peers", name);
    for (const at of [join(folder, path), join(folder, path.replace("sbin", "bin")), `/${path}`]) if (existsSync(at)) return at;
    mkdirSync(folder, { recursive: true });
    const run = (command, args) => {
        const done = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
        if (done.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${done.stderr}`);
        return done.stdout;
    };
    run("apt-get", ["download", name]);
    const file = run("sh", ["-c", "ls *.deb | tail -1"]).trim();
    run("dpkg", ["-x", file, "."]);
    for (const at of [join(folder, path), join(folder, path.replace("sbin", "bin"))]) if (existsSync(at)) return at;
    throw new Error(`no ${path} in ${file}`);
}

/** Runs the load program against a server; gives its numbers. */
function measure(server, args, patience_ms = 400_000) {
    return new Promise((done, failed) => {
        const child = spawn(load, [...args, "--port", `${server.port}`, "--pid", `${server.pid}`, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
        running.add(child);
        if (process.env.BENCH_VERBOSE) child.stderr.pipe(process.stderr);
        let out = "", err = "";
        child.stdout.on("data", (piece) => (out += piece));
        child.stderr.on("data", (piece) => (err += piece));
        const timer = setTimeout(() => child.kill("SIGKILL"), patience_ms);
        child.once("exit", (code) => {
            clearTimeout(timer);
            running.delete(child);
            code === 0 ? done(JSON.parse(out.trim().split("\n").pop())) : failed(new Error(`${server.name}: ${args.join(" ")}: ${err || code}`));
        });
    });
}

const thousands = (n) => n >= 1e6 ? `${(n / 1e6).toFixed(2)} M` : n >= 1e4 ? `${Math.round(n / 1e3)} k` : n >= 1e3 ? `${(n / 1e3).toFixed(1)} k` : `${Math.round(n)}`;
const percent = (part, whole) => `${(100 * part / whole).toFixed(part === whole ? 0 : 1)} %`;

const scale = Number(process.env.BENCH_SCALE ?? 1);
const count = (n) => String(Math.max(1000, Math.round(n * scale)));

/** Each row: a name, the load's words, and what to show of its numbers. */
const rows = [
    ["QoS 1 to a durable subscriber, 200 in flight: messages per server CPU-second", ["--publish", "--qos", "1", "--durable", "--count", count(60_000)], (n) => thousands(n.messages_per_cpu_s)],
    ["— acknowledged a second, wall", null, (n) => thousands(n.acknowledged_per_s)],
    ["— delivered of what was acknowledged", null, (n) => percent(n.delivered, n.wanted)],
    ["QoS 1, 20 in flight: messages per server CPU-second", ["--publish", "--qos", "1", "--durable", "--window", "20", "--count", count(20_000)], (n) => thousands(n.messages_per_cpu_s)],
    ["publish → PUBACK at 10,000 messages/s: p50 / p99", ["--publish", "--qos", "1", "--rate", "10000", "--count", count(10_000)], (n) => `${n.p50_ms.toFixed(1)} / ${n.p99_ms.toFixed(1)} ms`],
    ["QoS 0, one publisher to one subscriber: delivered a second", ["--publish", "--qos", "0", "--publishers", "1", "--count", count(1_500_000)], (n) => thousands(n.delivered_per_s)],
    ["— delivered of what was sent", null, (n) => percent(n.delivered, n.wanted)],
    ["QoS 0, ten publishers to one subscriber: delivered a second", ["--publish", "--qos", "0", "--publishers", "10", "--count", count(100_000)], (n) => thousands(n.delivered_per_s)],
    ["QoS 0, one publisher to 100 subscribers: delivered a second", ["--fanout", "100", "--count", count(20_000)], (n) => thousands(n.delivered_per_s)],
    ["a QoS 1 subscriber slower than its publishers gets", ["--publish", "--qos", "1", "--durable", "--publishers", "10", "--count", count(10_000), "--slow-us", "20000"], (n) => percent(n.delivered, n.wanted)],
];

async function table() {
    const servers = [lineshaft, mosquitto, nats];
    const cells = rows.map(() => []);
    for (const make of servers) {
        let last = null;
        for (const [index, [name, args, show]] of rows.entries()) {
            if (args) {
                const server = await make();
                last = await measure(server, args).catch((problem) => ({ problem: problem.message }));
                await server.stop();
                print(`${server.name.padEnd(12)} ${name}: ${JSON.stringify(last)}`);
            }
            cells[index].push(last.problem ? "failed" : show(last));
        }
    }
    const lines = [
        "| case | Lineshaft (synced before PUBACK) | mosquitto of Debian (not synced) | nats-server of Debian, MQTT on JetStream (not synced) |",
        "|---|---|---|---|", ...rows.map(([name], index) => `| ${name} | ${cells[index].join(" | ")} |`),
    ];
    return lines;
}

async function idle() {
    const lines = [];
    for (const make of [lineshaft, mosquitto, nats]) {
        const server = await make();
        const n = await measure(server, ["--idle", count(15_000)]).catch((problem) => ({ problem: problem.message }));
        await server.stop();
        print(`${server.name.padEnd(12)} idle: ${JSON.stringify(n)}`);
        lines.push(n.problem ? `| ${server.name} | failed | | | |` : `| ${server.name} | ${n.bytes_each} | ${n.bytes_socket} | ${n.bytes_session} | ${n.bytes_subscription} |`);
    }
    return [`| resident bytes of an idle connection with one subscription, at ${count(15_000)} | all | socket | session | subscription |`, "|---|---|---|---|---|", ...lines];
}

/** Sixty thousand idle clients, or as many as the machine lets one process have (ulimit -Hn), from addresses of their own. */
async function sixty() {
    const most = Number(spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).stdout.trim()) || 1_000_000;  // "unlimited"
    const wanted = Number(process.env.BENCH_CLIENTS ?? 60_000), clients = Math.min(wanted, most - 600);
    const server = await lineshaft(), probe = await probeOf(server);
    await sleep(1000);
    await probe.mark();
    await sleep(3000);
    const alone = await probe.mark();
    const work = measure(server, ["--idle", String(clients), "--tell"]);
    const n = await work, during = await probe.mark();
    const { numbers } = await server.broker();
    await probe.end();
    await server.stop();
    print(`sixty: ${JSON.stringify({ ...n, alone, during, limit: most })} ${refusals(numbers).join(", ")}`);
    return [`${clients} idle clients with one subscription each${clients < wanted ? ` (this machine lets a process have ${most} descriptors: \`ulimit -Hn\`)` : ""}: ` +
        `connected and subscribed in ${n.seconds.toFixed(1)} s, ${Math.round(n.bytes_each)} bytes resident each, ${n.resident_mb.toFixed(0)} MB altogether; at rest ${n.idle_cpu_percent.toFixed(1)} % of a core beside the probe's 400 messages a second; ` +
        `one message to each of them has arrived after ${n.told_s.toFixed(2)} s (${(1e6 * n.told_cpu_s / clients).toFixed(1)} µs of the server's processor time each). Another client's p99 ${alone.p99_ms.toFixed(1)} → ${during.p99_ms.toFixed(1)} ms.`];
}

async function reconnect() {
    const server = await lineshaft();
    const n = await measure(server, ["--reconnect", count(15_000)]);
    await server.stop();
    print(`reconnect: ${JSON.stringify(n)}`);
    return [`${n.clients} durable clients that come back at once are all served after ${n.seconds.toFixed(1)} s, ${n.resumed} with their session (fault 14).`];
}

async function ramp() {
    const server = await lineshaft([`mqtt.session_queue_bytes=${2 ** 32}`]);  // the reader may fall behind: that is another limit
    const levels = new Set();
    let last = 0;
    const watch = setInterval(() => void server.broker().then(({ load: { level }, numbers }) => {
        levels.add(level);
        last = level;
        if (process.env.BENCH_VERBOSE) print(JSON.stringify({ at: Math.round(performance.now()), level, lag: numbers.loop_lag_ms, queued: numbers.queued_bytes, log: numbers.log_bytes, full: numbers.full_sessions, refused: numbers.publishes_refused_queue }));
    }, () => {}), 200);
    const n = await measure(server, ["--ramp", "--publishers", String(process.env.BENCH_PUBLISHERS ?? 60)]);
    const ready = (await fetch(`http://127.0.0.1:${server.http}/readyz`)).status;
    clearInterval(watch);
    const now = (await server.broker()).numbers;
    await server.stop();
    print(`ramp: ${JSON.stringify({ ...n, levels: [...levels].sort(), last, ready, connects_refused_load: now.connects_refused_load, throttled_qos0: now.throttled_qos0, delayed_answers: now.delayed_answers })}`);
    return [`Three times the publishers of the peak and new machines all the time: ${thousands(n.peak)} messages/s at the peak, ${thousands(n.held)} held (${n.held_percent.toFixed(0)} %), ` +
        `p99 ${n.peak_p99_ms.toFixed(0)} ms before and ${n.held_p99_ms.toFixed(0)} ms during, ${n["refused_0x97"]} of ${n.newcomers} new sessions refused with 0x97, highest load level ${Math.max(...levels)}; new sessions welcome and acknowledgements quick again ${n.recovered_s.toFixed(1)} s after (fault 15).`];
}

/** The load program's probe, a client in a process of its own: `mark()` gives the times since the last one. */
async function probeOf(server, args = []) {
    const child = spawn(load, ["--probe", "--port", `${server.port}`, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    running.add(child);
    const exited = new Promise((done) => child.once("exit", (code) => { running.delete(child); done(code); }));
    child.stdin.on("error", () => {});  // it died: the next line of it is missing
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    await lines.next();
    /** A measured client that is sent away is a failure of its own: here is what the node knows of it. */
    const lost = async () => {
        const { items } = await (await fetch(`http://127.0.0.1:${server.http}/api/v1/connections?state=gone&q=probe`)).json();
        const { numbers } = await server.broker();
        return new Error(`the measured client lost its connection: ${JSON.stringify(items?.map((one) => one.ended))}; ${refusals(numbers).join(", ")}`);
    };
    return {
        async mark() {
            child.stdin.write("\n");
            const { value } = await lines.next();
            if (value === undefined) throw await lost();
            return JSON.parse(value);
        },
        /** Before the server ends, so that this is not taken for a loss. */
        async end() {
            child.stdin.end();
            if (await exited !== 0) throw await lost();
        },
    };
}

/** What is attacked to learn what the attackers' own processor time costs the measured client. */
async function sink() {
    const child = spawn(load, ["--sink"], { stdio: ["ignore", "pipe", "inherit"] });
    running.add(child);
    const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    const [port, pid] = value.split(" ").map(Number);
    return { name: "sink", port, pid, stop() { child.kill("SIGKILL"); running.delete(child); } };
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const refusals = (numbers) => Object.entries(numbers).filter(([name, value]) => value > 0 && /refused|timeouts|slow/.test(name)).map(([name, value]) => `${name} ${value}`);

/** One attack beside one measured client: alone, while a sink is attacked, while the broker is. A window is as long
 *  as its attack and at least a second. */
async function attack(kind, size, kept) {
    const server = await lineshaft(["mqtt.retained_max=1000000"]), other = await sink(), probe = await probeOf(server);
    const window = async (work) => {
        await probe.mark();
        const [n] = await Promise.all([work(), sleep(1000)]);
        return { n, ...(await probe.mark()) };
    };
    const words = ["--flood", String(size), "--kind", kind];
    if (kind === "hoard") {
        await measure(server, ["--flood", String(kept), "--kind", "retained"]);
        words.push("--kept", String(kept));
    }
    await sleep(500);
    const alone = await window(() => sleep(3000));
    const beside = await window(() => measure(other, words));
    const during = await window(() => measure(server, words));
    const { numbers } = await server.broker();
    await probe.end();
    other.stop();
    await server.stop();
    print(`flood ${kind}: alone ${alone.p99_ms}, beside a sink ${beside.p99_ms}, during ${during.p99_ms} ms (p50 ${during.p50_ms}, max ${during.max_ms}; sink's max ${beside.max_ms}); ${JSON.stringify(during.n)} ${refusals(numbers).join(", ")}`);
    return { alone: alone.p99_ms, beside: beside.p99_ms, during: during.p99_ms, longest: during.max_ms, n: during.n, refused: refusals(numbers) };
}

async function flood() {
    const lines = ["| attack | size | taken / refused / closed | counted as | server's processor time; resident | p99 alone | while a program that does nothing is attacked | during | difference; longest |", "|---|---|---|---|---|---|---|---|---|"];
    const sizes = isLong ? { connect: 10_000, fleet: 10_000, halfopen: 10_000, slowloris: 8_000, retained: 1_000_000, hoard: 10, wildcard: 100_000 }
        : { connect: 3_000, fleet: 3_000, halfopen: 3_000, slowloris: 3_000, retained: 100_000, hoard: 10, wildcard: 10_000 };
    const only = process.env.BENCH_ATTACK, repeats = Number(process.env.BENCH_REPEATS ?? 5);
    for (const [kind, size] of Object.entries(sizes)) {
        if (only && only !== kind) continue;
        const runs = [];
        for (let run = 0; run < repeats; run += 1) runs.push(await attack(kind, Math.round(size * scale), Math.round(sizes.retained * scale)));
        const of = (name) => median(runs.map((run) => run[name])), ms = (name) => `${of(name).toFixed(1)} ms`;
        const cpu = median(runs.map((run) => run.n.server_cpu_s)), difference = of("during") - of("beside");
        const { n, refused } = runs[0];
        lines.push(`| ${kind} | ${n.begun} | ${n.accepted + n.answers} / ${n.refused} / ${n.closed} in ${median(runs.map((run) => run.n.seconds)).toFixed(1)} s | ${refused.join(", ") || "–"} | ${cpu.toFixed(2)} s; ${n.resident_mb.toFixed(0)} MB | ${ms("alone")} | ${ms("beside")} | ${ms("during")} | ${difference < 0 ? "−" : "+"}${Math.abs(difference).toFixed(1)} ms; ${ms("longest")} |`);
    }
    return lines;
}

async function garbage() {
    const at = process.argv.indexOf("--minutes"), minutes = at > 0 ? process.argv[at + 1] : "1";
    const server = await lineshaft(["trust.loopback_role=engineer"]), probe = await probeOf(server);  // so that more of it gets further
    await sleep(500);
    await probe.mark();
    await sleep(3000);
    const alone = await probe.mark();
    const n = await measure(server, ["--garbage", minutes, "--http", String(server.http)], (Number(minutes) + 2) * 60_000);
    const during = await probe.mark();
    const { numbers } = await server.broker();
    await probe.end();
    await server.stop();
    print(`garbage: ${JSON.stringify({ ...n, alone, during })} ${refusals(numbers).join(", ")}`);
    return [`${n.minutes} minutes of garbage on MQTT and HTTP, ${n.connections} connections: resident ${n.settled_mb.toFixed(1)} MB after a fifth of the time, ${n.last_mb.toFixed(1)} MB at the end ` +
        `(most ${n.most_mb.toFixed(1)} MB); ${refusals(numbers).join(", ")}; another client's p99 ${alone.p99_ms.toFixed(1)} → ${during.p99_ms.toFixed(1)} ms (fault 9).`];
}

/** Replaces what stands between the marks of `part` in docs/benchmarks.md; BENCH_DRY=1: only prints it. */
function write(part, lines) {
    const [begin, end] = [`<!-- ${part}: written by ./dev bench broker -->`, `<!-- end of ${part} -->`];
    const text = readFileSync(doc, "utf8");
    const [from, until] = [text.indexOf(begin), text.indexOf(end)];
    print(`\n${lines.join("\n")}\n`);
    if (process.env.BENCH_DRY) return;
    if (from < 0 || until < from) return print(`docs/benchmarks.md has no place for ${part}`);
    writeFileSync(doc, `${text.slice(0, from)}${begin}\n${lines.join("\n")}\n${text.slice(until)}`);
}

const parts = { table, idle, sixty, reconnect, ramp, flood, garbage };
for (const [name, run] of Object.entries(parts)) {
    if (what !== name && (what !== "all" || name === "sixty")) continue;
    try {
        write(name, await run());
    } catch (problem) {
        print(`${name}: ${problem.message}`);
        process.exitCode = 1;
    }
}
process.exit();
