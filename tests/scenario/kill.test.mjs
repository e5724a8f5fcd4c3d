// kill -9 at any moment: what was acknowledged is there afterwards, and the node is back soon.
//   LINESHAFT_SEED  the seed of a run to repeat; LINESHAFT_LONG=1 many rounds at a high rate
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { isLong, Node, sleep, telemetry, until } from "../node.mjs";

const rounds = isLong ? 30 : 3;
const publishers = isLong ? 8 : 4;
const window = isLong ? 200 : 50;  // unacknowledged messages of one publisher
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

/** Publishes until its connection ends; notes in `journal` what was acknowledged. */
async function publisher(node, name, clock, journal) {
    const client = await node.mqtt({ clientId: name });
    let isOver = false;
    client.closed.then(() => (isOver = true));
    let waiting = 0;
    while (!isOver) {
        if (waiting >= window) { await new Promise(setImmediate); continue; }
        const ts = clock.next++;
        const value = ts % 10_007;
        ++waiting;
        client.publishAsync(telemetry(name), JSON.stringify({ ts, values: { v: value } }), { qos: 1 })
            .then(() => { journal.samples.push({ name, ts, value }); }, () => {}).finally(() => --waiting);
        if (ts % 10 === 0) {
            const text = `${name} ${ts}`;
            client.publishAsync("jobs/new", text, { qos: 1 + (ts % 20 === 0) }).then(() => journal.messages.push(text), () => {});
        }
        if (ts % 16 === 0) await new Promise(setImmediate);
    }
}

/** Everything acknowledged is read back through the API, each sample with its value. */
async function check(node, journal) {
    for (const name of new Set(journal.samples.map((one) => one.name))) {
        const stored = new Map((await node.samples(name, "v", { limit: "10000" })).map((one) => [Date.parse(one.at), one.value]));
        const lost = journal.samples.filter((one) => one.name === name && stored.get(one.ts) !== one.value);
        assert.deepEqual(lost.slice(0, 5), [], `${lost.length} acknowledged samples of ${name} are gone`);
    }
}

test(`${rounds} kills lose nothing that was acknowledged (seed ${seed})`, { timeout: isLong ? 1_800_000 : 120_000 }, async (t) => {
    const random = randomFrom(seed);
    const node = await Node.start(t);
    t.diagnostic(`seed ${seed}`);
    const sleeper = { clientId: "sleeper", clean: false, properties: { sessionExpiryInterval: 3600 } };
    const first = await node.mqtt(sleeper);
    await first.subscribeAsync("jobs/#", { qos: 2 });
    await first.endAsync();
    const journal = { samples: [], messages: [] };
    const clock = { next: Date.parse("2026-01-01T00:00:00Z") };
    const starts = [];
    for (let round = 0; round < rounds; ++round) {
        const before = journal.samples.length;
        const all = Array.from({ length: publishers }, (_, i) => publisher(node, `p${i}`, clock, journal));
        await until(() => journal.samples.length > before, "the first acknowledgement");
        const began = performance.now();
        await sleep(200 + random() * 1800);  // the moment of the kill, not a wait for something
        const rate = (journal.samples.length - before) / ((performance.now() - began) / 1000);
        await node.kill();
        await Promise.all(all);
        await node.start();
        starts.push(node.startMs);
        t.diagnostic(`round ${round + 1}: ${journal.samples.length - before} samples acknowledged (${rate.toFixed(0)}/s), ready after ${node.startMs.toFixed(0)} ms`);
        await check(node, journal);
    }
    const woken = node.watch((await import("mqtt")).default.connect(node.mqttOptions(sleeper)));
    const heard = new Set();
    woken.on("message", (_, payload) => heard.add(payload.toString()));
    await until(() => journal.messages.every((one) => heard.has(one)), () => `${journal.messages.filter((one) => !heard.has(one)).length} of ${journal.messages.length} acknowledged messages did not arrive`, 30_000);
    const doubled = woken.received.length - new Set(woken.received.map((one) => one.text)).size;
    assert.equal(doubled, 0, "messages for a session that slept all the time arrive once");
    t.diagnostic(`${journal.samples.length} samples and ${journal.messages.length} messages acknowledged, 0 lost; start to ready at most ${Math.max(...starts).toFixed(0)} ms`);
});
