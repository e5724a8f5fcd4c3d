// Overload as clients and operators see it: refusals with a reason, an event, a number, and /readyz as before.
// The ramp itself (fault 15) is measured by `./dev bench overload`.
import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import { Node, isLong, mqtt, until } from "../node.mjs";

test("fault 15: a node over its memory refuses new sessions with 0x97, keeps serving, and says so", async (t) => {
    const node = await Node.start(t);
    const sleeper = { clientId: "sleeper", clean: false, properties: { sessionExpiryInterval: 600 } };
    await (await node.mqtt(sleeper)).endAsync();
    await node.stop();
    node.sets.push(`node.memory_bytes_max=${8 << 20}`);  // less than any node needs
    await node.start();
    await until(async () => (await node.api("broker")).load.level === 5, "the highest level");
    assert.equal((await fetch(`${node.url}/readyz`)).status, 200, "overload is not being unready");
    assert.equal(await node.refusal({ clientId: "newcomer" }), 0x97);
    assert.equal(await node.refusal({ clientId: "old", protocolVersion: 4 }), 3);
    const awake = await node.mqtt(sleeper);
    const began = performance.now();
    await awake.publishAsync("still/served", "x", { qos: 1 });
    await awake.publishAsync("still/served", "x", { qos: 0 });
    assert.ok(performance.now() - began < 10_000);
    const metrics = await node.metrics();
    assert.equal(metrics.mqtt_load_level, 5);
    assert.equal(metrics.mqtt_connects_refused_load_total, 2);
    assert.ok(metrics.mqtt_delayed_answers_total >= 1);
    const { items } = await node.api("events?limit=50");
    const told = items.filter((event) => event.kind === "overload").map((event) => event.text);
    assert.equal(told.length, 5, told.join("\n"));
    assert.match(told.join("\n"), /new sessions are refused .*memory/);
});

test("a reader that stops is told apart: others keep their pace, and it gets everything in the end", async (t) => {
    const node = await Node.start(t);
    const slow = await node.mqtt({ clientId: "slow", clean: false, properties: { sessionExpiryInterval: 600 } });
    await slow.subscribeAsync("feed/#", { qos: 1 });
    const fast = await node.mqtt({ clientId: "fast" });
    await fast.subscribeAsync("feed/#", { qos: 1 });
    slow.stream.pause();
    const writer = await node.mqtt();
    const text = "x".repeat(2_000);
    for (let n = 0; n < 30; n += 1) await Promise.all(Array.from({ length: 100 }, (_, m) => writer.publishAsync("feed/1", `${n * 100 + m} ${text}`, { qos: 1 })));
    await until(() => fast.received.length === 3_000, () => `the fast one has ${fast.received.length}`);
    const shown = await node.api("connections/slow");
    assert.ok(shown.queued_messages > 0, "its queue is visible");
    slow.stream.resume();
    await until(() => slow.received.length >= 3_000, () => `the slow one has ${slow.received.length}`, 30_000);
    assert.equal(new Set(slow.received.map((one) => one.text.split(" ")[0])).size, 3_000);
});

// At full size, with figures: ./dev bench broker reconnect
test("fault 14: machines that all come back at once after a kill have their sessions and what they are owed", { timeout: 120_000 }, async (t) => {
    const node = await Node.start(t), count = isLong ? 2_000 : 300;
    const durable = (n) => ({ clientId: `machine-${n}`, clean: false, properties: { sessionExpiryInterval: 600 } });
    const all = Array.from({ length: count }, (_, n) => n);
    for (let n = 0; n < count; n += 50) {
        await Promise.all(all.slice(n, n + 50).map(async (each) => {
            const client = await node.mqtt(durable(each));
            await client.subscribeAsync(`jobs/${each}`, { qos: 1 });
            await client.endAsync();
        }));
    }
    const writer = await node.mqtt({ clientId: "writer" });
    await Promise.all(all.map((each) => writer.publishAsync(`jobs/${each}`, `job ${each}`, { qos: 1 })));
    await node.kill();
    await node.start();
    const began = performance.now();
    const back = all.map((each) => {
        const client = node.watch(mqtt.connect(node.mqttOptions({ ...durable(each), connectTimeout: 60_000 })));
        client.on("connect", ({ sessionPresent }) => { client.isResumed = sessionPresent; });
        return client;
    });
    await until(() => back.every((client) => client.isResumed !== undefined), () => `${back.filter((client) => client.isResumed === undefined).length} are not back`, 60_000);
    const seconds = (performance.now() - began) / 1000;
    assert.ok(back.every((client) => client.isResumed), "each has its session");
    await until(() => back.every((client, each) => client.received.some((one) => one.text === `job ${each}`)), "each has what it was owed", 60_000);
    t.diagnostic(`${count} clients back after ${seconds.toFixed(1)} s`);
});

