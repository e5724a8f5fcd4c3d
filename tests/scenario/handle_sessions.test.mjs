// Sessions, signed answers, the HTTP tunnel and the pool's port, by clients made of the protocol's bytes.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { test } from "node:test";
import { Connection, Session, askUdp, askWithProof, block, bodies, flag, isSignedBy, keyObject, message, op, parse, proofs, pull, readCredential, readDump, readNames, readText, readTransactions, readValues, rsaKey, u32 } from "../handle.mjs";
import { Node, run, until } from "../node.mjs";

const usual = 0x19000000;
const prefix = "88.111.1";
const portOf = (node, name = "handle") => Number(node.addresses[name].split(":").pop());
const put = (node, handle, values, query = "") => node.fetch(`/api/handles/${handle}${query}`, { method: "PUT", body: values });
const value = (index, type, bytes) => ({ index, type, data: { format: "base64", value: Buffer.from(bytes).toString("base64") } });
const resolve = (handle, options = {}) => message(op.resolution, bodies.resolve(handle, options.indexes, options.types), options);

async function naming(t, sets = []) {
    const node = await Node.start(t, { sets: ["node.role=secondary", `handle.prefix=${prefix}`, "handle.listen=127.0.0.1:0", ...sets] });
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const keyBytes = rsaKey(publicKey.export({ format: "jwk" }));
    const kept = await put(node, `0.NA/${prefix}`, [value(300, "HS_PUBKEY", keyBytes)], "?index=300");
    assert.equal(kept.status, 200, await kept.text());
    return { node, privateKey, keyBytes, key: proofs.key(`0.NA/${prefix}`, 300, privateKey) };
}
async function open(t, port) {
    const connection = await Connection.open(port);
    t.after(() => connection.close());
    return connection;
}
// HS_SITE: format, version, serial, mask, hash, filter, no attributes, servers; then id and address.
const siteKey = (answer) => answer.body.subarray(44, 44 + answer.body.readUInt32BE(40));
const create = (name) => message(op.create, bodies.values(`${prefix}/${name}`, [{ index: 1, data: name }]));

test("a session proves once and registers many, signed or encrypted", async (t) => {
    const { node, key } = await naming(t);
    const connection = await open(t, portOf(node));
    const session = await Session.open(connection, 4);
    assert.equal(session.setup.code, 1);
    const first = await askWithProof((question) => session.ask(question), create("S0"), key);
    assert.deepEqual([first.op, first.code, first.wasSigned, readText(first.body)], [op.create, 1, true, `${prefix}/S0`]);
    // No challenge any more: on this connection, another one, and over UDP.
    const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => session.ask(create(`S${at + 1}`), { encrypt: at % 2 === 0, counter: at + 10 })));
    session.counter = 300;
    assert.ok(answers.every((one) => one.code === 1 && one.wasSigned));
    assert.deepEqual(answers.map((one) => one.wasEncrypted === true), answers.map((_, at) => at % 2 === 0));
    const other = await open(t, portOf(node));
    assert.equal(session.unwrap(await other.ask(session.wrap(create("S300")))).code, 1);
    assert.equal((await askUdp(portOf(node), session.wrap(create("S301")))).code, 1);
    assert.equal((await askUdp(portOf(node), resolve(`${prefix}/S301`))).code, 1);
    // A replay of a whole message, and of its counter, is refused; so is a changed one.
    const wrapped = session.wrap(create("S302"));
    assert.equal((await connection.ask(wrapped)).code, 1);
    assert.equal((await connection.ask(wrapped)).code, 505);
    assert.equal((await connection.ask(session.wrap(create("S303"), { counter: 12 }))).code, 505);
    const forged = session.wrap(create("S304"));
    forged[forged.length - 1] ^= 1;
    assert.equal((await connection.ask(forged)).code, 502);
    // What is only encrypted may be old: nobody's.
    const unsigned = await session.ask(create("S305"), { encrypt: true, sign: false });
    assert.equal(unsigned.code, 402);
    const garbled = session.wrap(create("S306"), { encrypt: true });
    garbled[40] ^= 1;
    assert.ok([502, 4].includes((await connection.ask(garbled)).code));
    // The end of it.
    assert.equal((await session.ask(message(op.sessionEnd, block("/")), { sign: false })).code, 403, "not by anybody");
    assert.equal((await session.ask(message(op.sessionEnd, block("/")))).code, 1);
    assert.equal((await connection.ask(session.wrap(create("S307")))).code, 500);
    const metrics = await node.metrics();
    assert.ok(metrics.handle_sessions_total === 1 && metrics.handle_session_refused_total >= 5);
    // Acknowledged in a session means on disk.
    await node.kill();
    await node.start();
    const after = await open(t, portOf(node));
    for (let at = 0; at <= 200; ++at) assert.equal((await after.ask(resolve(`${prefix}/S${at}`))).code, 1, `S${at}`);
    assert.equal((await after.ask(session.wrap(create("S308")))).code, 500, "sessions end with the node");
});

