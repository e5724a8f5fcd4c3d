// Prometheus remote write, from a stranger's client and from bytes made here.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { pushTimeseries } from "prometheus-remote-write";
import { Node } from "../node.mjs";

const require = createRequire(new URL("../node_modules/prometheus-remote-write/package.json", import.meta.url));
const { compress } = require("snappyjs");
const protobuf = require("protobufjs");
const base = Date.parse("2026-03-01T08:00:00Z");

// prompb/types.proto, as far as version 1.0 of the specification goes.
const { root } = protobuf.parse(`syntax = "proto3"; package prometheus;
    message WriteRequest { repeated TimeSeries timeseries = 1; repeated Metadata metadata = 3; }
    message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; repeated Histogram histograms = 4; }
    message Label { string name = 1; string value = 2; }
    message Sample { double value = 1; int64 timestamp = 2; }
    message Exemplar { double value = 2; }
    message Histogram { double sum = 3; }
    message Metadata { string help = 4; }`);
const WriteRequest = root.lookupType("prometheus.WriteRequest");
const labels = (all) => Object.entries(all).sort().map(([name, value]) => ({ name, value }));
const pack = (request) => compress(Buffer.from(WriteRequest.encode(request).finish()));

async function write(node, body, { token = node.admin(), headers = {} } = {}) {
    const answer = await fetch(`${node.url}/api/v1/write`, {
        method: "POST", body,
        headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy", "x-prometheus-remote-write-version": "0.1.0", ...(token && { authorization: `Bearer ${token}` }), ...headers },
    });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

test("a stranger's client writes, every sample is durable when it is told so", async (t) => {
    const node = await Node.start(t);
    const told = await pushTimeseries([
        { labels: { __name__: "cpu_seconds_total", instance: "10.0.0.1:9100", job: "node", cpu: "0", mode: "idle" }, samples: [{ value: 1.5, timestamp: base }, { value: 2.5, timestamp: base + 1000 }] },
        { labels: { __name__: "up", instance: "10.0.0.1:9100", job: "node" }, samples: [{ value: 1, timestamp: base }] },
    ], { fetch, url: `${node.url}/api/v1/write`, headers: { authorization: `Bearer ${node.token({ role: "engineer" })}` } });
    assert.equal(told.status, 204, told.errorMessage);
    await node.kill();
    await node.start();
    const stored = await node.samples("10.0.0.1:9100", "cpu_seconds_total{cpu=\"0\",job=\"node\",mode=\"idle\"}");
    assert.deepEqual(stored.map((one) => [Date.parse(one.at) - base, one.value]), [[0, 1.5], [1000, 2.5]]);
    assert.equal((await node.samples("10.0.0.1:9100", "up{job=\"node\"}"))[0].value, 1);
});

test("names: the first label of the setting is the machine, the rest the tag", async (t) => {
    const node = await Node.start(t, { sets: ["remote_write.machine_labels=site,instance"] });
    const series = (all, value = 1) => ({ labels: labels(all), samples: [{ value, timestamp: base }] });
    const done = await write(node, pack({ timeseries: [
        series({ __name__: "a", site: "hall", instance: "i", job: "j" }), series({ __name__: "b", instance: "http://x/y", job: "j" }),
    ] }));
    assert.equal(done.status, 204, done.text);
    assert.equal(done.headers.get("x-prometheus-remote-write-samples-written"), "2");
    assert.deepEqual((await node.machine("hall")).values.map((one) => one.name), ["a{instance=\"i\",job=\"j\"}"]);
    assert.deepEqual((await node.machine("http:%2F%2Fx%2Fy")).values.map((one) => one.name), ["b{job=\"j\"}"]);
    assert.equal((await node.machine("hall")).source, "remote_write");
});

test("stale marks are missing values; histograms, exemplars and metadata are counted", async (t) => {
    const node = await Node.start(t);
    const bytes = Buffer.from(WriteRequest.encode({
        timeseries: [{ labels: labels({ __name__: "up", job: "j" }), samples: [{ value: 1, timestamp: base }, { value: 12345.678, timestamp: base + 1 }], exemplars: [{ value: 1 }], histograms: [{ sum: 1 }, { sum: 2 }] }],
        metadata: [{ help: "x" }],
    }).finish());
    const mark = Buffer.alloc(8);
    mark.writeDoubleLE(12345.678);
    const at = bytes.indexOf(mark);
    bytes.writeBigUInt64LE(0x7ff0000000000002n, at);
    assert.equal((await write(node, compress(bytes))).status, 204);
    const stored = await node.samples("j", "up");
    assert.deepEqual(stored.map((one) => [one.value, one.quality]), [[1, "good"], [null, "missing"]]);
    const metrics = await node.metrics();
    assert.equal(metrics.remote_write_exemplars_skipped_total, 1);
    assert.equal(metrics.remote_write_histograms_skipped_total, 2);
    assert.equal(metrics.remote_write_metadata_skipped_total, 1);
});

test("what sending again cannot mend is 4xx, and what was good is stored", async (t) => {
    const node = await Node.start(t);
    const good = { labels: labels({ __name__: "up", job: "j" }), samples: [{ value: 1, timestamp: base }] };
    for (const [what, request, word] of [
        ["no machine", { timeseries: [good, { labels: labels({ __name__: "x", host: "h" }), samples: [{ value: 1, timestamp: base }] }] }, /none of the labels machine, device, instance, job/],
        ["no name", { timeseries: [{ labels: labels({ job: "j" }), samples: [{ value: 1, timestamp: base }] }, good] }, /without __name__/],
        ["too old", { timeseries: [good, { labels: labels({ __name__: "y", job: "j" }), samples: [{ value: 1, timestamp: 1000 }] }] }, /1 samples not stored/],
    ]) {
        const refused = await write(node, pack(request));
        assert.equal(refused.status, 400, what);
        assert.match(refused.text, word);
    }
    assert.deepEqual((await node.machine("j")).values.map((one) => one.name), ["up"]);
    assert.equal((await write(node, Buffer.from("not snappy"))).status, 400);
    assert.equal((await write(node, compress(Buffer.from([0x0a, 0x05])))).status, 400);
    assert.equal((await write(node, pack({ timeseries: [good] }), { headers: { "content-encoding": "gzip" } })).status, 415);
    const two = await write(node, pack({ timeseries: [good] }), { headers: { "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request" } });
    assert.equal(two.status, 415);
    assert.equal((await write(node, pack({ timeseries: [] }))).status, 204, "nothing is nothing wrong");
});

test("a bomb is 413 before it is unpacked", async (t) => {
    const node = await Node.start(t, { sets: ["http.body_bytes_max=1M"] });
    assert.equal((await write(node, compress(Buffer.alloc(20_000_000)))).status, 413);
    assert.equal((await write(node, Buffer.from([0x80, 0x80, 0x80, 0x80, 0x04, 0]))).status, 413, "one that only says it is large");
    assert.equal((await node.metrics()).remote_write_requests_refused_total, 2);
});

test("tokens: roles, and a machine's own", async (t) => {
    const node = await Node.start(t);
    const body = (machine) => pack({ timeseries: [{ labels: labels({ __name__: "up", machine }), samples: [{ value: 1, timestamp: base }] }] });
    const press = node.token({ machine: "press" });
    assert.equal((await write(node, body("press"), { token: press })).status, 204);
    const other = await write(node, body("lathe"), { token: press });
    assert.equal(other.status, 400);
    assert.match(other.text, /this token is for the machine "press" only/);
    assert.equal((await write(node, body("press"), { token: null })).status, 401);
    assert.equal((await write(node, body("press"), { token: node.token({ role: "viewer" }) })).status, 403);
    assert.deepEqual((await node.api("machines")).items.map((one) => one.id), ["press"]);
});

test("whatever was remembered of earlier requests, what is stored is what was sent, and the later of two wins", async (t) => {
    const node = await Node.start(t);
    let seed = 77;
    const dice = (faces) => (seed = (seed * 1103515245 + 12345) % 2147483648, Math.floor(seed / 65536) % faces);
    const model = new Map();
    for (let body = 0; body < 12; body += 1) {
        const timeseries = [];
        for (let left = 40; left > 0; left -= 1) {
            const [machine, metric, core] = [`m${dice(3 + body % 3)}`, `metric_${dice(2 + body)}`, `${dice(2)}`];
            const all = labels({ __name__: metric, machine, core });
            if (dice(3) === 0) all.reverse();  // a sender that does not sort: the same series
            const samples = Array.from({ length: 1 + dice(3) }, () => ({ value: dice(1000) / 8, timestamp: base + dice(20) * 1000 }));
            timeseries.push({ labels: all, samples });
            const key = JSON.stringify([machine, `${metric}{core="${core}"}`]);
            if (!model.has(key)) model.set(key, new Map());
            for (const { value, timestamp } of samples) model.get(key).set(timestamp, value);
        }
        const done = await write(node, pack({ timeseries }));
        assert.equal(done.status, 204, done.text);
    }
    for (const [key, wanted] of model) {
        const stored = await node.samples(...JSON.parse(key));
        assert.deepEqual(stored.map((one) => [Date.parse(one.at), one.value]), [...wanted].sort(([a], [b]) => a - b), key);
    }
});
