// Hostile and broken peers: others lose nothing, memory stays flat, each refusal is counted.
//   LINESHAFT_LONG=1 makes the garbage last ten minutes
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { isLong, Node, sleep, telemetry, until } from "../node.mjs";
import { Pulse } from "../pulse.mjs";
import { connectPacket, publishPacket } from "../raw_publisher.mjs";

const resident = (node, field = "VmRSS") => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${node.child.pid}/status`, "utf8"))[1]) * 1024;
const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** Resident bytes once nobody's password is being checked any more, which takes 128 MiB for as long as it takes. */
async function residentAtRest(node) {
    const tasks = `/proc/${node.child.pid}/task`;
    const checker = readdirSync(tasks).find((task) => readFileSync(`${tasks}/${task}/comm`, "utf8") === "passwords\n");
    assert.ok(checker, "a thread checks passwords");
    let calm = 0;
    await until(async () => {
        await sleep(25);
        calm = readFileSync(`${tasks}/${checker}/stat`, "utf8").includes(" (passwords) S ") ? calm + 1 : 0;
        return calm === 20;
    }, "the last password was checked", 120_000);
    return resident(node);
}

/** One client that publishes evenly at QoS 1 and one that must hear everything, both in a process of their own. */
async function ordinary(node, name) {
    const pulse = await Pulse.start(node, { topic: `plant/${name}`, token: node.admin() });
    return {
        async p99(duration_ms) {
            await pulse.mark();
            await sleep(duration_ms);
            return (await pulse.mark()).ack_p99_ms ?? Infinity;
        },
        async end() {
            const last = await pulse.end();
            assert.deepEqual([last.acknowledged, last.heard], [last.sent, last.sent], "everything is acknowledged and heard");
            return last.sent;
        },
    };
}

/** A socket that says `first` and then `drip`, a byte at a time, until it is closed. */
function slow(port, first = "", drip = "") {
    const socket = connect(port, "127.0.0.1");
    const peer = { socket, isClosed: false };
    socket.on("error", () => {});
    socket.on("close", () => { peer.isClosed = true; clearInterval(peer.timer); });
    socket.on("connect", () => {
        if (first) socket.write(first);
        let at = 0;
        if (drip) peer.timer = setInterval(() => socket.write(drip[at++ % drip.length]), 200);
    });
    return peer;
}

test("fault 8: a flood of connections and slow talkers, MQTT and HTTP: clients lose nothing", { timeout: 180_000 }, async (t) => {
    const node = await Node.start(t, { sets: ["mqtt.connect_timeout=3"] });
    const client = await ordinary(node, "hall");
    const before = await client.p99(1500);
    const http = Number(node.addresses.http.split(":").pop());
    const connectStart = Buffer.from([0x10, 0x30, 0x00, 0x04]).toString("latin1");
    const flood = [
        ...Array.from({ length: 1500 }, () => slow(node.mqttPort)),
        ...Array.from({ length: 300 }, () => slow(node.mqttPort, connectStart, "M")),
        ...Array.from({ length: 300 }, () => slow(http, "GET /healthz HTTP/1.1\r\nhost: a\r\n", "x: y\r\n")),
        ...Array.from({ length: 300 }, () => slow(http)),
        ...Array.from({ length: 50 }, () => slow(http, `POST /api/v1/session HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{`, " ")),
    ];
    t.after(() => flood.forEach((one) => one.socket.destroy()));
    const during = await client.p99(3000);
    const late = await node.mqtt();  // somebody new gets in meanwhile
    await late.publishAsync("plant/late", "in", { qos: 1 });
    assert.equal((await node.fetch("/healthz")).status, 200);
    // MQTT after connect_timeout, HTTP headers after 10 s; bodies that drip after at most a minute.
    const bounded = flood.slice(0, 2100);
    await until(() => bounded.every((one) => one.isClosed), () => `${bounded.filter((one) => !one.isClosed).length} slow connections are still open`, 60_000);
    const count = await client.end();
    t.diagnostic(`${flood.length} hostile connections; ${count} messages, none lost; publish to acknowledged p99 ${before.toFixed(1)} ms before, ${during.toFixed(1)} ms during`);
});

test("fault 8: new machines that all come at once: each has its value and its place in the catalog, others go on", { timeout: 180_000 }, async (t) => {
    const node = await Node.start(t);
    const client = await ordinary(node, "hall");
    const before = await client.p99(1500), token = node.admin(), count = isLong ? 10_000 : 1_500;
    const began = performance.now();
    const arrive = (n) => new Promise((done, failed) => {
        const socket = connect(node.mqttPort, "127.0.0.1");
        let got = Buffer.alloc(0);
        t.after(() => socket.destroy());
        socket.on("error", failed);
        socket.on("connect", () => socket.write(Buffer.concat([connectPacket(`newcomer-${n}`, token), publishPacket(telemetry(`newcomer-${n}`), 1, JSON.stringify({ values: { speed: n } }))])));
        socket.on("data", (piece) => {
            got = Buffer.concat([got, piece]);
            if (got.length >= 8) done([got[3], got[4]]);
        });
    });
    const crowd = Promise.all(Array.from({ length: count }, (_, n) => arrive(n)));
    const during = await client.p99(1000);
    for (const [connack, puback] of await crowd) assert.deepEqual([connack, puback], [0, 0x40], "let in, and its value acknowledged");
    const seconds = (performance.now() - began) / 1000;
    await until(async () => (await node.api("machines?limit=1")).total === count, "every one of them is in the catalog, without a restart", 60_000);
    const last = await node.machineWhen(`newcomer-${count - 1}`, (machine) => machine.byTag.speed, "the last one");
    assert.equal(last.byTag.speed.value, count - 1);
    assert.equal((await node.metrics()).mqtt_sessions, count + 2);
    t.diagnostic(`${count} new machines in ${seconds.toFixed(1)} s; ${await client.end()} messages of others, none lost; their p99 ${before.toFixed(1)} ms before, ${during.toFixed(1)} ms during; resident ${megabytes(resident(node))}`);
});

test("fault 7: a subscriber that stops reading: others go on, what it is owed waits for it on disk", { timeout: 180_000 }, async (t) => {
    const node = await Node.start(t);
    const stuck = await node.mqtt({ clientId: "stuck", clean: false, properties: { sessionExpiryInterval: 3600, receiveMaximum: 10 } });
    await stuck.subscribeAsync("bulk/#", { qos: 1 });
    const client = await ordinary(node, "hall");
    const before = await client.p99(1500);
    stuck.stream.pause();
    const memory = resident(node);
    const bulk = await node.mqtt();
    const payload = "x".repeat(10_000), wanted = isLong ? 20_000 : 3_000;
    let sent = 0;
    const pump = async () => { while (sent < wanted) { const mine = sent++; await bulk.publishAsync("bulk/data", `${mine} ${payload}`, { qos: 1 }); } };
    const pumping = Promise.all(Array.from({ length: 20 }, pump));
    const during = await client.p99(2000);
    await pumping;
    const grown = resident(node) - memory;
    const count = await client.end();
    stuck.stream.resume();
    const number = (one) => Number(one.text.split(" ", 1)[0]);
    await until(() => stuck.received.length >= wanted, () => `${stuck.received.length} of ${wanted} for the slow one`, 120_000);
    assert.equal(new Set(stuck.received.map(number)).size, wanted, "everything acknowledged, in the end");
    t.diagnostic(`others' p99 ${before.toFixed(1)} ms before, ${during.toFixed(1)} ms during; ${count} of theirs, none lost; ${megabytes(wanted * payload.length)} waited for the stuck one, memory grew by ${megabytes(grown)}`);
    assert.ok(grown < 200 * 2 ** 20, `memory grew by ${megabytes(grown)}`);
});

