// The audit log of a real node: written before it is done, proven whole, tampering found.
import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import { createHash, createPublicKey, verify } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { Node, run, telemetry, until } from "../node.mjs";

const lines = async (node, query = "") => (await node.api(`audit?limit=1000${query}`)).items;
const audit = (node, ...args) => run(["audit", "verify", "--data", node.data, ...args]);

test("control 17: what people and programs do stands in the log, and the log proves itself running and stopped", async (t) => {
    const node = await Node.start(t, { sets: ["node.name=hall"] });
    const machine = await node.mqtt({ token: node.token({ machine: "press" }) });
    await machine.publishAsync(telemetry("press"), '{"speed":1}', { qos: 1 });
    await node.api("machines/press/tags/speed", { method: "PATCH", body: { writable: true } });
    await node.api("machines/press/tags/speed/write", { method: "POST", body: { value: 7 } });
    await node.fetch("session", { method: "POST", token: null, body: { name: "eve", password: "wrong wrong wrong" } });
    await node.fetch("people", { token: node.token({ role: "viewer" }) });
    await node.refusal({ token: "ls_" + "A".repeat(43), clientId: "stranger" });
    await until(async () => (await lines(node, "&what=mqtt.connect")).length === 1, "the refusal is noted");
    const all = await lines(node);
    const of = (action) => all.find((one) => one.action === action);
    assert.match(of("node.start").detail, /node\.name=hall/);
    assert.equal(of("token.create").kind, "local");
    assert.deepEqual([of("tag.write").target, of("tag.write").detail, of("tag.write").outcome], ["press/speed", "value=7", "allowed"]);
    assert.deepEqual([of("session.open").outcome, of("session.open").target], ["refused", "(no such person)"]);
    assert.equal(of("request.refused").target, "GET /api/v1/people");
    assert.equal(of("mqtt.connect").target, "stranger");
    const text = JSON.stringify(all);
    assert.ok(!text.includes("wrong wrong wrong") && !text.includes("ls_"), "no secrets");
    const whole = audit(node);
    assert.equal(whole.code, 0, whole.out + whole.err);
    const kept = join(node.folder, "kept.txt");
    writeFileSync(kept, run(["audit", "checkpoint", "--data", node.data]).out);
    await node.stop();
    assert.equal(audit(node, "--checkpoint", kept).code, 0, "stopped");
    await node.start();
    assert.equal(audit(node, "--checkpoint", kept).code, 0, "grown");
    assert.equal((await lines(node, "&what=node.")).filter((one) => one.action === "node.stop").length, 1);
});

test("control 17: anyone can check a checkpoint with the key and Ed25519 alone", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const { checkpoint, verifier } = await node.api("audit/checkpoint");
    const [text, signed] = checkpoint.split("\n\n").map((part, i) => (i === 0 ? part + "\n" : part));
    const [origin, size, root] = text.split("\n");
    const [name, hint, key] = verifier.split("+");
    assert.equal(name, origin);
    const raw = Buffer.from(verifier.slice(name.length + hint.length + 2), "base64");
    assert.ok(key !== undefined && raw[0] === 1 && raw.length === 33);
    const signature = Buffer.from(signed.trim().split(" ").pop(), "base64");
    assert.equal(signature.subarray(0, 4).toString("hex"), hint);
    const publicKey = createPublicKey({ key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw.subarray(1)]), format: "der", type: "spki" });
    assert.ok(verify(null, Buffer.from(text), publicKey, signature.subarray(4)), "signed");
    // The root is RFC 6962's over the raw records.
    const { items } = await node.api(`audit/raw?from=0&limit=${size}`);
    const sha = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
    const tree = (leaves) => {
        if (leaves.length === 1) return sha(Buffer.from([0]), leaves[0]);
        let split = 1;
        while (split * 2 < leaves.length) split *= 2;
        return sha(Buffer.from([1]), tree(leaves.slice(0, split)), tree(leaves.slice(split)));
    };
    assert.equal(tree(items.slice(0, Number(size)).map((one) => Buffer.from(one, "base64"))).toString("base64"), root);
});

test("fault 18: a directory put back to an older copy is found by who kept a checkpoint", async (t) => {
    const node = await Node.start(t);
    node.admin();
    await node.stop();
    const old = join(node.folder, "old");
    cpSync(node.data, old, { recursive: true, filter: (from) => !from.endsWith("node.sock") });
    await node.start();
    await node.api("sites", { method: "POST", body: { name: "new", time_zone: "UTC" } });
    const kept = join(node.folder, "kept.txt");
    writeFileSync(kept, run(["audit", "checkpoint", "--data", node.data]).out);
    await node.stop();
    const whole = run(["audit", "verify", "--data", old]);
    assert.equal(whole.code, 0, "the old copy is whole in itself");
    const rolled = run(["audit", "verify", "--data", old, "--checkpoint", kept]);
    assert.equal(rolled.code, 3, rolled.out + rolled.err);
    assert.match(rolled.out, /rolled back/);
});

test("control 19: records carry UTC, monotonic time and the clock's state", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const all = (await lines(node)).reverse();
    for (const one of all) {
        assert.ok(Math.abs(Date.parse(one.at) - Date.now()) < 60_000, one.at);
        assert.ok(["synchronised", "unsynchronised", "unknown"].includes(one.clock));
    }
    assert.ok(all.every((one, i) => i === 0 || one.steady_ms >= all[i - 1].steady_ms), "monotonic");
});

test("control 18: on a full disk what must be recorded is refused, reading goes on", async (t) => {
    const node = await Node.start(t);
    const token = node.admin();
    await node.stop();
    node.sets = ["store.free_bytes_min=1023G"];  // no test machine has that much free
    await node.start();
    const refused = await node.fetch("sites", { method: "POST", token, body: { name: "unseen", time_zone: "UTC" } });
    assert.equal(refused.status, 503);
    assert.match((await refused.json()).detail, /audit log/);
    assert.equal((await node.api("sites", { token })).items.length, 0);
});

test("control 17: refusals at the doors for data stand in the log as those of the API do", async (t) => {
    const node = await Node.start(t);
    const viewer = node.token({ role: "viewer" });
    const doors = [["/api/v2/write", "m,machine=a x=1"], ["/write", "m,machine=a x=1"], ["/api/v1/telemetry", '{"machine":"a","values":{"x":1}}'], ["/api/v1/telemetry/a", '{"x":1}'], ["/api/v1/write", "x"]];
    for (const [path, body] of doors) {
        const post = (token) => fetch(node.url + path, { method: "POST", body, headers: { authorization: `Bearer ${token}` } });
        assert.equal((await post(viewer)).status, 403, path);
        assert.equal((await post("ls_" + "A".repeat(43))).status, 401, path);
        assert.equal((await fetch(node.url + path, { method: "POST", body })).status, 401, path);
    }
    const refused = async () => (await lines(node)).filter((one) => one.action === "request.refused");
    const all = await until(async () => (await refused()).length >= 2 * doors.length && refused(), "the refusals are noted");
    for (const [path] of doors) {
        const its = all.filter((one) => one.target === `POST ${path}`);
        assert.deepEqual(its.map((one) => one.kind === "token").sort(), [false, true], `${path}: nobody's request without credentials is noted`);
    }
});
