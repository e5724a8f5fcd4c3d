// The PostgreSQL door with strangers' clients: psql, Node's pg, psqlODBC's isql; and with bytes no client would send.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";
import Cursor from "pg-cursor";
import { Node, isLong, run, sleep, until } from "../node.mjs";

const fixtures = resolve(dirname(fileURLToPath(import.meta.url)), "../fixtures/postgres");
const base = Date.parse("2026-03-01T08:00:00Z");

/** A node with the door, a token to read with, and a machine that has spoken. */
class Hall {
    static async start(t, sets = []) {
        const hall = new Hall();
        hall.node = await Node.start(t, { sets: ["pg.listen=127.0.0.1:0", ...sets] });
        hall.t = t;
        hall.after();
        return hall;
    }
    after() {
        this.port = Number(this.node.addresses.pg.split(":").pop());
        this.password ??= this.node.token({ role: "viewer", name: "reader" });
    }
    async write(lines, token = this.node.admin()) {
        const answer = await fetch(`${this.node.url}/api/v2/write?precision=ms`, {
            method: "POST", body: lines, headers: { authorization: `Token ${token}`, "content-type": "text/plain" },
        });
        assert.equal(answer.status, 204, await answer.text());
    }
    seed() {
        const lines = [];
        for (let i = 0; i < 100; i++) lines.push(`press,machine=press-7 speed=${800 + i / 4},count=${i}i,on=${i % 2 === 0},state="run ${i}" ${base + i * 1000}`);
        return this.write(lines.join("\n"));
    }
    /** psql's output, without headers and aligned by |. */
    psql(sql, { user = "reader", password = this.password, database = "lineshaft", params = "", fails = false, args = ["-At"] } = {}) {
        const done = spawnSync("psql", ["-X", "-w", ...args, "-v", "ON_ERROR_STOP=1", `host=127.0.0.1 port=${this.port} dbname=${database} user='${user}' ${params}`, ...[sql].flat().flatMap((one) => ["-c", one])], {
            encoding: "utf8", timeout: 60_000, env: { ...process.env, PGPASSWORD: password, PGCLIENTENCODING: "UTF8", PGTZ: "UTC" },
        });
        assert.equal(done.status !== 0, fails, `psql: ${done.stdout}${done.stderr}`);
        return (fails ? done.stderr : done.stdout).trimEnd();
    }
    options(more = {}) {
        return { host: "127.0.0.1", port: this.port, user: "reader", password: this.password, database: "lineshaft", ...more };
    }
    async connect(more) {
        const client = new pg.Client(this.options(more));
        client.on("error", (error) => { client.lastError = error; });
        await client.connect();
        this.t.after(() => client.end().catch(() => {}));
        return client;
    }
    /** A connection by hand. */
    raw() {
        const socket = net.connect(this.port, "127.0.0.1");
        socket.on("error", () => {});
        socket.bytes = Buffer.alloc(0);
        socket.on("data", (more) => { socket.bytes = Buffer.concat([socket.bytes, more]); });
        socket.ended = new Promise((done) => socket.once("close", done));
        this.t.after(() => socket.destroy());
        return socket;
    }
    /** Through unixODBC; gives the output of isql. */
    isql(input, { user = "reader", password = this.password, more = "" } = {}) {
        const ini = join(this.node.folder, "odbc.ini");
        writeFileSync(ini, `[lineshaft]\nDriver=PostgreSQL Unicode\nServername=127.0.0.1\nPort=${this.port}\nDatabase=lineshaft\nSSLmode=disable\n${more}\n`);
        const done = spawnSync("isql", ["-b", "-d|", "-v", "lineshaft", user, password], { input, encoding: "utf8", timeout: 60_000, env: { ...process.env, ODBCINI: ini } });
        return { code: done.status, out: done.stdout + done.stderr };
    }
}

