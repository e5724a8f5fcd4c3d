// The Handle System's port and its HTTP API, asked by clients made of the protocol's bytes.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Connection, adminData, askUdp, askWithProof, block, bodies, flag, message, op, parse, proofs, readNames, readReferral, readText, readValues, rsaKey, u32 } from "../handle.mjs";
import { Node, binary, run, sleep, until } from "../node.mjs";

const usual = 0x19000000;
const prefix = "88.111.1";

async function naming(t, sets = []) {
    const node = await Node.start(t, { sets: ["node.role=secondary", `handle.prefix=${prefix}`, "handle.listen=127.0.0.1:0", ...sets] });
    return node;
}
const portOf = (node) => Number(node.addresses.handle.split(":").pop());
const put = (node, handle, values, { query = "", token } = {}) => node.fetch(`/api/handles/${handle}${query}`, { method: "PUT", body: values, ...(token !== undefined && { token }) });
const url = (index, text) => ({ index, type: "URL", data: { format: "string", value: text } });
const resolve = (handle, options = {}) => message(op.resolution, bodies.resolve(handle, options.indexes, options.types), options);

test("what was captured from Handle.Net is answered as it answers", async (t) => {
    const node = await naming(t);
    const made = await put(node, `${prefix}/A1`, [
        url(1, "https://www.example.com/item/1"),
        { index: 100, type: "HS_ADMIN", data: { format: "admin", value: { handle: "0.NA/88.111.1", index: 300, permissions: "111111111111" } } },
    ]);
    assert.equal(made.status, 201, await made.text());
    const question = Object.assign(Buffer.from("020b020b00000000420c66530000000000000033000000010000000019000000ffff00006b02b5e7000000170000000b38382e3131312e312f4131000000000000000000000000", "hex"), { request: 0x420c6653 });
    const captured = Buffer.from("020b020b00000000420c665300000000000000a3000000010000000199000000000100006b02b5e7000000870000000b38382e3131312e312f413100000002000000010000000000000151800e0000000355524c0000001e68747470733a2f2f7777772e6578616d706c652e636f6d2f6974656d2f3100000000000000640000000000000151800e0000000848535f41444d494e000000170fff0000000d302e4e412f38382e3131312e310000012c0000000000000000", "hex");
    const connection = await Connection.open(portOf(node));
    t.after(() => connection.close());
    for (const answer of [await askUdp(portOf(node), question), await connection.ask(question)]) {
        const wanted = parse(captured);
        for (const field of ["version", "session", "request", "op", "code", "flags", "serial"]) assert.deepEqual(answer[field], wanted[field], field);
        // Byte for byte, but for the instants at which the values were written.
        const body = Buffer.from(answer.body);
        for (const { at, index } of [{ at: 23, index: 1 }, { at: 82, index: 100 }]) {
            assert.equal(body.readUInt32BE(at - 4), index);
            assert.ok(Math.abs(body.readUInt32BE(at) - Date.now() / 1000) < 120, "the value's timestamp");
            body.fill(0, at, at + 4);
        }
        assert.equal(body.toString("hex"), wanted.body.toString("hex"));
    }
    const missing = await askUdp(portOf(node), resolve(`${prefix}/nope`));
    assert.deepEqual([missing.code, missing.flags, missing.body.toString("hex")], [100, 0x99000000, "00000000"]);
    const foreign = await askUdp(portOf(node), resolve("99.1/x"));
    assert.deepEqual([foreign.code, foreign.body.toString("hex")], [301, "0000001d546861742070726566697820646f65736e2774206c6976652068657265"]);
    const some = await askUdp(portOf(node), resolve(`${prefix}/a1`, { types: ["HS_ADMIN"] }));
    assert.deepEqual(readValues(some.body).values.map((one) => one.index), [100]);
    const none = await askUdp(portOf(node), resolve(`${prefix}/a1`, { types: ["EMAIL"] }));
    assert.equal(none.code, 200);
    const old = await askUdp(portOf(node), message(op.resolution, bodies.resolve(`${prefix}/a1`), { version: [2, 1], suggested: [0, 0] }));
    assert.deepEqual([old.version, old.code], [[2, 1], 1]);
    const between = await askUdp(portOf(node), message(op.resolution, bodies.resolve(`${prefix}/a1`), { version: [2, 5], suggested: [2, 6] }));
    assert.deepEqual(between.version, [2, 4], "2.5 and 2.6 are read, never spoken");
    const site = await askUdp(portOf(node), message(op.siteInfo, bodies.handle("/")));
    assert.equal(site.code, 1);
    assert.equal(site.body.readUInt16BE(0), 1, "HS_SITE's format");
    const heartbeat = await connection.ask(resolve("0"));
    assert.ok([100, 301].includes(heartbeat.code));
    const digested = await askUdp(portOf(node), resolve(`${prefix}/a1`, { flags: usual | flag.digest }));
    assert.equal(digested.body[0], 3, "the request's digest stands before the body");
    assert.equal(readValues(digested.body.subarray(33)).values.length, 2);
    const stale = await askUdp(portOf(node), resolve(`${prefix}/a1`, { serial: 0 }));
    assert.equal(stale.code, 300, "who knows an older site is told to ask for it again");
    assert.equal((await askUdp(portOf(node), resolve(`${prefix}/a1`, { serial: site.serial }))).code, 1);
});