test("session keys under the server's key, the client's, and one in a handle", async (t) => {
    const { node, privateKey, keyBytes, key } = await naming(t);
    const connection = await open(t, portOf(node));
    const byServer = await Session.open(connection, 2);
    assert.equal((await askWithProof((one) => byServer.ask(one), create("A"), key)).code, 1);
    // A second key is not taken.
    const again = await connection.ask(message(op.sessionKey, block(randomBytes(256)), { session: byServer.id }));
    assert.equal(again.code, 501);
    assert.equal((await byServer.ask(create("B"))).code, 1, "and the first one holds");
    const byClient = await Session.open(connection, 1, { publicKey: keyBytes, privateKey });
    assert.equal((await byClient.ask(create("C"))).code, 402, "anybody's key may make a session; it proves nothing");
    const byHandle = await Session.open(connection, 3, { handle: `0.NA/${prefix}`, index: 300, privateKey });
    assert.equal((await byHandle.ask(create("D"))).code, 1, "who opened the session's key has the handle's");
    const impostor = new Session(connection);
    impostor.id = byHandle.id;
    impostor.key = randomBytes(16);
    impostor.counter = 1000;
    assert.equal((await connection.ask(impostor.wrap(create("E")))).code, 502);
    // What does not make a session.
    const setup = (body, options) => connection.ask(message(op.sessionSetup, body, options));
    const head = (mode) => Buffer.concat([Buffer.from([0, mode]), u32(0), block(""), u32(0)]);
    assert.equal((await setup(head(9))).code, 504);
    assert.equal((await setup(Buffer.concat([head(4), block("no key")]))).code, 504);
    assert.equal((await setup(Buffer.concat([head(4), block(keyBytes)]))).code, 504);
    assert.equal((await setup(Buffer.concat([head(1), block(Buffer.concat([block("DSA_PUB_KEY"), Buffer.alloc(2), block("q"), block("p"), block("g"), block("y")]))]))).code, 503);
    assert.equal((await setup(Buffer.concat([head(3), block(`${prefix}/NONE`), u32(1)]))).code, 400);
    assert.equal((await setup(head(2), { version: [2, 4], suggested: [2, 4] })).code, 504);
    const brief = await Session.open(connection, 4, { timeout: 1 });
    assert.equal(brief.setup.code, 1);
    const unknown = new Session(connection);
    Object.assign(unknown, { id: 0x40000001, key: randomBytes(16) });
    assert.equal((await connection.ask(unknown.wrap(create("F")))).code, 500);
    // A session that waits for its key takes nothing else.
    const waiting = await setup(head(2));
    Object.assign(unknown, { id: waiting.session });
    assert.equal((await connection.ask(unknown.wrap(create("G")))).code, 501);
    assert.equal((await connection.ask(message(op.sessionKey, block(randomBytes(10)), { session: waiting.session }))).code, 1, "nothing is told about a wrong key");
    assert.equal((await connection.ask(unknown.wrap(create("H")))).code, 502);
});

