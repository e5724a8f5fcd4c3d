// Overload as clients and operators see it: refusals with a reason, an event, a number, and /readyz as before.
// The ramp itself (fault 15) is measured by `./dev bench overload`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node, until } from "../node.mjs";

test("a node over its memory refuses new sessions with 0x97, keeps serving, and says so", async (t) => {
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