test("registering with a secret key and with an RSA key, over TCP and UDP", async (t) => {
    const node = await naming(t);
    const port = portOf(node);
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const admin = (index, handle, key) => ({ index, type: "HS_ADMIN", data: { format: "base64", value: adminData(0xfff, handle, key).toString("base64") } });
    assert.equal((await put(node, `0.NA/${prefix}`, [
        admin(100, `0.NA/${prefix}`, 300), admin(101, `${prefix}/ADMIN`, 301),
        { index: 300, type: "HS_PUBKEY", data: { format: "base64", value: rsaKey(publicKey.export({ format: "jwk" })).toString("base64") } },
    ])).status, 200);
    assert.equal((await put(node, `${prefix}/ADMIN`, [{ index: 301, type: "HS_SECKEY", data: "s3cret", permissions: "1110" }])).status, 201);
    const seen = await (await node.fetch(`/api/handles/${prefix}/ADMIN`, { token: null })).json();
    assert.ok(!JSON.stringify(seen).includes("s3cret"), "a secret is never shown");
    const hidden = await askUdp(port, resolve(`${prefix}/ADMIN`, { types: ["HS_SECKEY"] }));
    assert.equal(hidden.code, 200);

    const secret = proofs.secret(`${prefix}/ADMIN`, 301, "s3cret");
    const key = proofs.key(`0.NA/${prefix}`, 300, privateKey);
    // A challenge and its proof may travel over different connections.
    const oneShot = async (question) => {
        const connection = await Connection.open(port);
        const answer = await connection.ask(question);
        connection.close();
        return answer;
    };
    const made = await askWithProof(oneShot, message(op.create, bodies.values(`${prefix}/NEW3`, [{ index: 1, data: "https://example.com/" }])), secret);
    assert.deepEqual([made.op, made.code, made.session, readText(made.body)], [op.create, 1, 0, `${prefix}/NEW3`]);
    const udp = (question) => askUdp(port, question);
    const added = await askWithProof(udp, message(op.addValue, bodies.values(`${prefix}/NEW3`, [{ index: 2, type: "EMAIL", data: "a@example.com" }])), key);
    assert.deepEqual([added.op, added.code, added.body.length], [op.addValue, 1, 0]);
    const changed = await askWithProof(udp, message(op.modifyValue, bodies.values(`${prefix}/NEW3`, [{ index: 1, data: "https://example.com/2" }])), key);
    assert.equal(changed.code, 1);
    assert.deepEqual(readValues((await udp(resolve(`${prefix}/new3`))).body).values.map((one) => [one.index, one.data.toString()]), [[1, "https://example.com/2"], [2, "a@example.com"]]);
    const minted = await askWithProof(oneShot, message(op.create, bodies.values(`${prefix}/`, [{ index: 1, data: "x" }]), { flags: usual | flag.mint }), key);
    assert.match(readText(minted.body), /^88\.111\.1\/[0-9A-F]{20}$/);
    // A request in several datagrams.
    const long = await askWithProof(udp, message(op.create, bodies.values(`${prefix}/LONG`, [{ index: 1, type: "DESC", data: "x".repeat(1500) }])), key);
    assert.equal(long.code, 1);
    // One value goes; each change is a transaction; prefixes are homed by who runs the node, not by a key.
    const next = async () => (await udp(message(op.nextTransaction, bodies.handle("/")))).body.readBigInt64BE();
    const before = await next();
    assert.equal((await askWithProof(udp, message(op.removeValue, bodies.indexes(`${prefix}/NEW3`, [2])), key)).code, 1);
    assert.deepEqual(readValues((await udp(resolve(`${prefix}/NEW3`))).body).values.map((one) => one.index), [1]);
    assert.ok((await next()) > before);
    for (const op_ of [op.home, op.home + 1]) assert.equal((await askWithProof(oneShot, message(op_, bodies.handle("0.NA/88.7")), key)).code, 401);
    // Another server asks whether a proof is right, so that the secret stays here.
    const [nonce, digest] = [randomBytes(16), randomBytes(32)];
    const checked = async (text) => {
        const proof = proofs.secret(`${prefix}/ADMIN`, 301, text)({ digest, nonce }).subarray(4 + 9 + 4 + `${prefix}/ADMIN`.length + 4);
        return oneShot(message(op.verify, Buffer.concat([block(`${prefix}/ADMIN`), u32(301), block(nonce), block(digest), proof])));
    };
    for (const [text, verdict] of [["s3cret", 1], ["guess", 0]]) {
        const told = await checked(text);
        assert.deepEqual([told.code, [...told.body]], [1, [verdict]]);
    }

    const other = await askWithProof(oneShot, message(op.remove, bodies.handle(`${prefix}/NEW3`)), (challenge) => key({ ...challenge, digest: randomBytes(32) }));
    assert.equal(other.code, 403, "a proof for another request");
    const wrong = await askWithProof(oneShot, message(op.remove, bodies.handle(`${prefix}/NEW3`)), proofs.secret(`${prefix}/ADMIN`, 301, "guess"));
    assert.deepEqual([wrong.op, wrong.code], [op.remove, 403]);
    const greedy = await askWithProof(oneShot, message(op.remove, bodies.handle(`${prefix}/NEW3`)), proofs.secret(`${prefix}/ADMIN`, 301, "s3cret", { iterations: 100_001 }));
    assert.equal(greedy.code, 404);
    const unknown = await askWithProof(oneShot, message(op.remove, bodies.handle(`${prefix}/NEW3`)), proofs.secret(`${prefix}/NOBODY`, 301, "s3cret"));
    assert.equal(unknown.code, 400);
    // A proof works once.
    const question = message(op.remove, bodies.handle(`${prefix}/NEW3`));
    let proof;
    const done = await askWithProof(async (one) => { proof = one; return oneShot(one); }, question, key);
    assert.equal(done.code, 1);
    assert.equal((await oneShot(Object.assign(Buffer.from(proof), { request: proof.request }))).code, 405, "replayed");
    // Rights end where they end.
    assert.equal((await put(node, `${prefix}/MINE`, [url(1, "x"), admin(100, `${prefix}/OTHER`, 1)])).status, 201);
    const list = await Connection.open(port);
    t.after(() => list.close());
    const listed = await list.ask(message(op.list, bodies.handle(`0.NA/${prefix}`)));
    assert.equal(listed.code, 402, "a list needs a key");
    const metrics = await node.metrics();
    assert.ok(metrics.handle_proofs_failed_total >= 3 && metrics.handle_challenges_lost_total >= 1 && metrics.handle_changed_total >= 7);
});