test("answers are signed when asked to be, with the key the node publishes", async (t) => {
    const { node, key } = await naming(t);
    assert.equal((await put(node, `${prefix}/A`, [{ index: 1, type: "URL", data: "x" }])).status, 201);
    const site = await askUdp(portOf(node), message(op.siteInfo, bodies.handle("/")));
    const published = siteKey(site);
    assert.equal(keyObject(published).asymmetricKeyType, "rsa");
    const connection = await open(t, portOf(node));
    const asked = { flags: usual | flag.certify };
    for (const answer of [await connection.ask(resolve(`${prefix}/A`, asked)), await askUdp(portOf(node), resolve(`${prefix}/A`, asked)),
        await connection.ask(resolve(`${prefix}/NONE`, asked)), await connection.ask(resolve("99.1/X", asked)), await connection.ask(message(op.siteInfo, bodies.handle("/"), asked)),
        await connection.ask(create("B"), asked), await connection.ask(message(op.create, bodies.values(`${prefix}/B`, [{ index: 1 }]), asked))]) {
        if ((answer.flags & flag.certify) === 0) continue;
        assert.ok(isSignedBy(answer, published), `answer ${answer.code}`);
    }
    const answer = await connection.ask(resolve(`${prefix}/A`, asked));
    const changed = parse(Buffer.from(answer.whole));
    changed.whole[60] ^= 1;
    assert.ok(!isSignedBy(changed, published));
    assert.equal(readCredential(await connection.ask(resolve(`${prefix}/A`))), null, "unsigned when nobody asks");
    const old = await connection.ask(resolve(`${prefix}/A`, { ...asked, version: [2, 3], suggested: [2, 3] }));
    assert.deepEqual([old.version, readCredential(old).algorithm], [[2, 3], "SHA1"]);
    const irp3 = await connection.ask(resolve(`${prefix}/A`, { ...asked, version: [3, 0], suggested: [3, 0] }));
    assert.deepEqual([irp3.version, irp3.code, isSignedBy(irp3, published)], [[3, 0], 1, true]);
    const values = readValues((await connection.ask(resolve(`0.NA/${prefix}`, { types: ["HS_PUBKEY"] }))).body).values;
    assert.deepEqual(values.find((one) => one.index === 400).data, Buffer.from(published));
    // In a session an answer is the session's.
    const session = await Session.open(connection, 4, { flags: usual | flag.certify });
    assert.ok(isSignedBy(session.setup, published), "who is at the other end of the session");
    assert.equal((await askWithProof((one) => session.ask(one), create("C"), key)).wasSigned, true);
    // The same key after a restart, and `resolve` shows who signed.
    await node.stop();
    await node.start();
    const later = await askUdp(portOf(node), resolve(`${prefix}/A`, asked));
    assert.ok(isSignedBy(later, published));
    const told = run(["resolve", `${prefix}/A`, "--at", node.addresses.handle, "--trace"]);
    assert.match(told.out, /success {2}\d+ ms {2}not cached {2}unsigned\n/);
    const untrusted = run(["resolve", `${prefix}/A`, "--at", node.addresses.handle, "--trace", "--set", `handle.trusted_keys=${"0".repeat(64)}`]);
    assert.notEqual(untrusted.code, 0);
    assert.match(untrusted.out, /not believed/);
});

