// fault 4 from the outside: a node's files are harmed, the node says so, `lineshaft repair` says what it cost and mends it.
import assert from "node:assert/strict";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Node, run, telemetry, until } from "../node.mjs";

const start = Date.parse("2026-01-01T00:00:00Z");

// So that a chunk is not a handful of bytes.
const noise = (i) => Math.sin(i * 12.9898) * 43758.5453;

async function tell(node, machine, from, count) {
    const client = await node.mqtt();
    const all = [];
    for (let i = from; i < from + count; ++i) {
        all.push(client.publishAsync(telemetry(machine), JSON.stringify({ ts: start + i * 1000, values: { v: noise(i) } }), { qos: 1 }));
        if (all.length % 100 === 0) await Promise.all(all.splice(0));
    }
    await Promise.all(all);
    await client.endAsync();
}

const filesOf = (node, ending) => readdirSync(join(node.data, "store")).filter((one) => one.endsWith(ending)).map((one) => join(node.data, "store", one)).filter((one) => statSync(one).size > 0).sort();

function flip(path, at, bits = 4) {
    const file = openSync(path, "r+");
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, at);
    byte[0] ^= bits;
    writeSync(file, byte, 0, 1, at);
    closeSync(file);
}

function smash(path, at, length) {
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(length, 0xa5), 0, length, at);
    closeSync(file);
}

const repair = (node, ...args) => run(["repair", "--data", node.data, ...args], { patience_ms: 60_000 });

test("fault 4: a flipped bit in the log: read-only with its name, mended without loss", async (t) => {
    const node = await Node.start(t);
    await tell(node, "press-7", 0, 400);
    const before = await node.samples("press-7", "v");
    await node.kill();
    const log = filesOf(node, ".log").at(-1);
    flip(log, Math.floor(statSync(log).size / 2));
    await node.start();
    const facts = await node.api("node");
    assert.equal(facts.read_only, true);
    assert.ok(facts.damage.includes(log) && facts.damage.includes("lineshaft repair"), facts.damage);
    assert.equal(repair(node).code, 1, "not while the node runs");
    await node.stop();

    const dry = repair(node);
    assert.equal(dry.code, 3, dry.out + dry.err);
    assert.match(dry.out, /bit \d of byte \d+ was flipped; flipped back, nothing is lost/);
    assert.match(dry.out, /Nothing was changed/);
    await node.start();
    assert.equal((await node.api("node")).read_only, true, "a look changes nothing");
    await node.stop();

    const done = repair(node, "--apply");
    assert.equal(done.code, 0, done.out + done.err);
    const aside = /the damaged files are in (\S+)/.exec(done.out)?.[1];
    assert.ok(existsSync(aside), done.out);
    await node.start();
    assert.equal((await node.api("node")).read_only, false);
    assert.deepEqual(await node.samples("press-7", "v"), before);
    await tell(node, "press-7", 1000, 10);
    await node.stop();
    assert.match(repair(node).out, /store: whole\ncatalog: whole/);
});

test("fault 4: an unreadable stretch of the log: commits and inbox records are named, the rest stays", async (t) => {
    const node = await Node.start(t);
    await tell(node, "press-7", 0, 600);
    await node.kill();
    const log = filesOf(node, ".log").at(-1);
    const size = statSync(log).size;
    smash(log, Math.floor(size * 0.4), 300);
    const done = repair(node, "--apply");
    assert.equal(done.code, 0, done.out + done.err);
    t.diagnostic(done.out.split("\n").slice(0, 3).join(" | "));
    assert.match(done.out, /bytes \d+ to \d+ cannot be read; lost with them: commits? \d+/);
    await node.start();
    assert.equal((await node.api("node")).read_only, false);
    const stored = await node.samples("press-7", "v");
    assert.ok(stored.length >= 100 && stored.length < 600, `${stored.length} of 600`);
    await tell(node, "press-7", 1000, 10);
    assert.equal((await node.samples("press-7", "v")).length, stored.length + 10);
});