test("lists come in pieces of 50, over TCP", async (t) => {
    const node = await naming(t);
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const kept = await put(node, `0.NA/${prefix}`, [{ index: 300, type: "HS_PUBKEY", data: { format: "base64", value: rsaKey(publicKey.export({ format: "jwk" })).toString("base64") } }], { query: "?index=300" });
    assert.equal(kept.status, 200, await kept.text());
    await Promise.all(Array.from({ length: 120 }, (_, at) => put(node, `${prefix}/N${String(at).padStart(3, "0")}`, [url(1, "x")])));
    const connection = await Connection.open(portOf(node));
    t.after(() => connection.close());
    const challenged = await connection.ask(message(op.list, bodies.handle(`0.NA/${prefix}`)));
    assert.equal(challenged.code, 402);
    const nonce = challenged.body.subarray(37), digest = challenged.body.subarray(1, 33);
    const pages = await connection.all(message(op.proof, proofs.key(`0.NA/${prefix}`, 300, privateKey)({ digest, nonce }), { session: challenged.session }));
    assert.deepEqual(pages.map((one) => readNames(one.body).length), [50, 50, 20]);
    assert.deepEqual(pages.map((one) => (one.flags & flag.continuous) !== 0), [true, true, false]);
    const page = await node.api(`/api/handles?prefix=${prefix}&page=2&pageSize=50`);
    assert.deepEqual([page.totalCount, page.page, page.handles.length, page.handles[0]], ["120", 2, 20, `${prefix}/N100`]);
});