test("messages in HTTP, prefixes that live here, versions", async (t) => {
    const { node, key } = await naming(t);
    await put(node, `${prefix}/A`, [{ index: 1, type: "URL", data: "x" }]);
    const post = async (question, path = "/") => {
        const answer = await fetch(`http://${node.addresses.http}${path}`, { method: "POST", body: question, headers: { "content-type": "application/x-hdl-message" } });
        assert.equal(answer.headers.get("content-type"), "application/x-hdl-message");
        return parse(Buffer.from(await answer.arrayBuffer()));
    };
    assert.equal((await post(resolve(`${prefix}/A`), `/${encodeURIComponent(`${prefix}/A`)}`)).code, 1);
    assert.equal((await post(resolve(`${prefix}/NONE`))).code, 100);
    const made = await askWithProof((question) => post(question, `/${prefix}/T`), create("T"), key);
    assert.deepEqual([made.code, readText(made.body)], [1, `${prefix}/T`]);
    assert.equal((await post(message(op.create, Buffer.from("bad")))).code, 4);
    const refused = await fetch(`http://${node.addresses.http}/`, { method: "POST", body: "no message", headers: { "content-type": "application/x-hdl-message" } });
    assert.equal(refused.status, 400);
    assert.equal((await fetch(`http://${node.addresses.http}/`, { method: "POST", body: "x" })).status, 404, "other bodies are none of its");
    assert.match(await (await fetch(`http://${node.addresses.http}/`)).text(), /<!doctype html>/i, "the console is where it was");
    // What lives here, over TCP.
    assert.equal((await node.fetch("/api/prefixes/88.222", { method: "POST" })).status, 200);
    const connection = await open(t, portOf(node));
    assert.deepEqual(readNames((await connection.ask(message(op.listHomed, bodies.handle("/")))).body), [`0.NA/${prefix}`, "0.NA/88.222"]);
    assert.equal((await askUdp(portOf(node), message(op.listHomed, bodies.handle("/")))).code, 5);
    for (const [spoken, answered] of [[[2, 1], [2, 1]], [[2, 4], [2, 4]], [[2, 5], [2, 4]], [[2, 6], [2, 4]], [[2, 7], [2, 7]], [[2, 8], [2, 8]], [[2, 10], [2, 10]], [[2, 11], [2, 11]], [[3, 0], [3, 0]], [[3, 1], [3, 0]]])
        assert.deepEqual((await connection.ask(resolve(`${prefix}/A`, { version: spoken, suggested: spoken }))).version, answered, spoken.join("."));
});

test("the pool's port: clients log in on a connection and stay so", async (t) => {
    const { node, key } = await naming(t, ["handle.pool_listen=127.0.0.1:0", "handle.pool_requests_per_day=3"]);
    const pool = portOf(node, "handle-pool");
    const connection = await open(t, pool);
    const login = () => message(op.login, Buffer.concat([block(`0.NA/${prefix}`), u32(300)]));
    assert.equal((await connection.ask(create("P"))).code, 408, "log in first");
    assert.ok([100, 301].includes((await connection.ask(resolve("0"))).code), "the heartbeat");
    const ask = (question) => connection.ask(question);
    assert.equal((await askWithProof(ask, login(), proofs.key(`0.NA/${prefix}`, 300, generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey))).code, 403);
    assert.equal((await connection.ask(create("P"))).code, 408);
    const done = await askWithProof(ask, login(), key);
    assert.deepEqual([done.op, done.code], [op.login, 1]);
    const answers = await Promise.all(["P1", "P2", "P3"].map((name) => connection.ask(create(name))));
    assert.deepEqual(answers.map((one) => one.code), [1, 1, 1]);
    assert.equal((await connection.ask(create("P4"))).code, 603, "as many as a day allows");
    const other = await open(t, pool);
    assert.equal((await other.ask(create("P5"))).code, 408, "a login is one connection's");
    // Opcode 2000: the handle of who logs in, which of its values to answer with; its secret is proved, not sent.
    assert.equal((await put(node, `${prefix}/USER`, [value(301, "HS_SECKEY", "s3cret"), value(1, "EMAIL", "li@example.com")])).status, 201);
    const byPassword = () => message(op.passwordLogin, bodies.resolve(`${prefix}/USER`, [], ["EMAIL"]));
    assert.equal((await askWithProof((one) => other.ask(one), byPassword(), proofs.secret(`${prefix}/USER`, 301, "guess"))).code, 403);
    assert.equal((await other.ask(create("P5"))).code, 408);
    const logged = await askWithProof((one) => other.ask(one), byPassword(), proofs.secret(`${prefix}/USER`, 301, "s3cret"));
    assert.deepEqual([logged.op, logged.code, readValues(logged.body).values.map((one) => [one.index, one.data.toString()])], [op.passwordLogin, 1, [[1, "li@example.com"]]]);
    assert.equal((await other.ask(create("P5"))).code, 401, "logged in, and no administrator");
    assert.equal((await connection.ask(message(op.passwordLogin, block("secret")))).code, 4, "no such body");
    // A prefix that was suspended: 605 for those who know that code.
    const applied = await node.api("naming/applications", { method: "POST", body: { company: "C", contact: "c", email: "c@example.com", purpose: "p", wanted: `${prefix}.5` } });
    for (const step of ["approve", "allocate"]) await node.api(`naming/applications/${applied.id}/${step}`, { method: "POST", body: {} });
    const under = () => message(op.create, bodies.values(`${prefix}.5/X`, [{ index: 1 }]));
    assert.equal((await other.ask(under())).code, 401);
    await node.api(`naming/prefixes/${prefix}.5/suspend`, { method: "POST", body: { reason: "unpaid" } });
    const restricted = await other.ask(under());
    assert.deepEqual([restricted.code, /suspended/.test(readText(restricted.body))], [605, true]);
    // On the ordinary port there is none.
    const ordinary = await open(t, portOf(node));
    assert.equal((await ordinary.ask(login())).code, 5);
    assert.equal((await ordinary.ask(byPassword())).code, 5);
    assert.equal((await ordinary.ask(under())).code, 301, "605 is for the pool's port");
    assert.equal((await askWithProof((one) => ordinary.ask(one), create("P6"), key)).code, 1);
    assert.equal((await node.metrics()).handle_logins_total, 2);
});

