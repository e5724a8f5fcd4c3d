// A disk that takes 20 to 200 ms for a sync, or now and then a second: nothing is overtaken by what was said, done or counted before it.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { Node, telemetry, until } from "../node.mjs";
import { slowDisk } from "../slow_disk.mjs";

const spB = createRequire(import.meta.url)("sparkplug-payload").get("spBv1.0");

/** A node on such a disk; null where it cannot be made. */
async function slow(t, mode, sets = []) {
    const env = slowDisk(t, mode);
    return env ? Node.start(t, { env, sets }) : (t.skip("no C compiler here"), null);
}

/** An edge node with one device, as bytes: birth, then data by alias, then nothing but its will. */
class Edge {
    static async connect(node, name, bdSeq) {
        const edge = Object.assign(new Edge(), { name, bdSeq, seq: 0 });
        const payload = Buffer.from(spB.encodePayload({ timestamp: Date.now(), metrics: [{ name: "bdSeq", type: "UInt64", value: bdSeq }] }));
        edge.client = await node.mqtt({ clientId: `edge-${name}`, will: { topic: `spBv1.0/hall/NDEATH/${name}`, payload, qos: 1, retain: false } });
        return edge;
    }
    say(kind, metrics, device = "") {
        this.seq = kind === "NBIRTH" ? 0 : (this.seq + 1) % 256;
        const timestamp = Date.now();
        const payload = spB.encodePayload({ timestamp, seq: this.seq, metrics: metrics.map((one) => ({ timestamp, ...one })) });
        return this.client.publishAsync(`spBv1.0/hall/${kind}/${this.name}${device && `/${device}`}`, Buffer.from(payload), { qos: 0 });
    }
    async birth(value) {
        await this.say("NBIRTH", [{ name: "bdSeq", type: "UInt64", value: this.bdSeq }, { name: "Node Control/Rebirth", type: "Boolean", value: false }]);
        await this.say("DBIRTH", [{ name: "speed", type: "Double", value, alias: 7 }], "press");
    }
    data(value) { return this.say("DDATA", [{ alias: 7, type: "Double", value }], "press"); }
}

