// JSON telemetry from real MQTT clients to the API.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node, telemetry, until } from "../node.mjs";

const badPayload = ["{\"speed\":", "17", "\"text\"", "[1,2]", "{\"ts\":\"yesterday\",\"values\":{\"a\":1}}", "\u0000\u0001", "[{\"a\":1},3]"];

test("every form of telemetry, both versions, every QoS, is stored and shown", async (t) => {
    const node = await Node.start(t);
    for (const protocolVersion of [4, 5]) {
        const client = await node.mqtt({ protocolVersion });
        for (const qos of [0, 1, 2]) {
            const id = `m-${protocolVersion}-${qos}`;
            const tell = (payload) => client.publishAsync(telemetry(id), JSON.stringify(payload), { qos });
            const base = Date.parse("2026-03-01T08:00:00Z");
            await tell({ ts: base, values: { speed: 812.5, on: true, state: "Running", count: 7 } });
            await tell({ ts: "2026-03-01T16:00:01.25+08:00", values: { speed: 813 } });
            await tell([{ ts: base + 5000, values: { speed: 817 } }, { ts: base + 3000, values: { speed: 815 } }]);
            await tell({ ts: base + 4000, values: { position: { lat: 31.2, lon: 121.5 }, list: [1, "a"], gone: null, big: 9007199254740993 } });
            await tell({ bare: 1.5 });
            const machine = await node.machineWhen(id, (one) => one.byTag.bare);
            const value = (tag) => machine.byTag[tag]?.value;
            assert.equal(value("speed"), 817);
            assert.equal(value("on"), true);
            assert.equal(value("count"), 7);
            assert.equal(value("list"), "[1,\"a\"]");
            assert.equal(value("position.lat"), 31.2);
            assert.equal(machine.byTag.speed.kind, "double");
            assert.equal(machine.byTag.on.kind, "boolean");
            assert.equal(machine.byTag.state.kind, "string");
            assert.equal(machine.state, "Running");
            assert.equal(machine.byTag.speed.at.slice(0, 19), "2026-03-01T08:00:05");
            assert.ok(Math.abs(Date.parse(machine.byTag.bare.at) - Date.now()) < 60_000, "without a time: now");
            const stored = await node.samples(id, "speed");
            assert.deepEqual(stored.map((one) => [Date.parse(one.at) - base, one.value]), [[0, 812.5], [1250, 813], [3000, 815], [5000, 817]]);
            const falling = await node.samples(id, "speed", { order: "desc", limit: "3" });
            assert.deepEqual(falling.map((one) => one.value), [817, 815, 813, 812.5], "the other way, through pages");
            const trend = await node.api(`machines/${id}/trend?tag=speed&tag=on&from=2026-03-01T08:00:00Z&until=2026-03-01T08:01:00Z`);
            assert.deepEqual(trend.series.map((one) => one.tag), ["speed", "on"]);
            assert.equal(trend.series[0].raw, true);
            assert.deepEqual(trend.series[0].samples.map((row) => row[1]), [812.5, 813, 815, 817]);
        }
    }
    const all = await node.api("machines?q=m-5");
    assert.deepEqual(all.items.map((one) => one.id).sort(), ["m-5-0", "m-5-1", "m-5-2"]);
});

test("an integer no double can carry, and an explicit nothing, come back as they were sent", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    await client.publishAsync(telemetry("m"), "{\"big\":9007199254740993,\"gone\":null}", { qos: 1 });
    const machine = await node.machineWhen("m", (one) => one.byTag.big);
    assert.equal(machine.byTag.big.value, "9007199254740993");
    assert.equal(machine.byTag.big.kind, "integer");
    assert.equal(machine.byTag.gone?.quality, "missing");
    assert.equal(machine.byTag.gone?.value, null);
});

test("many samples are drawn as columns that lose no extreme", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    const base = Date.parse("2026-03-01T00:00:00Z");
    const rows = Array.from({ length: 4000 }, (_, i) => ({ ts: base + i * 1000, values: { v: i === 1234 ? 9999 : i % 50 } }));
    for (let i = 0; i < rows.length; i += 500) await client.publishAsync(telemetry("m"), JSON.stringify(rows.slice(i, i + 500)), { qos: 1 });
    const trend = await node.api(`machines/m/trend?tag=v&columns=40&from=2026-03-01T00:00:00Z&until=${new Date(base + 4_000_000).toISOString()}`);
    const [series] = trend.series;
    assert.equal(series.raw, false);
    assert.ok(series.columns.length > 20 && series.columns.length <= 42, `${series.columns.length} columns`);
    assert.equal(series.columns.reduce((sum, column) => sum + column[6], 0), 4000);
    assert.equal(Math.max(...series.columns.map((column) => column[2])), 9999);
    assert.equal(Math.min(...series.columns.map((column) => column[1])), 0);
});

