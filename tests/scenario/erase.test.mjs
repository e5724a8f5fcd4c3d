// Control 38: what is erased is really erased. The data directory is searched, byte by byte, for what the machine said.
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isLong, Node, run, sleep, telemetry, until } from "../node.mjs";

const unlike = (what) => `${what}-${randomBytes(12).toString("hex")}`;
const instant = (n) => Date.parse("2026-03-01T00:00:00Z") + n * 1000;

/** The files below `folder` that hold one of `texts`. */
function filesWith(folder, texts) {
    const found = [];
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!file.isFile()) continue;
        const path = join(file.parentPath ?? file.path, file.name);
        let bytes;
        try {
            bytes = readFileSync(path);
        } catch (gone) {
            if (gone.code === "ENOENT") continue;  // a file of the running engine
            throw gone;
        }
        for (const text of texts) if (bytes.includes(text)) found.push(`${file.name}: ${text}`);
    }
    return found;
}

const erase = (node, id, options) => node.api(`machines/${encodeURIComponent(id)}`, { method: "DELETE", expect: 202, ...options });
const whenDone = (node, erasure) => {
    let last;
    return until(async () => (last = await node.api(`erasures/${erasure.id}`)).state === "done", () => `erasure: ${JSON.stringify(last)}`, 60_000);
};

/** Samples of a machine handed in over HTTP, acknowledged. */
async function report(node, machine, samples) {
    const answer = await node.fetch(`telemetry/${machine}`, { method: "POST", body: samples.map(([n, values]) => ({ ts: instant(n), values })) });
    assert.ok(answer.ok, `${answer.status} ${await answer.text()}`);
}

test("control 38: a machine's history, values, messages, sessions and credentials leave the disk", async (t) => {
    const node = await Node.start(t);
    const words = { text: unlike("value"), later: unlike("later"), tag: unlike("tag"), retained: unlike("retained"), limit: unlike("limit"), filter: unlike("filter"), will: unlike("will") };
    const token = node.token({ machine: "press-3" });
    const press = await node.mqtt({
        token, clientId: "press-3", clean: false, properties: { sessionExpiryInterval: 3600 },
        will: { topic: "lineshaft/v1/press-3/last", payload: words.will, retain: true, qos: 1, properties: { willDelayInterval: 0 } },
    });
    await press.subscribeAsync(`lineshaft/v1/press-3/${words.filter}`, { qos: 1 });
    await press.publishAsync(telemetry("press-3"), JSON.stringify({ ts: instant(1), values: { [words.tag]: 7.5, recipe: words.text } }), { qos: 1 });
    await press.publishAsync("lineshaft/v1/press-3/note", words.retained, { qos: 1, retain: true });
    await report(node, "saw-1", [[1, { speed: 40, recipe: "kept words" }]]);
    await node.machineWhen("press-3", (machine) => machine.byTag[words.tag]?.value === 7.5);
    await node.api("machines/press-3", { method: "PATCH", body: { shared_attributes: { limit: words.limit } } });
    // What people did is told by the audit log for ever (docs/operate/security.md), so this unit is not looked for.
    await node.api("machines/press-3/tags/recipe", { method: "PATCH", body: { unit: "bar" }, expect: 200 });
    assert.notDeepEqual(filesWith(node.data, [words.will]), [], "the will waits on disk");
    await node.stop();  // which takes the will back
    await node.start();  // some of it is in sorted files now, some will be in the log
    const again = await node.mqtt({ token, clientId: "press-3", clean: false, properties: { sessionExpiryInterval: 3600 } });
    await again.publishAsync(telemetry("press-3"), JSON.stringify({ ts: instant(2), values: { recipe: words.later } }), { qos: 1 });
    const sought = Object.values(words);
    for (const word of sought.filter((one) => one !== words.will)) assert.notDeepEqual(filesWith(node.data, [word]), [], `the search finds ${word} while it is there`);

    for (const role of ["viewer", "operator", "engineer", "auditor"]) {
        const refused = await node.fetch("machines/press-3", { method: "DELETE", token: node.token({ role }) });
        assert.equal(refused.status, 403, role);
    }
    const erasure = await erase(node, "press-3");
    assert.equal(erasure.machine, "press-3");
    await again.closed;
    await node.api("machines/press-3", { expect: 404 });
    await node.api(`machines/press-3/samples?tag=recipe`, { expect: 404 });
    await node.api("machines/press-3", { method: "DELETE", expect: 404 });
    assert.deepEqual((await node.api("machines")).items.map((one) => one.id), ["saw-1"]);
    assert.ok([4, 5, 134, 135].includes(await node.refusal({ token, clientId: "press-3" })), "its token is revoked");
    await whenDone(node, erasure);
    assert.deepEqual(filesWith(node.data, sought), [], "bytes of the machine are left");
    const listener = await node.mqtt();
    await listener.subscribeAsync("lineshaft/v1/press-3/#");
    assert.equal((await node.api("tokens")).items.filter((one) => one.machine === "press-3").length, 0);
    const told = (await node.api("audit?limit=50")).items.filter((line) => line.target === "press-3").map((line) => line.action);
    assert.ok(told.includes("machine.erase") && told.includes("machine.erased"), `the log tells that it was erased: ${told}`);
    assert.deepEqual((await node.samples("saw-1", "recipe")).map((one) => one.value), ["kept words"]);

    // Who speaks again is new.
    await report(node, "press-3", [[9, { recipe: "a new life" }]]);
    const reborn = await node.machineWhen("press-3", (machine) => machine.byTag.recipe?.value === "a new life");
    assert.deepEqual([reborn.adopted, reborn.tags, reborn.shared_attributes], [false, 1, {}]);
    await node.stop();
    await node.start();
    assert.deepEqual((await node.samples("press-3", "recipe")).map((one) => one.value), ["a new life"]);
    assert.equal(listener.received.length, 0, "nothing of it is retained");
    assert.deepEqual(filesWith(node.data, sought), []);
    assert.equal((await node.api("erasures")).items[0].state, "done");
});

