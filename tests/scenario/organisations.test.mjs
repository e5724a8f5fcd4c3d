// Two organisations on one node: what one has is not there for the other, and what one takes does not cost the other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node, run, sleep, telemetry, until } from "../node.mjs";
import { Pulse } from "../pulse.mjs";

const password = "correct horse battery";

/** An organisation with an admin who is signed in; gives its id and a way to ask as that admin. */
async function organisation(node, name, limits = {}) {
    const made = await node.api("organisations", { method: "POST", body: { name, ...limits } });
    await node.api(`organisations/${made.id}/people`, { method: "POST", body: { name: "boss", role: "admin", password } });
    const session = await node.fetch("session", { method: "POST", token: null, body: { name: `${name}/boss`, password }, headers: { origin: node.url } });
    assert.equal(session.status, 200, await session.clone().text());
    const cookie = session.headers.get("set-cookie").split(";")[0];
    const fetch = (path, options = {}) => node.fetch(path, { token: null, ...options, headers: { cookie, origin: node.url, ...options.headers } });
    const token = async (body) => {
        const answer = await fetch("tokens", { method: "POST", body: { name: `t ${Math.random()}`, ...body } });
        assert.equal(answer.status, 201);
        return (await answer.json()).token;
    };
    return { ...made, fetch, token };
}

const use = async (node, id) => node.api(`organisations/${id}`);

test("control 12: topics of one organisation never reach the other: wildcards, shared, retained, $-topics", async (t) => {
    const node = await Node.start(t);
    const acme = await organisation(node, "acme"), beta = await organisation(node, "beta");
    const a = await node.mqtt({ token: await acme.token({ role: "engineer" }), clientId: "same-name" });
    const b = await node.mqtt({ token: await beta.token({ role: "engineer" }), clientId: "same-name" });
    const ours = await node.mqtt({ token: node.admin(), clientId: "same-name" });
    assert.ok(a.connected && b.connected && ours.connected, "client ids are of each organisation");
    for (const client of [a, b, ours]) {
        await client.subscribeAsync(["#", "+/#", "+/line/+/state", "$share/g/#", "acme/#", "beta/#", "line/#", "$SYS/#"], { qos: 1 }).catch(() => {});
    }
    await a.publishAsync("acme/line/1/state", "of acme", { qos: 1, retain: true });
    await b.publishAsync("beta/line/1/state", "of beta", { qos: 1, retain: true });
    await ours.publishAsync("line/1/state", "of default", { qos: 1, retain: true });
    // Into another's namespace, and into nobody's: refused, also as retained and as a will.
    for (const [client, topic] of [[a, "beta/line/1/state"], [a, "line/1/state"], [b, "acme/x"], [ours, "acme/line/1/state"], [a, "$SYS/x"], [a, "acme"]]) {
        await assert.rejects(client.publishAsync(topic, "intruder", { qos: 1, retain: true }), (error) => error.code === 0x87 || error.code === 0x90, topic);
    }
    await until(() => a.received.length > 0 && b.received.length > 0 && ours.received.length > 0, "each has its own");
    // Later comers: retained messages, by every kind of filter.
    const late = await node.mqtt({ token: await beta.token({ role: "viewer" }), clientId: "late" });
    await late.subscribeAsync(["#", "+/+/+/+"], { qos: 1 });
    await until(() => late.received.length > 0, "its own retained message");
    await sleep(300);
    const texts = (client) => [...new Set(client.received.map((one) => one.text))].filter((text) => !/^\d|^Lineshaft/.test(text));
    assert.deepEqual(texts(a), ["of acme"]);
    assert.deepEqual(texts(b), ["of beta"]);
    assert.deepEqual(texts(late), ["of beta"]);
    assert.deepEqual(texts(ours).filter((text) => text.startsWith("of ")), ["of default"]);
    assert.ok(a.received.every((one) => !one.topic.startsWith("$SYS")), "$SYS is for roles of default");
});

test("control 12: ids that could break out of a namespace are refused", async (t) => {
    const node = await Node.start(t);
    for (const name of ["", "a/b", "#", "+", "UPPER", "-a", "lineshaft", "v1", "x".repeat(65), "default"]) {
        const answer = await node.fetch("organisations", { method: "POST", body: { name } });
        assert.ok([409, 422].includes(answer.status), `${name}: ${answer.status}`);
    }
    for (const machine of ["a/b", "#", "+", ""]) {
        assert.equal((await node.fetch("tokens", { method: "POST", body: { name: "t", machine } })).status, 422, machine);
    }
});

