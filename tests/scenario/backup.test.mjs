// Copies of a running node and the way back: nothing acknowledged before is missing, nothing broken is taken.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { binary, Node, run, telemetry, until } from "../node.mjs";

function folder(t) {
    const made = mkdtempSync(join(tmpdir(), "lineshaft-test-"));
    t.after(() => rmSync(made, { recursive: true, force: true }));
    return made;
}

/** Runs a command without standing in the way of the publishers. */
function command(args) {
    return new Promise((done) => {
        const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
        let out = "", err = "";
        child.stdout.on("data", (piece) => (out += piece));
        child.stderr.on("data", (piece) => (err += piece));
        child.once("exit", (code) => done({ code, out, err }));
    });
}

/** Publishes with a few messages on the way until told to stop; keeps what was acknowledged. */
function ingest(client, name) {
    const acknowledged = [];
    let isOver = false, ts = Date.parse("2026-01-01T00:00:00Z");
    const worker = async () => {
        while (!isOver) {
            const at = ts++;
            await client.publishAsync(telemetry(name), JSON.stringify({ ts: at, values: { v: at % 9973 } }), { qos: 1 });
            acknowledged.push(at);
        }
    };
    const all = Array.from({ length: 50 }, worker);
    return { acknowledged, stop: () => { isOver = true; return Promise.all(all); } };
}

async function check(node, name, wanted) {
    const stored = new Map((await node.samples(name, "v", { limit: "10000" })).map((one) => [Date.parse(one.at), one.value]));
    const missing = wanted.filter((at) => stored.get(at) !== at % 9973);
    assert.deepEqual(missing.slice(0, 3), [], `${missing.length} of ${wanted.length} samples are missing`);
    return stored.size;
}

test("control 37: a backup under load holds everything acknowledged before it began; encrypted, verified, restored", { timeout: 120_000 }, async (t) => {
    const place = folder(t);
    const key = join(place, "backup.key");
    assert.equal(run(["backup", "new-key", key]).code, 0);
    assert.equal(statSync(key).mode & 0o777, 0o600);
    const node = await Node.start(t);
    const client = await node.mqtt();
    await client.publishAsync("retained/word", "kept", { qos: 1, retain: true });
    const site = await node.api("sites", { method: "POST", body: { name: "Harbour East", time_zone: "Asia/Shanghai" } });
    const load = ingest(client, "press-7");
    await until(() => load.acknowledged.length > 500, "some load");
    const before = [...load.acknowledged];
    const target = join(place, "node.lsbackup");
    const began = performance.now();
    const made = await command(["backup", "--data", node.data, "--to", target, "--key", key]);
    t.diagnostic(`backup of ${before.length} samples under load: ${statSync(target).size} bytes in ${(performance.now() - began).toFixed(0)} ms`);
    assert.equal(made.code, 0, made.err);
    assert.equal(made.out.trim(), target);
    const during = load.acknowledged.length;
    await until(() => load.acknowledged.length > during, "ingest goes on");
    await load.stop();
    assert.ok(!existsSync(join(node.data, "snapshot")), "nothing is left in the data directory");
    assert.equal(statSync(target).mode & 0o777, 0o600);
    const bytes = readFileSync(target);
    for (const word of ["press-7", "Harbour East", "catalog.db"]) assert.ok(!bytes.includes(word), `${word} in the clear`);

    const verified = run(["backup", "verify", target, "--key", key]);
    assert.equal(verified.code, 0, verified.err);
    assert.match(verified.out, /is whole/);
    const data = join(place, "restored");
    const restored = run(["restore", "--from", target, "--data", data, "--key", key]);
    assert.equal(restored.code, 0, restored.err);
    await node.stop();
    const other = new Node(t, { data });
    await other.start();
    other.adminToken = node.adminToken;  // tokens came along
    const count = await check(other, "press-7", before);
    t.diagnostic(`${before.length} acknowledged before the backup began, ${count} in it`);
    assert.deepEqual((await other.api("sites")).items.map((one) => one.name), ["Harbour East"]);
    assert.equal((await other.api("sites")).items[0].id, site.id);
    const reader = await other.mqtt();
    await reader.subscribeAsync("retained/#");
    await until(() => reader.received.some((one) => one.text === "kept"), "the retained message");
    const writer = await other.mqtt();
    await writer.publishAsync(telemetry("press-7"), JSON.stringify({ values: { v: 1 } }), { qos: 1 });
});

