// The topic browser: a tree of retained and recent topics, payloads in every view, and nobody sees a foreign topic.
import assert from "node:assert/strict";
import { test } from "node:test";
import sparkplug from "sparkplug-payload";
import { Node, until } from "../node.mjs";

const level = (node, prefix, options) => node.api(prefix === undefined ? "topics" : `topics?prefix=${encodeURIComponent(prefix)}`, options);
const names = (page) => page.items.map((each) => each.name);
const topic = (node, name, options) => node.api(`topics/${encodeURIComponent(name)}`, options);

test("retained topics form a tree, others appear while somebody looks", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    const kept = { qos: 1, retain: true };
    await client.publishAsync("hall/1/temp", "21.5", kept);
    await client.publishAsync("hall/2/temp", "19", kept);
    await client.publishAsync("hall", "open", kept);
    await client.publishAsync("/odd//name", "x", kept);
    await client.publishAsync("before", "not seen", { qos: 1 });
    const first = await level(node);
    assert.ok(names(first).includes("hall") && names(first).includes(""));
    assert.ok(!names(first).includes("before"));
    assert.equal(first.whole, true);
    await client.publishAsync("live/1", JSON.stringify({ speed: 3 }), { qos: 1 });
    const hall = first.items.find((each) => each.name === "hall");
    assert.equal(hall.has_more, true);
    assert.equal(hall.last.preview, "open");
    assert.equal(hall.last.retained, true);
    assert.deepEqual(names(await level(node, "hall")), ["1", "2"]);
    assert.deepEqual(names(await level(node, "")), ["odd"]);
    assert.deepEqual(names(await level(node, "/odd")), [""]);
    assert.ok(names(await level(node)).includes("live"));
    const live = await topic(node, "live/1");
    assert.equal(live.retained, false);
    assert.equal(live.payload.json, true);
    assert.equal(live.publisher, "test admin");
    await client.publishAsync("hall/1/temp", "", kept);
    await until(async () => !names(await level(node, "hall")).includes("1"), "the deleted one goes");
    await topic(node, "hall/1/temp", { expect: 404 });
});

test("a payload is shown as text, JSON, bytes and Sparkplug", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    await level(node);
    await client.publishAsync("bytes", Buffer.from([0xff, 0x00, 0x41]), { qos: 1, retain: true });
    const bytes = await topic(node, "bytes");
    assert.deepEqual([bytes.payload.text, bytes.payload.hex, bytes.size], [null, "ff0041", 3]);
    const properties = { contentType: "text/plain", userProperties: { unit: "mm" }, messageExpiryInterval: 600 };
    await client.publishAsync("said", "grüß dich", { qos: 2, retain: true, properties });
    const said = await topic(node, "said");
    assert.equal(said.payload.text, "grüß dich");
    assert.equal(said.content_type, "text/plain");
    assert.deepEqual(said.user_properties, [["unit", "mm"]]);
    assert.equal(said.qos, 2);
    assert.ok(Date.parse(said.expires_at) > Date.now());
    const codec = sparkplug.get("spBv1.0");
    const birth = codec.encodePayload({ timestamp: Date.now(), seq: 0, metrics: [{ name: "bdSeq", type: "UInt64", value: 0 }, { name: "speed", type: "Double", value: 81.5 }] });
    await client.publishAsync("spBv1.0/hall/NBIRTH/edge", Buffer.from(birth), { qos: 0 });
    const shown = await until(async () => (await node.fetch(`topics/${encodeURIComponent("spBv1.0/hall/NBIRTH/edge")}`)).status === 200
        && topic(node, "spBv1.0/hall/NBIRTH/edge"), "the birth");
    assert.equal(shown.payload.sparkplug.metrics.find((each) => each.name === "speed").value, 81.5);
    await client.publishAsync("long", "x".repeat(100_000), { qos: 1 });
    const long = await topic(node, "long");
    assert.equal(long.size, 100_000);
    assert.equal(long.payload.cut, true);
    assert.ok(long.payload.text.length <= 65_536);
});

test("a viewer does not see commands, nor anybody another organisation's topics", async (t) => {
    const node = await Node.start(t);
    await node.api("organisations", { method: "POST", body: { name: "acme" } });
    const client = await node.mqtt();
    await client.publishAsync("lineshaft/v1/press/command", "{}", { qos: 1, retain: true });
    await client.publishAsync("lineshaft/v1/press/note", "{}", { qos: 1, retain: true });
    const viewer = node.token({ role: "viewer" });
    assert.deepEqual(names(await level(node, "lineshaft/v1/press")), ["command", "note"]);
    assert.deepEqual(names(await level(node, "lineshaft/v1/press", { token: viewer })), ["note"]);
    await topic(node, "lineshaft/v1/press/command", { token: viewer, expect: 404 });
    // What stands under another organisation's name is not ours, whoever published it.
    await assert.rejects(client.publishAsync("acme/x", "1", { qos: 1, retain: true }), { code: 0x87 });
    assert.ok(!names(await level(node)).includes("acme"));
    await topic(node, "acme/x", { expect: 404 });
    assert.equal((await node.fetch("topics", { token: null })).status, 401);
});
