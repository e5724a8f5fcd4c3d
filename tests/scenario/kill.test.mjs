// kill -9 at any moment: what was acknowledged is there afterwards, and the node is back soon.
// Four raw publishers keep a steady rate of samples at QoS 1; one client of a full library adds jobs at QoS 1 and 2.
//   LINESHAFT_SEED  the seed of a run to repeat; LINESHAFT_LONG=1 thirty rounds at 20,000 messages a second
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { isLong, Node, sleep, telemetry, until } from "../node.mjs";
import { RawPublisher } from "../raw_publisher.mjs";

const rounds = isLong ? 30 : 3;
const rate = isLong ? 20_000 : 4_000;  // messages a second, of all raw publishers
const publishers = ["p0", "p1", "p2", "p3"];
const seed = Number(process.env.LINESHAFT_SEED ?? randomInt(2 ** 31));

/** Mulberry32: the same seed tells the same story. */
function randomFrom(state) {
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
}

const epoch = Date.parse("2026-01-01T00:00:00Z");
const valueOf = (n) => n % 10_007;
const sample = (name) => (n) => ({ topic: telemetry(name), payload: JSON.stringify({ ts: epoch + n, values: { v: valueOf(n) } }) });

/** Publishes jobs until its connection ends; notes in `journal` what was acknowledged. */
async function publishJobs(node, journal) {
    const client = await node.mqtt({ clientId: "jobs" });
    let isOver = false;
    client.closed.then(() => (isOver = true));
    for (; !isOver; ++journal.next) {
        const text = `job ${journal.next}`;
        client.publishAsync("jobs/new", text, { qos: 1 + (journal.next % 2) }).then(() => journal.jobs.push(text), () => {});
        await sleep(1);
    }
}

/** What was acknowledged of [from, acked) is read back through the API, each sample with its value. */
async function check(node, { name, from, acked }) {
    const query = { from: new Date(epoch + from).toISOString(), until: new Date(epoch + acked).toISOString(), limit: "10000" };
    const stored = new Map((await node.samples(name, "v", query)).map((one) => [Date.parse(one.at) - epoch, one.value]));
    const lost = [];
    for (let n = from; n < acked; ++n) if (stored.get(n) !== valueOf(n)) lost.push(n);
    assert.deepEqual(lost.slice(0, 5), [], `${lost.length} acknowledged samples of ${name} are gone`);
}

test(`fault 1: ${rounds} kills lose nothing that was acknowledged (seed ${seed})`, { timeout: isLong ? 1_800_000 : 120_000 }, async (t) => {
    const random = randomFrom(seed);
    const node = await Node.start(t);
    t.diagnostic(`seed ${seed}`);
    const sleeper = { clientId: "sleeper", clean: false, properties: { sessionExpiryInterval: 3600 } };
    const first = await node.mqtt(sleeper);
    await first.subscribeAsync("jobs/#", { qos: 2 });
    await first.endAsync();
    const journal = { jobs: [], next: 0 }, runs = [], starts = [];
    let next = 0;  // no sample is sent twice
    for (let round = 0; round < rounds; ++round) {
        const jobs = publishJobs(node, journal);
        const all = publishers.map((name) => new RawPublisher({
            port: node.mqttPort, token: node.admin(), clientId: name, message: sample(name), from: next, rate: rate / publishers.length,
        }));
        await until(() => all.every((one) => one.acked > one.from), "the first acknowledgements");
        const began = performance.now(), before = all.reduce((sum, one) => sum + one.acked, 0);
        await sleep(200 + random() * 1800);  // the moment of the kill, not a wait for something
        const reached = (all.reduce((sum, one) => sum + one.acked, 0) - before) / ((performance.now() - began) / 1000);
        await node.kill();
        await Promise.all([jobs, ...all.map((one) => one.closed)]);
        await node.start();
        starts.push(node.startMs);
        const ended = publishers.map((name, index) => ({ name, from: all[index].from, acked: all[index].acked }));
        next = Math.max(...all.map((one) => one.sent));
        runs.push(...ended);
        const count = ended.reduce((sum, one) => sum + one.acked - one.from, 0);
        t.diagnostic(`round ${round + 1}: ${count} samples acknowledged (${reached.toFixed(0)}/s), ready after ${node.startMs.toFixed(0)} ms`);
        for (const one of ended) await check(node, one);
    }
    for (const one of runs) await check(node, one);  // later kills took nothing of earlier rounds
    const acknowledged = runs.reduce((sum, one) => sum + one.acked - one.from, 0);
    const woken = node.watch((await import("mqtt")).default.connect(node.mqttOptions(sleeper)));
    const heard = new Set();
    woken.on("message", (_, payload) => heard.add(payload.toString()));
    await until(() => journal.jobs.every((one) => heard.has(one)), () => `${journal.jobs.filter((one) => !heard.has(one)).length} of ${journal.jobs.length} acknowledged messages did not arrive`, 30_000);
    const doubled = woken.received.length - new Set(woken.received.map((one) => one.text)).size;
    assert.equal(doubled, 0, "messages for a session that slept all the time arrive once");
    t.diagnostic(`${acknowledged} samples and ${journal.jobs.length} jobs acknowledged, 0 lost; start to ready at most ${Math.max(...starts).toFixed(0)} ms`);
});