// What sane clients say, to be cut, doubled and flipped.
const seeds = {
    mqtt: ["101000044d5154540402003c0004746573740000", "10130004 4d51545405 02003c00 0006 746573742d31".replaceAll(" ", ""), "820800010003612f6200", "3206000161000178", "c000", "e000", "62020001"].map((hex) => Buffer.from(hex, "hex")),
    http: ["GET /api/v1/machines?limit=5 HTTP/1.1\r\nhost: a\r\nauthorization: Bearer x\r\n\r\n", "POST /api/v1/session HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 27\r\n\r\n{\"name\":\"a\",\"password\":\"b\"}",
        "POST /write?db=a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nm v=1\r\n0\r\n\r\n", "GET /mqtt HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: mqtt\r\n\r\n"].map(Buffer.from),
};

function mutated(list) {
    const bytes = Buffer.concat(Array.from({ length: 1 + randomInt(3) }, () => list[randomInt(list.length)]));
    for (let flips = randomInt(6); flips > 0; --flips) bytes[randomInt(bytes.length)] = randomInt(256);
    return randomInt(4) === 0 ? Buffer.concat([bytes, randomBytes(randomInt(3000))]) : bytes.subarray(0, 1 + randomInt(bytes.length));
}

/** Keeps sixteen connections busy with nonsense. */
async function garbage(node, duration_ms) {
    const end = Date.now() + duration_ms, http = Number(node.addresses.http.split(":").pop());
    let count = 0;
    const talk = (port, list) => new Promise((done) => {
        const socket = connect(port, "127.0.0.1");
        socket.setTimeout(300, () => socket.destroy());
        socket.on("error", () => {});
        socket.on("close", done);
        socket.on("data", () => {});
        socket.on("connect", () => socket.end(randomInt(8) === 0 ? randomBytes(1 + randomInt(20_000)) : mutated(list)));
        ++count;
    });
    const worker = async (i) => { while (Date.now() < end) await talk(i % 2 ? node.mqttPort : http, i % 2 ? seeds.mqtt : seeds.http); };
    await Promise.all(Array.from({ length: 16 }, (_, i) => worker(i)));
    return count;
}

