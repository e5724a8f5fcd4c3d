// SQL against the real program: over HTTP and on the command line, what it gives, who sees what, and statements that mean harm.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { binary, Node, until } from "../node.mjs";

const base = Date.parse("2026-03-01T08:00:00Z");

async function ask(node, sql, more = {}, token = node.admin()) {
    const answer = await fetch(`${node.url}/api/v1/sql`, {
        method: "POST", body: JSON.stringify({ sql, ...more }),
        headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    });
    return { status: answer.status, body: await answer.json() };
}

async function tell(node, machine, values, token = node.admin()) {
    const answer = await fetch(`${node.url}/api/v1/telemetry/${machine}`, {
        method: "POST", body: JSON.stringify(values), headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    });
    assert.equal(answer.status, 204);
}

async function plant(t, settings) {
    const node = await Node.start(t, settings);
    for (const machine of ["press-1", "press-2"]) {
        await tell(node, machine, Array.from({ length: 120 }, (_, minute) => ({ ts: base + minute * 60_000, speed: minute + (machine === "press-2" ? 1000 : 0), state: "Running" })));
    }
    return node;
}

test("a SELECT gives columns with types and rows; params, limit and time zone are heard", async (t) => {
    const node = await plant(t);
    const hours = await ask(node, "SELECT machine, time_bucket('1 hour', time) AS hour, avg(value), count(*) FROM samples WHERE tag = $1 GROUP BY 1, 2 ORDER BY 1, 2", { params: ["speed"] });
    assert.equal(hours.status, 200, JSON.stringify(hours.body));
    assert.deepEqual(hours.body, {
        columns: [{ name: "machine", type: "text" }, { name: "hour", type: "timestamptz" }, { name: "avg", type: "float8" }, { name: "count", type: "int8" }],
        rows: [["press-1", "2026-03-01T08:00:00Z", 29.5, 60], ["press-1", "2026-03-01T09:00:00Z", 89.5, 60], ["press-2", "2026-03-01T08:00:00Z", 1029.5, 60], ["press-2", "2026-03-01T09:00:00Z", 1089.5, 60]],
        truncated: false,
    });
    const some = await ask(node, "SELECT time, value FROM samples WHERE machine = 'press-1' AND tag = 'speed' AND time >= $1 ORDER BY time DESC", { params: ["2026-03-01T09:00:00+00:00"], limit: 2 });
    assert.deepEqual(some.body.rows, [["2026-03-01T09:59:00Z", 119], ["2026-03-01T09:58:00Z", 118]]);
    assert.equal(some.body.truncated, true);
    const day = await ask(node, "SELECT date_trunc('day', time) FROM samples LIMIT 1", { time_zone: "Asia/Shanghai" });
    assert.deepEqual(day.body.rows, [["2026-02-28T16:00:00Z"]]);
    const machines = await ask(node, "SELECT m.id, m.connection, l.text FROM machines m JOIN latest l ON l.machine = m.id AND l.tag = 'state' ORDER BY 1");
    assert.deepEqual(machines.body.rows, [["press-1", "online", "Running"], ["press-2", "online", "Running"]]);
    assert.match((await ask(node, "EXPLAIN SELECT max(value) FROM samples")).body.rows[0][0], /^kernel/);
    assert.match((await ask(node, "EXPLAIN SELECT text FROM samples")).body.rows[0][0], /^row by row/);
    const metrics = await node.metrics();
    assert.ok(metrics.sql_statements_total >= 6 && metrics.sql_kernel_total >= 1);
    await until(async () => (await node.metrics()).sql_open === 0, "the last one's place is free");
});

test("who may not see does not see", async (t) => {
    const node = await plant(t);
    assert.equal((await ask(node, "SELECT 1", {}, null)).status, 401);
    const viewer = node.token({ role: "viewer" }), own = node.token({ machine: "press-1" });
    assert.deepEqual((await ask(node, "SELECT count(DISTINCT machine) FROM samples", {}, viewer)).body.rows, [[2]]);
    for (const table of ["samples", "latest", "tags"])
        assert.deepEqual((await ask(node, `SELECT DISTINCT machine FROM ${table}`, {}, own)).body.rows, [["press-1"]], table);
    assert.deepEqual((await ask(node, "SELECT count(*), max(value) FROM samples WHERE tag = 'speed'", {}, own)).body.rows, [[120, 119]]);
    assert.deepEqual((await ask(node, "SELECT count(*) FROM machines WHERE id = 'press-2'", {}, own)).body.rows, [[0]]);
});