test("control 38: all machines of an organisation leave at once, and nobody else's", async (t) => {
    const node = await Node.start(t);
    const acme = await node.api("organisations", { method: "POST", body: { name: "acme" } });
    const made = run(["org", "list", "--data", node.data]);
    assert.equal(made.code, 0, made.err);
    await node.api(`organisations/${acme.id}/people`, { method: "POST", body: { name: "ann", role: "admin", password: "correct horse battery" } });
    const signedIn = await node.fetch("session", { method: "POST", token: null, body: { name: "acme/ann", password: "correct horse battery" }, headers: { origin: node.url } });
    const headers = { cookie: signedIn.headers.get("set-cookie").split(";")[0], origin: node.url };
    const theirs = await node.api("tokens", { method: "POST", token: null, headers, body: { name: "feed", role: "engineer" } });
    const word = unlike("acme"), ours = unlike("ours");
    for (const machine of ["m1", "m2", "m3"]) {
        const answer = await node.fetch(`telemetry/${machine}`, { method: "POST", token: theirs.token, body: { values: { text: word } } });
        assert.ok(answer.ok, await answer.text());
    }
    await report(node, "m1", [[1, { text: ours }]]);
    await until(async () => (await node.api("machines", { token: theirs.token })).total === 3, "three machines of acme");
    assert.equal((await node.fetch(`organisations/${acme.id}/machines`, { method: "DELETE", token: theirs.token })).status, 403);
    assert.deepEqual(await node.api(`organisations/${acme.id}/machines`, { method: "DELETE", expect: 202 }), { machines: 3 });
    assert.equal((await node.api("machines", { token: theirs.token })).total, 0);
    await until(async () => filesWith(node.data, [word]).length === 0, () => `left: ${filesWith(node.data, [word])}`, 60_000);
    assert.deepEqual((await node.samples("m1", "text")).map((one) => one.value), [ours]);
});

