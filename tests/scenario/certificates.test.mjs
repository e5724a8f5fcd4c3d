// Machines with certificates, over real TLS with strangers' clients: openssl, curl, mosquitto_pub.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import https from "node:https";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { Node, mqtt, run, sleep, telemetry, until } from "../node.mjs";

const tls = ["https.listen=127.0.0.1:0", "mqtt.tls_listen=127.0.0.1:0"];

/** Runs a stranger's program to its end. */
function tool(program, args, { input, patience_ms = 40_000 } = {}) {
    const done = spawnSync(program, args, { input: typeof input === "string" ? Buffer.from(input) : input, timeout: patience_ms });
    if (done.error && done.error.code !== "ETIMEDOUT") throw done.error;
    return { code: done.status, out: done.stdout.toString(), raw: done.stdout, err: done.stderr.toString() };
}

/** A node with TLS listeners, a folder for files, and ways to use both. */
class Hall {
    static async start(t, sets = [], options = {}) {
        const hall = new Hall();
        hall.node = await Node.start(t, { sets: [...tls, ...sets], ...options });
        hall.after();
        return hall;
    }
    after() {
        this.folder = join(this.node.folder, "files");
        mkdirSync(this.folder, { recursive: true });
        this.ca = this.put("ca.crt", this.lineshaft(["show"]));
    }
    get mqtts() { return Number(this.node.addresses.mqtts.split(":").pop()); }
    get https() { return Number(this.node.addresses.https.split(":").pop()); }
    get url() { return `https://localhost:${this.https}`; }
    path(name) { return join(this.folder, name); }
    put(name, content) { writeFileSync(this.path(name), content); return this.path(name); }

    lineshaft(args, { fails = false, sets = [] } = {}) {
        const [action, ...rest] = args;
        const done = run(["ca", action, "--data", this.node.data, ...rest, ...sets.flatMap((one) => ["--set", one])]);
        assert.equal(done.code !== 0, fails, `ca ${args.join(" ")}: ${done.err}`);
        return fails ? done.err : done.out;
    }
    /** A certificate from the command line: { cert, key, serial }. */
    issue(machine, name = machine) {
        this.lineshaft(["issue", "--machine", machine, "--out", this.path(name)]);
        const cert = join(this.path(name), `${machine}.crt`);
        return { cert, key: join(this.path(name), `${machine}.key`), serial: serialOf(cert) };
    }
    /** A key and a request of openssl's making. */
    request(name, key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], more = []) {
        const made = tool("openssl", ["req", "-new", ...key, "-nodes", "-keyout", this.path(`${name}.key`), "-subj", "/CN=who knows",
            "-outform", "DER", "-out", this.path(`${name}.der`), ...more]);
        assert.equal(made.code, 0, made.err);
        return { key: this.path(`${name}.key`), base64: readFileSync(this.path(`${name}.der`)).toString("base64") };
    }
    publish(machine, { cert, key }, { topic = telemetry(machine), more = [], message = "{\"speed\": 1}" } = {}) {
        return tool("mosquitto_pub", ["-V", "mqttv5", "--cafile", this.ca, "-h", "localhost", "-p", `${this.mqtts}`,
            ...(cert ? ["--cert", cert, "--key", key] : []), "-q", "1", "-t", topic, "-m", message, ...more]);
    }
    curl(path, args = []) {
        const done = tool("curl", ["-sS", "--cacert", this.ca, "-w", "\n%{http_code}", `${this.url}${path}`, ...args]);
        assert.equal(done.code, 0, done.err);
        const end = done.out.lastIndexOf("\n");
        return { status: Number(done.out.slice(end + 1)), body: done.out.slice(0, end) };
    }
    enrol(token, request, path = "simpleenroll", more = []) {
        return this.curl(`/.well-known/est/${path}`, ["-H", "content-type: application/pkcs10", "--data-binary", request.base64,
            ...(token ? ["-u", `press:${token}`] : []), ...more]);
    }
    /** The certificate of an EST answer, as a file. */
    unpack(answer, name) {
        assert.equal(answer.status, 200, answer.body);
        const opened = tool("openssl", ["pkcs7", "-inform", "DER", "-print_certs", "-out", this.path(`${name}.crt`)], { input: Buffer.from(answer.body, "base64") });
        assert.equal(opened.code, 0, opened.err);
        return this.path(`${name}.crt`);
    }
    /** A live MQTT client that shows a certificate. */
    async connect({ cert, key }, options = {}) {
        const client = await mqtt.connectAsync({
            protocol: "mqtts", host: "localhost", port: this.mqtts, protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 30_000,
            ca: readFileSync(this.ca), ...(cert && { cert: readFileSync(cert), key: readFileSync(key) }), ...options,
        });
        return this.node.watch(client);
    }
    /** What openssl's client says of a listener. */
    dial(port, args = []) {
        return tool("openssl", ["s_client", "-connect", `localhost:${port}`, "-CAfile", this.ca, "-verify_return_error", "-verify_hostname", "localhost", ...args], { input: "" });
    }
    fingerprint(port) {
        let shown;
        // A node on a machine that is busy with something else refuses handshakes first, as it should.
        for (let tries = 0; !shown && tries < 20; ++tries) {
            if (tries > 0) tool("sleep", ["0.25"]);
            shown = this.dial(port).out.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/)?.[0];
        }
        assert.ok(shown, "the listener shows a certificate");
        return tool("openssl", ["x509", "-noout", "-fingerprint", "-sha256"], { input: shown }).out;
    }
}

