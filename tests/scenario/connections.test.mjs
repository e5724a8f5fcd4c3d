// Connections as an operator sees them: every session, what it does, what it lost, how it ended; and ending one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node, mqtt, until } from "../node.mjs";

const one = (node, id, options) => node.api(`connections/${encodeURIComponent(id)}`, options);

test("a client is shown with its rates, queue, subscriptions and last end", async (t) => {
    const node = await Node.start(t);
    const id = "press/17 #+";
    const durable = { clientId: id, clean: false, properties: { sessionExpiryInterval: 600 } };
    const reader = await node.mqtt(durable);
    await reader.subscribeAsync({ "line/+/state": { qos: 1, nl: true } });
    const writer = await node.mqtt({ clientId: "writer", protocolVersion: 4 });
    const timer = setInterval(() => writer.publish("line/1/state", "running", { qos: 1 }), 20);
    t.after(() => clearInterval(timer));
    const busy = await until(async () => {
        const { items } = await node.api("connections?sort=in&limit=1");
        return items[0]?.rates.messages_in > 10 && items[0];
    }, "a rate");
    assert.equal(busy.id, "writer");
    assert.equal(busy.protocol, "3.1.1");
    assert.equal(busy.listener, "mqtt");
    assert.equal(busy.address, "127.0.0.1");
    clearInterval(timer);
    await until(async () => reader.received.length === (await one(node, "writer")).totals.messages_in, "all of it");
    let shown = await one(node, id);
    assert.equal(shown.state, "connected");
    assert.deepEqual(shown.filters, [{ filter: "line/+/state", qos: 1, no_local: true, retain_as_published: false }]);
    assert.ok(shown.totals.messages_out > 0);
    assert.equal(shown.expiry_s, 600);
    assert.equal(shown.ended, null);
    await until(async () => (await one(node, id)).queued_messages === 0, "everything is acknowledged");
    reader.stream.destroy();
    await until(async () => (await one(node, id)).state === "sleeping", "it sleeps");
    for (let n = 0; n < 5; n += 1) await writer.publishAsync("line/1/state", "while away", { qos: 1 });
    shown = await one(node, id);
    assert.equal(shown.queued_messages, 5);
    assert.ok(shown.queued_bytes > 0);
    assert.equal(shown.ended.why, "the connection broke");
    const { items, total } = await node.api("connections?state=sleeping");
    assert.deepEqual(items.map((each) => each.id), [id]);
    assert.equal(total, 1);
    const again = node.watch(mqtt.connect(node.mqttOptions(durable)));  // listens before the first message can come
    await until(() => again.received.length === 5, "what it missed");
    shown = await one(node, id);
    assert.equal(shown.state, "connected");
    assert.ok(shown.ended, "the last end is still known");
});

test("what is refused or lost is counted for the client and for the node", async (t) => {
    const node = await Node.start(t);
    const token = node.token({ role: "viewer" });
    const viewer = await node.mqtt({ clientId: "viewer", token });
    await assert.rejects(viewer.publishAsync("plant/x", "not allowed", { qos: 1 }), { code: 0x87 });
    const shown = await one(node, "viewer");
    assert.deepEqual(shown.lost, { refused_rights: 1 });
    assert.equal(shown.lost_total, 1);
    const { numbers } = await node.api("broker");
    assert.equal(numbers.publishes_refused_rights, 1);
    assert.equal((await node.metrics()).mqtt_publishes_refused_rights_total, 1);
});

test("an operator ends a client with 0x98, a viewer may not, and a gone client stays visible", async (t) => {
    const node = await Node.start(t);
    const victim = await node.mqtt({ clientId: "victim", clean: false, properties: { sessionExpiryInterval: 600 } });
    const bye = new Promise((done) => victim.on("disconnect", (packet) => done(packet.reasonCode)));
    const [viewer, operator] = ["viewer", "operator"].map((role) => node.token({ role }));
    await one(node, "victim", { method: "DELETE", token: viewer, expect: 403 });
    assert.ok(victim.connected);
    await one(node, "victim", { method: "DELETE", token: operator, expect: 204 });
    assert.equal(await bye, 0x98);
    assert.equal((await one(node, "victim")).state, "sleeping", "its session stays");
    await node.api("connections/victim?forget=true", { method: "DELETE", token: operator });
    const gone = await one(node, "victim");
    assert.equal(gone.state, "gone");
    assert.equal(gone.ended.code, 0x98);
    assert.deepEqual((await node.api("connections?state=gone")).items.map((each) => each.id), ["victim"]);
    await one(node, "never-seen", { method: "DELETE", expect: 404 });
    await one(node, "never-seen", { expect: 404 });
    const { items } = await node.api("events?limit=20");
    assert.equal(items.filter((event) => event.kind === "ended").length, 2);
    assert.equal((await node.metrics()).mqtt_ended_by_operator_total, 2);
});

test("a list of clients comes in pages, each client once", async (t) => {
    const node = await Node.start(t);
    const wanted = Array.from({ length: 25 }, (_, n) => `page-${String(n).padStart(2, "0")}`);
    await Promise.all(wanted.map((clientId) => node.mqtt({ clientId })));
    for (const sort of ["client", "since", "in"]) {
        const seen = [];
        let cursor = null;
        do {
            const words = new URLSearchParams({ limit: "10", sort, q: "PAGE-", ...(cursor && { cursor }) });
            const page = await node.api(`connections?${words}`);
            assert.equal(page.total, 25);
            seen.push(...page.items.map((each) => each.id));
            cursor = page.next;
        } while (cursor);
        assert.deepEqual([...seen].sort(), wanted, sort);
    }
    await node.api("connections?state=other", { expect: 422 });
});

test("a WebSocket client is shown as one", async (t) => {
    const node = await Node.start(t);
    const client = await mqtt.connectAsync(`${node.url.replace("http", "ws")}/mqtt`, { username: "test", password: node.admin(), clientId: "browser", reconnectPeriod: 0 });
    node.watch(client);
    assert.equal((await one(node, "browser")).listener, "ws");
});
