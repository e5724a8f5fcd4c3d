// Data of released programs opens in today's, and today's refuses data of tomorrow's. Fixtures: tests/fixtures.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Node, run, telemetry, until } from "../node.mjs";

const fixtures = resolve(dirname(fileURLToPath(import.meta.url)), "../fixtures");
const names = readdirSync(fixtures).filter((one) => one.endsWith(".tar.gz")).map((one) => one.replace(".tar.gz", ""));

/** The fixture's data directory, unpacked, and what must be found in it. */
function unpack(t, name) {
    const place = mkdtempSync(join(tmpdir(), "lineshaft-upgrade-"));
    t.after(() => rmSync(place, { recursive: true, force: true }));
    const data = join(place, "data");
    mkdirSync(data, { mode: 0o700 });
    const done = spawnSync("tar", ["-xzpf", join(fixtures, `${name}.tar.gz`), "-C", data, "--no-same-owner"]);
    assert.equal(done.status, 0, done.stderr?.toString());
    return { data, found: JSON.parse(readFileSync(join(fixtures, `${name}.json`), "utf8")) };
}

async function checkSamples(node, found) {
    for (const [machine, samples] of Object.entries(found.machines)) {
        for (const tag of ["count", "temperature", "running", "state"]) {
            const wanted = samples.filter((one) => tag in one).map((one) => [one.at, one[tag]]);
            const stored = (await node.samples(machine, tag)).map((one) => [Date.parse(one.at), one.value]);
            assert.deepEqual(stored, wanted, `${machine} / ${tag}`);
        }
    }
}

async function checkPeople(node, found) {
    const signIn = (password) => fetch(`${node.url}/api/v1/session`, {
        method: "POST", headers: { "content-type": "application/json", origin: node.url }, body: JSON.stringify({ name: found.person.name, password }),
    });
    assert.equal((await signIn(found.person.password)).status, 200, "her password still opens");
    assert.equal((await signIn("not her password")).status, 401);
    assert.equal((await node.fetch("machines", { token: found.tokens.viewer })).status, 200);
    assert.equal((await node.fetch("people", { token: found.tokens.viewer })).status, 403);
    assert.equal((await node.fetch("machines", { token: found.tokens.revoked })).status, 401);
    const press = await node.machine("press-7");
    assert.equal(press.name, "Press 7");
    assert.equal(press.adopted, true);
    const temperature = press.values.find((one) => one.name === "temperature");
    assert.deepEqual([temperature.unit, temperature.low, temperature.high, temperature.writable], ["Cel", 0, 90, true]);
    assert.deepEqual((await node.api("sites")).items.map((one) => one.name), [found.site]);
    assert.ok((await node.api("organisations")).items.some((one) => one.name === "acme"));
}

async function checkBroker(node, found) {
    const reader = await node.mqtt({ token: found.tokens.viewer });
    await reader.subscribeAsync("plan/#");
    await until(() => Object.entries(found.retained).every(([topic, text]) => reader.received.some((one) => one.topic === topic && one.text === text)), "retained messages");
    const sleeper = node.watch((await import("mqtt")).default.connect(node.mqttOptions({ clientId: "sleeper", clean: false, properties: { sessionExpiryInterval: 3600 } })));
    await until(() => found.queued.every((text) => sleeper.received.some((one) => one.text === text)), "messages that waited for the sleeper");
    assert.equal(sleeper.received.length, found.queued.length, "each once");
    const press = await node.mqtt({ token: found.tokens["press-7"] });
    await press.publishAsync(telemetry("press-7"), JSON.stringify({ values: { after: 1 } }), { qos: 1 });
}

for (const name of names) {
    test(`fault 17: the data of ${name} opens, and everything is there`, async (t) => {
        const { data, found } = unpack(t, name);
        const node = new Node(t, { data });
        await node.start();
        node.adminToken = found.tokens.admin;
        t.diagnostic(`ready after ${node.startMs.toFixed(0)} ms`);
        await checkSamples(node, found);
        await checkPeople(node, found);
        await checkBroker(node, found);
        await node.stop();
        await node.start();
        await checkSamples(node, found);
    });

    test(`fault 17: kills while the data of ${name} is brought up lose nothing`, async (t) => {
        const { data, found } = unpack(t, name);
        for (let kills = 0; kills < 8; ++kills) {
            const started = spawnSync("timeout", ["--signal=KILL", `${0.01 + kills * 0.02}`, process.env.LINESHAFT ?? "build/release/lineshaft", "serve", "--data", data,
                "--set", "http.listen=127.0.0.1:0", "--set", "mqtt.listen=127.0.0.1:0"], { encoding: "utf8" });
            assert.ok(started.signal === "SIGKILL" || started.status === 137, `it ended by itself: ${started.stderr}`);
        }
        const node = new Node(t, { data });
        await node.start();
        node.adminToken = found.tokens.admin;
        await checkSamples(node, found);
        await checkPeople(node, found);
        await checkBroker(node, found);
    });
}

test("fault 17: data of a newer program is refused by name, and stays as it is", async (t) => {
    const node = await Node.start(t);
    node.admin();
    await node.stop();
    const serve = () => run(["serve", "--data", node.data, "--set", "http.listen=127.0.0.1:0", "--set", "mqtt.listen=127.0.0.1:0"]);
    const format = join(node.data, "store", "FORMAT");
    assert.equal(readFileSync(format, "utf8"), "lineshaft-store 1\n");
    writeFileSync(format, "lineshaft-store 2\n");
    const newer = serve();
    assert.ok(newer.code > 0 && newer.code < 128, `exit ${newer.code}`);
    assert.match(newer.err, /newer Lineshaft \(store format 2, this one knows 1\)/);
    assert.equal(readFileSync(format, "utf8"), "lineshaft-store 2\n");
    const repair = run(["repair", "--data", node.data, "--apply"]);
    assert.ok(repair.code > 0 && /newer Lineshaft/.test(repair.err), repair.err);
    writeFileSync(format, "lineshaft-store 1\n");
    await node.start();
    await node.api("node");
});

test("fault 17: a catalog of a newer program is refused by name, and stays as it is", async (t) => {
    if (spawnSync("sqlite3", ["--version"]).error) return t.skip("no sqlite3 here");
    const { data, found } = unpack(t, names[0]);  // without checksums, so that another program may write it
    const catalog = join(data, "catalog.db");
    const sql = (text) => assert.equal(spawnSync("sqlite3", [catalog, text]).status, 0, text);
    sql("INSERT INTO schema_version VALUES (999, 0)");
    const before = readFileSync(catalog);
    const refused = run(["serve", "--data", data, "--set", "http.listen=127.0.0.1:0", "--set", "mqtt.listen=127.0.0.1:0"]);
    assert.ok(refused.code > 0 && refused.code < 128, `exit ${refused.code}`);
    assert.match(refused.err, /newer Lineshaft \(schema 999/);
    assert.ok(readFileSync(catalog).equals(before));
    sql("DELETE FROM schema_version WHERE version = 999");
    const node = new Node(t, { data });
    await node.start();
    node.adminToken = found.tokens.admin;
    await checkPeople(node, found);
});