test("control 37: damaged, cut, foreign and doubled backups are refused and leave nothing", async (t) => {
    const place = folder(t);
    const [key, other] = [join(place, "a.key"), join(place, "b.key")];
    for (const one of [key, other]) assert.equal(run(["backup", "new-key", one]).code, 0);
    const node = await Node.start(t);
    const client = await node.mqtt();
    for (let i = 0; i < 50; ++i) await client.publishAsync(telemetry("m"), JSON.stringify({ values: { v: i } }), { qos: 1 });
    const [plain, sealed] = [join(place, "plain"), join(place, "sealed")];
    assert.equal(run(["backup", "--data", node.data, "--to", plain]).code, 0);
    assert.equal(run(["backup", "--data", node.data, "--to", sealed, "--key", key]).code, 0);
    const again = run(["backup", "--data", node.data, "--to", plain]);
    assert.ok(again.code > 0 && /exists/.test(again.err), again.err);
    let number = 0;
    const refused = (file, words, ...args) => {
        const data = join(place, `r${++number}`);
        for (const ended of [run(["backup", "verify", file, ...args]), run(["restore", "--from", file, "--data", data, ...args])]) {
            assert.ok(ended.code > 0 && ended.code < 128, `${words}: exit ${ended.code}`);
            assert.match(ended.err, words);
        }
        assert.deepEqual(existsSync(data) ? readdirSync(data) : [], [], "nothing is left behind");
    };
    refused(sealed, /key/);
    refused(sealed, /wrong key/, "--key", other);
    refused(plain, /not encrypted/, "--key", key);
    for (const [name, file, ...args] of [["plain", plain], ["sealed", sealed, "--key", key]]) {
        const whole = readFileSync(file);
        for (const at of [20, 60, Math.floor(whole.length / 3), Math.floor(whole.length / 2), whole.length - 30]) {
            const broken = Buffer.from(whole);
            broken[at] ^= 4;
            writeFileSync(join(place, "broken"), broken, { mode: 0o600 });
            refused(join(place, "broken"), at === 20 && name === "sealed" ? /damaged|wrong key/ : /damaged at byte \d+/, ...args);
        }
        const middle = Buffer.from(whole);
        middle[Math.floor(whole.length / 2)] ^= 1;
        writeFileSync(join(place, "broken"), middle, { mode: 0o600 });
        refused(join(place, "broken"), /inside (store\/|catalog)/, ...args);
        for (const length of [0, 40, 70, Math.floor(whole.length / 2), whole.length - 1]) {
            writeFileSync(join(place, "cut"), whole.subarray(0, length), { mode: 0o600 });
            refused(join(place, "cut"), /ends early|not a backup/, ...args);
        }
        writeFileSync(join(place, "long"), Buffer.concat([whole, Buffer.from("x")]), { mode: 0o600 });
        refused(join(place, "long"), /follow the end/, ...args);
    }
    const occupied = join(place, "occupied");
    mkdirSync(occupied);
    writeFileSync(join(occupied, "mine"), "do not touch");
    const ended = run(["restore", "--from", plain, "--data", occupied]);
    assert.ok(ended.code > 0 && /not empty/.test(ended.err), ended.err);
    assert.equal(readFileSync(join(occupied, "mine"), "utf8"), "do not touch");
});