const startup = (parameters) => {
    const body = Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from(Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`).join("") + "\0")]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length + 4);
    return Buffer.concat([length, body]);
};
const sslRequest = Buffer.from("0000000804d2162f", "hex");

test("psql signs in with a token; rows, settings and errors are PostgreSQL's", async (t) => {
    const hall = await Hall.start(t);
    await hall.seed();
    assert.equal(hall.psql("SELECT count(*), min(value), max(value) FROM samples WHERE machine = 'press-7' AND tag = 'press.speed'"), "100|800|824.75");
    assert.equal(hall.psql("SELECT time, value FROM samples WHERE tag = 'press.speed' ORDER BY time LIMIT 2"),
        "2026-03-01 08:00:00+00|800\n2026-03-01 08:00:01+00|800.25");
    assert.equal(hall.psql(["SET timezone = 'Asia/Shanghai'", "SELECT time FROM samples WHERE tag = 'press.speed' ORDER BY time LIMIT 1"]), "SET\n2026-03-01 16:00:00+08");
    assert.equal(hall.psql("SELECT 1; SELECT 'two'"), "1\ntwo");
    assert.equal(hall.psql(["BEGIN", "SELECT 1", "COMMIT"]), "BEGIN\n1\nCOMMIT");
    assert.match(hall.psql("SHOW server_version"), /^15\./);
    assert.match(hall.psql("SELECT version()"), /Lineshaft/);
    const error = hall.psql("SELECT value\nFROM sample", { fails: true });
    assert.match(error, /ERROR: .*sample.*\nLINE 2: FROM sample\n +\^/, error);
    assert.match(hall.psql("SELEC 1", { fails: true }), /syntax error at or near "SELEC"/);
    assert.match(hall.psql("INSERT INTO samples VALUES ('x')", { fails: true }), /ERROR/);
    assert.match(hall.psql("COPY samples TO STDOUT", { fails: true }), /COPY/);
    assert.match(hall.psql("\\conninfo", { args: [] }), /You are connected to database "lineshaft" as user "reader"/);
});

test("psql's backslash commands show what there is", async (t) => {
    const hall = await Hall.start(t);
    const plain = { args: ["-P", "footer=off"] };
    const list = hall.psql("\\dt", plain);
    for (const table of ["machines", "tags", "samples", "latest"]) assert.match(list, new RegExp(` public \\| ${table} +\\| table \\| reader`), list);
    assert.match(hall.psql("\\d", plain), /samples/);
    const table = hall.psql("\\d samples", plain);
    assert.match(table, /Table "public\.samples"/);
    assert.match(table, / time +\| timestamp with time zone \|/);
    assert.match(table, / value +\| double precision/);
    assert.match(hall.psql("\\dn", plain), /public \| reader/);
    assert.match(hall.psql("\\l", plain), /lineshaft \| reader/);
    assert.match(hall.psql("\\du", plain), /reader/);
    for (const command of ["\\dv", "\\df", "\\dT", "\\di", "\\d machines"]) hall.psql(command, plain);
});

test("nobody comes in without the right token, and who guesses waits", async (t) => {
    const hall = await Hall.start(t);
    assert.match(hall.psql("SELECT 1", { password: "ls_wrong", fails: true }), /FATAL: +password authentication failed for user "reader"/);
    assert.match(hall.psql("SELECT 1", { user: "nobody", fails: true }), /FATAL: +password authentication failed for user "nobody"/);
    assert.match(hall.psql("SELECT 1", { user: "loopback", password: "x", fails: true }), /FATAL/, "trust.loopback_role is none");
    let answer = "";
    for (let i = 0; i < 8 && !/too many/.test(answer); i++) answer = hall.psql("SELECT 1", { password: `ls_${i}`, fails: true });
    assert.match(answer, /too many wrong passwords: try again in \d+ s/);
    const metrics = await hall.node.metrics();
    assert.ok(metrics.pg_refused_login_total >= 5, JSON.stringify(metrics.pg_refused_login_total));
    assert.ok(metrics.pg_refused_throttled_total >= 1);
    const noted = async () => (await hall.node.api("audit?what=pg.connect&limit=50")).items;
    await until(async () => (await noted()).some((line) => line.outcome === "refused" && line.target === "reader"), "the refusals are noted");
});

test("on loopback a role of its own needs no token, if the setting says so", async (t) => {
    const hall = await Hall.start(t, ["trust.loopback_role=viewer"]);
    assert.equal(hall.psql("SELECT 1", { user: "loopback", password: "" }), "1");
    assert.match(hall.psql("SELECT 1", { user: "reader", password: "wrong", fails: true }), /password authentication failed/);
});

test("TLS: verified in full, required where the setting says so, nothing smuggled in front of it", async (t) => {
    const hall = await Hall.start(t, ["pg.tls=require"]);
    const shown = run(["ca", "show", "--data", hall.node.data]);
    const ca = join(hall.node.folder, "ca.crt");
    writeFileSync(ca, shown.out);
    const verified = `sslmode=verify-full sslrootcert=${ca} sslsni=0`;
    const psql = (params, fails = false) => {
        const done = spawnSync("psql", ["-X", "-w", "-At", `host=localhost hostaddr=127.0.0.1 port=${hall.port} dbname=lineshaft user=reader ${params}`, "-c", "SELECT 'in'"],
            { encoding: "utf8", timeout: 30_000, env: { ...process.env, PGPASSWORD: hall.password } });
        assert.equal(done.status !== 0, fails, done.stderr);
        return done.stdout + done.stderr;
    };
    assert.equal(psql(verified), "in\n");
    assert.equal(psql("sslmode=require"), "in\n");
    assert.match(psql("sslmode=disable", true), /not encrypted/);
    const client = await hall.connect({ ssl: { ca: shown.out, servername: "localhost" } });
    assert.deepEqual((await client.query("SELECT 'tls' AS v")).rows, [{ v: "tls" }]);
    const smuggler = hall.raw();
    smuggler.write(Buffer.concat([sslRequest, startup({ user: "reader" })]));
    await smuggler.ended;
    assert.equal(smuggler.bytes[0], "E".charCodeAt(0), "refused, not answered with S");
    assert.match(smuggler.bytes.toString("latin1"), /unencrypted bytes/);
});

test("Node's pg: parameters, types, prepared statements, errors, transactions", async (t) => {
    const hall = await Hall.start(t);
    await hall.seed();
    const client = await hall.connect();
    const { rows, fields } = await client.query(
        "SELECT machine, tag, time, value, text, quality FROM samples WHERE tag = $1 AND time >= $2 ORDER BY time LIMIT $3",
        ["press.speed", new Date(base + 5000), 2]);
    assert.deepEqual(fields.map((one) => one.dataTypeID), [25, 25, 1184, 701, 25, 25]);
    assert.equal(rows.length, 2);
    assert.equal(rows[0].time.getTime(), base + 5000);
    assert.equal(rows[0].value, 801.25);
    assert.equal(rows[0].machine, "press-7");
    assert.equal(rows[0].text, null);
    const types = async (who) => (await who.query({ text: "SELECT true AS b, 7::bigint AS i, 1.5::float8 AS f, 'é' AS t, $1::timestamptz AS at, '\\x01ff'::bytea AS raw, NULL::text AS n", values: [new Date(base)] })).rows[0];
    const want = { b: true, i: "7", f: 1.5, t: "é", at: new Date(base), raw: Buffer.from([1, 255]), n: null };
    assert.deepEqual(await types(client), want);
    // A Buffer goes out in binary format. (pg reads no binary results: it takes them for UTF-8.)
    const raw = randomBytes(500);
    assert.deepEqual((await client.query("SELECT $1::bytea AS raw", [raw])).rows[0].raw, raw);
    // Prepared by name, used again with other values, also after an error.
    const named = (machine, limit) => client.query({ name: "by machine", text: "SELECT tag FROM samples WHERE machine = $1 ORDER BY tag LIMIT $2", values: [machine, limit] });
    assert.equal((await named("press-7", 3)).rows.length, 3);
    assert.equal((await named("nobody", 3)).rows.length, 0);
    await assert.rejects(client.query("SELECT nothing FROM samples"), (error) => error.code === "42703" && Number(error.position) === 8);
    assert.equal((await named("press-7", 1)).rows.length, 1);
    await assert.rejects(client.query("SELECT $1::bigint + 1", ["seven"]), (error) => error.code === "22P02");
    await client.query("BEGIN");
    await assert.rejects(client.query("SELECT 1/0 FROM samples WHERE broken"), /broken/);
    await assert.rejects(client.query("SELECT 1"), (error) => error.code === "25P02");
    await client.query("ROLLBACK");
    assert.equal((await client.query("SELECT 1 AS one")).rowCount, 1);
    const several = await client.query("SELECT 1 AS a; SELECT 2 AS b");
    assert.deepEqual(several.map((one) => one.rows[0]), [{ a: 1 }, { b: 2 }].map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, typeof several[0].rows[0].a === "string" ? String(v) : v]))));
    const other = await hall.connect();
    const many = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? client : other).query("SELECT $1::text AS v", [`v${i}`])));
    assert.deepEqual(many.map((one) => one.rows[0].v), Array.from({ length: 50 }, (_, i) => `v${i}`));
});

test("a cursor fetches by row limit and gives up its place", async (t) => {
    const hall = await Hall.start(t);
    await hall.seed();
    const client = await hall.connect();
    await client.query("BEGIN");
    const cursor = client.query(new Cursor("SELECT time, value FROM samples WHERE tag = $1 ORDER BY time", ["press.speed"]));
    const pages = [];
    for (let page = await cursor.read(40); page.length > 0; page = await cursor.read(40)) pages.push(page.length);
    assert.deepEqual(pages, [40, 40, 20]);
    await cursor.close();
    const half = client.query(new Cursor("SELECT * FROM samples"));
    assert.equal((await half.read(10)).length, 10);
    await half.close();
    await client.query("COMMIT");
    assert.equal((await client.query("SELECT 1 AS one")).rowCount, 1);
    // As programs declare cursors with parameters of their own.
    await client.query("BEGIN");
    await client.query("DECLARE pages CURSOR FOR SELECT time, value FROM samples WHERE tag = $1 ORDER BY time", ["press.speed"]);
    const fetched = async () => (await client.query({ text: "FETCH FORWARD 60 FROM pages", values: [] })).rowCount;
    assert.deepEqual([await fetched(), await fetched(), await fetched()], [60, 40, 0]);
    await client.query("CLOSE pages");
    await client.query("COMMIT");
});

test("a statement prepared long before sees machines that have just come", async (t) => {
    const hall = await Hall.start(t);
    const client = await hall.connect();
    const machines = { name: "machines", text: "SELECT id FROM machines" };
    const samples = { name: "samples", text: "SELECT machine, count(*) FROM samples WHERE tag = 'press.speed' GROUP BY machine" };
    for (let count = 0; count < 20; count++) {
        assert.equal((await client.query(machines)).rowCount, count);
        await hall.write(`press,machine=press-${count} speed=${count} ${base}`);
        await until(async () => (await client.query(samples)).rowCount === count + 1, "its sample");
        assert.equal((await client.query(machines)).rowCount, count + 1, "in machines as soon as in samples");
    }
});

test("psqlODBC: rows, tables, columns", async (t) => {
    const hall = await Hall.start(t);
    await hall.seed();
    const rows = hall.isql("SELECT time, value FROM samples WHERE tag = 'press.speed' ORDER BY time LIMIT 2\n");
    assert.match(rows.out, /2026-03-01 08:00:00\|800/, rows.out);
    assert.match(rows.out, /2026-03-01 08:00:01\|800\.25/);
    const tables = hall.isql("help\n");
    assert.match(tables.out, /lineshaft\|public\|samples\|TABLE\|/, tables.out);
    const columns = hall.isql("help samples\n");
    assert.match(columns.out, /lineshaft\|public\|samples\|time\|11\|timestamptz\|/, columns.out);
    assert.match(columns.out, /lineshaft\|public\|samples\|value\|6\|float8\|/);
    assert.match(hall.isql("SELECT nothing FROM samples\n").out, /nothing/);
    assert.match(hall.isql("SELECT 1\n", { password: "ls_wrong" }).out, /password authentication failed/);
    // Declare/Fetch, as Excel's setups often have it, is said to be missing.
});

test("what Grafana, DBeaver, Metabase, JDBC, Npgsql, SQLAlchemy, psql and psqlODBC send on connecting is answered", async (t) => {
    const hall = await Hall.start(t);
    await hall.seed();
    const client = await hall.connect();
    const answers = {};
    const failed = [];
    for (const name of ["grafana", "dbeaver", "metabase", "jdbc", "npgsql", "sqlalchemy", "psql", "odbc"]) {
        const text = readFileSync(join(fixtures, `${name}.sql`), "utf8");
        answers[name] = [];
        for (const statement of text.slice(text.indexOf("\n", text.lastIndexOf("\n-- up to", 1000) + 1) + 1).split("\n----\n")) {
            const done = await client.query(statement).catch((error) => error);
            if (done instanceof Error) failed.push(`${name}: ${done.code} ${done.message}\n    ${statement.replaceAll(/\s+/g, " ").slice(0, 200)}`);
            answers[name].push(done);
        }
    }
    assert.deepEqual(failed, [], failed.join("\n"));
    const tables = answers.grafana.find((done) => done.fields?.[0]?.name === "table" && done.rows?.length > 0).rows.map((row) => row.table);
    assert.ok(["machines", "samples", "tags", "latest"].every((name) => tables.includes(name)), tables.join());
    const synced = answers.metabase.find((done) => done.fields?.some((field) => field.name === "database-type")).rows;
    assert.ok(synced.some((row) => row["table-name"] === "samples" && row.name === "time" && row["database-type"] === "timestamptz" && row["pk?"] === false), JSON.stringify(synced.slice(0, 3)));
    const types = answers.npgsql.find((done) => done.fields?.some((field) => field.name === "elemtypoid")).rows;
    assert.ok(types.some((row) => row.typname === "timestamptz"), JSON.stringify(types.slice(0, 3)));
    const columns = answers.grafana.find((done) => done.fields?.[0]?.name === "column").rows;
    assert.ok(columns.some((row) => row.column === "time" && row.type === "timestamp with time zone"), JSON.stringify(columns));
});

test("a statement is cancelled by its client's key, by a time limit, and by nobody else", async (t) => {
    const hall = await Hall.start(t);
    await hall.seed();
    const endless = "SELECT count(*) FROM samples a, samples b, samples c, samples d WHERE a.value + b.value + c.value + d.value < 0";
    const child = spawn("psql", ["-X", "-w", "-At", `host=127.0.0.1 port=${hall.port} dbname=lineshaft user=reader`, "-c", endless], { env: { ...process.env, PGPASSWORD: hall.password } });
    t.after(() => child.kill("SIGKILL"));
    let said = "";
    child.stderr.on("data", (more) => { said += more; });
    await until(async () => (await hall.node.metrics()).pg_statements_total >= 1, "the statement began");
    const other = await hall.connect();
    assert.equal((await other.query("SELECT 1 AS one")).rowCount, 1, "others go on");
    // A wrong key cancels nothing.
    const wrong = hall.raw();
    wrong.write(Buffer.from("0000001004d2162e0000000100000001", "hex"));
    await wrong.ended;
    await until(async () => (await hall.node.metrics()).pg_cancels_refused_total === 1, "the wrong key was seen");
    assert.equal(child.exitCode, null);
    child.kill("SIGINT");
    await new Promise((done) => child.once("exit", done));
    assert.match(said, /canceling statement due to user request/);
    assert.equal((await hall.node.metrics()).pg_cancels_total, 1);
    await other.query("SET statement_timeout = 200");
    await assert.rejects(other.query(endless), (error) => error.code === "57014");
    // Who leaves takes the statement along.
    const leaver = await hall.connect();
    leaver.query(endless).catch(() => {});
    await until(async () => (await hall.node.metrics()).pg_statements_total >= 4, "it began");
    leaver.connection.stream.destroy();
    await until(async () => (await hall.node.metrics()).pg_open === 1, "its place is free");
});

test("a million rows pass through, and a client that does not read holds nothing up", { timeout: 240_000 }, async (t) => {
    const hall = await Hall.start(t);
    const rows = 1_000_000, batch = 100_000;
    for (let at = 0; at < rows; at += batch) {
        const lines = new Array(batch);
        for (let i = 0; i < batch; i++) lines[i] = `m,machine=big v=${(at + i) % 977} ${base + (at + i) * 100}`;
        await hall.write(lines.join("\n"));
    }
    const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${hall.node.child.pid}/status`, "utf8"))[1]) / 1024;
    const client = await hall.connect(), lazy = await hall.connect();
    await client.query("SELECT count(*) FROM samples");
    const before = resident();
    // One that never reads what it asked for.
    lazy.connection.stream.pause();
    lazy.query("SELECT time, value FROM samples").catch(() => {});
    let count = 0, sum = 0, most = 0;
    await new Promise((done, failed) => {
        const query = client.query(new pg.Query("SELECT time, value FROM samples"));
        query.on("row", (row) => {
            sum += row.value;
            if (++count % 50_000 === 0) most = Math.max(most, resident());
        });
        query.on("end", done);
        query.on("error", failed);
    });
    assert.equal(count, rows);
    let want = 0;
    for (let i = 0; i < rows; i++) want += i % 977;
    assert.equal(sum, want);
    t.diagnostic(`resident ${before.toFixed(0)} MB before, at most ${most.toFixed(0)} MB while ${rows} rows were read`);
    assert.ok(most < before + 96, `${before} MB grew to ${most} MB`);
    lazy.connection.stream.destroy();
});