test("a mirror follows its origin, catches up after its own death, and takes no changes", async (t) => {
    const { node: origin, key } = await naming(t, [`handle.mirrors=401:0.NA/${prefix}`]);
    const keyOf = async (one) => siteKey(await askUdp(portOf(one), message(op.siteInfo, bodies.handle("/"))));
    const trusted = createHash("sha256").update(await keyOf(origin)).digest("hex");
    const before = await put(origin, `${prefix}/OLD`, [{ index: 1, type: "URL", data: "before the mirror" }, { index: 5, type: "HS_SECKEY", data: "s3cret", permissions: "1110" }]);
    assert.equal(before.status, 201);
    const mirror = await Node.start(t, { sets: ["node.role=secondary", "handle.listen=127.0.0.1:0", `handle.mirror_of=${origin.addresses.handle}`, `handle.mirror_key=401:0.NA/${prefix}`, `handle.trusted_keys=${trusted}`] });
    await until(async () => (await mirror.metrics()).handle_mirror_failed_total >= 1, "refused: the origin does not know its key yet");
    const kept = await put(origin, `0.NA/${prefix}`, [value(401, "HS_PUBKEY", await keyOf(mirror))], "?index=401");
    assert.equal(kept.status, 200, await kept.text());
    const seen = (name) => async () => (await askUdp(portOf(mirror), resolve(`${prefix}/${name}`))).code === 1;
    await until(seen("OLD"), "what was there before");
    const old = await askUdp(portOf(mirror), resolve(`${prefix}/OLD`));
    assert.deepEqual(old.body, (await askUdp(portOf(origin), resolve(`${prefix}/OLD`))).body, "the same to the timestamp; no secret");
    const connection = await open(t, portOf(origin));
    const session = await Session.open(connection, 4);
    assert.equal((await askWithProof((one) => session.ask(one), create("M0"), key)).code, 1);
    const began = Date.now();
    await until(seen("M0"), "a new one");
    t.diagnostic(`seen at the mirror ${Date.now() - began} ms after it was acknowledged`);
    // Many, and a removal, while the mirror is away.
    await mirror.kill();
    const answers = await Promise.all(Array.from({ length: 300 }, (_, at) => session.ask(create(`M${at + 1}`), { counter: at + 10 })));
    assert.ok(answers.every((one) => one.code === 1));
    session.counter = 400;
    assert.equal((await session.ask(message(op.remove, bodies.handle(`${prefix}/M0`)))).code, 1);
    assert.equal((await origin.fetch("/api/prefixes/88.333", { method: "POST" })).status, 200);
    assert.equal((await put(origin, "88.333/LAST", [{ index: 1, type: "URL", data: "x" }])).status, 201);
    await mirror.start();
    await until(async () => (await askUdp(portOf(mirror), resolve("88.333/LAST"))).code === 1, "caught up, homed prefixes with it");
    const all = await open(t, portOf(mirror));
    for (let at = 1; at <= 300; ++at) assert.equal((await all.ask(resolve(`${prefix}/M${at}`))).code, 1, `M${at}`);
    assert.equal((await all.ask(resolve(`${prefix}/M0`))).code, 100, "removed there, removed here");
    const refused = await all.ask(create("NEW"));
    assert.equal(refused.code, 301, "changes go to the origin");
    // Nor over HTTP: in Handle.Net's words, and in the product's.
    for (const [method, path, body] of [["PUT", `handles/${prefix}/NEW`, [{ index: 1, type: "URL", data: "x" }]], ["DELETE", `handles/${prefix}/OLD`], ["POST", "prefixes/88.444"], ["DELETE", `prefixes/${prefix}`]]) {
        const told = await mirror.fetch(`/api/${path}`, { method, body });
        const said = await told.json();
        assert.deepEqual([told.status, said.responseCode], [400, 301], `${method} ${path}`);
        assert.match(said.message, /mirror/);
    }
    const name = { prefix, suffix: "NEW", values: [] };
    for (const [method, path, body] of [["POST", "identifiers", name], ["PUT", `identifiers/${prefix}/NEW`, { values: [] }], ["PATCH", `identifiers/${prefix}/OLD`, { remove: [1] }], ["DELETE", `identifiers/${prefix}/OLD`],
        ["POST", "bulk", {}], ["PATCH", `prefixes/${prefix}`, { quota: 1 }], ["POST", `prefixes/${prefix}/suspend`, { reason: "r" }], ["POST", `prefixes/${prefix}/certificate`, {}], ["POST", `sign/${prefix}/OLD`], ["POST", "applications/1/approve", {}]]) {
        const told = await mirror.fetch(`naming/${path}`, { method, body });
        assert.equal(told.status, 409, `${method} ${path}`);
        assert.match((await told.json()).detail, new RegExp(`mirror.*${origin.addresses.handle}`));
    }
    assert.equal((await all.ask(resolve(`${prefix}/OLD`))).code, 1, "and nothing has changed");
    assert.equal((await mirror.fetch(`/api/handles/${prefix}/OLD`, { token: null })).status, 200, "reading is what it is for");
    const dump = message(1002, Buffer.concat([Buffer.from([2]), u32(1), u32(0)]));
    assert.equal((await all.ask(dump)).code, 5, "no primary");
});

