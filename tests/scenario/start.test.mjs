// The command line and what can go wrong at the start.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Node, run } from "../node.mjs";

function folder(t) {
    const made = mkdtempSync(join(tmpdir(), "lineshaft-test-"));
    t.after(() => rmSync(made, { recursive: true, force: true }));
    return made;
}

const serve = (data, ...sets) => run(["serve", "--data", data, ...["http.listen=127.0.0.1:0", "mqtt.listen=127.0.0.1:0", ...sets].flatMap((one) => ["--set", one])]);

test("a taken port ends the start and names the key", async (t) => {
    const taken = createServer().listen(0, "127.0.0.1");
    t.after(() => taken.close());
    await new Promise((done) => taken.once("listening", done));
    const { port } = taken.address();
    for (const key of ["http.listen", "mqtt.listen"]) {
        const ended = serve(join(folder(t), "data"), `${key}=127.0.0.1:${port}`);
        assert.ok(ended.code > 0, `exit ${ended.code}`);
        assert.ok(ended.err.includes(key) && ended.err.includes(`${port}`), ended.err);
    }
});

test("control 14: a wrong setting names key, value and what is allowed; nothing is made", (t) => {
    const data = join(folder(t), "data");
    for (const [set, ...words] of [
        ["mqtt.packet_bytes_max=12", "mqtt.packet_bytes_max", "12", "1024"],
        ["mqtt.packet_bytes_max=many", "mqtt.packet_bytes_max", "many", "1024"],
        ["store.durability=sometimes", "store.durability", "sometimes", "synced, fast"],
        ["trust.loopback_role=god", "trust.loopback_role", "god", "viewer"],
        ["history.time_min=yesterday", "history.time_min", "yesterday", "RFC 3339"],
        ["http.listen=nowhere", "http.listen", "nowhere", "host:port"],
        ["mqtt.listen=0.0.0.0:0", "mqtt.listen", "trust.plaintext_off_loopback"],
        ["noequals", "noequals", "section.key=value"],
    ]) {
        const ended = serve(data, set);
        assert.ok(ended.code > 0, `${set}: exit ${ended.code}`);
        for (const word of words) assert.ok(ended.err.includes(word), `${set}: "${word}" in ${ended.err}`);
    }
    assert.ok(!existsSync(data));
    const file = join(folder(t), "settings.toml");
    writeFileSync(file, "[mqtt]\nlisten = \"127.0.0.1:0\"\npacket_bytes_max = 7\n");
    const ended = run(["serve", "--data", data, "--config", file]);
    assert.ok(ended.code > 0 && /packet_bytes_max/.test(ended.err) && /7/.test(ended.err), ended.err);
    for (const [none, word] of [[folder(t), "directory"], [join(folder(t), "missing.toml"), "read"]]) {
        const refused = run(["serve", "--data", data, "--config", none]);
        assert.ok(refused.code > 0 && refused.err.includes(none) && refused.err.includes(word), refused.err);
    }
    assert.ok(!existsSync(data));
});

test("a second node on the same directory is refused, and the first lives on", async (t) => {
    const node = await Node.start(t);
    const ended = serve(node.data);
    assert.ok(ended.code > 0);
    assert.ok(ended.err.includes(node.data), ended.err);
    assert.match(ended.err, /another|already|in use|running|locked/i);
    await node.api("overview");
    node.adminToken = undefined;
    await node.api("overview", { token: node.token({ role: "viewer" }) });
});

test("tokens and people are made with the node running or stopped, and work at once", async (t) => {
    const node = await Node.start(t);
    const running = node.token({ role: "viewer", name: "made while running" });
    await node.api("overview", { token: running });
    const client = await node.mqtt({ token: node.token({ machine: "exc-01" }) });
    assert.ok(client.connected);
    await node.stop();
    const stopped = node.token({ role: "viewer", name: "made while stopped" });
    await node.start();
    for (const token of [running, stopped]) await node.api("overview", { token });
    const names = (await node.api("tokens")).items.map((one) => one.name);
    assert.ok(names.includes("made while running") && names.includes("made while stopped"));
    const fresh = join(folder(t), "fresh");
    const first = run(["token", "create", "--data", fresh, "--role", "admin", "--name", "before the first start"]);
    assert.equal(first.code, 0, first.err);
});

test("a token needs one role or one machine, and a name of its own", async (t) => {
    const data = join(folder(t), "data");
    const create = (...words) => run(["token", "create", "--data", data, ...words]);
    assert.equal(create("--role", "viewer", "--name", "one").code, 0);
    for (const words of [["--role", "god"], ["--role", "viewer", "--machine", "m"], [], ["--role", "viewer", "--name", "one"], ["--machine", ""]]) {
        const ended = create(...words);
        assert.ok(ended.code > 0, `${words.join(" ")}: exit ${ended.code}`);
        assert.equal(ended.out, "", words.join(" "));
        assert.ok(ended.err.length > 10, words.join(" "));
    }
});

