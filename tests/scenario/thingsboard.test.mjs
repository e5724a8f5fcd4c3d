// Devices whose firmware speaks ThingsBoard's MQTT API, with a stranger's client.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node, until } from "../node.mjs";

const base = Date.parse("2026-03-01T08:00:00Z");
const me = (rest) => `v1/devices/me/${rest}`;

/** A device as ThingsBoard's SDKs connect: the token as user name, no password, MQTT 3.1.1. */
async function device(node, machine, { topics = [], ...options } = {}) {
    const client = await node.mqtt({ protocolVersion: 4, username: node.token({ machine, name: `device ${machine} ${Math.random()}` }), password: "", token: "", ...options });
    for (const topic of topics) await client.subscribeAsync(topic, { qos: 1 });
    return client;
}
const heard = (client, topic) => until(() => client.received.find((one) => one.topic === topic || (topic instanceof RegExp && topic.test(one.topic))), `a message on ${topic}`);

test("telemetry in every form of its documents, stored under the token's own machine", async (t) => {
    const node = await Node.start(t);
    const [press, lathe] = [await device(node, "press"), await device(node, "lathe")];
    await press.publishAsync(me("telemetry"), JSON.stringify({ ts: base, values: { speed: 812.5, state: "Running" } }), { qos: 1 });
    await press.publishAsync(me("telemetry"), JSON.stringify([{ ts: base + 1, values: { speed: 813 } }, { ts: base + 2, values: { speed: 814 } }]), { qos: 1 });
    await lathe.publishAsync(me("telemetry"), JSON.stringify({ speed: 1 }), { qos: 1 });
    await lathe.publishAsync(me("telemetry"), JSON.stringify([{ load: 1 }, { heat: 2 }]), { qos: 1 });
    assert.deepEqual((await node.samples("press", "speed")).map((one) => one.value), [812.5, 813, 814]);
    assert.deepEqual((await node.machine("lathe")).values.map((one) => one.name), ["heat", "load", "speed"]);
    assert.equal((await node.machine("press")).source, "thingsboard");
    assert.equal((await node.machine("press")).state, "Running");
    assert.deepEqual((await node.api("machines")).items.map((one) => one.id), ["lathe", "press"], "and nobody called me");
});

test("two devices use the same topics, and each hears only its own", async (t) => {
    const node = await Node.start(t);
    const topics = [me("rpc/request/+"), me("attributes"), me("attributes/response/+"), me("rpc/response/+")];
    const [press, lathe] = [await device(node, "press", { topics }), await device(node, "lathe", { topics })];
    for (const [client, value] of [[press, 1], [lathe, 2]]) {
        await client.publishAsync(me("telemetry"), JSON.stringify({ speed: value }), { qos: 1 });
        await client.publishAsync(me("attributes"), JSON.stringify({ serial: value, fw: { version: "1.2" } }), { qos: 1 });
    }
    for (const id of ["press", "lathe"]) await node.api(`machines/${id}/tags/speed`, { method: "PATCH", body: { writable: true } });
    const sent = await node.api("machines/press/tags/speed/write", { method: "POST", body: { value: 650 } });
    assert.match(sent.topic, /^lineshaft\/v1\/press\/command\/me\/rpc\/request\/\d+$/);
    const call = await heard(press, /rpc\/request/);
    assert.match(call.topic, /^v1\/devices\/me\/rpc\/request\/\d+$/);
    assert.deepEqual(JSON.parse(call.text), { method: "setValue", params: { speed: 650 } });
    await press.publishAsync(call.topic.replace("request", "response"), JSON.stringify({ ok: true }), { qos: 1 });
    const event = await until(async () => (await node.api("machines/press/events")).items.find((one) => one.kind === "answer"), "the answer as an event");
    assert.match(event.text, /speed.*650.*"ok":true/);
    await node.api("machines/press", { method: "PATCH", body: { shared_attributes: { limit: 40, mode: "eco" } } });
    assert.deepEqual(JSON.parse((await heard(press, me("attributes"))).text), { limit: 40, mode: "eco" });
    await lathe.publishAsync(me("attributes/request/1"), JSON.stringify({ clientKeys: "serial" }), { qos: 1 });
    assert.deepEqual(JSON.parse((await heard(lathe, me("attributes/response/1"))).text), { client: { serial: 2 } });
    assert.deepEqual(lathe.received.map((one) => one.topic), [me("attributes/response/1")], "nothing of the other device");
    assert.deepEqual(press.received.map((one) => one.topic), [call.topic, me("attributes")], "nor an echo of its own words");
    const spy = await device(node, "spy", { topics: ["#", "lineshaft/v1/+/command/#", me("#")] });
    await node.api("machines/press/tags/speed/write", { method: "POST", body: { value: 651 } });
    await until(() => press.received.length === 3, "the second call");
    assert.deepEqual(spy.received.map((one) => one.topic).filter((topic) => !topic.startsWith("spBv1.0/STATE/")), []);
});