test("garbage ends its own connection and nothing else", async (t) => {
    const hall = await Hall.start(t);
    const client = await hall.connect();
    const senders = [];
    const send = (bytes) => { const socket = hall.raw(); socket.write(bytes); senders.push(socket); };
    send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    send(Buffer.from("16030100c8010000c40303", "hex"));
    send(Buffer.from("7fffffff00030000", "hex"));
    send(Buffer.concat([startup({ user: "reader" }), Buffer.from("Q\0\0\0\x0dSELECT 1\0")]));
    send(startup({ user: "x".repeat(9_000) }));
    for (let i = 0; i < (isLong ? 500 : 60); i++) send(Buffer.concat([i % 2 ? startup({ user: "reader" }) : Buffer.alloc(0), randomBytes(1 + (i * 37) % 3_000)]));
    await Promise.all(senders.map((socket) => Promise.race([socket.ended, sleep(1_500)])));
    senders.forEach((socket) => socket.destroy());
    assert.equal((await client.query("SELECT 1 AS one")).rowCount, 1);
    assert.equal(hall.psql("SELECT 2"), "2");
    const metrics = await hall.node.metrics();
    assert.ok(metrics.pg_protocol_errors_total >= 4, JSON.stringify(metrics.pg_protocol_errors_total));
});