test("control 38: erased in the middle of its sending: what was said before is gone, what was acknowledged after stays", async (t) => {
    const node = await Node.start(t);
    const before = unlike("before");
    const sender = await node.mqtt();  // of a role, so it goes on when the machine's credentials end
    let isErased = false, isOver = false;
    const acknowledged = { press: [], lathe: [] };
    /** One message after the other: number n of a machine at second n. */
    const send = async (machine) => {
        for (let n = 1; !isOver; ++n) {
            const isLater = isErased;
            await sender.publishAsync(telemetry(machine), JSON.stringify({ ts: instant(n), values: { n, text: isLater || machine === "lathe" ? "later" : before } }), { qos: 1 });
            if (isLater || machine === "lathe") acknowledged[machine].push(n);
        }
    };
    const senders = ["press", "press", "lathe"].map((machine, at) => at === 1 ? sendBatches() : send(machine));
    /** The same machine through another door, in batches: tag `batch`. */
    async function sendBatches() {
        for (let n = 1; !isOver; ++n) await report(node, "press", Array.from({ length: 20 }, (_, i) => [n * 20 + i, { batch: n * 20 + i, note: isErased ? "later" : before }]));
    }
    await node.machineWhen("press", (machine) => machine.byTag.n?.value > 50 && machine.byTag.batch?.value > 200, "both doors", 60_000);
    const erasure = await erase(node, "press");
    isErased = true;
    await whenDone(node, erasure);
    const seen = acknowledged.press.length;
    await until(() => acknowledged.press.length > seen + 50, "it is heard again", 60_000);
    isOver = true;
    await Promise.all(senders);
    const instants = async (machine, tag) => new Set((await node.samples(machine, tag)).map((one) => Date.parse(one.time ?? one.at)));
    for (const machine of ["press", "lathe"]) {
        const stored = await instants(machine, "n");
        assert.deepEqual(acknowledged[machine].filter((n) => !stored.has(instant(n))), [], `${machine}: acknowledged and not there`);
    }
    // What was on its way when the machine was erased may have come behind it; what was said long before must be gone.
    const first = Math.min(...await instants("press", "n"));
    assert.ok(first > instant(50), `of ${new Date(first).toISOString()} is left`);
    await node.stop();
    await node.start();
    for (const machine of ["press", "lathe"]) {
        const stored = await instants(machine, "n");
        assert.deepEqual(acknowledged[machine].filter((n) => !stored.has(instant(n))), [], `${machine}: acknowledged and not there after a restart`);
    }
});

const rounds = isLong ? 25 : 4;
test(`control 38: ${rounds} kills in the middle, and it is erased all the same`, { timeout: isLong ? 1_200_000 : 240_000 }, async (t) => {
    const node = await Node.start(t);
    const kept = [];
    for (let round = 0; round < rounds; ++round) {
        const going = `going-${round}`, word = unlike("word");
        const texts = Array.from({ length: 200 }, (_, n) => [n, { text: `${word} ${n}`, number: n }]);
        await report(node, going, texts);
        const mine = unlike("kept");
        await report(node, "staying", [[round, { text: mine }]]);
        kept.push(mine);
        if (round % 2 === 1) {
            await node.stop();
            await node.start();
        }
        await node.machineWhen(going, (machine) => machine.tags === 2);
        const asked = erase(node, going).then((one) => one, () => null);
        const wait = randomInt(120);
        await sleep(wait);  // the moment of the kill, not a wait for something
        await node.kill();
        const answered = await asked;
        await node.start();
        const answer = await node.fetch(`machines/${going}`);
        if (answered) {
            assert.equal(answer.status, 404, `round ${round}: told that it is erased, and seen after the kill at ${wait} ms`);
        } else if (answer.status === 200) {
            await erase(node, going);  // killed before the intent was on disk
        }
        const erasures = (await node.api("erasures")).items.filter((one) => one.machine === going);
        assert.ok(erasures.length > 0);
        for (const one of erasures) await whenDone(node, one);
        assert.deepEqual(filesWith(node.data, [word]), [], `round ${round}, killed at ${wait} ms`);
        await node.api(`machines/${going}`, { expect: 404 });
        assert.deepEqual((await node.samples("staying", "text")).map((one) => one.value), kept);
    }
});
