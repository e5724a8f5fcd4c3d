// What a hostile page, a guesser and a curious colleague meet, over real HTTP.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import https from "node:https";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Node, run, telemetry } from "../node.mjs";

const password = "correct horse battery";
const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const text = (path) => readFileSync(join(root, path), "utf8");
const files = (folder) => readdirSync(join(root, folder), { recursive: true }).map((path) => join(folder, path));

/** Makes the first admin with the one-time secret; gives the cookie. */
async function setUp(node, name = "ada") {
    const answer = await node.fetch("session/setup", { method: "POST", token: null, body: { secret: node.secret, name, password }, headers: { origin: node.url } });
    assert.equal(answer.status, 200, await answer.clone().text());
    return answer.headers.get("set-cookie");
}

test("every answer carries the security headers", async (t) => {
    const node = await Node.start(t);
    for (const path of ["/", "/machines", "/api/v1/session", "/api/v1/overview", "/healthz", "/no/such/page", "/api/v1/nothing"]) {
        const answer = await node.fetch(path, { token: null });
        const policy = answer.headers.get("content-security-policy") ?? "";
        assert.match(policy, /default-src 'self'/, `${path} ${answer.status}`);
        assert.match(policy, /frame-ancestors 'none'/, path);
        assert.ok(!/unsafe-(inline|eval)/.test(policy.match(/script-src[^;]*/)?.[0] ?? ""), path);
        assert.equal(answer.headers.get("x-content-type-options"), "nosniff", path);
        assert.equal(answer.headers.get("referrer-policy"), "no-referrer", path);
        assert.equal(answer.headers.get("access-control-allow-origin"), null, path);
    }
});

test("control 6: the first admin: once, with the secret, with a long password", async (t) => {
    const node = await Node.start(t);
    assert.equal((await node.api("session", { token: null, expect: 401 })).setup_needed, true);
    const ask = (body) => node.fetch("session/setup", { method: "POST", token: null, body, headers: { origin: node.url } });
    assert.equal((await ask({ secret: "AAAA-AAAA-AAAA-AAAA-AAAA", name: "eve", password })).status, 403);
    assert.equal((await ask({ secret: node.secret, name: "ada", password: "123456789" })).status, 422);
    const cookie = await setUp(node);
    assert.match(cookie, /^lineshaft=[^;]+;/);
    for (const flag of ["HttpOnly", "SameSite=Strict", "Path=/"]) assert.ok(cookie.includes(flag), `${flag} in ${cookie}`);
    assert.ok(!/;\s*Secure/i.test(cookie), "plain loopback");
    assert.equal((await ask({ secret: node.secret, name: "eve", password })).status, 409);
    const session = await node.api("session", { token: null, headers: { cookie: cookie.split(";")[0] } });
    assert.deepEqual([session.person.name, session.person.role, session.person.organisation], ["ada", "admin", "default"]);
    assert.notEqual((await node.api("session", { token: null, expect: 401 })).setup_needed, true);
});

test("a cookie changes things only from a page of the same origin, and is void after signing out", async (t) => {
    const node = await Node.start(t);
    const cookie = (await setUp(node)).split(";")[0];
    const make = (headers) => node.fetch("sites", { method: "POST", token: null, body: { name: `site ${Math.random()}`, time_zone: "UTC" }, headers: { cookie, ...headers } });
    assert.equal((await make({})).status, 403, "no origin");
    for (const origin of ["http://evil.example", "null", `${node.url}.evil.example`, "http://127.0.0.1:1"]) {
        assert.equal((await make({ origin })).status, 403, origin);
    }
    assert.equal((await make({ origin: node.url })).status, 201);
    const out = await node.fetch("session", { method: "DELETE", token: null, headers: { cookie, origin: node.url } });
    assert.equal(out.status, 204);
    assert.equal((await node.fetch("sites", { token: null, headers: { cookie } })).status, 401);
});

test("guessing a password is slowed down, and does not tell which part was wrong", async (t) => {
    const node = await Node.start(t);
    await setUp(node);
    const ask = (name, word) => node.fetch("session", { method: "POST", token: null, body: { name, password: word }, headers: { origin: node.url } });
    const [wrongWord, wrongName] = [await ask("ada", "wrong password"), await ask("nobody", "wrong password")];
    assert.deepEqual([wrongWord.status, wrongName.status], [401, 401]);
    assert.equal(await wrongWord.text(), await wrongName.text());
    let throttled;
    for (let i = 0; i < 30 && !throttled; ++i) {
        const answer = await ask("ada", `guess ${i} of many`);
        if (answer.status === 429) throttled = answer;
        else assert.equal(answer.status, 401);
    }
    assert.ok(throttled, "429 within 30 guesses");
    assert.ok(Number(throttled.headers.get("retry-after")) >= 1, "Retry-After");
});

