// MQTT over WebSocket on the HTTP listener, with Node's client; a foreign page gets nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import mqtt from "mqtt";
import { Node, until } from "../node.mjs";

const connect = (node, options) => new Promise((done, failed) => {
    const client = mqtt.connect(`${node.url.replace("http", "ws")}/mqtt`, { reconnectPeriod: 0, ...options });
    node.clients.push(client);
    client.once("connect", () => done(client));
    client.once("error", failed);
    client.once("close", () => failed(new Error("closed before CONNACK")));
});

for (const protocolVersion of [4, 5]) {
    test(`a client of version ${protocolVersion} publishes and receives over WebSocket`, async (t) => {
        const node = await Node.start(t);
        const login = { username: "ws", password: node.token({ role: "engineer" }), protocolVersion };
        const reader = await connect(node, login), writer = await connect(node, login);
        const got = [];
        reader.on("message", (topic, payload) => got.push(`${topic} ${payload}`));
        await reader.subscribeAsync("hall/#", { qos: 2 });
        const large = "x".repeat(100_000);
        await writer.publishAsync("hall/a", "one", { qos: 1 });
        await writer.publishAsync("hall/b", large, { qos: 2 });
        await until(() => got.length === 2, () => `only ${got.length} arrived`);
        assert.deepEqual(got, ["hall/a one", `hall/b ${large}`]);
    });
}

test("a page of another origin is turned away, even where loopback needs no credentials", async (t) => {
    const node = await Node.start(t, { sets: ["trust.loopback_role=engineer"] });
    await assert.rejects(connect(node, { wsOptions: { headers: { origin: "https://elsewhere.example" } } }), /403|closed/);
    const own = await connect(node, { wsOptions: { headers: { origin: node.url } } });
    assert.ok(own.connected);
});
