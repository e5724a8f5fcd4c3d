// A Sparkplug B edge node made with Node's sparkplug-payload, against the node as host application.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Node, until } from "../node.mjs";

const spB = createRequire(import.meta.url)("sparkplug-payload").get("spBv1.0");
const nodeId = "hall:edge";
const device = "hall:edge:emb-01";

/** An edge node with one device. `history` and `seq` follow tck rules: seq 0..255, bdSeq in birth and death. */
class Edge {
    static async connect(node, bdSeq = 0) {
        const edge = new Edge();
        edge.bdSeq = bdSeq;
        edge.seq = 0;
        const death = edge.encode([{ name: "bdSeq", type: "UInt64", value: bdSeq }], {});
        edge.client = await node.mqtt({ clientId: "edge-hall", protocolVersion: 5, will: { topic: "spBv1.0/hall/NDEATH/edge", payload: death, qos: 1, retain: false } });
        await edge.client.subscribeAsync(["spBv1.0/hall/NCMD/edge", "spBv1.0/hall/DCMD/edge/+"], { qos: 1 });
        return edge;
    }

    encode(metrics, { seq, timestamp = Date.now() } = {}) {
        const stamped = metrics.map((metric) => ({ timestamp, ...metric }));
        return Buffer.from(spB.encodePayload({ timestamp, metrics: stamped, ...(seq !== undefined && { seq }) }));
    }

    publish(kind, metrics, { to = "edge", qos = 0, skip = 0 } = {}) {
        this.seq = kind === "NBIRTH" ? 0 : (this.seq + 1 + skip) % 256;
        return this.client.publishAsync(`spBv1.0/hall/${kind}/${to}`, this.encode(metrics, { seq: this.seq }), { qos });
    }

    async birth({ speed = 800, limit = 40 } = {}) {
        await this.publish("NBIRTH", [
            { name: "bdSeq", type: "UInt64", value: this.bdSeq },
            { name: "Node Control/Rebirth", type: "Boolean", value: false },
            { name: "uptime", type: "Int64", value: 17, alias: 1 },
        ]);
        await this.publish("DBIRTH", [
            { name: "speed", type: "Double", value: speed, alias: 10, properties: { engUnit: { type: "String", value: "1/min" }, readOnly: { type: "Boolean", value: true } } },
            { name: "limit", type: "Int32", value: limit, alias: 11, properties: { engUnit: { type: "String", value: "%" }, engLow: { type: "Double", value: 0 }, engHigh: { type: "Double", value: 100 }, readOnly: { type: "Boolean", value: false } } },
            { name: "state", type: "String", value: "Running", alias: 12 },
            { name: "on", type: "Boolean", value: true, alias: 13 },
        ], { to: "edge/emb-01" });
    }

    data(metrics, options) { return this.publish("DDATA", metrics, { to: "edge/emb-01", ...options }); }

    commands(kind) {
        return this.client.received.filter((one) => one.topic.includes(`/${kind}/`)).map((one) => ({ topic: one.topic, metrics: spB.decodePayload(one.payload).metrics }));
    }
}

test("births make machines, data by alias moves them, and they are stored", async (t) => {
    const node = await Node.start(t);
    const edge = await Edge.connect(node);
    await edge.birth();
    // Values are there at once; what is known of their tags is written behind them.
    const born = await node.machineWhen(device, (one) => one.byTag.on && one.byTag.speed?.unit && one.connection === "online");
    assert.equal(born.source, "sparkplug");
    assert.equal(born.state, "Running");
    assert.deepEqual([born.byTag.speed.value, born.byTag.speed.unit, born.byTag.speed.writable, born.byTag.speed.kind], [800, "1/min", false, "double"]);
    assert.deepEqual([born.byTag.limit.value, born.byTag.limit.unit, born.byTag.limit.writable, born.byTag.limit.kind], [40, "%", true, "integer"]);
    assert.equal(born.byTag.on.value, true);
    await node.machineWhen(nodeId, (one) => one.byTag.uptime?.value === 17);
    const later = Date.now() + 10;  // a sample of the same instant would replace the one before
    for (const value of [801, 802, 803]) await edge.data([{ alias: 10, type: "Double", value, timestamp: later + value }]);
    await node.machineWhen(device, (one) => one.byTag.speed.value === 803);
    assert.deepEqual((await node.samples(device, "speed")).map((one) => one.value), [800, 801, 802, 803]);
    await edge.publish("NDATA", [{ alias: 1, type: "Int64", value: 18 }]);
    await node.machineWhen(nodeId, (one) => one.byTag.uptime.value === 18);
    assert.ok((await node.api(`machines/${encodeURIComponent(device)}/events`)).items.some((one) => one.kind === "birth"));
    assert.equal((await node.metrics()).sparkplug_malformed_total, 0);
});

test("historical values are stored and do not become the current value", async (t) => {
    const node = await Node.start(t);
    const edge = await Edge.connect(node);
    await edge.birth();
    const then = Date.now() - 600_000;
    await edge.data([{ alias: 10, type: "Double", value: 555, timestamp: then, isHistorical: true }, { alias: 13, type: "Boolean", value: false }]);
    const machine = await node.machineWhen(device, (one) => one.byTag.on?.value === false);
    assert.equal(machine.byTag.speed.value, 800);
    const stored = await node.samples(device, "speed");
    assert.deepEqual(stored.map((one) => one.value), [555, 800]);
    assert.equal(Date.parse(stored[0].at), then);
});