test("following takes a proof and leave", async (t) => {
    const { node, key } = await naming(t);
    const connection = await open(t, portOf(node));
    const wanted = message(1001, Buffer.concat([Buffer.from([0]), Buffer.alloc(16), Buffer.from([2]), u32(1), u32(0)]));
    assert.equal((await askUdp(portOf(node), wanted)).code, 5, "over TCP only");
    const session = await Session.open(connection, 4);
    assert.equal((await askWithProof((one) => session.ask(one, { encrypt: true }), wanted, key)).code, 401, "the key is not among handle.mirrors");
    assert.equal((await session.ask(message(1001, Buffer.from("bad")), { encrypt: true })).code, 4);
    // What Handle.Net's mirrors send (a dump, transactions by number or by their state): who they are is asked first.
    const dump = message(1002, Buffer.concat([Buffer.from([2]), u32(1), u32(0)]));
    const further = message(1002, Buffer.concat([Buffer.from([2]), u32(1), u32(0), block(`${prefix}/A`), u32(2)]));
    const byState = message(1001, Buffer.concat([Buffer.from([1]), block("{}"), Buffer.from([2]), u32(1), u32(0)]));
    for (const asked of [wanted, dump, further, byState]) {
        assert.equal((await connection.ask(asked)).code, 402);
        assert.equal((await askWithProof((one) => connection.ask(one), asked, key)).code, 401, "the key is not among handle.mirrors");
    }
    assert.equal((await connection.ask(message(1002, Buffer.from("bad")))).code, 4);
    assert.equal((await connection.ask(message(1003, block("/")))).code, 5);
});