test("a restore that was cut short is not taken for a node, and can be run again", async (t) => {
    const place = folder(t);
    const node = await Node.start(t);
    await node.stop();
    const backup = join(place, "b");
    const made = run(["backup", "--data", node.data, "--to", backup, "--quiet"]);  // of a stopped node
    assert.equal(made.code, 0, made.err);
    const data = join(place, "half");
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(join(data, "restore.unfinished"), "");
    writeFileSync(join(data, "catalog.db"), "half of it");
    const refused = run(["serve", "--data", data, "--set", "http.listen=127.0.0.1:0", "--set", "mqtt.listen=127.0.0.1:0"]);
    assert.ok(refused.code > 0 && /restore/.test(refused.err), refused.err);
    assert.equal(run(["restore", "--from", backup, "--data", data]).code, 0);
    const other = new Node(t, { data });
    await other.start();
    await other.api("node");
});

test("an admin starts a backup over the API and sees how far it is", async (t) => {
    const place = folder(t);
    const node = await Node.start(t, { sets: [`backup.directory=${place}`] });
    const started = await node.api("backups", { method: "POST", expect: 202 });
    assert.equal(started.state, "running");
    const done = await until(async () => (await node.api("backups")).items.find((one) => one.state !== "running"), "the backup");
    assert.equal(done.state, "done", JSON.stringify(done));
    assert.equal(run(["backup", "verify", join(place, done.file)]).code, 0);
    assert.equal((await node.fetch("backups", { token: node.token({ role: "engineer" }) })).status, 403);
    const without = await Node.start(t);
    const answer = await without.fetch("backups", { method: "POST" });
    assert.equal(answer.status, 409);
    assert.match((await answer.json()).detail, /backup\.directory/);
});

test("what a killed backup leaves is removed by the next start", async (t) => {
    const node = await Node.start(t);
    await node.api("backups/snapshot", { method: "POST" });
    const snapshot = join(node.data, "snapshot");
    assert.ok(existsSync(join(snapshot, "catalog.db")) && existsSync(join(snapshot, "store", "CURRENT")));
    assert.equal((await node.fetch("backups/snapshot", { method: "POST" })).status, 409, "one at a time");
    await node.stop();
    await node.start();
    assert.ok(!existsSync(snapshot));
});

test("what root does leaves files the node's user can open", async (t) => {
    if (process.getuid() !== 0) return t.skip("not root");
    const place = folder(t);
    const node = await Node.start(t);
    await node.stop();
    const walk = (path) => readdirSync(path, { withFileTypes: true }).flatMap((entry) => [join(path, entry.name), ...(entry.isDirectory() ? walk(join(path, entry.name)) : [])]);
    const own = (data) => { assert.equal(spawnSync("chown", ["-R", "12345:12345", data]).status, 0); };
    const check = (data, what) => { for (const path of walk(data)) assert.equal(statSync(path).uid, 12345, `${what}: ${path}`); };
    own(node.data);
    const made = run(["backup", "--data", node.data, "--to", join(place, "b")]);
    assert.equal(made.code, 0, made.err);
    check(node.data, "backup");
    const repaired = run(["repair", "--data", node.data, "--apply"]);
    assert.equal(repaired.code, 0, repaired.err);
    check(node.data, "repair");
    const data = join(place, "data");
    mkdirSync(data, { mode: 0o700 });
    own(data);
    const restored = run(["restore", "--from", join(place, "b"), "--data", data]);
    assert.equal(restored.code, 0, restored.err);
    check(data, "restore");
});

test("two backups at once: one is told to wait", async (t) => {
    const place = folder(t);
    const node = await Node.start(t);
    const lock = spawn("flock", ["--no-fork", join(node.data, "backup.lock"), "sleep", "30"]);
    t.after(() => lock.kill());
    await until(() => existsSync(join(node.data, "backup.lock")) && spawnSync("flock", ["-n", join(node.data, "backup.lock"), "true"]).status !== 0, "the lock");
    const refused = run(["backup", "--data", node.data, "--to", join(place, "b")]);
    assert.ok(refused.code > 0 && /under way/.test(refused.err), refused.err);
    assert.deepEqual(readdirSync(place), [], "no half file is left");
});