test("attributes: the device's own, those shared with it, changes and removals", async (t) => {
    const node = await Node.start(t);
    const press = await device(node, "press", { topics: [me("attributes"), me("attributes/response/+")] });
    await press.publishAsync(me("attributes"), JSON.stringify({ serial: "A-7", axes: 5, tested: true, fw: { version: "1.2" } }), { qos: 1 });
    const shown = await node.machine("press");
    assert.deepEqual(shown.attributes, { serial: "A-7", axes: 5, tested: true, fw: { version: "1.2" } }, "acknowledged is stored");
    assert.deepEqual((await node.api("machines?attribute=axes:5&attribute=serial:A-7")).items.map((one) => one.id), ["press"]);
    await node.api("machines/press", { method: "PATCH", body: { shared_attributes: { limit: 40, mode: "eco" } } });
    await heard(press, me("attributes"));
    const ask = async (id, wanted) => {
        await press.publishAsync(me(`attributes/request/${id}`), JSON.stringify(wanted), { qos: 1 });
        return JSON.parse((await heard(press, me(`attributes/response/${id}`))).text);
    };
    assert.deepEqual(await ask(1, { clientKeys: "serial,none", sharedKeys: "limit" }), { client: { serial: "A-7" }, shared: { limit: 40 } });
    assert.deepEqual(await ask(2, { clientKeys: "none" }), {});
    assert.deepEqual((await ask(3, {})).shared, { limit: 40, mode: "eco" });
    press.received.length = 0;
    const changed = await node.api("machines/press", { method: "PATCH", body: { shared_attributes: { mode: null } } });
    assert.deepEqual(changed.shared_attributes, { limit: 40 });
    assert.deepEqual(JSON.parse((await heard(press, me("attributes"))).text), { deleted: ["mode"] });
    await node.kill();
    await node.start();
    const after = await node.machine("press");
    assert.deepEqual([after.attributes.axes, after.shared_attributes], [5, { limit: 40 }]);
    assert.equal(after.source, "thingsboard", "known before it speaks again");
});

test("a device may ask for the time and its limits; unknown methods are told so", async (t) => {
    const node = await Node.start(t);
    const press = await device(node, "press", { topics: [me("rpc/response/+")] });
    const call = async (id, method) => {
        await press.publishAsync(me(`rpc/request/${id}`), JSON.stringify({ method, params: {} }), { qos: 1 });
        return JSON.parse((await heard(press, me(`rpc/response/${id}`))).text);
    };
    assert.ok(Math.abs((await call(1, "getCurrentTime")).time - Date.now()) < 60_000);
    assert.ok((await call(2, "getSessionLimits")).maxPayloadSize > 1000);
    assert.match((await call(3, "selfDestruct")).error, /no method selfDestruct/);
});

test("calls wait for a sleeping device, and a will is its own, too", async (t) => {
    const node = await Node.start(t);
    const options = { clientId: "press-1", clean: false, topics: [me("rpc/request/+")] };
    const token = node.token({ machine: "press" });
    const connect = (more = {}) => node.mqtt({ protocolVersion: 4, username: token, password: "", token: "", clientId: "press-1", clean: false, ...more });
    const press = await connect({ will: { topic: me("telemetry"), payload: JSON.stringify({ ended: true }), qos: 1, retain: false } });
    await press.subscribeAsync(options.topics[0], { qos: 1 });
    await press.publishAsync(me("telemetry"), JSON.stringify({ speed: 1 }), { qos: 1 });
    await node.api("machines/press/tags/speed", { method: "PATCH", body: { writable: true } });
    press.stream.destroy();
    await node.machineWhen("press", (one) => one.byTag.ended?.value === true);
    const again = await connect();
    await again.publishAsync(me("telemetry"), JSON.stringify({ speed: 2 }), { qos: 1 });
    await node.api("machines/press/tags/speed/write", { method: "POST", body: { value: 5 } });
    assert.deepEqual(JSON.parse((await heard(again, /rpc\/request/)).text).params, { speed: 5 });
});

test("wrong tokens, other people's words and broken payloads", async (t) => {
    const node = await Node.start(t);
    assert.ok(await node.refusal({ protocolVersion: 4, username: "ls_wrong", password: "", token: "" }));
    const engineer = await node.mqtt({ token: node.token({ role: "engineer" }) });
    await engineer.publishAsync(me("telemetry"), "{\"v\":1}", { qos: 1 }).catch(() => {});
    assert.equal((await node.api("machines")).total, 0, "a person is no device");
    const press = await device(node, "press", { protocolVersion: 5 });
    for (const [topic, payload] of [[me("telemetry"), "{"], [me("attributes"), "[1]"], [me("attributes/request/1"), "x"], [me("nonsense"), "{}"]])
        await assert.rejects(press.publishAsync(topic, payload, { qos: 1 }), topic);
    assert.equal((await node.metrics()).thingsboard_malformed_total, 4);
});

test("devices of another organisation have their own me", async (t) => {
    const node = await Node.start(t);
    const { id } = await node.api("organisations", { method: "POST", body: { name: "acme" } });
    const password = "a long enough sentence";
    await node.api(`organisations/${id}/people`, { method: "POST", body: { name: "ann", role: "admin", password } });
    const origin = { origin: node.url };
    const signedIn = await node.fetch("session", { method: "POST", body: { name: "acme/ann", password }, token: null, headers: origin });
    assert.equal(signedIn.status, 200);
    const cookie = signedIn.headers.get("set-cookie").split(";")[0];
    const made = await node.api("tokens", { method: "POST", body: { name: "acme press", machine: "press" }, token: null, headers: { ...origin, cookie } });
    const acme = await node.mqtt({ protocolVersion: 4, username: made.token, password: "", token: "" });
    await acme.subscribeAsync([me("rpc/request/+"), me("attributes/response/+")], { qos: 1 });
    const home = await device(node, "press", { topics: [me("rpc/request/+")] });
    await acme.publishAsync(me("telemetry"), JSON.stringify({ speed: 1 }), { qos: 1 });
    await acme.publishAsync(me("attributes"), JSON.stringify({ serial: 7 }), { qos: 1 });
    await acme.publishAsync(me("attributes/request/1"), "{}", { qos: 1 });
    assert.deepEqual(JSON.parse((await heard(acme, me("attributes/response/1"))).text), { client: { serial: 7 } });
    const ours = await node.machineWhen("press", () => true);
    assert.deepEqual([ours.values, ours.attributes], [[], {}], "not the default organisation's press");
    assert.deepEqual(home.received, []);
});