test("control 11: machines of the same name live side by side", async (t) => {
    const node = await Node.start(t);
    const acme = await organisation(node, "acme");
    const a = await node.mqtt({ token: await acme.token({ machine: "press" }) });
    const ours = await node.mqtt({ token: node.token({ machine: "press" }) });
    await a.publishAsync(`acme/${telemetry("press")}`, JSON.stringify({ speed: 1 }), { qos: 1 });
    await ours.publishAsync(telemetry("press"), JSON.stringify({ speed: 2 }), { qos: 1 });
    const theirs = await (await acme.fetch("machines/press")).json();
    assert.equal(theirs.values.find((one) => one.name === "speed").value, 1);
    assert.equal((await node.machine("press")).values.find((one) => one.name === "speed").value, 2);
});

test("control 30: limits of an organisation: one past each is refused with 0x97 or 429, and counted", async (t) => {
    const node = await Node.start(t);
    const acme = await organisation(node, "acme", { machines_max: 2, sessions_max: 2, retained_bytes_max: 200 });
    const token = await acme.token({ role: "engineer" });
    const one = await node.mqtt({ token, clientId: "one" });
    const two = await node.mqtt({ token, clientId: "two" });
    assert.equal(await node.refusal({ token, clientId: "three" }), 0x97, "sessions");
    await two.endAsync();
    await until(async () => (await use(node, acme.id)).use.sessions === 1, "its place is free again");
    await one.publishAsync(`acme/${telemetry("m1")}`, '{"a":1}', { qos: 1 });
    await one.publishAsync(`acme/${telemetry("m2")}`, '{"a":1}', { qos: 1 });
    await assert.rejects(one.publishAsync(`acme/${telemetry("m3")}`, '{"a":1}', { qos: 1 }), (error) => error.code === 0x97, "machines");
    await one.publishAsync(`acme/${telemetry("m1")}`, '{"a":2}', { qos: 1 });  // those there are go on
    await one.publishAsync("acme/kept/1", "x".repeat(100), { qos: 1, retain: true });
    await assert.rejects(one.publishAsync("acme/kept/2", "x".repeat(100), { qos: 1, retain: true }), (error) => error.code === 0x97, "retained");
    await one.publishAsync("acme/kept/1", "", { qos: 1, retain: true });
    await one.publishAsync("acme/kept/2", "x".repeat(100), { qos: 1, retain: true });
    // Samples a second, over MQTT and HTTP; the limit works from the moment it is set.
    await node.api(`organisations/${acme.id}`, { method: "PATCH", body: { samples_per_s: 10 } });
    // What the first owes lasts for seconds, however long the disk takes over it.
    const report = JSON.stringify(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`t${i}`, i])));
    await one.publishAsync(`acme/${telemetry("m1")}`, report, { qos: 1 });
    await assert.rejects(one.publishAsync(`acme/${telemetry("m1")}`, report, { qos: 1 }), (error) => error.code === 0x97, "samples");
    const post = (path, type, body) => fetch(node.url + path, { method: "POST", headers: { authorization: `Bearer ${token}`, "content-type": type }, body });
    const lines = Array.from({ length: 300 }, (_, i) => `m,machine=m1 v${i}=${i}`).join("\n");
    // Once nothing is owed any more it is taken whole, and half a minute's worth is owed.
    await until(async () => (await post("/api/v2/write", "text/plain", lines)).status === 204, "a body over a second's worth is taken when nothing is owed");
    for (const [door, path, type, body] of [
        ["InfluxDB 2", "/api/v2/write", "text/plain", lines], ["InfluxDB 1", "/write", "text/plain", lines],
        ["InfluxDB, known by now", "/api/v2/write", "text/plain", "m,machine=m1 v1=1"],
        ["JSON", "/api/v1/telemetry", "application/json", JSON.stringify({ machine: "m1", values: { a: 1 } })],
        // {__name__="up",machine="m1"} 1 @1772352000000, packed by snappy as one literal.
        ["remote write", "/api/v1/write", "application/x-protobuf", Buffer.from("33c80a310a0e0a085f5f6e616d655f5f120275700a0d0a076d616368696e6512026d31121009000000000000f03f1080a0a5c3ca33", "hex")],
    ]) {
        const answer = await post(path, type, body);
        assert.equal(answer.status, 429, `${door}: ${await answer.text()}`);
        assert.ok(Number(answer.headers.get("retry-after")) >= 1, door);
    }
    const told = await use(node, acme.id);
    assert.deepEqual([told.use.machines, told.use.sessions], [2, 1]);
    for (const what of ["machines", "sessions", "samples", "retained"]) assert.ok(told.refused[what] >= 1, `${what}: ${JSON.stringify(told.refused)}`);
    const page = await (await node.fetch("/metrics")).text();
    assert.match(page, /lineshaft_organisation_refused_total\{organisation="acme",what="sessions"\} 1/);
    // After a restart what is there still counts.
    await node.stop();
    await node.start();
    const again = await use(node, acme.id);
    assert.equal(again.use.machines, 2);
    assert.equal(again.in_force.samples_per_s, 10);
    assert.ok(again.use.retained_bytes > 0);
});