test("Handle.Net's mirrors pull: what happened since, or everything, as a stream of signed blocks", async (t) => {
    const { node, key } = await naming(t, [`handle.mirrors=300:0.NA/${prefix}`]);
    const port = portOf(node);
    const own = siteKey(await askUdp(port, message(op.siteInfo, bodies.handle("/"))));
    const certify = { flags: usual | flag.certify };
    const whole = [Buffer.from([2]), u32(1), u32(0)];
    const since = (number, share = whole) => message(1001, Buffer.concat([Buffer.from([0]), u32(0), u32(number), u32(0), u32(77), ...share]), certify);
    const byState = (state) => message(1001, Buffer.concat([Buffer.from([1]), block(JSON.stringify(state)), ...whole]), certify);
    const dump = (...more) => message(1002, Buffer.concat([...whole, ...more]), certify);
    const transactions = async (question) => {
        const { answer, stream } = await pull(port, question, key);
        assert.deepEqual([answer.code, answer.op, [...answer.body]], [1, 1001, [0]]);
        assert.ok(isSignedBy(answer, own), "the answer before the stream is signed as well");
        return readTransactions(stream, keyObject(own));
    };
    assert.equal((await put(node, `${prefix}/A`, [{ index: 1, type: "URL", data: "https://example.com/a" }, { index: 2, type: "NOTE", data: "inside", permissions: "1100" }, { index: 5, type: "HS_SECKEY", data: "s3cret", permissions: "1110" }])).status, 201);
    assert.equal((await put(node, `${prefix}/GONE`, [{ index: 1, type: "URL", data: "x" }])).status, 201);
    assert.equal((await node.fetch(`/api/handles/${prefix}/GONE`, { method: "DELETE" })).status, 200);
    assert.equal((await node.fetch("/api/prefixes/88.333", { method: "POST" })).status, 200);

    const first = await transactions(since(0));
    assert.deepEqual([first.hash, first.format, first.status], ["SHA-256", 1, 2]);
    assert.ok(Math.abs(first.until - Date.now()) < 600_000);
    const numbers = first.records.map((one) => one.number);
    assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
    const of = (handle, from = first) => from.records.filter((one) => one.handle === handle);
    assert.deepEqual(of(`${prefix}/A`).at(-1).values.map((one) => [one.index, one.type, one.data.toString()]).slice(0, 2), [[1, "URL", "https://example.com/a"], [2, "NOTE", "inside"]], "what is not public too, but for secrets");
    assert.ok(!JSON.stringify(first.records).includes("HS_SECKEY"));
    assert.deepEqual(of(`${prefix}/GONE`).map((one) => one.action), [2], "made and removed: removed");
    assert.deepEqual(of("0.NA/88.333").map((one) => one.action).filter((one) => one > 3), [4], "a prefix by its handle");
    const last = numbers.at(-1);
    assert.deepEqual((await transactions(since(last))).records, []);
    for (let at = 0; at < 150; ++at) assert.equal((await put(node, `${prefix}/N${at}`, [{ index: 1, type: "URL", data: `${at}` }])).status, 201);
    const second = await transactions(since(last));
    assert.deepEqual(second.records.map((one) => one.handle), Array.from({ length: 150 }, (_, at) => `${prefix}/N${at}`));
    const latest = second.records.at(-1).number;
    const parts = await Promise.all([0, 1].map((server) => transactions(since(last, [Buffer.from([2]), u32(2), u32(server)]))));
    const where = (name) => Math.abs(createHash("md5").update(name.toUpperCase()).digest().readInt32BE(12)) % 2;
    for (const [server, part] of parts.entries()) assert.ok(part.records.length > 30 && part.records.every((one) => where(one.handle) === server));
    assert.equal(parts[0].records.length + parts[1].records.length, 150);
    const ahead = await transactions(since(latest + 1_000));
    assert.deepEqual([ahead.status, ahead.records, ahead.until], [1, [], 77], "who follows something else is told to begin anew");

    // By its state, as servers from 2.9 on do: each queue by its name.
    const all = await transactions(byState({ replicationServerStates: {}, ownName: "mirror" }));
    assert.deepEqual([all.format, all.status, all.records.at(-1).number], [2, 2, latest]);
    assert.match(all.queue, /^0:[0-9a-f]{16}$/);
    const known = (states) => transactions(byState({ replicationServerStates: states }));
    const at = (lastTxnId) => ({ lastTxnId, lastTimestamp: 1 });
    assert.deepEqual((await known({ [all.queue]: at(last) })).records.map((one) => one.number), second.records.map((one) => one.number));
    assert.equal((await known({ "0:300:0.NA/88.111": at(latest) })).records.length, 0, "after a dump it has a name of its own for this server");
    assert.equal((await known({ "0:a": at(latest), "0:b": at(latest) })).records.length, all.records.length, "which of them is not known");
    const bad = message(1001, Buffer.concat([Buffer.from([1]), block("no JSON"), ...whole]), certify);
    assert.equal((await pull(port, bad, key)).answer.code, 4);

    // Everything, and from where a dump broke off.
    const dumped = async (question) => {
        const { answer, stream } = await pull(port, question, key);
        assert.deepEqual([answer.code, answer.op, answer.body.length], [1, 1002, 0]);
        return readDump(stream, keyObject(own));
    };
    const everything = await dumped(dump());
    assert.equal(everything.position.transaction, latest);
    const names = everything.handles.map((one) => one.handle);
    assert.equal(names.filter((name) => /\/N\d+$/.test(name)).length, 150);
    assert.ok(names.includes(`0.NA/${prefix}`) && names.includes(`${prefix}/A`) && !names.includes(`${prefix}/GONE`));
    assert.deepEqual(everything.handles.find((one) => one.handle === `${prefix}/A`).values.map((one) => one.type).slice(0, 2), ["URL", "NOTE"]);
    assert.ok(everything.handles.every((one) => one.values.every((each) => each.type !== "HS_SECKEY")));
    assert.deepEqual(everything.prefixes, [`0.NA/${prefix}`, "0.NA/88.333"]);
    const middle = names[Math.floor(names.length / 2)];
    const rest = await dumped(dump(block(middle), u32(2)));
    assert.deepEqual(rest.handles.map((one) => one.handle), names.slice(names.indexOf(middle) + 1));
    assert.deepEqual([rest.position, rest.prefixes.length], [undefined, 2]);
    assert.deepEqual(await dumped(dump(block(`0.NA/${prefix}`), u32(3))), { handles: [], prefixes: ["0.NA/88.333"] });
    assert.equal((await node.metrics()).handle_pushed_total > 0, true);
});