// Most of their time is waiting, so three wait side by side.
for (const mode of ["even", "hiccup"]) describe(mode, { concurrency: 3 }, () => {
    test("what is acknowledged is seen and survives kill -9", async (t) => {
        const node = await slow(t, mode);
        if (!node) return;
        const clients = await Promise.all([0, 1, 2].map((n) => node.mqtt({ protocolVersion: n % 2 ? 4 : 5 })));
        const begin = Date.now() - 60_000;
        await Promise.all(clients.map(async (client, n) => {
            for (let round = 0; round < 12; ++round) {
                const all = Array.from({ length: 8 }, (_, i) => client.publishAsync(telemetry(`m${n}-${i % 4}`), JSON.stringify({ ts: begin + round * 8 + i, values: { v: round } }), { qos: 1 + (i % 2) }));
                await Promise.all(all);
                const seen = await node.machine(`m${n}-3`);
                assert.equal(seen.values[0].value, round, "seen as soon as it is acknowledged");
            }
        }));
        await node.kill();
        await node.start();
        for (let n = 0; n < 3; ++n)
            for (let i = 0; i < 4; ++i) assert.equal((await node.samples(`m${n}-${i}`, "v")).length, 24, `m${n}-${i}`);
    });

    test("a death comes behind what the dead had said, a birth behind the death before it", async (t) => {
        const node = await slow(t, mode);
        if (!node) return;
        const device = (name) => `hall:${name}:press`;
        for (let life = 0; life < 5; ++life) {
            const edges = await Promise.all(["a", "b", "c"].map((name) => Edge.connect(node, name, life)));
            await Promise.all(edges.map(async (edge) => {
                await edge.birth(life);
                await node.machineWhen(device(edge.name), (one) => one.connection === "online" && one.byTag.speed?.value === life);
                for (let n = 1; n <= 20; ++n) await edge.data(life + n / 100);
                edge.client.stream.end();  // what it said has come, and is not on disk yet
            }));
            // The last word is on disk: whatever was said before it has been seen as well.
            for (const { name } of edges) {
                await node.machineWhen(device(name), (one) => one.byTag.speed.value === life + 0.2 && one.connection !== "online", `${name} stale in life ${life}`);
                await (await node.mqtt()).publishAsync(telemetry("bystander"), "{\"v\":1}", { qos: 1 });
                assert.equal((await node.machine(device(name))).connection, "stale", `${name} stays dead in life ${life}`);
            }
        }
    });

    test("a machine that comes back takes its connection over, and is there", async (t) => {
        const node = await slow(t, mode);
        if (!node) return;
        const names = ["x", "y", "z"];
        const tokens = Object.fromEntries(names.map((name) => [name, node.token({ machine: name })]));
        const come = (name) => node.mqtt({ token: tokens[name], clientId: `client of ${name}` });
        const last = {};
        for (const name of names) await (last[name] = await come(name)).publishAsync(telemetry(name), "{\"v\":1}", { qos: 1 });
        for (let round = 0; round < 15; ++round) await Promise.all(names.map(async (name) => { last[name] = await come(name); }));
        for (const name of names) {
            await node.machineWhen(name, (one) => one.connection === "online", `${name} is there`);
            await last[name].endAsync();
            await node.machineWhen(name, (one) => one.connection === "offline", `${name} has said goodbye`);
        }
    });

    test("what a machine is known by comes with its first word; numbers are counted before what they count is seen", async (t) => {
        const node = await slow(t, mode);
        if (!node) return;
        const names = Array.from({ length: 6 }, (_, n) => `device-${n}`);
        const tokens = names.map((name) => node.token({ machine: name }));
        await Promise.all(names.map(async (name, n) => {
            const client = await node.mqtt({ protocolVersion: 4, username: tokens[n], password: "", token: "" });
            await client.publishAsync("v1/devices/me/attributes", JSON.stringify({ serial: n, bay: "7" }), { qos: 1 });
            assert.deepEqual((await node.machine(name)).attributes, { bay: "7", serial: n });
        }));
        const counted = async () => (await node.metrics()).attributes_changed_total;
        assert.equal(await counted(), 2 * names.length);
        await Promise.all(names.map((name, n) => node.machine(name, { method: "PATCH", body: { name: `Device ${n}`, adopted: true } })));
        assert.equal((await node.api("overview")).machines.discovered, 0);
    });

    test("tokens made and revoked at once all count, or none of them", async (t) => {
        const node = await slow(t, mode);
        if (!node) return;
        node.admin();
        for (let round = 0; round < 3; ++round) {
            const made = await Promise.all(Array.from({ length: 6 }, (_, n) => node.api("tokens", { method: "POST", body: { name: `${round}-${n}`, role: "viewer" } })));
            const statuses = () => Promise.all(made.map(async ({ token }) => (await node.fetch("machines", { token })).status));
            assert.deepEqual(await statuses(), made.map(() => 200));
            await Promise.all(made.map(({ id }) => node.api(`tokens/${id}`, { method: "DELETE" })));
            assert.deepEqual(await statuses(), made.map(() => 401));
        }
    });

    test("a credential that ends while its client is let in lets nobody in", async (t) => {
        const node = await slow(t, mode);
        if (!node) return;
        node.admin();
        for (let round = 0; round < 3; ++round) {
            await Promise.all(Array.from({ length: 5 }, async (_, n) => {
                const { id, token } = await node.api("tokens", { method: "POST", body: { name: `client ${round}-${n}`, role: "engineer" } });
                const coming = node.mqtt({ token, clientId: `client-${n}`, clean: false, properties: { sessionExpiryInterval: 600 } }).catch(() => null);
                await node.api(`tokens/${id}`, { method: "DELETE" });
                await (await coming)?.closed;
            }));
        }
        await until(async () => (await node.metrics()).mqtt_connections === 0, "nobody is in");
        assert.equal(node.child.exitCode ?? node.child.signalCode, null, "and the node lives");
    });
});