test("fault 19: a noisy organisation meets its own limit; the other's messages are not delayed or lost", async (t) => {
    const node = await Node.start(t);
    const noisy = await organisation(node, "noisy", { messages_per_s: 1_000 }), quiet = await organisation(node, "quiet");
    const pulse = await Pulse.start(node, { topic: "quiet/pulse", token: await quiet.token({ role: "engineer" }) });
    await sleep(300);
    await pulse.mark();
    await sleep(2_000);
    const alone = await pulse.mark();
    const shouters = await Promise.all(Array.from({ length: 4 }, async () => node.mqtt({ token: await noisy.token({ role: "engineer" }) })));
    let on = true, acknowledged = 0, refused = 0;
    const shouting = shouters.map(async (client) => {
        while (on) {
            const done = await Promise.allSettled(Array.from({ length: 50 }, () => client.publishAsync("noisy/shout", "x".repeat(200), { qos: 1 })));
            for (const one of done) one.status === "fulfilled" ? (acknowledged += 1) : (refused += 1);
            await sleep(2);
        }
    });
    const began = performance.now();
    await pulse.mark();
    await sleep(2_000);
    const beside = await pulse.mark();
    on = false;
    await Promise.all(shouting);
    const seconds = (performance.now() - began) / 1000;
    const told = (await use(node, noisy.id)).refused.messages;
    const last = await pulse.end();
    assert.deepEqual([last.acknowledged, last.heard], [last.sent, last.sent], "none of the other's is lost or refused");
    t.diagnostic(`published → heard, p99: alone ${alone.heard_p99_ms.toFixed(1)} ms, beside ${beside.heard_p99_ms.toFixed(1)} ms (a process of its own; ${last.sent} messages); noisy: ${acknowledged} taken in ${seconds.toFixed(1)} s, ${refused} refused`);
    assert.ok(refused > 0 && told >= refused, `${refused} refused, ${told} counted`);
    assert.ok(acknowledged <= 1_000 * (seconds + 1.5), `${acknowledged} in ${seconds} s`);
    assert.equal((await use(node, quiet.id)).refused.messages, 0);
});

test("org add and org list, with the node running or stopped", async (t) => {
    const node = await Node.start(t);
    assert.equal(run(["org", "add", "acme", "--title", "Acme Ltd", "--data", node.data]).code, 0);
    assert.equal(run(["org", "add", "acme", "--data", node.data]).code, 1);
    assert.equal(run(["user", "add", "acme/ann", "--role", "admin", "--data", node.data], { input: `${password}\n` }).code, 0);
    assert.equal(run(["user", "add", "nowhere/ann", "--role", "admin", "--data", node.data], { input: `${password}\n` }).code, 1);
    assert.equal((await node.fetch("session", { method: "POST", token: null, body: { name: "acme/ann", password } })).status, 200);
    await node.stop();
    assert.equal(run(["org", "add", "beta", "--data", node.data]).code, 0);
    assert.equal(run(["user", "add", "beta/bo", "--role", "admin", "--data", node.data], { input: `${password}\n` }).code, 0);
    assert.equal(run(["org", "list", "--data", node.data]).out, "default\nacme\tAcme Ltd\nbeta\n");
    await node.start();
    assert.equal((await node.fetch("session", { method: "POST", token: null, body: { name: "beta/bo", password } })).status, 200);
    assert.equal(run(["org", "list", "--data", node.data]).out, "default\nacme\tAcme Ltd\nbeta\n");
    const { items } = await node.api("audit?what=organisation.");
    assert.deepEqual(items.filter((one) => one.outcome === "allowed").map((one) => one.detail), ["name=beta", "name=acme", "name=acme, title=Acme Ltd"]);
});
