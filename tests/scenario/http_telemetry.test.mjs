// JSON telemetry over HTTP: what MQTT machines publish, posted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Node } from "../node.mjs";

const base = Date.parse("2026-03-01T08:00:00Z");

async function post(node, path, body, { token = node.admin(), headers = {} } = {}) {
    const answer = await fetch(`${node.url}/api/v1/${path}`, {
        method: "POST", body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
        headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }), ...headers },
    });
    const text = await answer.text();
    return { status: answer.status, text, body: text.startsWith("{") ? JSON.parse(text) : null };
}

test("one machine, many machines, arrays and lines are stored before the answer", async (t) => {
    const node = await Node.start(t);
    assert.equal((await post(node, "telemetry/a", { ts: base, values: { speed: 1, state: "Running" } })).status, 204);
    assert.equal((await post(node, "telemetry/a", [{ ts: base + 2, values: { speed: 3 } }, { ts: base + 1, speed: 2 }])).status, 204);
    assert.equal((await post(node, "telemetry", { machine: "b", ts: base, values: { position: { lat: 31.2, lon: 121.5 } } })).status, 204);
    assert.equal((await post(node, "telemetry", [{ machine: "b", ts: base, speed: 5 }, { machine: "c", ts: base, values: { machine: "not its name" } }])).status, 204);
    const lines = [{ machine: "d", ts: base, v: 1 }, { machine: "e", ts: base, v: 2 }, { machine: "d", ts: base + 1, v: 3 }].map((one) => JSON.stringify(one)).join("\n");
    assert.equal((await post(node, "telemetry", lines, { headers: { "content-type": "application/x-ndjson" } })).status, 204);
    assert.equal((await post(node, "telemetry/f", "{\"v\":1}\n\n{\"w\":2}\n", { headers: { "content-type": "application/x-ndjson" } })).status, 204);
    assert.equal((await post(node, "telemetry/g", gzipSync("{\"v\":1}"), { headers: { "content-encoding": "gzip" } })).status, 204);
    await node.kill();
    await node.start();
    const values = async (id, tag) => (await node.samples(id, tag)).map((one) => one.value);
    assert.deepEqual(await values("a", "speed"), [1, 2, 3]);
    assert.deepEqual(await values("b", "position.lat"), [31.2]);
    assert.deepEqual(await values("b", "speed"), [5]);
    assert.deepEqual(await values("c", "machine"), ["not its name"]);
    assert.deepEqual(await values("d", "v"), [1, 3]);
    assert.deepEqual(await values("e", "v"), [2]);
    assert.deepEqual(await values("f", "w"), [2]);
    assert.deepEqual(await values("g", "v"), [1]);
    assert.equal((await node.api("machines")).total, 7, "and nobody called machine");
});

test("what cannot be understood is refused as a whole, saying where", async (t) => {
    const node = await Node.start(t);
    for (const [path, body, word] of [
        ["telemetry/a", "{\"v\":", "not JSON"], ["telemetry/a", "[{\"v\":1},3]", "entry 2"], ["telemetry/a", "{\"ts\":\"soon\",\"v\":1}", "ts of entry 1"],
        ["telemetry", "{\"v\":1}", "machine"], ["telemetry", "[{\"machine\":\"a\",\"v\":1},{\"machine\":7}]", "entry 2"],
        ["telemetry", "{\"machine\":\"a/b\",\"v\":1}", "machine of entry 1"], ["telemetry", "", "not JSON"],
    ]) {
        const refused = await post(node, path, body);
        assert.equal(refused.status, 400, body);
        assert.match(refused.body.detail, new RegExp(word), body);
    }
    const line = await post(node, "telemetry", "{\"machine\":\"a\",\"v\":1}\n{\"v\":2}", { headers: { "content-type": "application/x-ndjson" } });
    assert.match(line.body.detail, /^line 2: /);
    assert.equal((await node.api("machines")).total, 0, "nothing of it was taken");
    const some = await post(node, "telemetry/a", [{ ts: 1000, v: 1 }, { ts: base, v: 2 }]);
    assert.equal(some.status, 200);
    assert.deepEqual(some.body, { stored: 1, refused: { time: 1, name: 0, series: 0, size: 0 } });
    assert.equal((await node.metrics()).http_telemetry_requests_refused_total, 8);
});

test("its limits: a document of 2 MiB, a body of http.body_bytes_max, a bomb", async (t) => {
    const node = await Node.start(t, { sets: ["http.body_bytes_max=3M"] });
    const padded = (bytes) => `{"v":1}${" ".repeat(bytes - 7)}`;
    assert.equal((await post(node, "telemetry/a", padded(2 << 20))).status, 204);
    assert.equal((await post(node, "telemetry/a", padded((2 << 20) + 1))).status, 413);
    const lines = { headers: { "content-type": "application/x-ndjson" } };
    assert.equal((await post(node, "telemetry/a", `${padded(1 << 20)}\n`.repeat(2), lines)).status, 204);
    assert.equal((await post(node, "telemetry/a", padded((3 << 20) + 1), lines)).status, 413);
    assert.equal((await post(node, "telemetry/a", gzipSync(Buffer.alloc(80_000_000, 0x20)), { headers: { "content-encoding": "gzip" } })).status, 413);
});

test("a machine's token posts for its own machine; a viewer and nobody do not", async (t) => {
    const node = await Node.start(t);
    const press = node.token({ machine: "press" });
    assert.equal((await post(node, "telemetry/press", { v: 1 }, { token: press })).status, 204);
    assert.equal((await post(node, "telemetry", { machine: "press", w: 1 }, { token: press })).status, 204);
    assert.equal((await post(node, "telemetry/lathe", { v: 1 }, { token: press })).status, 404);
    assert.equal((await post(node, "telemetry", [{ machine: "press", x: 1 }, { machine: "lathe", v: 1 }], { token: press })).status, 403);
    assert.equal((await post(node, "telemetry/press", { v: 1 }, { token: node.token({ role: "viewer" }) })).status, 403);
    assert.equal((await post(node, "telemetry/press", { v: 1 }, { token: null })).status, 401);
    assert.equal((await post(node, "telemetry/press", { v: 1 }, { headers: { origin: "http://evil.example" } })).status, 403);
    assert.deepEqual((await node.machine("press")).values.map((one) => one.name), ["v", "w"]);
});