test("a machine appears discovered, and is adopted, named and placed", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    await client.publishAsync(telemetry("exc-01"), "{\"fuel\":71.5,\"lat\":31.2,\"lon\":121.5}", { qos: 1 });
    const found = await node.machineWhen("exc-01", (one) => one.byTag.fuel);
    assert.equal(found.adopted, false);
    assert.equal(found.connection, "online");
    assert.equal(found.source, "json");
    assert.deepEqual(found.position, { latitude: 31.2, longitude: 121.5 });
    const overview = await node.api("overview");
    assert.equal(overview.machines.discovered, 1);
    const site = await node.api("sites", { method: "POST", body: { name: "Harbour East", time_zone: "Asia/Shanghai", latitude: 31.2, longitude: 121.5 }, expect: 201 });
    await node.machine("exc-01", { method: "PATCH", body: { adopted: true, name: "Excavator 1", kind: "excavator", site: site.id } });
    const adopted = await node.machine("exc-01");
    assert.deepEqual([adopted.adopted, adopted.name, adopted.kind, adopted.site], [true, "Excavator 1", "excavator", site.id]);
    assert.equal((await node.api("machines?adopted=false")).total, 0);
    assert.equal((await node.api(`machines?site=${site.id}`)).items.length, 1);
    assert.equal((await node.api("machines?q=Excavator")).items.length, 1);
    assert.equal((await node.api("sites")).items[0].machines, 1);
    await node.api(`sites/${site.id}`, { method: "DELETE", expect: 409 });
    await node.api("sites", { method: "POST", body: { name: "x", time_zone: "Nowhere/Land" }, expect: 422 });
    const kinds = (await node.api("machines/exc-01/events")).items.map((one) => one.kind);
    assert.ok(kinds.includes("discovered") && kinds.includes("adopted"), kinds.join());
    await node.stop();
    await node.start();
    const later = await node.machine("exc-01");
    assert.deepEqual([later.name, later.site, later.values.find((one) => one.name === "fuel").value], ["Excavator 1", site.id, 71.5], "all of it outlives a restart");
});

test("a bad payload is refused with its reason and counted, and the connection lives on", async (t) => {
    const node = await Node.start(t);
    const [v5, v4] = [await node.mqtt(), await node.mqtt({ protocolVersion: 4 })];
    for (const payload of badPayload) {
        await assert.rejects(v5.publishAsync(telemetry("bad"), payload, { qos: 1 }), (error) => error.code === 0x99, `5.0, QoS 1: ${payload}`);
        await assert.rejects(v5.publishAsync(telemetry("bad"), payload, { qos: 2 }), (error) => error.code === 0x99, `5.0, QoS 2: ${payload}`);
        await v4.publishAsync(telemetry("bad"), payload, { qos: 1 });
    }
    assert.equal((await node.metrics()).mqtt_publishes_refused_tap_total, badPayload.length * 3);
    await node.machine("bad", { expect: 404 });
    for (const client of [v5, v4]) await client.publishAsync(telemetry("good"), "{\"a\":1}", { qos: 1 });
    await node.machineWhen("good", (one) => one.byTag.a);
});

test("a sample outside the allowed times is refused alone and counted", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    const now = Date.now();
    await client.publishAsync(telemetry("m"), JSON.stringify({ ts: "2020-01-01T00:00:00Z", values: { a: 0 } }), { qos: 1 });
    await node.machineWhen("m", (one) => one.byTag.a);
    const before = await node.metrics();
    await client.publishAsync(telemetry("m"), JSON.stringify([
        { ts: "1999-12-31T23:59:59Z", values: { a: 1 } }, { ts: now + 25 * 3_600_000, values: { a: 2 } },
        { ts: now, values: { a: 3 } }, { ts: now + 23 * 3_600_000, values: { a: 4 } }, { ts: "2000-01-01T00:00:00Z", values: { a: 5 } },
    ]), { qos: 1 });
    await node.machineWhen("m", (one) => one.byTag.a?.value === 4);
    assert.deepEqual((await node.samples("m", "a")).map((one) => one.value), [5, 0, 3, 4]);
    const metrics = await node.metrics();
    assert.equal(metrics.history_samples_refused_time_total - before.history_samples_refused_time_total, 2);
    assert.equal(metrics.plant_samples_total - before.plant_samples_total, 3);
});