const serialOf = (cert) => tool("openssl", ["x509", "-in", cert, "-noout", "-serial"]).out.trim().split("=")[1].toLowerCase();

test("control 1: TLS 1.3 by default, 1.2 with AEAD at least, a certificate of the node's own authority", async (t) => {
    const hall = await Hall.start(t);
    for (const port of [hall.mqtts, hall.https]) {
        assert.match(hall.dial(port).out, /TLSv1\.3/);
        assert.equal(hall.dial(port).code, 0, "verified against the authority, for localhost");
        assert.equal(hall.dial(port, ["-tls1_2"]).code, 0);
        for (const old of [["-tls1_1"], ["-tls1"]]) assert.notEqual(hall.dial(port, [...old, "-cipher", "ALL:@SECLEVEL=0"]).code, 0, old[0]);
        for (const suite of ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "AES256-GCM-SHA384"]) {
            assert.notEqual(hall.dial(port, ["-tls1_2", "-cipher", suite]).code, 0, suite);
        }
    }
    const refused = run(["serve", "--data", join(hall.folder, "other"), "--set", "mqtt.listen=*:0", "--set", "http.listen=127.0.0.1:0"]);
    assert.notEqual(refused.code, 0, "no plaintext off loopback");
    assert.match(refused.err, /plain text/);
});

test("control 2: a machine's certificate is its name, for MQTT and HTTP, and no other machine's", async (t) => {
    const hall = await Hall.start(t);
    const press = hall.issue("press-3");
    const sent = hall.publish("press-3", press);
    assert.equal(sent.code, 0, sent.err);
    await hall.node.machineWhen("press-3", (machine) => machine.byTag.speed?.value === 1);
    assert.match(hall.publish("press-4", press).err, /Not authorized/, "another machine's topic");
    assert.equal(hall.publish("press-3", press, { more: ["-u", "anything"] }).code, 0, "a user name says nothing");
    assert.notEqual(hall.publish("press-3", press, { more: ["-u", "x", "-P", "wrong"] }).code, 0, "a wrong token is not looked past");
    assert.notEqual(hall.publish("press-3", {}).code, 0, "without any credential");

    const show = ["--cert", press.cert, "--key", press.key];
    assert.equal(hall.curl("/api/v1/machines/press-3", show).status, 200);
    assert.equal(hall.curl("/api/v1/machines/press-4", show).status, 404);
    assert.equal(hall.curl("/api/v1/machines", show).status, 403);
    assert.equal(hall.curl("/api/v1/tokens", show).status, 403);
    assert.equal(hall.curl("/api/v1/machines/press-3").status, 401, "without it");
    assert.equal(JSON.parse(hall.curl("/api/v1/session", show).body).person.name, "press-3");
});