test("control 12: SQL sees the organisation of its token, and a machine's token its own machine", async (t) => {
    const hall = await Hall.start(t);
    await hall.seed();
    const made = await hall.node.api("organisations", { method: "POST", body: { name: "acme" } });
    await hall.node.api(`organisations/${made.id}/people`, { method: "POST", body: { name: "boss", role: "admin", password: "correct horse battery" } });
    const session = await hall.node.fetch("session", { method: "POST", token: null, body: { name: "acme/boss", password: "correct horse battery" }, headers: { origin: hall.node.url } });
    const cookie = session.headers.get("set-cookie").split(";")[0];
    const tokenOf = async (body) => (await (await hall.node.fetch("tokens", { method: "POST", token: null, body, headers: { cookie, origin: hall.node.url } })).json()).token;
    const theirs = await tokenOf({ name: "reader", role: "viewer" });
    await hall.write(`press,machine=press-7 speed=1 ${base}\npress,machine=secret speed=2 ${base}`, await tokenOf({ name: "writer", role: "engineer" }));
    const all = "SELECT machine, count(*) FROM samples GROUP BY machine ORDER BY machine";
    assert.equal(hall.psql(all), "press-7|400");
    for (const one of [{ user: "acme/reader" }, { user: "reader", database: "acme" }]) {
        assert.equal(hall.psql(all, { ...one, password: theirs }), "press-7|1\nsecret|1", JSON.stringify(one));
        assert.equal(hall.psql("SELECT id FROM machines ORDER BY 1", { ...one, password: theirs }), "press-7\nsecret");
    }
    assert.match(hall.psql(all, { password: theirs, fails: true }), /password authentication failed/, "its own token, another's name");
    assert.match(hall.psql(all, { user: "acme/reader", fails: true }), /password authentication failed/);
    await hall.write(`press,machine=other speed=1 ${base}`);
    const own = hall.node.token({ machine: "press-7", name: "press" });
    assert.equal(hall.psql(all, { user: "press", password: own }), "press-7|400");
});