test("a machine's token publishes and reads only its own machine", async (t) => {
    const node = await Node.start(t);
    const own = node.token({ machine: "exc-01" });
    const client = await node.mqtt({ token: own });
    await client.publishAsync(telemetry("exc-01"), "{\"a\":1}", { qos: 1 });
    await node.machineWhen("exc-01", (one) => one.byTag.a);
    for (const topic of [telemetry("exc-02"), "other/topic", "lineshaft/v1/exc-01/command", "spBv1.0/STATE/lineshaft"]) {
        await assert.rejects(client.publishAsync(topic, "{\"a\":1}", { qos: 1 }), (error) => error.code === 0x87, topic);
    }
    await client.publishAsync(telemetry("exc-02"), "{\"a\":1}", { qos: 0 });
    await client.publishAsync(telemetry("exc-01"), "{\"b\":1}", { qos: 1 });
    await node.machineWhen("exc-01", (one) => one.byTag.b, "it goes on");
    const granted = await client.subscribeAsync(["lineshaft/v1/exc-02/#", "lineshaft/v1/exc-01/command"], { qos: 1 }).catch((error) => error);
    assert.ok(granted instanceof Error || granted.some((one) => one.qos === 0x87), "a foreign filter is refused");
    const metrics = await node.metrics();
    assert.ok(metrics.mqtt_publishes_refused_rights_total >= 5, `${metrics.mqtt_publishes_refused_rights_total}`);
    await node.machine("exc-02", { expect: 404 });
    await node.machine("exc-01", { token: own });
    for (const path of ["machines/exc-02", "machines/nobody"]) await node.api(path, { token: own, expect: 404 });
    const list = await node.fetch("machines", { token: own });
    if (list.status === 200) assert.ok((await list.json()).items.every((one) => one.id === "exc-01"));
    else assert.equal(list.status, 403);
});

test("3.1.1 knows no refusal (3.3.5-2): nothing is kept or passed on, and it is counted", async (t) => {
    const node = await Node.start(t);
    const watcher = await node.mqtt();
    await watcher.subscribeAsync("lineshaft/v1/#", { qos: 1 });
    const client = await node.mqtt({ token: node.token({ machine: "exc-01" }), protocolVersion: 4 });
    client.publishAsync(telemetry("exc-02"), "{\"a\":1}", { qos: 1 }).catch(() => {});
    await until(async () => (await node.metrics()).mqtt_publishes_refused_rights_total === 1, "it is counted");
    await client.publishAsync(telemetry("exc-01"), "{\"a\":1}", { qos: 1 });
    await until(() => watcher.received.length > 0, "its own topic goes on");
    assert.deepEqual(watcher.received.map((one) => one.topic), [telemetry("exc-01")]);
    await node.machine("exc-02", { expect: 404 });
});

test("revoking a token ends its live session and refuses the next", async (t) => {
    const node = await Node.start(t);
    const made = await node.api("tokens", { method: "POST", body: { name: "short lived", role: "engineer" }, expect: 201 });
    const [v5, v4] = [await node.mqtt({ token: made.token }), await node.mqtt({ token: made.token, protocolVersion: 4 })];
    const reason = new Promise((done) => v5.on("disconnect", (packet) => done(packet.reasonCode)));
    await node.api(`tokens/${made.id}`, { method: "DELETE", expect: 204 });
    await Promise.all([v5.closed, v4.closed]);
    assert.equal(await reason, 0x87);
    assert.equal(await node.refusal({ token: made.token }), 0x86);
    assert.ok(!(await node.api("tokens")).items.some((one) => one.id === made.id));
});

test("wrong credentials are refused with the version's own code", async (t) => {
    const node = await Node.start(t);
    const wrong = "ls_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert.equal(await node.refusal({ token: wrong, protocolVersion: 5 }), 0x86);
    assert.equal(await node.refusal({ token: wrong, protocolVersion: 4 }), 4);
    const nobody = { username: undefined, password: undefined };
    assert.equal(await node.refusal({ ...nobody, protocolVersion: 5 }), 0x87);
    assert.equal(await node.refusal({ ...nobody, protocolVersion: 4 }), 5);
    assert.equal((await node.metrics()).mqtt_connects_refused_rights_total, 4);
    const byName = await node.mqtt({ username: node.admin(), password: undefined });
    assert.ok(byName.connected, "a token is also a user name without password");
});