test("control 2: a stranger's certificate ends the handshake; required means required; off does not ask", async (t) => {
    const hall = await Hall.start(t, ["tls.client_certificates=required"]);
    const press = hall.issue("press-3");
    assert.equal(hall.publish("press-3", press).code, 0);
    assert.notEqual(hall.publish("press-3", {}, { more: ["-u", "press-3", "-P", hall.node.token({ machine: "press-3" })] }).code, 0, "a token alone");
    const stranger = join(hall.folder, "s");
    tool("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${stranger}.key`, "-out", `${stranger}.crt`, "-subj", "/CN=press-3"]);
    assert.notEqual(hall.publish("press-3", { cert: `${stranger}.crt`, key: `${stranger}.key` }).code, 0);

    const off = await Hall.start(t, ["tls.client_certificates=off"]);
    assert.notEqual(off.publish("press-3", off.issue("press-3")).code, 0, "not asked for, so nobody");
    assert.equal(off.publish("press-3", {}, { more: ["-u", "press-3", "-P", off.node.token({ machine: "press-3" })] }).code, 0);
});

test("control 2: certificates of another authority that was configured", async (t) => {
    const folder = join((await Hall.start(t)).folder, "outside");
    mkdirSync(folder);
    const openssl = (args) => { const done = tool("openssl", args); assert.equal(done.code, 0, done.err); };
    const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(["req", "-x509", ...ec, "-keyout", `${folder}/ca.key`, "-out", `${folder}/ca.crt`, "-subj", "/CN=Works CA"]);
    for (const name of ["press-9", "a+b"]) {
        openssl(["req", ...ec, "-keyout", `${folder}/${name}.key`, "-out", `${folder}/r.pem`, "-subj", `/CN=${name.replace("+", "\\+")}`]);
        openssl(["x509", "-req", "-in", `${folder}/r.pem`, "-CA", `${folder}/ca.crt`, "-CAkey", `${folder}/ca.key`, "-CAcreateserial", "-out", `${folder}/${name}.crt`]);
    }
    const hall = await Hall.start(t, [`tls.client_ca=${folder}/ca.crt`]);
    const of = (name) => ({ cert: `${folder}/${name}.crt`, key: `${folder}/${name}.key` });
    assert.equal(hall.publish("press-9", of("press-9")).code, 0);
    assert.match(hall.publish("press-3", of("press-9")).err, /Not authorized/);
    assert.notEqual(hall.publish("a+b", of("a+b"), { topic: "lineshaft/v1/x/telemetry" }).code, 0, "a name no machine may have");
    assert.equal(hall.publish("press-3", hall.issue("press-3")).code, 0, "the node's own still count");
    const request = hall.request("outside");
    assert.equal(hall.enrol(null, request, "simplereenroll", ["--cert", of("press-9").cert, "--key", of("press-9").key]).status, 401);
});

test("control 3, fault 10: revoking a certificate ends its live session, and it comes in no more", async (t) => {
    const hall = await Hall.start(t);
    const press = hall.issue("press-3");
    const other = hall.issue("press-4");
    const client = await hall.connect(press);
    const bystander = await hall.connect(other);
    await client.publishAsync(telemetry("press-3"), "{\"a\": 1}", { qos: 1 });
    const began = Date.now();
    hall.lineshaft(["revoke", press.serial]);
    await client.closed;
    assert.ok(Date.now() - began < 60_000);
    t.diagnostic(`session ended ${Date.now() - began} ms after the command began`);
    assert.notEqual(hall.publish("press-3", press).code, 0);
    assert.equal(hall.curl("/api/v1/machines/press-3", ["--cert", press.cert, "--key", press.key]).status, 401);
    assert.ok(bystander.connected, "another machine's session goes on");
    await bystander.publishAsync(telemetry("press-4"), "{\"a\": 1}", { qos: 1 });

    const rows = (await hall.node.api("certificates?machine=press-3")).items;
    assert.deepEqual(rows.map((row) => [row.serial, row.state, row.revoked_by]), [[press.serial, "revoked", "owner"]]);
    const list = hall.put("list.pem", await (await hall.node.fetch("certificates/crl")).text());
    const checked = tool("openssl", ["verify", "-crl_check", "-CAfile", hall.ca, "-CRLfile", list, press.cert]);
    assert.match(checked.err + checked.out, /certificate revoked/);
    assert.equal(tool("openssl", ["verify", "-crl_check", "-CAfile", hall.ca, "-CRLfile", list, other.cert]).code, 0);
    assert.match(hall.lineshaft(["revoke", press.serial], { fails: true }), /revoked already/);
    assert.match(hall.lineshaft(["revoke", "00ff"], { fails: true }), /no certificate/);
});

test("control 3, fault 10: an expired certificate ends its live session within a minute", async (t) => {
    const hall = await Hall.start(t, ["tls.machine_life=10"]);
    const press = hall.issue("press-3");
    const client = await hall.connect(press, { keepalive: 60 });
    const end = new Date(tool("openssl", ["x509", "-in", press.cert, "-noout", "-enddate"]).out.split("=")[1]).getTime();
    await client.publishAsync(telemetry("press-3"), "{\"a\": 1}", { qos: 1 });
    await client.closed;
    const late_ms = Date.now() - end;
    t.diagnostic(`session ended ${late_ms} ms after its certificate`);
    assert.ok(late_ms >= -1_000 && late_ms < 60_000, `${late_ms} ms`);
    assert.notEqual(hall.publish("press-3", press).code, 0);
    assert.equal((await hall.node.api("certificates")).items[0].state, "expired");
});

test("control 4: a machine enrols over EST with a one-time token", async (t) => {
    const hall = await Hall.start(t);
    const authority = hall.curl("/.well-known/est/cacerts");
    assert.equal(readFileSync(hall.unpack(authority, "root"), "utf8").match(/-----BEGIN[^]*/)[0].trim(), readFileSync(hall.ca, "utf8").trim());
    const wishes = tool("openssl", ["asn1parse", "-inform", "DER"], { input: Buffer.from(hall.curl("/.well-known/est/csrattrs").body, "base64") });
    assert.match(wishes.out, /id-ecPublicKey[^]*prime256v1[^]*ecdsa-with-SHA256/);

    const token = hall.lineshaft(["enrol", "--machine", "press-3"]).trim();
    assert.match(token, /^lse_[\w-]{43}$/);
    const request = hall.request("press-3");
    const answer = hall.enrol(token, request);
    const cert = hall.unpack(answer, "enrolled");
    const subject = tool("openssl", ["x509", "-in", cert, "-noout", "-subject", "-ext", "subjectAltName"]).out;
    assert.match(subject, /CN = press-3/, "the enrolment's name, not the request's");
    assert.match(subject, /urn:lineshaft:default:press-3/);
    assert.equal(tool("openssl", ["verify", "-purpose", "sslclient", "-CAfile", hall.ca, cert]).code, 0);
    assert.equal(hall.publish("press-3", { cert, key: request.key }).code, 0);

    assert.equal(hall.enrol(token, request).body, answer.body, "an answer that got lost is given again for the same key");
    assert.equal(hall.enrol(token, hall.request("second")).status, 401, "once");
    hall.lineshaft(["revoke", "--machine", "press-3"]);
    assert.equal(hall.enrol(token, request).status, 401, "and not after it was revoked");
    assert.equal(hall.enrol(null, request).status, 401);

    const again = hall.lineshaft(["enrol", "--machine", "press-3"]).trim();
    const plain = await fetch(`${hall.node.url}/.well-known/est/simpleenroll`, { method: "POST", body: request.base64, headers: { authorization: `Basic ${btoa(`x:${again}`)}` } });
    assert.equal(plain.status, 403, "TLS only");
    for (const [key, more] of [[["-newkey", "rsa:1024"]], [["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"]], [undefined, ["-addext", "basicConstraints=critical,CA:TRUE"]]]) {
        assert.equal(hall.enrol(again, hall.request("bad", key, more)).status, 400);
    }
    assert.equal(hall.enrol(again, { base64: "nonsense" }).status, 400);
    assert.equal(hall.enrol(again, { base64: "A".repeat(30_000) }).status, 413);
    for (const key of [["-newkey", "rsa:2048"], ["-newkey", "ed25519"], ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]]) {
        const one = hall.lineshaft(["enrol", "--machine", "press-5"]).trim();
        const made = hall.request("kind", key);
        assert.equal(hall.publish("press-5", { cert: hall.unpack(hall.enrol(one, made), "kind"), key: made.key }).code, 0, key.join(" "));
    }
    const rows = (await hall.node.api("certificates?machine=press-3")).items;
    assert.equal(rows[0].issued_by, "enrolment by owner");
    // Every certificate stands in the audit log before it is handed out; refusals do too.
    const told = () => hall.node.api("audit?limit=1000").then((page) => page.items);
    const all = await until(async () => (await told()).some((one) => one.target === "POST /.well-known/est/simpleenroll" && one.outcome === "refused") && told(), "the refusal is noted");
    const enrolled = all.filter((one) => one.action === "certificate.enrol").map((one) => one.target).sort();
    assert.deepEqual(enrolled, ["press-3", "press-3", "press-5", "press-5", "press-5"]);
    assert.ok(!JSON.stringify(all).includes("lse_"), "no secrets");
});