test("every command has help, and unknown words are refused", () => {
    const help = run(["--help"]);
    assert.equal(help.code, 0);
    for (const command of ["serve", "demo", "sim", "token", "user", "backup", "restore", "repair", "version"]) {
        assert.ok(help.out.includes(command), command);
        const one = run([command, "--help"]);
        assert.equal(one.code, 0, command);
        assert.match(one.out, /Usage: lineshaft/, command);
    }
    for (const words of [["token", "create", "--help"], ["user", "add", "--help"]]) assert.match(run(words).out, /--data/);
    assert.match(run(["version"]).out, /^lineshaft \d+\.\d+\.\d+\n$/);
    for (const words of [["fly"], ["serve", "--fly"], [], ["serve"]]) assert.ok(run(words).code > 0, words.join(" "));
    assert.match(run(["serve", "--settings"]).out, /mqtt\.packet_bytes_max|packet_bytes_max/);
});

test("control 21: what is on disk is for its owner only", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const walk = (path) => readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
        const full = join(path, entry.name);
        return [full, ...(entry.isDirectory() ? walk(full) : [])];
    });
    for (const path of [node.data, ...walk(node.data)]) {
        const about = statSync(path, { throwIfNoEntry: false });
        if (!about) continue;  // the store tidies up meanwhile
        assert.equal(about.mode & 0o077, 0, `${path}: ${(about.mode & 0o777).toString(8)}`);
    }
    assert.ok(!readFileSync(join(node.data, "catalog.db")).includes(node.admin()), "no token in the clear");
    await node.stop();
    const catalog = join(node.data, "catalog.db");
    chmodSync(catalog, 0o644);
    const refused = serve(node.data);
    assert.ok(refused.code > 0 && refused.code < 128);
    assert.ok(refused.err.includes(catalog) && refused.err.includes("chmod 600"), refused.err);
    chmodSync(catalog, 0o600);
    await node.start();
});

test("damage is named, not fatal guesswork: a file where the store should be", (t) => {
    const data = folder(t);
    writeFileSync(join(data, "store"), "not a folder");
    const ended = serve(data);
    assert.ok(ended.code > 0 && ended.code < 128, `exit ${ended.code}`);
    assert.match(ended.err, /store/);
    assert.doesNotMatch(ended.err, /CHECK failed|terminate/);
});

test("SIGTERM and SIGINT end it cleanly; the secret is new until somebody used it", async (t) => {
    const node = await Node.start(t);
    const first = node.secret;
    assert.deepEqual(await node.stop("SIGTERM"), { code: 0, signal: null });
    await node.start();
    assert.notEqual(node.secret, first);
    assert.deepEqual(await node.stop("SIGINT"), { code: 0, signal: null });
});

test("a slip of the pen is answered with what to do next", async (t) => {
    const node = await Node.start(t);
    const nothing = join(folder(t), "nothing"), picture = join(folder(t), "rose.jpg"), fresh = join(folder(t), "fresh");
    writeFileSync(picture, "no picture");
    const cases = [
        [[], 2, /version +Print the version/],
        [["serv"], 2, /no command serv; `lineshaft --help`/],
        [["sql", "--data", nothing, "SELECT 1"], 1, /holds no node: give the directory/],
        [["audit", "verify", "--data", nothing], 1, /holds no node: give the directory/],
        [["repair", "--data", nothing], 1, /no data directory.*serve --data DIR/s],
        [["backup", "--data", nothing, "--to", nothing], 1, /no data directory.*serve --data DIR/s],
        [["backup", "verify", picture], 1, /not a backup: give a file that `lineshaft backup` made/],
        [["restore", "--from", picture, "--data", folder(t)], 1, /not a backup/],
        [["stitch", picture, "--out", `${picture}.dst`], 1, /\.svg, pictures \.png/],
        [["stitch", "", "--out", `${picture}.dst`], 1, /give a text/],
        [["sim", "embroidery", "--machines", "0"], 1, /--machines is 1 to 400/],
    ];
    for (const [words, code, says] of cases) {
        const ended = run(words);
        assert.equal(ended.code, code, `${words}: ${ended.err}`);
        assert.match(ended.err, says);
    }
    const asked = run(["sql", "--data", node.data, "SELECT * FROM nothere"]);
    assert.match(asked.err, /"nothere" does not exist\nThe tables are machines/);
    const token = run(["token", "create", "--data", fresh, "--role", "viewer"]);
    assert.match(token.out, /^ls_\S+\n$/, "the token alone on standard output");
    assert.match(token.err, /made a new data directory/);
    assert.equal(run(["token", "create", "--data", fresh, "--role", "viewer"]).err, "");
});
