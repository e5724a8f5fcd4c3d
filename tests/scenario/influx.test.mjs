// InfluxDB's doors: line protocol over HTTP, as its own clients and curl send it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { InfluxDB, Point } from "@influxdata/influxdb-client";
import { Node, until } from "../node.mjs";

const base = Date.parse("2026-03-01T08:00:00Z");

/** One write; gives status, headers and the answer as an object. */
async function write(node, lines, { path = "/api/v2/write?org=o&bucket=b&precision=ms", token = node.admin(), headers = {}, body } = {}) {
    const answer = await fetch(node.url + path, {
        method: "POST", body: body ?? lines,
        headers: { "content-type": "text/plain; charset=utf-8", ...(token && { authorization: `Token ${token}` }), ...headers },
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, body: text.startsWith("{") ? JSON.parse(text) : null };
}

test("lines become tags of machines, other tags their attributes, durable after kill -9", async (t) => {
    const node = await Node.start(t);
    const lines = [
        `press,machine=press-7,fleet=East,line=2 speed=812.5,count=7i,big=18446744073709551615u,on=t,state="Running" ${base}`,
        `press,machine=press-7,fleet=East,line=2 speed=815 ${base + 5000}`,
        `press,machine=press-7,fleet=East,line=2 speed=813 ${base + 2000}`,
        "# a comment", "",
        `weather,city=Harbin temperature=-21.5 ${base}`,
        `cpu,host=web\\ 1 usage=1 ${base}`,
    ].join("\n");
    const done = await write(node, lines);
    assert.equal(done.status, 204, done.text);
    assert.match(done.headers.get("x-influxdb-version"), /^2\.7/);
    await node.kill();
    await node.start();
    const stored = await node.samples("press-7", "press.speed");
    assert.deepEqual(stored.map((one) => [Date.parse(one.at) - base, one.value]), [[0, 812.5], [2000, 813], [5000, 815]]);
    const machine = await node.machineWhen("press-7", (one) => one.byTag["press.state"]);
    assert.equal(machine.byTag["press.count"].kind, "integer");
    assert.equal(machine.byTag["press.on"].value, true);
    assert.equal(machine.byTag["press.big"].kind, "double");
    assert.equal((await node.machine("weather")).values[0].name, "weather.temperature", "no machine tag: the measurement");
    assert.equal((await node.machine("web 1")).values[0].name, "cpu.usage", "host names a machine too");
});

test("attributes are shown, found again after a restart, and change only when they are different", async (t) => {
    const node = await Node.start(t);
    for (const [name, fleet] of [["truck_1", "East"], ["truck_2", "West"], ["truck_3", "East"]])
        assert.equal((await write(node, `readings,name=${name},fleet=${fleet},model=F-150 velocity=1 ${base}`)).status, 204);
    const has = (id, wanted) => until(async () => {
        const { attributes } = await node.machine(id);
        return JSON.stringify(attributes) === JSON.stringify(wanted) && attributes;
    }, `attributes of ${id}`);
    await has("truck_1", { fleet: "East", model: "F-150" });
    await has("truck_3", { fleet: "East", model: "F-150" });
    const found = async (query) => (await node.api(`machines?${query}`)).items.map((one) => one.id);
    assert.deepEqual(await found("attribute=fleet:East"), ["truck_1", "truck_3"]);
    assert.deepEqual(await found("attribute=fleet:East&attribute=model:F-150&q=truck_3"), ["truck_3"]);
    assert.deepEqual(await found("attribute=fleet:North"), []);
    assert.equal((await node.fetch("machines?attribute=fleet")).status, 422);
    const before = (await node.metrics()).attributes_changed_total;
    for (let round = 0; round < 5; ++round) await write(node, `readings,name=truck_1,fleet=East,model=F-150 velocity=${round}`);
    await write(node, `readings,name=truck_1,fleet=North,model=F-150 velocity=2`);
    await has("truck_1", { fleet: "North", model: "F-150" });
    assert.equal((await node.metrics()).attributes_changed_total, before + 1);
    await node.kill();
    await node.start();
    await has("truck_1", { fleet: "North", model: "F-150" });
});

test("a machine keeps at most 64 attributes; the rest is refused and counted, the samples are not", async (t) => {
    const node = await Node.start(t);
    const tags = Array.from({ length: 70 }, (_, index) => `t${String(index).padStart(2, "0")}=v`).join(",");
    assert.equal((await write(node, `m,machine=a,${tags} f=1`)).status, 204);
    const machine = await until(async () => {
        const one = await node.machine("a");
        return Object.keys(one.attributes).length > 0 && one;
    }, "attributes");
    assert.equal(Object.keys(machine.attributes).length, 64);
    assert.equal((await node.metrics()).attributes_refused_total, 6);
});

test("every precision, and no time at all", async (t) => {
    const node = await Node.start(t);
    for (const [word, factor] of [["ns", 1e6], ["us", 1e3], ["ms", 1], ["s", 1e-3]]) {
        const at = `${BigInt(base) * 1000000n / BigInt(1e6 / factor)}`;
        assert.equal((await write(node, `m,machine=${word} f=1 ${at}`, { path: `/api/v2/write?precision=${word}` })).status, 204);
        assert.equal(Date.parse((await node.samples(word, "m.f"))[0].at), base, word);
    }
    assert.equal((await write(node, `m,machine=usual f=1 ${base}000000`, { path: "/api/v2/write" })).status, 204);
    assert.equal(Date.parse((await node.samples("usual", "m.f"))[0].at), base);
    assert.equal((await write(node, `m,machine=hours f=1 ${base / 3600000}`, { path: "/write?db=d&precision=h" })).status, 204);
    assert.equal(Date.parse((await node.samples("hours", "m.f"))[0].at), base);
    await write(node, "m,machine=now f=1");
    assert.ok(Math.abs(Date.parse((await node.samples("now", "m.f"))[0].at) - Date.now()) < 60_000);
    for (const path of ["/api/v2/write?precision=h", "/api/v2/write?precision=x", "/write?precision=year"])
        assert.equal((await write(node, "m f=1", { path })).status, 400, path);
});

test("a bad line costs itself only, and the answer names it", async (t) => {
    const node = await Node.start(t);
    const lines = `m,machine=a f=1 ${base}\nm,machine=a\nm,machine=a g=2 ${base}\nm,machine=a f=x ${base}\nm,machine=a h="\xff`;
    const second = await write(node, lines);
    assert.equal(second.status, 400);
    assert.equal(second.body.code, "invalid");
    assert.equal(second.body.line, 2);
    assert.match(second.body.message, /unable to parse 'm,machine=a': missing fields \(line 2\)/);
    assert.equal(second.body.refused, 3);
    assert.deepEqual(second.body.lines.map((one) => one.line), [2, 4, 5]);
    assert.deepEqual((await node.machine("a")).values.map((one) => one.name), ["m.f", "m.g"]);
    const first = await write(node, lines, { path: "/write?db=x&precision=ms" });
    assert.equal(first.status, 400);
    assert.match(first.body.error, /^partial write: unable to parse .* dropped=3$/);
    assert.equal(first.headers.get("x-influxdb-error"), first.body.error);
    const old = await write(node, `m,machine=a f=1 1000\nm,machine=a f=2 ${base + 1}`);
    assert.equal(old.status, 422, "understood, but outside the times the node keeps");
    assert.match(old.body.message, /1 value was not stored.* 1 outside history.time_min/);
    assert.equal((await node.samples("a", "m.f")).length, 2);
    const metrics = await node.metrics();
    assert.equal(metrics.influx_lines_refused_total, 6);
    assert.equal(metrics.influx_samples_refused_total, 1);
    const both = await write(node, `press,machine=both speed=1 0\npress,machine=both speed= 1\npress,machine=both speed=2 ${base}`);
    assert.equal(both.status, 400);
    assert.match(both.body.message, /1 line was not stored; of the others, 1 value was not stored, all others are: 1 outside history\.time_min/);
    assert.deepEqual((await node.samples("both", "press.speed")).map((one) => one.value), [2]);
});

test("tokens: Token, Bearer, Basic, u and p; a machine's token writes its own machine only", async (t) => {
    const node = await Node.start(t);
    const engineer = node.token({ role: "engineer" });
    const viewer = node.token({ role: "viewer" });
    const press = node.token({ machine: "press" });
    const basic = (user, password) => ({ authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` });
    const line = `m,machine=press f=1 ${base}`;
    for (const headers of [{ authorization: `Token ${engineer}` }, { authorization: `Bearer ${engineer}` }, basic("any", engineer)])
        assert.equal((await write(node, line, { token: null, headers })).status, 204, headers.authorization.slice(0, 6));
    assert.equal((await write(node, line, { token: null, path: `/write?db=d&u=any&p=${engineer}&precision=ms` })).status, 204);
    assert.equal((await write(node, line, { token: press })).status, 204);
    for (const [status, token] of [[401, null], [401, "ls_wrong"], [403, viewer]]) {
        const refused = await write(node, line, { token });
        assert.equal(refused.status, status);
        assert.equal(refused.body.code, status === 401 ? "unauthorized" : "forbidden");
    }
    assert.equal((await write(node, line, { token: null, path: "/write?db=d&u=any&p=wrong" })).status, 401);
    const other = await write(node, `m,machine=press f=2 ${base + 1}\nm,machine=lathe f=1 ${base}`, { token: press });
    assert.equal(other.status, 400);
    assert.match(other.body.message, /this token is for the machine \\?"press\\?" only/);
    assert.equal((await node.fetch("machines/lathe")).status, 404);
    assert.equal((await node.samples("press", "m.f")).length, 2);
    const page = await write(node, line, { headers: { origin: "http://evil.example" } });
    assert.equal(page.status, 403, "a page of another address");
});

test("gzip within its bound; a bomb is 413, damage 400, another coding 415", async (t) => {
    const node = await Node.start(t, { sets: ["http.body_bytes_max=1M"] });
    const packed = (text, coding = "gzip") => write(node, null, { body: gzipSync(text), headers: { "content-encoding": coding } });
    assert.equal((await packed(`m,machine=a f=1 ${base}`)).status, 204);
    assert.equal((await node.samples("a", "m.f")).length, 1);
    const bomb = await packed(Buffer.alloc(50_000_000, 0x20));
    assert.equal(bomb.status, 413);
    assert.match(bomb.body.message, /over 1048576 bytes once decompressed/);
    assert.equal((await write(node, " ".repeat(1_048_577))).status, 413, "nor plain");
    assert.equal((await write(node, " ".repeat(1_048_576))).status, 204, "the limit itself");
    assert.equal((await write(node, null, { body: gzipSync("m f=1").subarray(0, 20), headers: { "content-encoding": "gzip" } })).status, 400);
    assert.equal((await packed("m f=1", "br")).status, 415);
    const metrics = await node.metrics();
    assert.equal(metrics.influx_requests_refused_total, 3);
});

test("the client of InfluxDB writes here unchanged, by the batch and with gzip", async (t) => {
    const node = await Node.start(t);
    const client = new InfluxDB({ url: node.url, token: node.token({ role: "engineer" }) });
    const api = client.getWriteApi("org", "bucket", "ms", { batchSize: 500, gzipThreshold: 1000, maxRetries: 0, defaultTags: { machine: "press" } });
    for (let index = 0; index < 2000; ++index)
        api.writePoint(new Point("stroke").floatField("force", index / 4).intField("number", index).stringField("say", `"${index}, \\ = `).timestamp(base + index));
    await api.close();  // resolves when its last batch is sent, not when the earlier ones are
    await until(async () => (await node.metrics()).influx_samples_total === 6000, "2,000 points");
    const stored = await node.samples("press", "stroke.force");
    assert.equal(stored.length, 2000);
    assert.equal(stored[1999].value, 1999 / 4);
    assert.equal((await node.samples("press", "stroke.say"))[3].value, "\"3, \\ = ");
});

test("Telegraf's outputs start: ping, health, CREATE DATABASE; other queries are told no", async (t) => {
    const node = await Node.start(t);
    for (const method of ["GET", "HEAD"]) {
        const ping = await fetch(`${node.url}/ping`, { method });
        assert.equal(ping.status, 204);
        assert.ok(ping.headers.get("x-influxdb-version"));
    }
    assert.equal((await (await fetch(`${node.url}/health`)).json()).status, "pass");
    const authorization = `Token ${node.admin()}`;
    const created = await fetch(`${node.url}/query`, { method: "POST", headers: { authorization, "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ q: "CREATE DATABASE \"telegraf\"" }) });
    assert.deepEqual(await created.json(), { results: [{ statement_id: 0 }] });
    const shown = await fetch(`${node.url}/query?q=${encodeURIComponent("show databases")}`, { headers: { authorization } });
    assert.deepEqual((await shown.json()).results[0].series[0].values, [["lineshaft"]]);
    const other = await fetch(`${node.url}/query?q=${encodeURIComponent("SELECT * FROM cpu")}`, { headers: { authorization } });
    assert.equal(other.status, 400);
    assert.match((await other.json()).error, /CREATE DATABASE/);
    assert.equal((await fetch(`${node.url}/query?q=x`)).status, 401);
});

test("curl, as people try it first", async (t) => {
    const node = await Node.start(t);
    const done = spawnSync("curl", ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", `Authorization: Token ${node.admin()}`,
        "--data-binary", "press,machine=press-7 speed=812.5", `${node.url}/api/v2/write?org=any&bucket=any`], { encoding: "utf8" });
    assert.equal(done.stdout, "204", done.stderr);
    assert.equal((await node.machine("press-7")).values[0].value, 812.5);
});

test("which tag names the machine is a setting", async (t) => {
    const node = await Node.start(t, { sets: ["influx.machine_tags=asset,line"] });
    assert.equal((await write(node, "m,machine=a,asset=b,line=c f=1\nm,line=c f=1")).status, 204);
    assert.deepEqual((await node.api("machines")).items.map((one) => one.id), ["b", "c"]);
});

test("whatever was remembered of earlier bodies, what is stored is what was sent, and the later of two wins", async (t) => {
    const node = await Node.start(t);
    let seed = 20260301;
    const dice = (faces) => (seed = (seed * 1103515245 + 12345) % 2147483648, Math.floor(seed / 65536) % faces);
    const model = new Map();  // "machine/tag" -> Map of time -> value
    const heads = Array.from({ length: 12 }, (_, index) => ({ machine: `m${index % 5}`, head: index % 3 ? `a,machine=m${index % 5},line=${index % 2}` : `a,line=${index % 2},machine=m${index % 5}` }));
    const values = [() => [`${dice(1000) / 8}`], () => [`${dice(1000)}i`], () => [dice(2) ? "t" : "f"], () => [`"text ${dice(9)}"`]]
        .map((make) => () => { const [text] = make(); return [text, text.endsWith("i") ? Number(text.slice(0, -1)) : text === "t" ? true : text === "f" ? false : text.startsWith("\"") ? text.slice(1, -1) : Number(text)]; });
    for (let body = 0; body < 12; body += 1) {
        const lines = [];
        let refused = 0;
        for (let line = 0; line < 60; line += 1) {
            const { machine, head } = heads[dice(Math.min(heads.length, 3 + body))];
            if (dice(25) === 0) { lines.push(`${head} broken`); refused += 1; continue; }
            const at = base + dice(20) * 1000;
            const fields = [];
            for (let field = dice(3); field >= 0; field -= 1) {
                const name = `f${dice(2 + body)}`;
                if (fields.some((one) => one.startsWith(`${name}=`))) continue;
                const [text, value] = values[dice(values.length)]();
                fields.push(`${name}=${text}`);
                const key = `${machine}/a.${name}`;
                if (!model.has(key)) model.set(key, new Map());
                model.get(key).set(at, value);
            }
            lines.push(`${head} ${fields.join(",")} ${at}`);
        }
        const done = await write(node, lines.join("\n"));
        assert.equal(done.status, refused ? 400 : 204, done.text);
        if (refused) assert.equal(done.body.refused, refused);
    }
    for (const [key, wanted] of model) {
        const [machine, tag] = key.split("/");
        const stored = await node.samples(machine, tag);
        assert.deepEqual(stored.map((one) => [Date.parse(one.at), one.value]), [...wanted].sort(([a], [b]) => a - b), key);
    }
});

test("what was learnt with one token opens nothing to another", async (t) => {
    const node = await Node.start(t);
    const line = (value) => `press,machine=press-1 speed=${value} ${base + value}`;
    for (const value of [1, 2, 3]) assert.equal((await write(node, line(value))).status, 204);
    const lathe = node.token({ machine: "lathe" });
    for (const value of [4, 5]) {
        const refused = await write(node, line(value), { token: lathe });
        assert.equal(refused.status, 400);
        assert.match(refused.text, /this token is for the machine \\"lathe\\" only/);
    }
    assert.equal((await write(node, line(6), { token: node.token({ role: "viewer" }) })).status, 403);
    const own = node.token({ machine: "press-1" });
    for (const value of [7, 8]) assert.equal((await write(node, line(value), { token: own })).status, 204);
    assert.deepEqual((await node.samples("press-1", "press.speed")).map((one) => one.value), [1, 2, 3, 7, 8]);
});
