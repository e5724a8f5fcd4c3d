// The live stream: what a browser hears, over real HTTP.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node, telemetry, until } from "../node.mjs";

/** Opens a stream; `events` grows as they arrive; `over` resolves when the node ends it. */
async function listen(t, node, query, token = node.admin()) {
    const stop = new AbortController();
    t.after(() => stop.abort());
    const answer = await node.fetch(`live${query}`, { token, signal: stop.signal });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type"), /^text\/event-stream/);
    const events = [];
    const over = (async () => {
        let text = "";
        const decoder = new TextDecoder();
        for await (const piece of answer.body) {
            text += decoder.decode(piece, { stream: true });
            const blocks = text.split("\n\n");
            text = blocks.pop();
            for (const block of blocks) {
                const event = /^event: (.*)$/m.exec(block)?.[1];
                if (event) events.push({ event, data: JSON.parse(/^data: (.*)$/m.exec(block)[1]), at: performance.now() });
            }
        }
        return true;
    })().catch((error) => stop.signal.aborted || Promise.reject(error));
    over.catch(() => {});
    return { events, over, values: () => events.filter((one) => one.event === "values").flatMap((one) => one.data) };
}

test("the current values come first, then each change, of the machines asked for only", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    for (const id of ["a", "b"]) await client.publishAsync(telemetry(id), "{\"v\":1}", { qos: 1 });
    const stream = await listen(t, node, "?machine=a");
    const seen = (value) => stream.values().some((one) => one.machine === "a" && one.values.some((each) => each.tag === "v" && each.value === value));
    await until(() => seen(1), "the current value");
    await client.publishAsync(telemetry("b"), "{\"v\":2}", { qos: 1 });
    for (const value of [3, 4, 5]) {
        await client.publishAsync(telemetry("a"), JSON.stringify({ v: value }), { qos: 1 });
        await until(() => seen(value), `the change to ${value}`);
    }
    assert.ok(stream.values().every((one) => one.machine === "a"));
    assert.deepEqual(Object.keys(stream.values().at(-1).values[0]).sort(), ["at", "quality", "tag", "value"]);
    await until(() => stream.events.some((one) => one.event === "rates"), "rates");
});

test("without machines asked for: machines, events and rates, no values", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    const stream = await listen(t, node, "");
    await client.publishAsync(telemetry("new-one"), "{\"v\":1}", { qos: 1 });
    await until(() => stream.events.some((one) => one.event === "machine" && one.data.id === "new-one"), "the machine");
    await until(() => stream.events.some((one) => one.event === "event" && one.data.kind === "discovered" && one.data.machine === "new-one"), "discovered");
    await until(() => stream.events.filter((one) => one.event === "rates").length >= 2, "rates, again and again");
    assert.deepEqual(stream.values(), []);
});

test("it needs a login, a machine's token hears only its own, and revoking ends it", async (t) => {
    const node = await Node.start(t);
    assert.equal((await node.fetch("live", { token: null })).status, 401);
    const own = node.token({ machine: "a" });
    assert.ok([403, 404].includes((await node.fetch("live?machine=b", { token: own })).status), "another machine");
    assert.equal((await node.fetch("live", { token: own })).status, 403, "all machines");
    const made = await node.api("tokens", { method: "POST", body: { name: "viewer", role: "viewer" } });
    const stream = await listen(t, node, "?machine=a", made.token);
    await until(() => stream.events.length > 0, "it is open");
    await node.api(`tokens/${made.id}`, { method: "DELETE" });
    assert.equal(await stream.over, true, "the node ends it");
});

test("from publish to stream", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    const stream = await listen(t, node, "?machine=a");
    const times = [];
    for (let value = 1; value <= 40; ++value) {
        const began = performance.now();
        await client.publishAsync(telemetry("a"), JSON.stringify({ v: value }), { qos: 1 });
        const arrived = await until(() => stream.events.find((one) => one.event === "values" && JSON.stringify(one.data).includes(`"value":${value},`)), `value ${value}`);
        times.push(arrived.at - began);
    }
    times.sort((a, b) => a - b);
    t.diagnostic(`publish to stream: p50 ${times[20].toFixed(0)} ms, p99 ${times[39].toFixed(0)} ms`);
});

test("a stop ends open streams and keeps the exit clean", async (t) => {
    const node = await Node.start(t);
    const stream = await listen(t, node, "");
    await until(() => stream.events.length > 0, "it is open");
    const ended = await node.stop();
    assert.deepEqual(ended, { code: 0, signal: null });
    await stream.over.catch(() => {});
});