/** p99 in ms of QoS 1 publishes from one client, one after the other, for so long. */
async function p99(client, ms) {
    const times = [];
    for (const end = performance.now() + ms; performance.now() < end;) {
        const began = performance.now();
        await client.publishAsync("probe", "x", { qos: 1 });
        times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    return times[Math.floor(times.length * 0.99)];
}

// The same at full size, with figures: ./dev bench broker flood --long
test("attacks meet their limit, are counted, and a polite client goes on", async (t) => {
    const scale = isLong ? 5 : 1;
    const node = await Node.start(t, { sets: ["mqtt.connect_timeout=1", `mqtt.retained_max=${100 * scale}`, "mqtt.subscriptions_max=50"] });
    const polite = await node.mqtt({ clientId: "polite" });
    await t.test("sockets that never speak are closed after the connect timeout", async () => {
        const sockets = Array.from({ length: 300 * scale }, () => net.connect(node.mqttPort, "127.0.0.1"));
        let closed = 0;
        for (const socket of sockets) socket.on("error", () => {}).on("close", () => (closed += 1)).resume();
        await p99(polite, 500);
        await until(() => closed === sockets.length, () => `${closed} of ${sockets.length} closed`);
    });
    await t.test("a storm of new machines is served, and leaves nothing behind", async () => {
        const before = (await node.metrics()).mqtt_sessions;
        const crowd = await Promise.all(Array.from({ length: 200 * scale }, (_, n) => node.mqtt({ clientId: `new-${n}` })));
        assert.equal((await node.metrics()).mqtt_sessions, before + crowd.length);
        await p99(polite, 300);
        for (const client of crowd) client.end(true);
        await until(async () => (await node.metrics()).mqtt_sessions === before, "they are gone");
    });
    await t.test("more retained topics than allowed: 0x97, counted", async () => {
        const before = (await node.metrics()).mqtt_retained_count;
        const codes = await Promise.all(Array.from({ length: 200 * scale }, (_, n) =>
            polite.publishAsync(`kept/${n}`, "x", { qos: 1, retain: true }).then(() => 0, (error) => error.code)));
        const refused = codes.filter((code) => code === 0x97).length;
        // The node keeps some itself: what it says of being there.
        assert.equal(refused, 100 * scale + before, "over all shards, not one more or less");
        assert.equal((await node.metrics()).mqtt_retained_count, 100 * scale);
        assert.equal((await node.metrics()).mqtt_publishes_refused_retained_total, refused);
        assert.equal((await node.api("connections/polite")).lost.refused_retained, refused);
    });
    await t.test("a storm of wildcards: SUBACK 0x97 past the limit, counted", async () => {
        const wild = await node.mqtt({ clientId: "wild" });
        let refused = 0;
        for (let n = 0; n < 100; n += 1) {
            const filter = Array.from({ length: 15 }, (_, level) => ((n >> level) & 1 ? "+" : `l${level}`)).join("/");
            await wild.subscribeAsync(`${filter}/#`, { qos: 0 }).catch((error) => { refused += 1; assert.match(String(error.message), /quota|Subscribe|Unspecified/i); });
        }
        assert.equal((await node.metrics()).mqtt_subscriptions_refused_limit_total, 50);
        await p99(polite, 300);
    });
    assert.ok(polite.connected);
    assert.equal((await node.metrics()).mqtt_load_level, 0);
    assert.equal((await fetch(`${node.url}/readyz`)).status, 200);
});