test("a gap in the sequence asks for a rebirth, which heals it", async (t) => {
    const node = await Node.start(t, { sets: ["sparkplug.reorder=200"] });
    const edge = await Edge.connect(node);
    await edge.birth();
    await node.machineWhen(device, (one) => one.byTag.on);
    await edge.data([{ alias: 10, type: "Double", value: 1 }], { skip: 1 });
    const [asked] = await until(() => edge.commands("NCMD").length && edge.commands("NCMD"), "NCMD");
    assert.equal(asked.topic, "spBv1.0/hall/NCMD/edge");
    assert.deepEqual(asked.metrics.map((metric) => [metric.name, metric.value]), [["Node Control/Rebirth", true]]);
    await edge.birth({ speed: 900 });
    await edge.data([{ alias: 10, type: "Double", value: 901 }]);
    await node.machineWhen(device, (one) => one.byTag.speed.value === 901 && one.connection === "online");
    const metrics = await node.metrics();
    assert.ok(metrics.sparkplug_gaps_total >= 1 && metrics.sparkplug_rebirths_wanted_total >= 1);
});

test("data of a node never heard of asks for its birth", async (t) => {
    const node = await Node.start(t, { sets: ["sparkplug.reorder=0"] });
    const edge = await Edge.connect(node);
    await edge.data([{ alias: 10, type: "Double", value: 1 }]);
    await until(() => edge.commands("NCMD").length, "NCMD");
});

test("a death makes node and devices stale, a new birth brings them back", async (t) => {
    const node = await Node.start(t);
    const edge = await Edge.connect(node, 3);
    await edge.birth();
    await node.machineWhen(device, (one) => one.connection === "online");
    edge.client.stream.destroy();
    for (const id of [device, nodeId]) await node.machineWhen(id, (one) => one.connection === "stale", `${id} stale`);
    let kinds;
    const deaths = async () => (kinds = (await node.api(`machines/${encodeURIComponent(nodeId)}/events`)).items.map((one) => one.kind)).includes("death");
    await until(deaths, () => `a death among ${kinds}`);
    const again = await Edge.connect(node, 4);
    await again.birth();
    await node.machineWhen(device, (one) => one.connection === "online", "online again");
    await again.publish("DDEATH", [], { to: "edge/emb-01" });
    await node.machineWhen(device, (one) => one.connection === "offline", "DDEATH is a goodbye");
    assert.equal((await node.machine(nodeId)).connection, "online");
});

test("a write goes down as DCMD; out of range, of the wrong type and read-only are refused", async (t) => {
    const node = await Node.start(t);
    const edge = await Edge.connect(node);
    await edge.birth();
    await node.machineWhen(device, (one) => one.byTag.on && one.byTag.limit?.writable);
    const write = (tag, value, expect, token) => node.api(`machines/${encodeURIComponent(device)}/tags/${tag}/write`, { method: "POST", body: { value }, expect, token });
    const sent = await write("limit", 55, 202, node.token({ role: "operator" }));
    assert.equal(sent.topic, "spBv1.0/hall/DCMD/edge/emb-01");
    const [command] = await until(() => edge.commands("DCMD").length && edge.commands("DCMD"), "DCMD");
    assert.equal(command.metrics.length, 1);
    assert.equal(command.metrics[0].value, 55);
    assert.ok(command.metrics[0].name === "limit" || Number(command.metrics[0].alias) === 11);
    await edge.data([{ alias: 11, type: "Int32", value: 55 }]);
    await node.machineWhen(device, (one) => one.byTag.limit.value === 55);
    await write("limit", 101, 422);
    await write("limit", "many", 422);
    await write("limit", 1.5, 422);
    await write("speed", 1, 403);
    await write("nothing", 1, 404);
    edge.client.stream.destroy();
    await node.machineWhen(device, (one) => one.connection === "stale");
    await write("limit", 60, 409);
    assert.equal(edge.commands("DCMD").length, 1);
    assert.ok((await node.api("events")).items.some((one) => one.kind === "write"));
});

test("STATE says that the host is online, retained, and offline when it goes", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    await client.subscribeAsync("spBv1.0/STATE/#", { qos: 1 });
    await until(() => client.received.length, "STATE");
    const [state] = client.received;
    assert.equal(state.topic, "spBv1.0/STATE/lineshaft");
    assert.equal(state.packet.retain, true);
    const { online, timestamp } = JSON.parse(state.text);
    assert.equal(online, true);
    assert.ok(Math.abs(timestamp - Date.now()) < 60_000);
    await assert.rejects(client.publishAsync("spBv1.0/STATE/lineshaft", "{\"online\":false}", { qos: 1 }), (error) => error.code === 0x87, "nobody but the host");
    await node.stop();
    await until(() => JSON.parse(client.received.at(-1).text).online === false, "its last word");
});

test("garbage is refused and counted, and the node lives on", async (t) => {
    const node = await Node.start(t);
    const edge = await Edge.connect(node);
    await edge.birth();
    for (const topic of ["spBv1.0/hall/DDATA/edge/emb-01", "spBv1.0/hall/NBIRTH/edge"]) {
        await assert.rejects(edge.client.publishAsync(topic, Buffer.from([0xff, 0xff, 0xff, 0xff]), { qos: 1 }), (error) => error.code === 0x99, topic);
    }
    assert.equal((await node.metrics()).sparkplug_malformed_total, 2);
    await edge.data([{ alias: 10, type: "Double", value: 5 }]);
    await node.machineWhen(device, (one) => one.byTag.speed?.value === 5);
});