test("pipelined questions on one connection, stray line ends, one-shot clients", async (t) => {
    const node = await naming(t);
    await put(node, `${prefix}/A`, [url(1, "x")]);
    const connection = await Connection.open(portOf(node));
    const answers = await Promise.all(Array.from({ length: 500 }, (_, at) => connection.ask(resolve(at % 2 ? `${prefix}/A` : `${prefix}/B`))));
    assert.deepEqual(answers.map((one) => one.code), answers.map((_, at) => (at % 2 ? 1 : 100)));
    connection.socket.write("\r\n\n");
    const question = resolve(`${prefix}/A`);
    connection.socket.write(question.subarray(0, 13));
    await sleep(30);
    const rest = new Promise((done) => connection.waiting.set(question.request, done));
    connection.socket.write(question.subarray(13));
    assert.equal((await rest).code, 1);
    // The peer ends its side: it still gets its answer, then the end.
    const last = connection.ask(resolve(`${prefix}/A`));
    connection.socket.end();
    assert.equal((await last).code, 1);
    await connection.closed;
});

test("an answer too long for UDP sends the client to TCP", async (t) => {
    const node = await naming(t, ["handle.udp_answer_datagrams=3"]);
    await put(node, `${prefix}/THREE`, [url(1, "x".repeat(1300))]);
    await put(node, `${prefix}/MANY`, [url(1, "x".repeat(4000))]);
    const three = await askUdp(portOf(node), resolve(`${prefix}/THREE`));
    assert.deepEqual([three.code, three.datagrams], [1, 3]);
    const many = await askUdp(portOf(node), resolve(`${prefix}/MANY`));
    assert.equal(many.truncated, true);
    assert.equal(many.bytes.length, 512, "one datagram, whatever was asked for");
    const connection = await Connection.open(portOf(node));
    t.after(() => connection.close());
    assert.equal(readValues((await connection.ask(resolve(`${prefix}/MANY`))).body).values[0].data.length, 4000);
    const told = run(["resolve", `${prefix}/MANY`, "--at", node.addresses.handle, "--trace"]);
    assert.equal(told.code, 0, told.err);
    assert.match(told.out, /udp.*no answer: the answer needs TCP[\s\S]*tcp.*success/);
});