/** Samples of two machines, in sorted files; the node has ended. Each machine hands in all at once, so that they lie in files alike on every disk. */
async function sealed(node, count) {
    const body = Array.from({ length: count }, (_, i) => ({ ts: start + i * 1000, values: { v: noise(i) } }));
    for (const machine of ["press-7", "exc-01"]) await node.api(`telemetry/${machine}`, { method: "POST", body });
    await until(async () => { const now = await node.metrics(); return now.history_chunks_sealed_total >= 2 && now.history_head_samples === 0; }, "everything sealed", 60_000);
    await node.stop();
}

function largestFile(node) {
    const largest = filesOf(node, ".sst").sort((a, b) => statSync(b).size - statSync(a).size)[0];
    assert.ok(statSync(largest).size > 12_000, "chunks of noise");
    return largest;
}

test("fault 4: an unreadable block of what was joined into larger chunks since: nothing is lost, nor told lost", async (t) => {
    const node = await Node.start(t, { sets: ["history.seal_age_max=1"] });
    await sealed(node, 3000);
    await node.start();  // to find and join what is left, if the end came before
    const files = () => filesOf(node, ".sst").filter((file) => statSync(file).size > 20_000).sort();
    await until(() => files().length >= 2, () => `files of chunks: ${files()}`, 60_000);
    await node.stop();
    smash(files()[0], 4000, 64);  // the older one
    await node.start();
    for (const machine of ["press-7", "exc-01"]) assert.equal((await node.samples(machine, "v")).length, 3000, machine);
    await node.stop();
    const done = repair(node, "--apply");
    assert.doesNotMatch(done.out, /lost: \S+ \/ v, /, done.out);
    await node.start();
    for (const machine of ["press-7", "exc-01"]) assert.equal((await node.samples(machine, "v")).length, 3000, machine);
});

test("fault 4: an unreadable block of a sorted file: machine, tag, time and samples are named, the rest stays", async (t) => {
    const node = await Node.start(t, { sets: ["history.seal_age_max=1"] });
    await sealed(node, 1900);  // too few to be joined into large chunks
    smash(largestFile(node), 4000, 64);  // inside a chunk, not its key
    await node.start();
    assert.ok((await node.samples("exc-01", "v")).length + (await node.samples("press-7", "v")).length < 3800, "the damaged chunk is skipped");
    await node.stop();
    const dry = repair(node);
    assert.equal(dry.code, 3, dry.out + dry.err);
    t.diagnostic(dry.out.trim().split("\n").join(" | "));
    const lost = [...dry.out.matchAll(/lost: (\S+) \/ v, (\d+) samples from (\S+) to (\S+)/g)];
    assert.ok(lost.length >= 1, dry.out);
    const done = repair(node, "--apply");
    assert.equal(done.code, 0, done.out + done.err);
    await node.start();
    assert.equal((await node.api("node")).read_only, false);
    let kept = 0;
    for (const machine of ["press-7", "exc-01"]) {
        const missing = lost.filter((one) => one[1] === machine).reduce((sum, one) => sum + Number(one[2]), 0);
        const stored = await node.samples(machine, "v");
        assert.equal(stored.length, 1900 - missing, `${machine}: exactly what was named is gone`);
        kept += stored.length;
    }
    assert.ok(kept < 3800 && kept > 0);
    assert.equal((await node.metrics()).history_damaged_chunks, 0);
    await tell(node, "press-7", 5000, 10);
});