test("a site of several servers: each answers for its part, all for prefix handles", async (t) => {
    const sets = (position) => ["handle.site_servers=127.0.0.1:1,127.0.0.1:2", `handle.site_server=${position}`];
    const nodes = [await naming(t, sets(0)), await naming(t, sets(1))];
    const where = (name) => { const hash = createHash("md5").update(name.toUpperCase()).digest().readInt32BE(12); return Math.abs(hash) % 2; };
    const found = [0, 0];
    for (let at = 0; at < 20; ++at) {
        const name = `${prefix}/P${at}`;
        for (const [position, { node, key }] of nodes.entries()) {
            const answer = await askWithProof((one) => askUdp(portOf(node), one), message(op.create, bodies.values(name, [{ index: 1 }])), key);
            assert.equal(answer.code, where(name) === position ? 1 : 301, `${name} at server ${position}`);
            assert.equal((await askUdp(portOf(node), resolve(name.toLowerCase()))).code, where(name) === position ? 1 : 301);
            found[position] += answer.code === 1 ? 1 : 0;
        }
    }
    assert.ok(found[0] > 0 && found[1] > 0 && found[0] + found[1] === 20);
    for (const { node } of nodes) assert.equal((await askUdp(portOf(node), resolve(`0.NA/${prefix}`))).code, 1);
    const site = await askUdp(portOf(nodes[1].node), message(op.siteInfo, bodies.handle("/")));
    assert.equal(site.body.readUInt32BE(16), 2, "both servers are named");
});