test("control 4: many machines enrol at once; one that renews in a loop is slowed down", async (t) => {
    const hall = await Hall.start(t);
    const names = Array.from({ length: 40 }, (_, i) => `press-${i}`);
    const request = hall.request("many");
    const tokens = await Promise.all(names.map(async (name) => (await hall.node.api(`machines/${name}/enrolments`, { method: "POST" })).token));
    const agent = new https.Agent({ ca: readFileSync(hall.ca), keepAlive: false });
    const post = (path, options) => new Promise((done, failed) => {
        const asked = https.request({ host: "localhost", port: hall.https, path: `/.well-known/est/${path}`, method: "POST", agent, ...options }, (answer) => {
            answer.resume();
            answer.on("end", () => done(answer.statusCode));
        });
        asked.on("error", failed);
        asked.end(request.base64);
    });
    const statuses = await Promise.all(tokens.map((token) => post("simpleenroll", { auth: `m:${token}` })));
    assert.deepEqual(statuses, names.map(() => 200));
    const rows = (await hall.node.api("certificates?limit=100")).items;
    assert.deepEqual(rows.map((row) => row.machine).sort(), [...names].sort());

    const press = hall.issue("press-0");
    const own = { agent: new https.Agent({ ca: readFileSync(hall.ca), cert: readFileSync(press.cert), key: readFileSync(press.key), keepAlive: true, maxSockets: 1 }) };
    const renewals = [];
    for (let i = 0; i < 12; ++i) renewals.push(await post("simplereenroll", own));
    own.agent.destroy();
    assert.deepEqual([...new Set(renewals)].sort(), [200, 429], renewals.join());
});