test("fault 4: a flipped bit in the catalog: named at the start, mended without loss", async (t) => {
    const node = await Node.start(t);
    const admin = node.admin();
    for (const name of ["Harbour East", "Mill"]) await node.api("sites", { method: "POST", body: { name, time_zone: "Asia/Shanghai" } });
    await node.stop();
    const path = join(node.data, "catalog.db");
    const at = readFileSync(path).lastIndexOf("Asia/Shanghai");  // a value that is in no index
    assert.ok(at > 0);
    flip(path, at + 3);
    const refused = run(["serve", "--data", node.data, "--set", "http.listen=127.0.0.1:0", "--set", "mqtt.listen=127.0.0.1:0"]);
    assert.ok(refused.code > 0 && refused.code < 128, `exit ${refused.code}`);
    assert.match(refused.err, /catalog\.db is damaged: the checksum of page \d+ \(bytes \d+ to \d+\)/);
    const dry = repair(node);
    assert.equal(dry.code, 3, dry.out + dry.err);
    assert.match(dry.out, new RegExp(`catalog: bit 2 of byte ${at + 3} was flipped; flipped back, nothing is lost`));
    assert.equal(repair(node, "--apply").code, 0);
    await node.start();
    node.adminToken = admin;
    assert.deepEqual((await node.api("sites")).items.map((one) => [one.name, one.time_zone]), [["Harbour East", "Asia/Shanghai"], ["Mill", "Asia/Shanghai"]]);
});

test("fault 4: a flipped bit in the catalog's log: SQLite would drop what stands behind it in silence; the node refuses, and it is mended without loss", async (t) => {
    const node = await Node.start(t);
    const admin = node.admin();
    const names = Array.from({ length: 20 }, (_, i) => `hall ${i}`);
    for (const name of names) await node.api("sites", { method: "POST", body: { name, time_zone: "Asia/Shanghai" } });
    await node.kill();
    const log = join(node.data, "catalog.db-wal");
    const bytes = readFileSync(log);
    const at = bytes.indexOf("hall 3");  // in the first page that holds it: later ones hold it again
    assert.ok(at > 0);
    const frame = Math.floor((at - 32) / (24 + 4096));
    const low = 32 + frame * (24 + 4096) + 24 + 400;  // a low bit of a word, so that it can be found
    flip(log, low, 1);
    const refused = run(["serve", "--data", node.data, "--set", "http.listen=127.0.0.1:0", "--set", "mqtt.listen=127.0.0.1:0"]);
    assert.ok(refused.code > 0 && refused.code < 128, `exit ${refused.code}`);
    assert.match(refused.err, new RegExp(`catalog\\.db-wal is damaged: one flipped bit in byte ${low}; run .lineshaft repair`));
    const dry = repair(node);
    assert.equal(dry.code, 3, dry.out + dry.err);
    assert.match(dry.out, new RegExp(`catalog: bit 0 of byte ${low} of its log was flipped; flipped back, nothing is lost`));
    assert.ok(bytes.length === statSync(log).size, "a look changes nothing");
    assert.equal(repair(node, "--apply").code, 0);
    await node.start();
    node.adminToken = admin;
    assert.deepEqual((await node.api("sites")).items.map((one) => one.name).sort(), names.toSorted());
});

test("fault 4: a damaged catalog: rows that can be read are kept, tokens still open", async (t) => {
    const node = await Node.start(t);
    const admin = node.admin();
    for (let i = 0; i < 300; ++i) await node.api("sites", { method: "POST", body: { name: `site ${i}`, time_zone: "Asia/Shanghai" } });
    await node.stop();
    const path = join(node.data, "catalog.db");
    const bytes = readFileSync(path);
    const page = bytes.indexOf("site 290");
    assert.ok(page > 0);
    smash(path, Math.floor(page / 4096) * 4096, 12);  // the header of a table's page
    const dry = repair(node);
    assert.equal(dry.code, 3, dry.out + dry.err);
    const done = repair(node, "--apply");
    assert.equal(done.code, 0, done.out + done.err);
    t.diagnostic(done.out.trim().split("\n").slice(0, 6).join(" | "));
    assert.match(done.out, /site: \d+ rows kept/);
    assert.ok(existsSync(`${path}.damaged-1`));
    await node.start();
    node.adminToken = admin;
    const sites = [];
    for (let cursor; ;) {
        const answer = await node.api(`sites${cursor ? `?cursor=${cursor}` : ""}`);
        sites.push(...answer.items);
        if (!(cursor = answer.next)) break;
    }
    assert.ok(sites.length > 50 && sites.length < 300, `${sites.length} sites`);
    await node.api("sites", { method: "POST", body: { name: "after", time_zone: "UTC" } });
});