test("a revoked token's connections end, also within a statement", async (t) => {
    const hall = await Hall.start(t);
    await hall.seed();
    const victim = await hall.connect();
    const busy = await hall.connect();
    const ended = new Promise((done) => victim.once("end", done));
    const broken = busy.query("SELECT count(*) FROM samples a, samples b, samples c, samples d WHERE a.value + b.value + c.value + d.value < 0").catch((error) => error);
    await until(async () => (await hall.node.metrics()).pg_statements_total >= 1, "it began");
    const { items } = await hall.node.api("tokens");
    await hall.node.api(`tokens/${items.find((one) => one.name === "reader").id}`, { method: "DELETE" });
    await ended;
    assert.ok((await broken) instanceof Error);
    assert.match(hall.psql("SELECT 1", { fails: true }), /password authentication failed/);
    assert.equal((await hall.node.metrics()).pg_revoked_total, 2);
});

test("places are limited, and the node tells its clients when it stops", async (t) => {
    const hall = await Hall.start(t, ["pg.connections_max=3"]);
    const clients = [await hall.connect(), await hall.connect(), await hall.connect()];
    assert.match(hall.psql("SELECT 1", { fails: true }), /too many connections/);
    await clients.pop().end();
    await until(async () => (await hall.node.metrics()).pg_open === 2, "a place is free");
    assert.equal(hall.psql("SELECT 1"), "1");
    const told = clients.map((client) => new Promise((done) => client.once("error", done)));
    assert.equal((await hall.node.stop()).code, 0);
    for (const error of await Promise.all(told)) assert.equal(error.code, "57P01", error.message);
});

test("psqlODBC in portions: DECLARE and FETCH", async (t) => {
    const hall = await Hall.start(t);
    await hall.seed();
    const asked = hall.isql("SELECT * FROM generate_series(1, 25) n\n", { more: "UseDeclareFetch = 1\nFetch = 4\n" });
    assert.deepEqual([...asked.out.matchAll(/^(\d+)$/gm)].map(([, number]) => Number(number)), Array.from({ length: 25 }, (_, index) => index + 1), asked.out);
});