test("control 4: enrolment tokens expire, and guessing them is slowed down", async (t) => {
    const hall = await Hall.start(t, ["tls.enrolment_life=10"]);
    const made = await hall.node.api("machines/press-3/enrolments", { method: "POST", expect: 201 });
    const request = hall.request("press-3");
    // Each wait is twice the one before, so even who guesses slowly meets one.
    const statuses = new Set();
    for (let i = 0; i < 40 && !statuses.has(429); ++i) statuses.add(hall.enrol(`lse_${"A".repeat(42)}${"AEIMQUYcgkos"[i % 12]}`, request).status);
    assert.deepEqual([...statuses].sort(), [401, 429]);
    await until(() => Date.now() > new Date(made.expires_at).getTime(), "the token's end", 20_000);
    await until(() => hall.enrol(made.token, request).status === 401, "refused once it has expired", 40_000);
});

test("control 5: a machine renews with the certificate it has, advised at two thirds of its life", async (t) => {
    const hall = await Hall.start(t);
    const first = hall.issue("press-3");
    const [row] = (await hall.node.api("certificates")).items;
    const [from, until_, renew] = [row.not_before, row.not_after, row.renew_at].map((at) => new Date(at).getTime());
    assert.ok(Math.abs(renew - from - (until_ - from) * 2 / 3) < 1_000);

    const client = await hall.connect(first, { clientId: "press", clean: false, properties: { sessionExpiryInterval: 600 } });
    await client.subscribeAsync("lineshaft/v1/press-3/command", { qos: 1 });
    await client.publishAsync("lineshaft/v1/press-3/attributes", "kept", { qos: 1, retain: true });
    client.end(true);
    await client.closed;

    const request = hall.request("next");
    assert.equal(hall.enrol(null, request, "simplereenroll").status, 401, "without a certificate");
    const cert = hall.unpack(hall.enrol(null, request, "simplereenroll", ["--cert", first.cert, "--key", first.key]), "next");
    assert.notEqual(serialOf(cert), first.serial);
    const told = (await hall.node.api("audit?limit=1000")).items.find((one) => one.action === "certificate.renew");
    assert.deepEqual([told.target, told.outcome], ["press-3", "allowed"]);
    assert.equal(hall.publish("press-3", first).code, 0, "the old one counts until its end");
    hall.lineshaft(["revoke", first.serial]);
    assert.equal(hall.enrol(null, request, "simplereenroll", ["--cert", first.cert, "--key", first.key]).status, 401);

    // It is still the same machine: its session, and what it had retained.
    const admin = await hall.node.mqtt();
    await admin.subscribeAsync("lineshaft/v1/press-3/attributes", { qos: 1 });
    await until(() => admin.received.some((one) => one.text === "kept"), "the retained message");
    await admin.publishAsync("lineshaft/v1/press-3/command", "{\"go\": 1}", { qos: 1 });
    const arrived = [];
    const back = mqtt.connect({
        protocol: "mqtts", host: "localhost", port: hall.mqtts, protocolVersion: 5, reconnectPeriod: 0, ca: readFileSync(hall.ca),
        cert: readFileSync(cert), key: readFileSync(request.key), clientId: "press", clean: false, properties: { sessionExpiryInterval: 600 },
    });
    back.on("message", (topic, payload) => arrived.push(payload.toString()));
    hall.node.watch(back);
    await until(() => arrived.includes("{\"go\": 1}"), "what waited for the machine");
});