test(`fault 9: garbage for ${isLong ? "ten minutes" : "some seconds"}: no crash, flat memory, clients lose nothing`, { timeout: isLong ? 900_000 : 120_000 }, async (t) => {
    const node = await Node.start(t, { sets: ["trust.loopback_role=engineer"] });  // so that more of it gets further
    const client = await ordinary(node, "hall");
    await garbage(node, isLong ? 60_000 : 4_000);  // caches fill once
    const before = await residentAtRest(node);
    const count = await garbage(node, isLong ? 600_000 : 10_000);
    const after = await residentAtRest(node);
    t.diagnostic(`${count} hostile connections; resident ${megabytes(before)} then ${megabytes(after)}`);
    assert.ok(after - before < 12 * 2 ** 20, `memory grew from ${megabytes(before)} to ${megabytes(after)}`);
    await client.end();
    assert.equal((await node.fetch("/readyz")).status, 200);
    await node.api("overview");
});

/** A memory cgroup (version 1) with a limit, or null where none can be made. */
function memoryCap(t, bytes) {
    const root = "/sys/fs/cgroup/memory";
    const place = `${root}/lineshaft-test-${process.pid}`;
    try {
        if (!existsSync(`${root}/memory.limit_in_bytes`)) return null;
        mkdirSync(place);
        writeFileSync(`${place}/memory.limit_in_bytes`, `${bytes}`);
    } catch { return null; }
    t.after(() => { try { rmdirSync(place); } catch { /* the kernel lets go of it later */ } });
    return place;
}

test("fault 16: under a memory cap and load from all sides it stays below, and serves", { timeout: 300_000 }, async (t) => {
    const cap = 512 * 2 ** 20;
    const group = memoryCap(t, cap);
    const node = await Node.start(t);
    if (group) writeFileSync(`${group}/cgroup.procs`, `${node.child.pid}`);
    else t.diagnostic("no cgroup can be made here: the resident size is measured instead");
    const sleepers = Array.from({ length: 20 }, (_, i) => ({ clientId: `sleeper-${i}`, clean: false, properties: { sessionExpiryInterval: 3600 } }));
    for (const one of sleepers) {
        const client = await node.mqtt(one);
        await client.subscribeAsync("bulk/#", { qos: 1 });
        await client.endAsync();
    }
    const payload = "x".repeat(4_000), rounds = isLong ? 240_000 : 9_000;
    let sent = 0, refused = 0;
    const pump = async (i) => {
        const client = await node.mqtt();
        while (sent < rounds) {
            const mine = sent++;
            const what = mine % 3;
            const done = what === 0 ? client.publishAsync(`bulk/${mine}`, payload, { qos: 1 })
                : what === 1 ? client.publishAsync(`keep/${mine}`, payload, { qos: 1, retain: true })
                    : client.publishAsync(telemetry(`machine-${mine % 500}`), JSON.stringify({ values: Object.fromEntries(Array.from({ length: 20 }, (_, tag) => [`tag-${tag}`, mine + tag])) }), { qos: 1 });
            await done.catch(() => ++refused);
        }
        await client.endAsync().catch(() => {});
        return i;
    };
    await Promise.all(Array.from({ length: 30 }, (_, i) => pump(i)));
    const peak = resident(node, "VmHWM");
    t.diagnostic(`${rounds} messages, ${refused} refused; peak resident ${megabytes(peak)} of ${megabytes(cap)}${group ? " (cgroup)" : ""}`);
    assert.ok(peak <= cap * 1.1, `${megabytes(peak)}`);
    assert.equal(node.child.exitCode ?? node.child.signalCode, null, "it lives");
    assert.equal((await node.fetch("/readyz")).status, 200);
    const late = await node.mqtt();
    await late.publishAsync("plant/after", "still here", { qos: 1 });
});