test("what each role may do", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    await client.publishAsync(telemetry("m"), "{\"v\":1}", { qos: 1 });
    const site = (name) => ({ method: "POST", body: { name, time_zone: "UTC" } });
    // Status by role: nobody, viewer, auditor, operator, engineer, admin.
    const roles = [null, "viewer", "auditor", "operator", "engineer", "admin"];
    const rows = [
        ["overview", {}, [401, 200, 200, 200, 200, 200]],
        ["machines/m", {}, [401, 200, 200, 200, 200, 200]],
        ["live?machine=m", { isStream: true }, [401, 200, 200, 200, 200, 200]],
        ["machines/m", { method: "PATCH", body: { name: "M" } }, [401, 403, 403, 403, 200, 200]],
        ["machines/m/tags/v/write", { method: "POST", body: { value: 1 } }, [401, 403, 403, 403, 403, 403]],
        ["machines/m/tags/nothing/write", { method: "POST", body: { value: 1 } }, [401, 403, 403, 404, 404, 404]],
        ["sites", (role) => site(`by ${role}`), [401, 403, 403, 403, 201, 201]],
        ["tokens", {}, [401, 403, 403, 403, 403, 200]],
        ["tokens", (role) => ({ method: "POST", body: { name: `by ${role}`, role: "admin" } }), [401, 403, 403, 403, 403, 201]],
        ["people", {}, [401, 403, 403, 403, 403, 200]],
        ["organisations", {}, [401, 403, 403, 403, 403, 200]],
        ["/metrics", {}, [200, 200, 200, 200, 200, 200]],
        ["/readyz", {}, [200, 200, 200, 200, 200, 200]],
    ];
    const tokens = roles.map((role) => role && node.token({ role, name: `a ${role}` }));
    for (const [path, options, wanted] of rows) {
        const got = [];
        for (const [i, token] of tokens.entries()) {
            const stop = new AbortController();
            const answer = await node.fetch(path, { ...(typeof options === "function" ? options(roles[i]) : options), token, signal: stop.signal });
            got.push(answer.status);
            if (answer.status >= 400) assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
            stop.abort();
        }
        assert.deepEqual(got, wanted, `${path} for ${roles.join()}`);
    }
});

test("another organisation's machine is not there at all", async (t) => {
    const node = await Node.start(t);
    await node.api("organisations", { method: "POST", body: { name: "acme" }, expect: 201 });
    const client = await node.mqtt();
    await client.publishAsync(telemetry("ours"), "{\"v\":1}", { qos: 1 });
    await assert.rejects(client.publishAsync(`acme/${telemetry("theirs")}`, "{\"v\":1}", { qos: 1 }), (error) => error.code === 0x87);
    const [granted] = await client.subscribeAsync("acme/#", { qos: 1 }).catch(() => [{ qos: 0x87 }]);
    assert.equal(granted.qos, 0x87);
    for (const path of ["machines/theirs", "machines/theirs/samples?tag=v", "machines/theirs/trend?tag=v", "machines/theirs/events", "sites/999"]) {
        await node.api(path, { expect: path.startsWith("sites") ? [404, 405] : 404 });
    }
    await node.api("sites/999", { method: "PATCH", body: { name: "x" }, expect: 404 });
});

test("a hostile request is answered with a problem, and harms nobody", async (t) => {
    const node = await Node.start(t);
    const post = (body, headers = {}) => fetch(`${node.url}/api/v1/sites`, { method: "POST", body, headers: { authorization: `Bearer ${node.admin()}`, "content-type": "application/json", ...headers } });
    for (const body of ["", "{", "[]", "null", "{\"name\":1}", "{\"name\":\"a\",\"time_zone\":\"UTC\",\"surprise\":1}", "[".repeat(100_000)]) {
        const answer = await post(body);
        assert.equal(answer.status, 422, body.slice(0, 30));
        assert.match((await answer.json()).title, /./);
    }
    assert.equal((await post("x".repeat(17 << 20))).status, 413);
    assert.equal((await node.fetch("sites", { method: "PUT" })).status, 405);
    for (const path of ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../../catalog.db"]) {
        assert.doesNotMatch(await (await node.fetch(path, { token: null })).text(), /root:|SQLite/, path);
    }
    for (const limit of ["0", "1001", "-1", "many"]) await node.api(`machines?limit=${limit}`, { expect: 422 });
    await node.api("overview");
});

/** What an upload over TLS is answered; fails when writing it fails before the answer was read. */
const upload = (port, method, path, headers, body) => new Promise((done, failed) => {
    const asked = https.request({ host: "127.0.0.1", port, method, path, headers, rejectUnauthorized: false }, async (answer) => {
        let text = "";
        for await (const piece of answer) text += piece;
        done({ status: answer.statusCode, text });
    });
    asked.on("error", failed).end(body);
});