test("what is wrong is named, with its place; nothing can be written", async (t) => {
    const node = await plant(t);
    for (const [sql, status, state, position] of [
        ["SELEC 1", 422, "42601", 1], ["SELECT * FROM secrets", 422, "42P01", 15], ["SELECT speed FROM samples", 422, "42703", 8],
        ["DROP TABLE samples", 422, "25006"], ["INSERT INTO samples VALUES (1)", 422, "25006"], ["UPDATE machines SET name = 'x'", 422, "25006"],
        ["SELECT 1; DROP TABLE samples", 422, "42601"], ["SELECT pg_read_file('/etc/passwd')", 422, "42883", 8], ["SELECT load_extension('x')", 422, "42883", 8],
        ["SELECT * FROM sqlite_master", 422, "42P01", 15], ["PRAGMA table_list", 422, "42601", 1], ["ATTACH 'x' AS y", 422, "42601", 1],
        ["SELECT value FROM samples WHERE time > 'soon'", 422, "22007", 40], ["SELECT $1::int", 422, "08P01"], ["COPY samples TO '/tmp/x'", 422, "25006"],
    ]) {
        const refused = await ask(node, sql);
        assert.equal(refused.status, status, `${sql}: ${JSON.stringify(refused.body)}`);
        assert.equal(refused.body.sqlstate, state, sql);
        assert.equal(refused.body.position, position, sql);
        assert.ok(refused.body.detail.length > 5 && refused.body.title && refused.body.type);
    }
    for (const more of [{ params: {} }, { params: [[1]] }, { limit: 0 }, { limit: 1e9 }, { limit: "x" }, { time_zone: "Nowhere" }, { other: 1 }])
        assert.equal((await ask(node, "SELECT 1", more)).status, 422, JSON.stringify(more));
    assert.equal((await ask(node, "SELECT $1::int + 1", { params: ["seven"] })).body.sqlstate, "22P02");
    const unsent = await fetch(`${node.url}/api/v1/sql`, { method: "POST", body: "{", headers: { "content-type": "application/json", authorization: `Bearer ${node.admin()}` } });
    assert.ok(unsent.status === 400 || unsent.status === 422);
});

test("statements without end, deep, or for everything are bounded; the node goes on", async (t) => {
    const node = await plant(t, { sets: ["sql.timeout=2", "sql.memory=16M"] });
    const endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t";
    const many = Array.from({ length: 8 }, () => ask(node, endless));
    await tell(node, "press-3", { ts: base, speed: 1 });  // shards are not blocked meanwhile
    for (const refused of await Promise.all(many)) {
        assert.equal(refused.status, 408, JSON.stringify(refused.body));
        assert.equal(refused.body.sqlstate, "57014");
    }
    const everything = await ask(node, "SELECT string_agg(a.machine || b.machine || a.time || b.time || c.tag, ',') FROM samples a, samples b, samples c");
    assert.ok(["53200", "57014"].includes(everything.body.sqlstate), JSON.stringify(everything.body).slice(0, 200));
    assert.equal((await ask(node, "SELECT * FROM samples", { limit: 100_000 })).body.rows.length, 481);
    assert.equal((await ask(node, `SELECT ${"(".repeat(10_000)}1${")".repeat(10_000)}`)).body.sqlstate, "54000");
    assert.equal((await ask(node, `SELECT 1${" + (1".repeat(900)}${")".repeat(900)}`)).body.sqlstate, "54001");
    assert.equal((await ask(node, `SELECT '${"x".repeat(100_000)}'`)).body.sqlstate, "54000");
    assert.deepEqual((await ask(node, "SELECT count(*) FROM samples WHERE machine = 'press-3'")).body.rows, [[1]]);
});

test("lineshaft sql asks the running node, and opens the directory of a stopped one", async (t) => {
    const node = await plant(t);
    const run = async (...words) => (await promisify(execFile)(binary, ["sql", "--data", node.data, ...words])).stdout;
    const sql = "SELECT machine, max(value) AS top FROM samples WHERE tag = 'speed' GROUP BY 1 ORDER BY 1";
    const running = await run(sql);
    assert.match(running, /machine/);
    assert.match(running, /press-2 \| 1119/);
    assert.match(running, /\(2 rows\)/);
    assert.equal(await run("--format", "csv", sql), "machine,top\npress-1,119\npress-2,1119\n");
    assert.deepEqual((await run("--format", "ndjson", sql)).trim().split("\n").map((line) => JSON.parse(line)), [{ machine: "press-1", top: 119 }, { machine: "press-2", top: 1119 }]);
    await assert.rejects(run("SELECT nothing"), /column "nothing" does not exist/);
    await node.stop();
    assert.equal(await run("--format", "csv", sql), "machine,top\npress-1,119\npress-2,1119\n");
    await assert.rejects(promisify(execFile)(binary, ["sql", "--data", `${node.data}-not`, sql]), /holds no node/);
});

test("nobody works on for a client that has left", async (t) => {
    const node = await plant(t, { sets: ["sql.timeout=600"] });
    // More than there are threads: if they went on, the last would wait for ten minutes.
    const endless = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t";
    const leaving = new AbortController();
    const asked = Array.from({ length: 4 }, () => node.fetch("/api/v1/sql", { method: "POST", body: { sql: endless }, signal: leaving.signal }).catch((error) => error.name));
    const slow = await Promise.race([...asked, new Promise((done) => setTimeout(() => done("still at it"), 1_000))]);
    assert.equal(slow, "still at it");
    leaving.abort();
    assert.deepEqual(await Promise.all(asked), asked.map(() => "AbortError"));
    const answer = await ask(node, "SELECT count(*) FROM samples WHERE tag = 'speed'");
    assert.deepEqual(answer.body.rows, [[240]]);
});