test("Handle.Net's HTTP API", async (t) => {
    const node = await naming(t);
    const viewer = node.token({ role: "viewer" });
    const engineer = node.token({ role: "engineer" });
    assert.equal((await put(node, `${prefix}/H`, [url(1, "a")], { token: null })).status, 401);
    assert.equal((await put(node, `${prefix}/H`, [url(1, "a")], { token: viewer })).status, 403);
    const made = await put(node, `${prefix}/h`, { values: [url(1, "a"), { index: 5, type: "DESC", data: "hidden", permissions: "01100" }] }, { token: engineer });
    assert.equal(made.status, 201);
    assert.deepEqual(await made.json(), { responseCode: 1, handle: `${prefix}/H` });
    const got = await node.fetch(`/api/handles/${prefix}/H`, { token: null });
    assert.equal(got.headers.get("access-control-allow-origin"), "*");
    const body = await got.json();
    assert.deepEqual([body.responseCode, body.handle, body.values.map((one) => one.index)], [1, `${prefix}/H`, [1, 100]]);
    assert.deepEqual(body.values[0].data, { format: "string", value: "a" });
    assert.deepEqual(body.values[1].data, { format: "admin", value: { handle: `0.NA/${prefix}`, index: 300, permissions: "111111111111" } });
    assert.equal(body.values[0].ttl, 86400);
    const all = await (await node.fetch(`/api/handles/${prefix}/H?type=URL&index=100`, { token: null })).json();
    assert.deepEqual(all.values.map((one) => one.index), [1, 100]);
    const nothing = await node.fetch(`/api/handles/${prefix}/H?type=EMAIL`);
    assert.deepEqual([nothing.status, await nothing.json()], [200, { responseCode: 200, handle: `${prefix}/H`, values: [] }]);
    const missing = await node.fetch(`/api/handles/${prefix}/NOPE`, { token: null });
    assert.deepEqual([missing.status, (await missing.json()).responseCode], [404, 100]);
    const foreign = await node.fetch("/api/handles/99.1/x", { token: null });
    assert.deepEqual([foreign.status, (await foreign.json()).responseCode], [400, 301]);
    assert.equal((await put(node, `${prefix}/H`, [url(1, "b")], { query: "?overwrite=false" })).status, 409);
    assert.equal((await put(node, `${prefix}/H`, [url(2, "c")], { query: "?index=2" })).status, 200);
    assert.equal((await put(node, `${prefix}/H`, [url(3, "c")], { query: "?index=2" })).status, 400);
    assert.equal((await put(node, `${prefix}/H`, [url(3, "d")], { query: "?index=various" })).status, 200);
    assert.equal((await node.fetch(`/api/handles/${prefix}/H?index=2`, { method: "DELETE" })).status, 200);
    assert.deepEqual((await (await node.fetch(`/api/handles/${prefix}/H?type=URL`)).json()).values.map((one) => one.index), [1, 3]);
    for (const bad of ["{", "[1]", [{ index: 0, type: "URL", data: "x" }], [{ index: 1, type: "URL" }], [{ index: 1, type: "HS_ADMIN", data: "x" }], [url(1, "a"), url(1, "b")]]) {
        const refused = await node.fetch(`/api/handles/${prefix}/BAD`, { method: "PUT", body: bad });
        assert.ok([400, 409].includes(refused.status), JSON.stringify(bad));
    }
    const minted = await (await put(node, `${prefix}/`, [url(1, "m")], { query: "?mintNewSuffix=true" })).json();
    assert.match(minted.handle, /^88\.111\.1\/[0-9A-F]{20}$/);
    const script = await node.fetch(`/api/handles/${prefix}/H?callback=take.it`, { token: null });
    assert.match(await script.text(), /^take\.it\(\{.*\}\);$/);
    assert.match(await (await node.fetch(`/api/handles/${prefix}/H?callback=alert(1)`, { token: null })).text(), /^\{/);
    assert.deepEqual(await (await node.fetch("/api/prefixes", { token: null })).json(), { responseCode: 1, totalCount: "1", prefixes: [`0.NA/${prefix}`] });
    assert.deepEqual(await (await node.fetch("/api/prefixes?page=1&pageSize=1", { token: null })).json(), { responseCode: 1, totalCount: "1", page: 1, pageSize: 1, prefixes: [] });
    const listed = await (await node.fetch(`/api/handles?prefix=${prefix}`)).json();
    assert.deepEqual([Object.keys(listed), listed.totalCount], [["responseCode", "prefix", "totalCount", "handles"], String(listed.handles.length)]);
    assert.equal((await (await node.fetch(`/api/handles?prefix=${prefix}&page=0&pageSize=0`)).json()).handles.length, 0);
    assert.equal((await node.fetch("/api/prefixes/88.222", { method: "POST" })).status, 200);
    assert.equal((await put(node, "88.222/X", [url(1, "x")])).status, 201);
    assert.equal((await node.fetch("/api/prefixes/88.222", { method: "DELETE" })).status, 200);
    assert.equal((await node.fetch("/api/handles/88.222/X")).status, 400);
    assert.equal((await node.fetch(`/api/handles/${prefix}/H`, { method: "DELETE" })).status, 200);
    assert.equal((await node.fetch(`/api/handles/${prefix}/H`, { method: "DELETE" })).status, 404);
    const { responseCode, site, servers } = await (await node.fetch("/api/site", { token: null })).json();
    assert.deepEqual([responseCode, site.servers], [1, servers]);
    assert.deepEqual(site.servers[0].interfaces.map((one) => [one.protocol, one.port]), [["UDP", portOf(node)], ["TCP", portOf(node)]]);
});

test("a kill loses nothing that was acknowledged and leaves nothing half", async (t) => {
    const node = await naming(t);
    const token = node.admin();
    const acknowledged = new Set();
    let sent = 0;
    const clients = Array.from({ length: 16 }, async () => {
        for (;;) {
            const number = sent++;
            const answer = await put(node, `${prefix}/K${number}`, [url(1, `first ${number}`), url(2, `second ${number}`)], { token }).catch(() => null);
            if (answer?.status !== 201) return;
            acknowledged.add(number);
        }
    });
    await until(() => acknowledged.size > 300, "registrations go on");
    await node.kill();
    await Promise.all(clients);
    await node.start();
    const port = portOf(node);
    const connection = await Connection.open(port);
    t.after(() => connection.close());
    for (let number = 0; number < sent; ++number) {
        const answer = await connection.ask(resolve(`${prefix}/K${number}`, { types: ["URL"] }));
        if (acknowledged.has(number)) assert.equal(answer.code, 1, `K${number} was acknowledged`);
        if (answer.code === 100) continue;
        assert.deepEqual(readValues(answer.body).values.map((one) => one.data.toString()), [`first ${number}`, `second ${number}`], "whole");
    }
    const listed = await node.api(`/api/handles?prefix=${prefix}&page=0&pageSize=10000`);
    assert.equal(listed.totalCount, String(listed.handles.length), "the count is right after a kill");
});

test("garbage is counted and disturbs nobody", async (t) => {
    const node = await naming(t);
    const port = portOf(node);
    await put(node, `${prefix}/A`, [url(1, "x")]);
    const good = resolve(`${prefix}/A`);
    const dgram = await import("node:dgram");
    const socket = dgram.createSocket("udp4");
    socket.on("error", () => {});
    for (let at = 0; at < 2000; ++at) {
        const bad = at % 2 ? randomBytes(1 + (at % 600)) : Buffer.from(good);
        if (at % 2 === 0) bad[20 + (at % (bad.length - 20))] ^= 1 << at % 8;
        socket.send(bad, port, "127.0.0.1");
    }
    for (let at = 0; at < 40; ++at) {
        const connection = await Connection.open(port);
        connection.socket.write(at % 2 ? randomBytes(5000) : Buffer.concat([good.subarray(0, 16), u32(0xffffffff)]));
        await connection.closed;
    }
    // Announces much, sends little, and stays.
    const idle = await Connection.open(port);
    idle.socket.write(Buffer.concat([good.subarray(0, 16), u32(262144)]));
    const refused = await askUdp(port, message(op.create, Buffer.concat([block(`${prefix}/B`), u32(0xffffffff)])));
    assert.equal(refused.code, 4);
    const late = await askUdp(port, resolve(`${prefix}/A`, { expires: Math.floor(Date.now() / 1000) - 90_000 }));
    assert.equal(late.code, 4);
    const wrongClock = await askUdp(port, resolve(`${prefix}/A`, { expires: Math.floor(Date.now() / 1000) - 40_000 }));
    assert.equal(wrongClock.code, 1, "a clock that is hours wrong is no reason to refuse");
    const session = await askUdp(port, message(400, Buffer.alloc(20)));
    assert.equal(session.code, 504, "no session can be made of that");
    assert.equal((await askUdp(port, good)).code, 1);
    idle.close();
    socket.close();
    const metrics = await node.metrics();
    assert.ok(metrics.handle_malformed_total > 500, `${metrics.handle_malformed_total}`);
    assert.ok(metrics.handle_expired_total >= 1);
});

test("a child that answers for what it was not given is not believed, and counted", async (t) => {
    const top = await Node.start(t, { sets: ["node.role=top", "handle.prefix=88", "handle.listen=127.0.0.1:0"] });
    const recursive = await Node.start(t, { sets: ["node.role=recursive", `handle.bootstrap=${top.addresses.handle}`, "handle.listen=127.0.0.1:0"] });
    const dgram = await import("node:dgram");
    const child = dgram.createSocket("udp4");
    t.after(() => child.close());
    await new Promise((done) => child.bind(0, "127.0.0.1", done));
    const site = (port) => ({ format: "site", value: { serialNumber: 1, primarySite: true, servers: [{ serverId: 1, address: "127.0.0.1", interfaces: [{ query: true, admin: true, protocol: "UDP", port }] }] } });
    const delegate = [{ index: 1, type: "HS_SITE", data: site(child.address().port) }, { index: 2, type: "HS_SITE.PREFIX", data: site(child.address().port) }];
    assert.equal((await put(top, "0.NA/88.5", delegate)).status, 201);
    let lie;
    child.on("message", (question, from) => {
        const asked = parse(question), [code, body] = lie;
        const told = message(asked.op, body, { request: asked.request, flags: flag.authoritative });
        told.writeUInt32BE(code, 24);
        child.send(told, from.port, from.address);
    });
    const lies = [
        ["to a prefix that is none of its own", [303, block("0.NA/88.7")]],
        ["back to who sent us", [303, Buffer.concat([block("0.NA/88"), bodies.values("", []).subarray(4)])]],
        ["for another name", [1, bodies.values("88.5.9/OTHER", [{ index: 1, data: "https://evil.example/" }])]],
    ];
    for (const [number, [what, answer]] of lies.entries()) {
        lie = answer;
        const told = await askUdp(portOf(recursive), resolve(`88.5.${number}/X`, { flags: usual }));
        assert.equal(told.code, 2, what);
        assert.match(readText(told.body), /is not followed|another name/, what);
    }
    assert.ok((await recursive.metrics()).handle_recursive_poisoned_total >= 2);
    assert.equal((await askUdp(portOf(recursive), resolve("0.NA/88.5"))).code, 1, "nobody else is disturbed");
});

test("a chain: top, secondary, enterprise and recursive nodes", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "lineshaft-naming-"));
    const ready = join(folder, "ready");
    const demo = spawn(binary, ["demo", "--data", join(folder, "data"), "--ready-file", ready, "naming"], { stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    demo.stderr.on("data", (piece) => { log += piece; });
    const ended = new Promise((done) => demo.once("exit", done));
    t.after(async () => { demo.kill("SIGTERM"); await ended; rmSync(folder, { recursive: true, force: true }); });
    await until(() => { assert.equal(demo.exitCode, null, log); return existsSync(ready); }, () => `the chain is up: ${log}`, 60_000);
    const nodes = Object.fromEntries(readFileSync(ready, "utf8").trim().split("\n").map((line) => { const [name, handle, http] = line.split(" "); return [name, { handle, http, port: Number(handle.split(":").pop()) }]; }));
    assert.equal(Object.keys(nodes).length, 7);

    const told = run(["resolve", "88.101.7/EXC-0042", "--at", nodes.top.handle, "--trace"]);
    assert.equal(told.code, 0, told.err);
    if (nodes.top.port === 2641) assert.equal(run(["resolve", "88.101.7/EXC-0042"]).code, 0, "where nothing is said it asks the usual port");
    const hops = told.out.split("\n").filter((line) => /^ ?\d+ {2}/.test(line));
    assert.match(hops[0], new RegExp(`${nodes.top.handle} udp.*0.NA/88.101.7.*refers to 0.NA/88.101 `));
    assert.match(hops[1], new RegExp(`${nodes["secondary-101"].handle} udp.*0.NA/88.101.7.*success`));
    assert.match(hops[2], new RegExp(`${nodes["enterprise-101-7"].handle} udp.*88.101.7/EXC-0042.*success`));
    assert.match(told.out, /^1\tURL\thttps:\/\/example.com\/88.101.7\/EXC-0042$/m);
    // Whoever is referred to signs with the key its parent names; from a trusted root on, everything is.
    assert.match(hops[0], /unsigned$/);
    for (const hop of hops.slice(1)) assert.match(hop, /signed [0-9a-f]{16}$/);
    const site = await askUdp(nodes.top.port, message(op.siteInfo, bodies.handle("/")));
    const trusted = createHash("sha256").update(site.body.subarray(44, 44 + site.body.readUInt32BE(40))).digest("hex");
    const proven = run(["resolve", "88.101.7/EXC-0042", "--at", nodes.top.handle, "--trace", "--set", `handle.trusted_keys=${trusted}`]);
    assert.match(proven.out, /signed from a trusted key down to the answer/);
    assert.equal((proven.out.match(/ signed [0-9a-f]{16}$/gm) ?? []).length, 3);
    // The values are signed as well, when they were registered, by a key that each parent certifies in turn.
    assert.match(proven.out, /^ {4}signature 401: valid, by 400:0\.NA\/88\.101\.7; certified: 400:0\.NA\/88\.101\.7, 400:0\.NA\/88\.101, 400:0\.NA\/88; trusted: 400:0\.NA\/88$/m);
    for (const line of ["1 URL", "2 DESC", "100 HS_ADMIN"]) assert.match(proven.out, new RegExp(`^ {4}value ${line}: valid$`, "m"));
    assert.match(told.out, /^ {4}signature 401: untrusted, by 400:0\.NA\/88\.101\.7; certified: 400:0\.NA\/88\.101\.7, 400:0\.NA\/88\.101; the chain ends at 400:0\.NA\/88, whose key is not trusted$/m);
    assert.match(told.out, /^ {4}value 1 URL: untrusted$/m);
    const forged = run(["resolve", "88.101.7/EXC-0042", "--at", nodes["secondary-101"].handle, "--trace", "--set", `handle.trusted_keys=${trusted}`]);
    assert.equal(forged.code, 1);
    assert.match(forged.out, /not believed/);
    const missing = run(["resolve", "88.101.7/NOPE", "--at", nodes.top.handle]);
    assert.equal(missing.code, 1);
    assert.match(missing.err, /handle not found/);
    assert.equal(run(["resolve", "77.1/X", "--at", nodes.top.handle]).code, 1);

    // The recursive node asks for its clients, says that it is no authority, and remembers.
    const recursive = nodes.recursive.port;
    const first = await askUdp(recursive, resolve("88.102.1/EXC-0042"));
    assert.deepEqual([first.code, (first.flags & flag.authoritative) !== 0], [1, false]);
    assert.equal(readValues(first.body).values.find((one) => one.type === "URL").data.toString(), "https://example.com/88.102.1/EXC-0042");
    assert.equal((await askUdp(recursive, resolve("88.102.1/EXC-0042"))).code, 1);
    const again = await askUdp(recursive, resolve("88.102.1/NOPE"));
    assert.equal(again.code, 100);
    const page = await (await fetch(`http://${nodes.recursive.http}/metrics`)).text();
    assert.match(page, /lineshaft_handle_recursive_cached_total [1-9]/);

    // Whoever is asked for another's names refers to them, in HTTP as well.
    const elsewhere = await fetch(`http://${nodes["secondary-101"].http}/api/handles/88.101.8/EXC-0042`);
    const where = await elsewhere.json();
    assert.deepEqual([elsewhere.status, where.responseCode, where.handle, where.referralHandle, where.values[0].type], [300, 302, "88.101.8/EXC-0042", "0.NA/88.101.8", "HS_SITE"]);
    assert.equal((await fetch(`http://${nodes["secondary-101"].http}/api/handles/88.101.8/EXC-0042?doNotRefer=true`)).status, 400);
    const referred = await askUdp(nodes["secondary-101"].port, resolve("88.101.8/EXC-0042"));
    assert.equal(referred.code, 302);
    assert.equal(readReferral(referred.body).handle, "0.NA/88.101.8");
    const unreferred = await askUdp(nodes["secondary-101"].port, resolve("88.101.8/EXC-0042", { flags: usual | flag.doNotRefer }));
    assert.equal(unreferred.code, 301);
});