test("whoever is refused before its body was read still reads why, over HTTP and HTTPS", async (t) => {
    const node = await Node.start(t, { sets: ["https.listen=127.0.0.1:0"] });
    const headers = { authorization: `Bearer ${node.admin()}`, "content-type": "application/json" };
    const secure = Number(node.addresses.https.split(":").pop());
    const cases = [
        ["PUT", "/api/v1/sites", 6 << 20, 405], ["POST", "/api/v1/sites", 6 << 20, 413],
        ["POST", "/api/v1/telemetry", 17 << 20, 413], ["POST", "/no/such/page", 17 << 20, 413],
    ];
    for (const [method, path, bytes, status] of cases) {
        const body = Buffer.alloc(bytes, 0x20);
        const plain = async (more) => {
            const answer = await fetch(node.url + path, { method, body, headers: { ...headers, ...more } });
            return { status: answer.status, text: await answer.text() };
        };
        const answers = await Promise.all([plain(), plain({ connection: "close" }), plain({ authorization: "Bearer wrong" }), upload(secure, method, path, headers, body), upload(secure, method, path, {}, body)]);
        for (const answer of answers) {
            assert.equal(answer.status, status, `${method} ${path}`);
            assert.equal(JSON.parse(answer.text).status, status, "the whole answer arrived");
        }
    }
    await node.api("overview");
});

test("the same idempotency key makes one thing once", async (t) => {
    const node = await Node.start(t);
    const ask = (body) => node.fetch("sites", { method: "POST", body, headers: { "idempotency-key": "once-1" } });
    const first = await (await ask({ name: "One", time_zone: "UTC" })).json();
    assert.deepEqual(await (await ask({ name: "One", time_zone: "UTC" })).json(), first);
    assert.equal((await node.api("sites")).items.length, 1);
    assert.ok((await ask({ name: "Two", time_zone: "UTC" })).status >= 400, "the same key for something else");
});

test("people are added on the command line with the node running, and sign in at once", async (t) => {
    const node = await Node.start(t);
    await setUp(node);
    const added = run(["user", "add", "--data", node.data, "bob", "--role", "viewer"], { input: `${password} 2\n` });
    assert.equal(added.code, 0, added.err);
    const answer = await node.fetch("session", { method: "POST", token: null, body: { name: "bob", password: `${password} 2` }, headers: { origin: node.url } });
    assert.equal(answer.status, 200);
    assert.equal((await answer.json()).person.role, "viewer");
});

test("control 33: every decoder has a fuzz target with a corpus, and a build with sanitizers", () => {
    const presets = JSON.parse(text("CMakePresets.json")).configurePresets.map((one) => one.name);
    for (const name of ["asan", "tsan", "fuzz"]) assert.ok(presets.includes(name), name);
    const targets = files("src").filter((path) => path.endsWith("_fuzz.cc"));
    assert.ok(targets.length >= 25, `${targets.length} fuzz targets`);
    for (const path of targets) {
        // src/wire/mqtt/tests/packet_fuzz.cc is tests/corpus/wire_mqtt_packet_fuzz; a test right in a module has no folder "tests".
        const words = path.replace(/^src\//, "").replace(/\.cc$/, "").split("/").filter((word) => word !== "tests");
        const corpus = join(root, "tests/corpus", words.join("_"));
        assert.ok(existsSync(corpus) && readdirSync(corpus).length > 0, `${path} has no corpus in ${corpus}`);
    }
});

test("control 36: SECURITY.md says how to report a weakness", () => {
    assert.match(text("SECURITY.md"), /## Report a weakness\n.*in private/);
});

test("every control and every fault has its row in the tables, and a test named after it", () => {
    const range = (from, until) => Array.from({ length: until - from + 1 }, (_, index) => from + index);
    const wanted = {
        control: [...range(1, 14), ...range(17, 25), ...range(27, 33), ...range(36, 39)],
        fault: [...range(1, 10), ...range(14, 17), 19],
    };
    const named = { control: new Set(), fault: new Set() };
    const names = [
        ...files("tests/scenario").filter((path) => path.endsWith(".test.mjs")).flatMap((path) => text(path).match(/^\s*(await t\.)?test\((["`]).*?\2/gm) ?? []),
        ...files("src").filter((path) => path.endsWith("_test.cc")).flatMap((path) => text(path).match(/^TEST\w*\([^)]*\)/gm) ?? []),
    ];
    for (const name of names) {
        for (const [, kind, numbers] of name.matchAll(/(control|fault)[ _]?(\d+(?:, \d+)*)/gi)) {
            for (const number of numbers.split(", ")) named[kind.toLowerCase()].add(Number(number));
        }
    }
    const tables = { control: text("docs/operate/security.md"), fault: text("docs/operate/reliability.md") };
    for (const kind of ["control", "fault"]) {
        const rows = new Set([...tables[kind].matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number)));
        assert.deepEqual(wanted[kind].filter((number) => !rows.has(number)), [], `${kind}s without a row`);
        assert.deepEqual(wanted[kind].filter((number) => !named[kind].has(number)), [], `${kind}s without a test of their name`);
    }
});