test("fault 10: the listeners' certificate is renewed without a drop", async (t) => {
    const hall = await Hall.start(t, ["tls.server_life=15"]);
    const before = hall.fingerprint(hall.mqtts);
    const client = await hall.connect(hall.issue("press-3"));
    const after = await until(() => { const now = hall.fingerprint(hall.mqtts); return now !== before && now; }, "another certificate", 60_000);
    assert.equal(hall.fingerprint(hall.https), after);
    assert.ok(client.connected, "the connection from before lives on");
    await client.publishAsync(telemetry("press-3"), "{\"a\": 1}", { qos: 1 });
    assert.equal(hall.dial(hall.mqtts).code, 0, "the same authority");
    const page = await (await hall.node.fetch("/metrics")).text();
    assert.ok(Number(page.match(/^lineshaft_tls_certificates_replaced_total (\d+)/m)[1]) >= 1);
    assert.ok(Number(page.match(/^lineshaft_tls_certificate_seconds_left (-?\d+)/m)[1]) > 0);
});

test("fault 10: configured files are read again when they change; a bad one does no harm", async (t) => {
    const helper = await Hall.start(t);
    const [cert, key] = [helper.path("own.crt"), helper.path("own.key")];
    const make = () => tool("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "20"]);
    make();
    const node = await Node.start(t, { sets: [...tls, `https.certificate=${cert}`, `https.key=${key}`] });
    helper.node = node;
    helper.ca = cert;
    const port = Number(node.addresses.mqtts.split(":").pop());
    const before = helper.fingerprint(port);
    const client = await helper.connect({}, { username: "test", password: node.admin() });
    // Twenty days are left: the page of events has said so.
    await until(async () => (await node.api("events")).items.some((event) => event.kind === "certificate" && /within 30 days/.test(event.text)), "the warning", 30_000);
    writeFileSync(cert, "half a file");
    await sleep(6_000);
    assert.ok(client.connected);
    make();
    await until(() => { try { return helper.fingerprint(port) !== before; } catch { return false; } }, "the new certificate", 40_000);
    assert.ok(client.connected);
    await client.publishAsync(telemetry("m"), "{\"a\": 1}", { qos: 1 });
});

test("control 20, 21: the authority's key is sealed, node.key is private, and both are needed", async (t) => {
    const node = new Node(t, { sets: tls });
    const hall = new Hall();
    hall.node = node;
    mkdirSync(node.folder, { recursive: true });
    hall.folder = join(node.folder, "files");
    mkdirSync(hall.folder);
    // With the node stopped.
    const root = hall.lineshaft(["init"]);
    const press = hall.issue("press-3");
    const gone = hall.issue("press-4");
    hall.lineshaft(["revoke", "--machine", "press-4"]);
    assert.match(hall.lineshaft(["list"]), new RegExp(`${press.serial} +live .*press-3`));
    await node.start();
    hall.after();
    assert.equal(readFileSync(hall.ca, "utf8"), root, "the same authority");
    assert.equal(hall.publish("press-3", press).code, 0);
    assert.notEqual(hall.publish("press-4", gone).code, 0);
    const shown = hall.fingerprint(hall.https);
    await node.stop();
    for (const file of ["catalog.db", "catalog.db-wal"]) {
        let bytes = "";
        try { bytes = readFileSync(join(node.data, file), "latin1"); } catch { continue; }
        assert.ok(!bytes.includes("PRIVATE KEY"), file);
    }
    const key = join(node.data, "node.key");
    assert.equal(statSync(key).mode & 0o777, 0o600);
    await node.start();
    assert.equal(hall.fingerprint(hall.https), shown, "a restart makes no new certificate");
    await node.stop();

    const refusal = () => run(["serve", "--data", node.data, "--set", "http.listen=127.0.0.1:0", "--set", "mqtt.listen=127.0.0.1:0", ...tls.flatMap((one) => ["--set", one])]);
    chmodSync(key, 0o644);
    assert.match(refusal().err, /chmod/);
    chmodSync(key, 0o600);
    rmSync(key);
    const lost = refusal();
    assert.notEqual(lost.code, 0);
    assert.match(lost.err, /certificate authority's key/);
});

test("control 28: half-open handshakes end, too many at once are refused, and others go on", async (t) => {
    const hall = await Hall.start(t, ["tls.handshakes_max=8", "tls.handshake_timeout=2"]);
    const client = await hall.connect(hall.issue("press-3"));
    const ends = [];
    for (let i = 0; i < 20; ++i) {
        const socket = net.connect(hall.mqtts, "127.0.0.1");
        socket.on("error", () => {});
        ends.push(new Promise((done) => socket.once("close", () => done(Date.now()))));
        t.after(() => socket.destroy());
    }
    const began = Date.now();
    await client.publishAsync(telemetry("press-3"), "{\"a\": 1}", { qos: 1 });
    const times = (await Promise.all(ends)).map((at) => at - began);
    assert.ok(times.filter((ms) => ms < 1_500).length >= 12, `closed at once: ${times}`);
    assert.ok(client.connected);
    const page = await (await hall.node.fetch("/metrics")).text();
    const number = (name) => Number(page.match(new RegExp(`^lineshaft_tls_${name} (\\d+)`, "m"))[1]);
    assert.ok(number("handshakes_refused_busy_total") >= 12);
    assert.ok(number("handshakes_timed_out_total") >= 1);
    assert.equal(hall.publish("press-3", hall.issue("press-3", "again")).code, 0);
});

test("certificates of organisations: each sees its own", async (t) => {
    const hall = await Hall.start(t);
    await hall.node.api("organisations", { method: "POST", body: { name: "acme" }, expect: 201 });
    hall.lineshaft(["issue", "--machine", "press-3", "--organisation", "acme", "--out", hall.path("acme")]);
    const acme = { cert: hall.path("acme/press-3.crt"), key: hall.path("acme/press-3.key") };
    assert.equal(hall.publish("press-3", acme, { topic: `acme/${telemetry("press-3")}` }).code, 0);
    assert.match(hall.publish("press-3", acme).err, /Not authorized/, "default's press-3 is another machine");
    assert.equal((await hall.node.api("certificates")).items.length, 0);
    const [row] = (await hall.node.api("certificates?organisation=acme")).items;
    assert.equal(row.machine, "press-3");
    await hall.node.api(`certificates/${row.serial}/revoke`, { method: "POST", expect: 404 });
    await hall.node.api("certificates?organisation=nobody", { expect: 404 });
    await hall.node.api(`certificates/${row.serial}/revoke?organisation=acme`, { method: "POST" });
    assert.notEqual(hall.publish("press-3", acme, { topic: `acme/${telemetry("press-3")}` }).code, 0);
});

test("control 1: demo --lan serves HTTPS to the network and says by which fingerprint to know it", async (t) => {
    const hall = await Hall.start(t, ["https.listen=*:0"], { command: "demo", args: ["--lan"] });
    await until(() => /Ctrl-C stops it/.test(hall.node.log), "the banner");
    const url = hall.node.log.match(/https:\/\/([\d.]+|\[[\da-f:]+\]):(\d+)\//);
    if (!url) return t.skip("this machine has no network");
    assert.match(hall.node.log, /█▀▀▀▀▀█/, "a QR code");
    const answer = tool("curl", ["-sS", "--cacert", hall.ca, `https://${url[1]}:${url[2]}/healthz`]);
    assert.equal(answer.out, "ok\n", answer.err);
    const shown = hall.fingerprint(hall.https).trim().split("=")[1];
    assert.ok(hall.node.log.includes(shown), `the banner has ${shown}`);
});
