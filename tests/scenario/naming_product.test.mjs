// Naming as a product: identifiers, prefixes, bulk, statistics, resolving, labels (docs/protocols/naming-api.md).
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash, createHmac, createPublicKey, createSign, generateKeyPairSync, pbkdf2Sync, randomBytes, verify } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { askUdp, bodies, keyObject, message, op, readValues, rsaKey, value as record } from "../handle.mjs";
import { Node, binary, telemetry, until } from "../node.mjs";

const naming = (t, sets = []) => Node.start(t, { sets: ["node.role=secondary", "handle.prefix=88.101", "handle.listen=127.0.0.1:0", "handle.bootstrap=", ...sets] });
const portOf = (node) => Number(node.addresses.handle.split(":").pop());
const resolve = (node, name) => askUdp(portOf(node), message(op.resolution, bodies.resolve(name)));
const url = (text, more = {}) => ({ type: "URL", data: text, ...more });
const post = (node, path, body, options = {}) => node.api(`naming/${path}`, { method: "POST", body, ...options });

/** Sends rows as one streamed request and reads receipts while it sends. `stop`: ends the sending after so many receipts. */
function bulk(node, rows, { key, query = "", token = node.admin(), stop } = {}) {
    return new Promise((done, failed) => {
        const asked = request(`${node.url}/api/v1/naming/bulk${query}`, {
            method: "POST", headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson", ...(key && { "idempotency-key": key }) },
        });
        const lines = [];
        let at = 0, over = false;
        const finish = (status) => { if (!over) { over = true; done({ status, lines }); } };
        const feed = () => {
            while (at < rows.length && !over) {
                const some = rows.slice(at, at + 500).map((row) => (typeof row === "string" ? row : JSON.stringify(row)) + "\n").join("");
                at += 500;
                if (!asked.write(some)) return asked.once("drain", feed);
            }
            if (!over) asked.end();
        };
        asked.on("response", (answer) => {
            let rest = "";
            answer.setEncoding("utf8");
            answer.on("data", (piece) => {
                const parts = (rest + piece).split("\n");
                rest = parts.pop();
                for (const part of parts) lines.push(JSON.parse(part));
                if (stop && lines.length >= stop(lines)) { asked.destroy(); finish(answer.statusCode); }
            });
            answer.on("end", () => finish(answer.statusCode));
            answer.on("error", () => finish(answer.statusCode));
        });
        asked.on("error", (error) => (lines.length || stop ? finish(0) : failed(error)));
        feed();
    });
}

test("identifiers are minted, read, changed, listed and removed; values are for whom they are", async (t) => {
    const node = await naming(t);
    const made = await post(node, "identifiers", { prefix: "88.101", suffix: "exc-0042", values: [
        url("https://example.com/exc/42"), { type: "JSON", data: { mass_kg: 21500 }, read: "parties", parties: ["organisation:acme", "300:88.101/ADMIN"] },
        { type: "NOTE", data: "inside", read: "admin" }] }, { expect: 201 });
    assert.equal(made.handle, "88.101/EXC-0042");
    assert.deepEqual(made.values.map((one) => [one.index, one.type, one.read]), [[1, "URL", "public"], [2, "JSON", "parties"], [3, "NOTE", "admin"], [100, "HS_ADMIN", "public"]]);
    assert.deepEqual(made.values[1].data, { mass_kg: 21500 });
    assert.deepEqual(made.values[1].parties, ["organisation:acme", "300:88.101/ADMIN"]);
    await post(node, "identifiers", { prefix: "88.101", suffix: "EXC-0042" }, { expect: 409 });
    await post(node, "identifiers", { prefix: "77.1", suffix: "x" }, { expect: 404 });
    await post(node, "identifiers", { prefix: "88.101", suffix: "y", values: [{ type: "URL", data: 7 }] }, { expect: 422 });
    await post(node, "identifiers", { prefix: "88.101", suffix: "y", values: [url("x", { read: "parties" })] }, { expect: 422 });
    const minted = await post(node, "identifiers", { prefix: "88.101" });
    assert.match(minted.handle, /^88\.101\/[0-9A-F]{20}$/);
    assert.equal((await node.api("naming/identifiers/88.101/new%20one%2Fa", { method: "PUT", body: { values: [url("https://a/")] }, expect: 201 })).handle, "88.101/NEW ONE/A");
    await node.api("naming/identifiers/88.101/new%20one%2Fa?only=create", { method: "PUT", body: { values: [url("https://a/")] }, expect: 409 });
    const changed = await node.api("naming/identifiers/88.101/exc-0042", { method: "PATCH", body: { set: [{ index: 1, ...url("https://example.com/new") }, { type: "EMAIL", data: "a@example.com" }] } });
    assert.deepEqual(changed.values.map((one) => one.index), [1, 2, 3, 4, 100]);
    assert.equal((await node.api("naming/identifiers/88.101/exc-0042", { method: "PATCH", body: { remove: [4] } })).values.length, 4);

    // Who sees what: the public, a viewer of the node, another organisation that is named.
    const acme = await node.api("organisations", { method: "POST", body: { name: "acme" } });
    const rival = await node.api("organisations", { method: "POST", body: { name: "rival" } });
    const tokens = {};
    for (const [name, one] of [["acme", acme], ["rival", rival]]) {
        await node.api(`organisations/${one.id}/people`, { method: "POST", body: { name: `${name}-admin`, role: "admin", password: "long enough for all" } });
        const session = await node.fetch("session", { method: "POST", body: { name: `${name}/${name}-admin`, password: "long enough for all" }, token: null, headers: { origin: node.url } });
        assert.equal(session.status, 200, await session.text());
        tokens[name] = session.headers.get("set-cookie").split(";")[0];
    }
    const types = async (options) => (await node.api("naming/resolve/88.101/exc-0042", options)).values.map((one) => one.type).join(" ");
    assert.equal(await types({ token: null }), "URL HS_ADMIN");
    assert.equal(await types({ token: node.token({ role: "viewer" }) }), "URL HS_ADMIN");
    assert.equal(await types({ token: node.token({ role: "engineer" }) }), "URL JSON NOTE HS_ADMIN");
    assert.equal(await types({ token: null, headers: { cookie: tokens.acme } }), "URL JSON HS_ADMIN");
    assert.equal(await types({ token: null, headers: { cookie: tokens.rival } }), "URL HS_ADMIN");
    assert.equal((await node.api("naming/resolve/88.101/exc-0042", { token: null })).hidden, 2);
    await node.api("naming/identifiers/88.101/exc-0042", { token: null, headers: { cookie: tokens.acme }, expect: 404 });

    // A hundred more, in pages.
    for (let at = 0; at < 25; ++at) await post(node, "identifiers", { prefix: "88.101", suffix: `p-${String(at).padStart(3, "0")}` });
    const names = [];
    let cursor = "";
    do {
        const page = await node.api(`naming/identifiers?prefix=88.101&q=p-&limit=10${cursor && `&cursor=${cursor}`}`);
        names.push(...page.items.map((one) => one.handle));
        cursor = page.next;
        assert.equal(page.total, 28);
    } while (cursor);
    assert.deepEqual(names, Array.from({ length: 25 }, (_, at) => `88.101/P-${String(at).padStart(3, "0")}`));
    assert.equal((await node.api("naming/identifiers?prefix=88.101&q=exc&values=true")).items[0].values.length, 4);
    await node.api("naming/identifiers/88.101/p-000", { method: "DELETE", expect: 204 });
    await node.api("naming/identifiers/88.101/p-000", { expect: 404 });
    assert.equal((await node.api("naming")).identifiers, 27);
    const log = await node.api("audit?what=identifier.&limit=5");
    assert.equal(log.items[0].action, "identifier.remove");
});

test("an enterprise applies, an auditor decides, the prefix is given, suspended, resumed and revoked", async (t) => {
    const node = await naming(t);
    const auditor = node.token({ role: "auditor" });
    const wish = { company: "港口起重机 Ltd", contact: "Li Wei", email: "li@example.com", purpose: "cranes", wanted: "88.101.7" };
    await post(node, "applications", { ...wish, email: "none" }, { token: null, expect: 422 });
    const applied = await post(node, "applications", wish, { token: null, expect: 201 });
    assert.equal((await node.api(applied.status.slice(8), { token: null })).state, "applied");
    await node.api("naming/applications", { token: null, expect: 401 });
    await node.api("naming/applications", { token: node.token({ role: "engineer" }), expect: 403 });
    await post(node, `applications/${applied.id}/allocate`, {}, { expect: 409 });
    await post(node, `applications/${applied.id}/refuse`, {}, { token: auditor, expect: 422 });
    assert.equal((await post(node, `applications/${applied.id}/approve`, { reason: "papers are right" }, { token: auditor })).state, "approved");
    await post(node, `applications/${applied.id}/allocate`, {}, { token: auditor, expect: 403 });
    const given = await post(node, `applications/${applied.id}/allocate`, { quota: 2 });
    assert.deepEqual([given.state, given.prefix, given.quota], ["allocated", "88.101.7", 2]);
    for (const suffix of ["a", "b"]) await post(node, "identifiers", { prefix: "88.101.7", suffix, values: [url("https://example.com/")] });
    assert.equal((await post(node, "identifiers", { prefix: "88.101.7", suffix: "c" }, { expect: 409 })).title, "Quota reached");
    const full = await node.fetch("/api/handles/88.101.7/c", { method: "PUT", body: [{ index: 1, type: "URL", data: "x" }] });
    assert.deepEqual([full.status, (await full.json()).responseCode], [403, 401], "what Handle.Net's clients know; 604 is for the pool's port");
    assert.equal((await resolve(node, "88.101.7/a")).code, 1);
    const step = async (name) => {
        const began = Date.now();
        const out = await post(node, `prefixes/88.101.7/${name}`, { reason: `because ${name}` });
        const code = (await resolve(node, "88.101.7/a")).code;
        assert.ok(Date.now() - began < 30_000);
        return [out.state, code];
    };
    assert.deepEqual(await step("suspend"), ["suspended", 301]);
    assert.equal((await node.api("naming/resolve/88.101.7/a", { token: null })).answer, "suspended");
    await post(node, "prefixes/88.101.7/suspend", { reason: "again" }, { expect: 409 });
    assert.deepEqual(await step("resume"), ["active", 1]);
    await node.kill();
    await node.start();
    assert.equal((await resolve(node, "88.101.7/a")).code, 1);
    assert.equal((await post(node, "identifiers", { prefix: "88.101.7", suffix: "c" }, { expect: 409 })).title, "Quota reached", "after a kill");
    assert.equal((await node.api("naming/prefixes/88.101.7", { method: "PATCH", body: { quota: 3 } })).quota, 3);
    await post(node, "identifiers", { prefix: "88.101.7", suffix: "c" });
    assert.deepEqual(await step("revoke"), ["revoked", 301]);
    await post(node, "prefixes/88.101.7/resume", { reason: "no" }, { expect: 409 });
    await post(node, "prefixes/88.101/revoke", { reason: "own" }, { expect: 409 });
    const history = (await node.api(`naming/applications/${applied.id}`)).history.map((one) => one.step);
    assert.deepEqual(history, ["apply", "approve", "allocate", "suspend", "resume", "revoke"]);
    const actions = (await node.api("audit?what=prefix.&limit=50")).items.map((one) => one.action);
    for (const action of ["prefix.approve", "prefix.allocate", "prefix.suspend", "prefix.resume", "prefix.revoke", "prefix.change"]) assert.ok(actions.includes(action), action);

    // One with a node of its own: the secondary points to it.
    const own = await post(node, "applications", { ...wish, wanted: undefined, hosting: "own_node", address: "127.0.0.1:2641" }, { token: null });
    await post(node, `applications/${own.id}/approve`, {});
    const pointed = await post(node, `applications/${own.id}/allocate`, {});
    assert.equal(pointed.prefix, "88.101.1");
    assert.equal((await resolve(node, "88.101.1/x")).code, 302);
    await post(node, "prefixes/88.101.1/suspend", { reason: "r" });
    assert.equal((await resolve(node, "88.101.1/x")).code, 301);
    await post(node, "prefixes/88.101.1/resume", {});
    assert.equal((await resolve(node, "88.101.1/x")).code, 302);
    const refused = await post(node, "applications", wish, { token: null });
    assert.equal((await post(node, `applications/${refused.id}/refuse`, { reason: "twice" }, { token: auditor })).state, "refused");
    const status = await node.api(refused.status.slice(8), { token: null });
    assert.deepEqual([status.state, status.reason], ["refused", "twice"]);
    assert.deepEqual((await node.api("naming/prefixes")).items.map((one) => [one.prefix, one.kind, one.state]), [["88.101", "own", "active"], ["88.101.1", "delegated", "active"], ["88.101.7", "hosted", "revoked"]]);
});

test("strangers may apply only so often", async (t) => {
    const node = await naming(t);
    const wish = { company: "C", contact: "c", email: "c@example.com", purpose: "p" };
    const codes = [];
    for (let at = 0; at < 6; ++at) codes.push((await node.fetch("naming/applications", { method: "POST", body: wish, token: null })).status);
    assert.deepEqual(codes, [201, 201, 201, 201, 201, 429]);
});

test("bulk: a receipt for each row, again with the same key, from where it stopped, out again", async (t) => {
    const node = await naming(t);
    const rows = Array.from({ length: 20_000 }, (_, at) => ({ handle: `88.101/B${at}`, values: [url(`https://example.com/${at}`)] }));
    rows[7] = "this is no JSON";
    rows[8] = { handle: "99.9/x", values: [url("x")] };
    rows[9] = { prefix: "88.101", values: [url("minted")] };
    rows[10] = { handle: "88.101/B3", values: [url("other")] };
    rows[11] = { handle: "88.101/B3", values: [url("other")], if_exists: "replace" };
    rows[12] = { handle: "88.101/B4", delete: true };
    const first = await bulk(node, rows, { key: "one" });
    assert.equal(first.status, 200);
    const done = first.lines.pop();
    assert.deepEqual([done.done, done.rows, done.refused, done.changed, done.deleted, done.resume_from], [true, 20_000, 3, 1, 1, 20_001]);
    assert.equal(first.lines.length, 20_000);
    first.lines.forEach((line, at) => assert.equal(line.row, at + 1));
    assert.deepEqual(first.lines.slice(7, 13).map((line) => line.status), ["refused", "refused", "made", "refused", "changed", "deleted"]);
    const again = await bulk(node, rows, { key: "one" });
    assert.deepEqual(again.lines.slice(0, -1), first.lines, "told again, not done again");
    const count = (await node.api("naming")).identifiers;
    assert.equal((await node.api("naming/bulk/one")).state, "done");
    assert.deepEqual((await node.api("naming/bulk/one/refused")).items.map((one) => one.row), [8, 9, 11]);
    const other = [...rows];
    other[100] = { handle: "88.101/OTHER", values: [] };
    assert.match((await bulk(node, other, { key: "one" })).lines.at(-1).error, /differ/);

    // Broken off in the middle, then from where the node is.
    const more = Array.from({ length: 30_000 }, (_, at) => ({ handle: `88.101/C${at}`, values: [url(`https://example.com/${at}`)] }));
    await bulk(node, more, { key: "two", stop: (lines) => (lines.length > 3_000 ? lines.length : Infinity) });
    const job = await until(async () => { const one = await node.api("naming/bulk/two"); return one.state === "stopped" && one; }, "the job has stopped");
    assert.ok(job.rows > 2_000 && job.resume_from === job.rows + 1, JSON.stringify(job));
    const rest = await bulk(node, more.slice(job.rows), { key: "two", query: `?from=${job.resume_from}` });
    assert.equal(rest.lines.at(-1).rows, 30_000);
    assert.equal(rest.lines[0].row, job.resume_from);
    assert.equal((await node.api("naming")).identifiers, count + 30_000);
    const sliced = await node.fetch("/api/v1/naming/bulk?from=7", { method: "POST", headers: { "idempotency-key": "two" } });
    assert.equal(sliced.status, 409, "no window begins there");
    assert.equal((await bulk(node, [{ handle: "88.101/C0", values: [] }], { token: node.token({ role: "viewer" }) })).status, 403);
    assert.deepEqual((await node.api("naming/bulk")).items.map((one) => one.key), ["two", "one"]);

    const exported = (await (await node.fetch("/api/v1/naming/export?prefix=88.101")).text()).trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(exported.length, count + 30_000);
    const back = await bulk(node, exported.slice(0, 1_000), { key: "back" });
    assert.equal(back.lines.at(-1).kept, 1_000, JSON.stringify(back.lines.find((line) => line.status !== "kept")));
});

test("killed while it registers: what was acknowledged resolves, the rest is whole or absent", async (t) => {
    const node = await naming(t, ["node.shards=2"]);
    const values = (at) => [url(`https://example.com/${at}`, { index: 1 }), { index: 2, type: "DESC", data: `number ${at}` }];
    const rows = Array.from({ length: 60_000 }, (_, at) => ({ handle: `88.101/K${at}`, values: values(at) }));
    let cut = false;
    for (let round = 0; round < 4 && !cut; ++round) {
        const sent = await bulk(node, rows, { key: `kill-${round}`, stop: (lines) => {
            if (lines.length > 4_000 + 3_000 * round && !cut) { cut = true; node.child.kill("SIGKILL"); }
            return Infinity;
        } });
        assert.ok(cut, "it was killed in the middle");
        await node.ended;
        await node.start();
        const acknowledged = sent.lines.filter((line) => line.status === "made" || line.status === "kept");
        assert.ok(acknowledged.length >= 4_000 && acknowledged.length < rows.length, `${acknowledged.length}`);
        const exported = new Map((await (await node.fetch("/api/v1/naming/export?prefix=88.101")).text()).trim().split("\n").map((line) => JSON.parse(line)).map((one) => [one.handle, one]));
        for (const line of acknowledged) assert.ok(exported.has(line.handle), `${line.handle} was acknowledged`);
        for (const [name, one] of exported) {
            if (!name.startsWith("88.101/K")) continue;
            const at = name.slice("88.101/K".length);
            assert.deepEqual(one.values.map((value) => value.data).slice(0, 2), [`https://example.com/${at}`, `number ${at}`], "whole");
            assert.equal(one.values.length, 3, name);
        }
        assert.equal((await resolve(node, acknowledged.at(-1).handle)).code, 1);
        const job = await node.api(`naming/bulk/kill-${round}`);
        const rest = await bulk(node, rows.slice(job.rows), { key: `kill-${round}`, query: `?from=${job.resume_from}&receipts=refused` });
        assert.deepEqual([rest.lines.length, rest.lines[0].rows, rest.lines[0].refused], [1, 60_000, 0]);
        assert.equal((await node.api("naming/identifiers?prefix=88.101&q=K&limit=1")).total, 60_000);
    }
});

test("anyone resolves with proof, is led to the address, and gets a label; machines have identifiers", async (t) => {
    const node = await naming(t, ["handle.public_url=https://id.example.com/"]);
    const link = await node.mqtt();
    await link.publishAsync(telemetry("exc-01"), JSON.stringify({ speed: 1 }), { qos: 1 });
    await until(async () => (await node.fetch("naming/machines/exc-01")).status === 200, "the machine is in the catalog");
    const named = await node.api("naming/machines/exc-01");
    assert.equal(named.handle, "88.101/MACHINE.EXC-01");
    await until(async () => (await node.api(`naming/resolve/${named.handle}`)).answer === "found", "the machine's identifier");
    const found = await node.api(`naming/resolve/${named.handle}?trace=true`, { token: null });
    assert.equal(found.url, "https://id.example.com/machines/exc-01");
    assert.deepEqual(found.trace.map((hop) => [hop.server, hop.answer]), [["this node", "success"]]);
    assert.deepEqual(found.vouched.map((one) => [one.prefix, one.state]), [["88", null], ["88.101", "active"]]);
    await node.api("machines/exc-01", { method: "PATCH", body: { name: "Digger" } });
    await until(async () => (await node.api(`naming/resolve/${named.handle}?type=DESC`)).values[0].data === "Digger", "its new name");
    const to = await fetch(`${node.url}/h/${named.handle}?redirect&urlappend=%3Fa=1`, { redirect: "manual" });
    assert.deepEqual([to.status, to.headers.get("location")], [302, "https://id.example.com/machines/exc-01?a=1"]);
    assert.equal((await fetch(`${node.url}/h/88.101/none?redirect`, { redirect: "manual" })).status, 404);
    const page = await fetch(`${node.url}/h/${named.handle}`);
    assert.match(page.headers.get("content-type"), /text\/html/);
    assert.equal((await (await fetch(`${node.url}/h/${named.handle}`, { headers: { accept: "application/json" } })).json()).answer, "found");
    assert.equal((await node.api("naming/resolve/88.101/none", { token: null })).answer, "not_found");
    assert.equal((await node.api("naming/resolve/77.1/x", { token: null })).answer, "elsewhere");
    assert.equal((await node.api("naming/resolve/88.101/%01", { token: null })).answer, "invalid");
    await node.api("naming/identifiers/88.101/script", { method: "PUT", body: { values: [url("javascript:alert(1)")] } });
    assert.equal((await fetch(`${node.url}/h/88.101/script?redirect`, { redirect: "manual" })).status, 404, "only http and https");

    const svg = await (await fetch(`${node.url}/api/v1/naming/label/${named.handle}`)).text();
    assert.match(svg, /^<svg .*MACHINE\.EXC-01<\/text><\/svg>\n$/);
    const png = Buffer.from(await (await fetch(`${node.url}/api/v1/naming/label/${named.handle}?format=png&size=300`)).arrayBuffer());
    assert.equal(png.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [300, 300]);
    const bare = Buffer.from(await (await fetch(`${node.url}/api/v1/naming/label/${named.handle}?format=png&size=300&text=false`)).arrayBuffer());
    assert.deepEqual([blocksOf(bare).length, blocksOf(png).length], [1, 2], "the code, and the name below it");
    const [code, name] = blocksOf(png);
    assert.ok(name.rows >= 5 && name.rows < code.rows / 4 && name.dark > 3 * name.rows, JSON.stringify({ code, name }));
    const tiny = Buffer.from(await (await fetch(`${node.url}/api/v1/naming/label/${named.handle}?format=png&size=64`)).arrayBuffer());
    assert.deepEqual([blocksOf(tiny).length, tiny.readUInt32BE(16)], [1, 64], "letters that nobody could read are left out");
    assert.equal((await fetch(`${node.url}/api/v1/naming/label/${named.handle}?size=9`)).status, 422);

    // A template computes what is not registered.
    const xml = `<namespace><template delimiter="@"><foreach><if value="type" test="equals" expression="URL"><value data="\${data}?part=\${extension}"/></if></foreach></template></namespace>`;
    assert.equal((await post(node, "templates/try", { template: xml, handle: `${named.handle}@bucket` })).values[0].data, "https://id.example.com/machines/exc-01?part=bucket");
    await post(node, "templates/try", { template: "<namespace><template><loop/></template></namespace>", handle: "a/b" }, { expect: 422 });
    assert.equal((await node.api("naming/prefixes/88.101", { method: "PATCH", body: { template: xml } })).template, xml);
    assert.equal((await resolve(node, `${named.handle}@bucket`)).code, 1);
    const computed = await node.api(`naming/resolve/${named.handle}@Bucket`, { token: null });
    assert.deepEqual([computed.computed, computed.values[0].data], [true, "https://id.example.com/machines/exc-01?part=Bucket"]);

    await node.api("machines/exc-01", { method: "DELETE" });
    await until(async () => (await node.api(`naming/resolve/${named.handle}`)).answer === "not_found", "the erased machine's identifier is gone");

    const report = await node.api("naming/statistics");
    assert.ok(report.totals.resolved >= 5 && report.totals.registered >= 2 && report.totals.not_found >= 2, JSON.stringify(report.totals));
    assert.ok(report.prefixes.some((one) => one.prefix === "88.101"));
    const missing = (await node.api("naming/statistics/missing")).items;
    assert.ok(missing.some((one) => one.handle === "88.101/NONE" && one.count >= 1), JSON.stringify(missing));
    await node.stop();
    await node.start();
    assert.ok((await node.api("naming/statistics")).totals.resolved >= report.totals.resolved, "after a restart");
});

/** The dark parts of a label from the top down, parted by eight light rows and more. */
function blocksOf(png) {
    const size = png.readUInt32BE(16);
    const rows = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
    const stride = 1 + Math.ceil(size / 8);
    const darkIn = (row) => {
        let dark = 0;
        for (let column = 0; column < size; ++column) dark += (rows[row * stride + 1 + (column >> 3)] >> (7 - (column & 7))) & 1 ? 0 : 1;
        return dark;
    };
    const out = [];
    let light = 8;
    for (let row = 0; row < size; ++row) {
        const dark = darkIn(row);
        if (dark === 0) { ++light; continue; }
        if (light >= 8) out.push({ rows: 0, dark: 0 });
        light = 0;
        ++out.at(-1).rows;
        out.at(-1).dark += dark;
    }
    return out;
}

test("values are signed as they are registered, and whoever asks is told what a signature is worth", async (t) => {
    const node = await naming(t, ["handle.sign_values=true"]);
    const made = await post(node, "identifiers", { prefix: "88.101", suffix: "s1", values: [url("https://example.com/"), { type: "NOTE", data: "inside", read: "admin" }] });
    const jws = made.values.find((one) => one.type === "HS_SIGNATURE");
    assert.equal(jws.index, 401);
    const [head, payload, signature] = jws.data.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url"));
    assert.deepEqual([claims.iss, claims.sub, claims.digests.alg, claims.digests.digests.map((one) => one.index)], ["400:0.NA/88.101", "88.101/S1", "SHA-256", [1, 100]], "nothing of what is not public");
    // By other means than the node's own: its published key, and the digest of the value but for index and time.
    const site = await askUdp(portOf(node), message(op.siteInfo, bodies.handle("/")));
    const key = site.body.subarray(44, 44 + site.body.readUInt32BE(40));
    assert.ok(verify("sha256", Buffer.from(`${head}.${payload}`), keyObject(key), Buffer.from(signature, "base64url")));
    const digest = createHash("sha256").update(record({ index: 1, type: "URL", data: "https://example.com/" }).subarray(8)).digest("base64");
    assert.equal(claims.digests.digests[0].digest, digest);
    const served = readValues((await resolve(node, "88.101/s1")).body).values;
    assert.equal(served.find((one) => one.type === "HS_SIGNATURE").data.toString(), jws.data, "clients of the protocol get it with the values");
    const look = (name) => node.api(`naming/resolve/88.101/${name}`, { token: null });
    const states = (found) => found.values.map((one) => [one.index, one.signature]);
    const found = await look("s1");
    assert.deepEqual(states(found), [[1, "valid"], [100, "valid"], [401, "unsigned"]]);
    assert.deepEqual(found.signatures, [{ index: 401, state: "valid", by: "400:0.NA/88.101", root: "400:0.NA/88.101", chain: ["400:0.NA/88.101"], covers: [1, 100], changed: [], why: null }]);

    // Changed by whatever door: signed again. A signature made for another name, or for other values, is worth nothing.
    await node.api("naming/identifiers/88.101/s1", { method: "PATCH", body: { set: [{ index: 1, ...url("https://example.com/2") }] } });
    assert.deepEqual(states(await look("s1")), [[1, "valid"], [100, "valid"], [401, "unsigned"]]);
    assert.equal((await node.fetch("/api/handles/88.101/S1?index=7", { method: "PUT", body: [{ index: 7, type: "URL", data: "https://example.com/7" }] })).status, 200);
    assert.deepEqual(states(await look("s1")), [[1, "valid"], [7, "valid"], [100, "valid"], [401, "unsigned"]]);
    await node.api("naming/identifiers/88.101/copy", { method: "PUT", body: { values: [url("https://evil.example/"), { index: 500, type: "HS_SIGNATURE", data: jws.data }] } });
    assert.deepEqual((await look("copy")).signatures.map((one) => [one.index, one.state]), [[500, "valid"]], "the node's own, in the place of the stolen one");
    const rows = Array.from({ length: 70 }, (_, at) => ({ handle: `88.101/B${at}`, values: [url(`https://example.com/${at}`)] }));
    assert.equal((await bulk(node, rows, { key: "signed" })).lines.at(-1).made, 70);
    for (const at of [0, 33, 69]) assert.equal((await look(`b${at}`)).signatures[0].state, "valid", `B${at}`);

    // A prefix that is hosted here: its certificate comes with the allocation.
    const applied = await post(node, "applications", { company: "Cranes", contact: "c", email: "c@example.com", purpose: "p", wanted: "88.101.7" });
    for (const step of ["approve", "allocate"]) await post(node, `applications/${applied.id}/${step}`, {});
    await post(node, "identifiers", { prefix: "88.101.7", suffix: "x", values: [url("https://example.com/")] });
    const hosted = (await node.api("naming/resolve/88.101.7/x", { token: null })).signatures[0];
    assert.deepEqual([hosted.state, hosted.by, hosted.chain], ["valid", "400:0.NA/88.101.7", ["400:0.NA/88.101.7"]]);
    const certificate = readValues((await askUdp(portOf(node), message(op.resolution, bodies.resolve("0.NA/88.101.7", [], ["HS_CERT"])))).body).values[0];
    const certified = JSON.parse(Buffer.from(certificate.data.toString().split(".")[1], "base64url"));
    assert.deepEqual([certified.iss, certified.sub, certified.perms.map((one) => one.perm)], ["400:0.NA/88.101", "400:0.NA/88.101.7", ["thisHandle", "handlesUnderThisPrefix", "derivedPrefixes"]]);
    assert.ok(createPublicKey({ key: certified.publicKey, format: "jwk" }).equals(keyObject(key)));

    // A key of somebody else's, who keeps the prefix on a node of his own.
    await node.api("naming/prefixes/88.101.9/certificate", { method: "POST", body: {}, expect: 404 });
    assert.equal((await node.fetch("/api/handles/0.NA/88.101.9", { method: "PUT", body: [{ index: 1, type: "DESC", data: "delegated" }] })).status, 201);
    const theirs = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
    const given = await node.api("naming/prefixes/88.101.9/certificate", { method: "POST", body: { public_key: theirs, life_days: 30 }, expect: 201 });
    assert.deepEqual([given.subject, given.issuer], ["400:0.NA/88.101.9", "400:0.NA/88.101"]);
    assert.ok(Math.abs(Date.parse(given.until) - Date.now() - 30 * 86_400_000) < 3_600_000);
    await node.api("naming/prefixes/88.101.9/certificate", { method: "POST", body: { public_key: { kty: "RSA" } }, expect: 422 });
    await node.api("naming/prefixes/88.101.9/certificate", { method: "POST", body: { life_days: 0 }, expect: 422 });
    await node.api("naming/prefixes/77.1/certificate", { method: "POST", body: { public_key: theirs }, expect: [403, 404] });
    await node.api("naming/prefixes/88.101.9/certificate", { method: "POST", body: { public_key: theirs }, token: node.token({ role: "engineer" }), expect: 403 });

    await node.kill();
    await node.start();
    assert.deepEqual((await look("s1")).signatures.map((one) => one.state), ["valid"], "after a kill");
});

test("an identifier is signed when somebody says so; nothing is signed otherwise", async (t) => {
    const node = await naming(t);
    await post(node, "identifiers", { prefix: "88.101", suffix: "a", values: [url("https://example.com/")] });
    const look = () => node.api("naming/resolve/88.101/a", { token: null });
    assert.deepEqual((await look()).signatures, []);
    await post(node, "sign/88.101/a", undefined, { token: node.token({ role: "viewer" }), expect: 403 });
    const signed = await post(node, "sign/88.101/a", undefined, { token: node.token({ role: "engineer" }) });
    assert.equal(signed.signatures[0].state, "valid");
    assert.deepEqual((await look()).values.map((one) => [one.index, one.signature]), [[1, "valid"], [100, "valid"], [401, "unsigned"]]);
    await post(node, "sign/88.101/none", undefined, { expect: 404 });
    await post(node, "sign/0.NA/88.101", undefined, { expect: 409 });
    // A later change takes the signature away rather than leave a wrong one.
    await node.api("naming/identifiers/88.101/a", { method: "PATCH", body: { set: [{ index: 1, ...url("https://example.com/2") }] } });
    assert.deepEqual((await look()).signatures, []);
    assert.ok((await node.api("audit?what=identifier.sign&limit=5")).items.length >= 1);
    // One that was made for another name, or by nobody, is shown for what it is.
    const stolen = signed.values.find((one) => one.type === "HS_SIGNATURE").data;
    const impostor = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const covered = `${Buffer.from('{"alg":"RS256"}').toString("base64url")}.${Buffer.from(JSON.stringify({ iss: "400:0.NA/88.101", sub: "88.101/COPY", digests: { alg: "SHA-256", digests: [{ index: 1, digest: createHash("sha256").update(record({ index: 1, type: "URL", data: "https://evil.example/" }).subarray(8)).digest("base64") }] } })).toString("base64url")}`;
    const forged = `${covered}.${createSign("SHA256").update(covered).sign(impostor).toString("base64url")}`;
    await node.api("naming/identifiers/88.101/copy", { method: "PUT", body: { values: [url("https://evil.example/"), { index: 500, type: "HS_SIGNATURE", data: stolen }, { index: 501, type: "HS_SIGNATURE", data: forged }, { index: 502, type: "HS_SIGNATURE", data: "x" }] } });
    const copy = await node.api("naming/resolve/88.101/copy", { token: null });
    assert.deepEqual(copy.signatures.map((one) => [one.index, one.state]), [[500, "invalid"], [501, "invalid"], [502, "invalid"]]);
    assert.match(copy.signatures[0].why, /another handle/);
    assert.equal(copy.values[0].signature, "invalid", "whoever forged it shall not be believed");
});

test("certificates of prefixes: for whose key, until when, and which of them need a look", async (t) => {
    const node = await naming(t);
    const other = await Node.start(t, { sets: ["node.role=enterprise", "handle.prefix=88.101.9", "handle.listen=127.0.0.1:0"] });
    for (const wish of [{ wanted: "88.101.7" }, { wanted: "88.101.9", hosting: "own_node", address: other.addresses.handle }]) {
        const applied = await post(node, "applications", { company: "Cranes", contact: "c", email: "c@example.com", purpose: "p", ...wish });
        for (const step of ["approve", "allocate"]) await post(node, `applications/${applied.id}/${step}`, {});
    }
    const look = (prefix) => node.api(`naming/prefixes/${prefix}`);
    const [own, theirs] = await Promise.all([node, other].map(async (one) => (await one.api("naming")).key));
    assert.match(own, /^[0-9a-f]{64}$/);
    assert.notEqual(own, theirs);
    assert.deepEqual([(await look("88.101.7")).certificate, (await look("88.101.7")).certifiable, (await look("88.101")).certifiable], [null, true, false]);

    // Which key it would be: this node's own, the one that HS_SITE names since the allocation, or what the company's node says and proves.
    const keyOf = (prefix, options) => node.api(`naming/prefixes/${prefix}/key`, options);
    const [hosted, delegated] = [await keyOf("88.101.7"), await keyOf("88.101.9")];
    assert.deepEqual([hosted.source, hosted.key, delegated.source, delegated.key, delegated.public_key.kty], ["own", own, "site", theirs, "RSA"]);
    await keyOf("88.101", { expect: 404 });
    await keyOf("88.101.9", { token: node.token({ role: "engineer" }), expect: 403 });
    await post(node, "prefixes/88.101.9/certificate", { public_key: delegated.public_key, life_days: 90 }, { expect: 201 });
    const { certificate } = await look("88.101.9");
    assert.deepEqual([certificate.state, certificate.subject, certificate.issuer, certificate.key], ["valid", "400:0.NA/88.101.9", "400:0.NA/88.101", theirs]);
    const days = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000);
    assert.deepEqual([days(certificate.since, certificate.until), days(certificate.renews_at, certificate.until)], [90, 30]);
    assert.equal((await node.api("naming/prefixes")).items.find((one) => one.prefix === "88.101.9").certificate.state, "valid", "in the list as well");

    // What stands there and is not this node's, has ended, or is for a key that the prefix does not use any more.
    const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const forged = (claims) => {
        const covered = [{ alg: "RS256" }, { iss: "400:0.NA/88.101", sub: "400:0.NA/88.101.9", publicKey: stranger.publicKey.export({ format: "jwk" }), perms: [], ...claims }].map((one) => Buffer.from(JSON.stringify(one)).toString("base64url")).join(".");
        return `${covered}.${createSign("SHA256").update(covered).sign(stranger.privateKey).toString("base64url")}`;
    };
    const put = async (jws) => assert.equal((await node.fetch("/api/handles/0.NA/88.101.9?index=410", { method: "PUT", body: [{ index: 410, type: "HS_CERT", data: jws }] })).status, 200);
    const state = async (prefix) => (await look(prefix)).certificate.state;
    const second = Math.floor(Date.now() / 1000);
    await put(forged({ nbf: second - 90_000, exp: second - 10 }));
    assert.equal(await state("88.101.9"), "ended");
    await put(forged({ nbf: second - 80 * 86_400, exp: second + 10 * 86_400 }));
    assert.equal(await state("88.101.9"), "not_ours");
    await post(node, "prefixes/88.101.7/certificate", { public_key: stranger.publicKey.export({ format: "jwk" }) }, { expect: 201 });
    assert.equal(await state("88.101.7"), "other_key");
    await node.stop();
    await node.start();
    await until(async () => (await node.metrics()).handle_certificates_in_doubt === 1, "it looks at them when it starts");
    assert.equal(await state("88.101.9"), "not_ours", "and does not sign anew what somebody else put there, however soon it ends");
    await post(node, "prefixes/88.101.9/certificate", { public_key: delegated.public_key }, { expect: 201 });
    await post(node, "prefixes/88.101.7/certificate", {}, { expect: 201 });
    assert.deepEqual([await state("88.101.9"), await state("88.101.7")], ["valid", "valid"]);
    assert.ok((await node.api("audit?what=prefix.certify&limit=50")).items.length >= 4);

    const site = await (await node.fetch("/api/handles/0.NA/88.101.9?type=HS_SITE&type=HS_SITE.PREFIX")).json();
    for (const value of site.values) delete value.data.value.servers[0].publicKey;
    assert.equal((await node.fetch("/api/handles/0.NA/88.101.9?index=various", { method: "PUT", body: site.values })).status, 200);
    assert.deepEqual([(await keyOf("88.101.9")).source, (await keyOf("88.101.9")).key], ["node", theirs]);
    await other.stop();
    const unknown = await keyOf("88.101.9");
    assert.deepEqual([unknown.source, unknown.key, unknown.public_key], ["none", null, null]);
    assert.match(unknown.why, /does not answer/);
    await post(node, "prefixes/88.101.7/revoke", { reason: "r" });
    await post(node, "prefixes/88.101.7/certificate", {}, { expect: [404, 409] });
});

test("the Handle REST API knows a key by the TLS connection's certificate, and verifies proofs for others", async (t) => {
    const node = await naming(t, ["https.listen=127.0.0.1:0", "handle.client_certificates=true"]);
    const files = mkdtempSync(join(tmpdir(), "lineshaft-test-"));
    t.after(() => rmSync(files, { recursive: true, force: true }));
    const certificate = (name, subject) => {
        const [key, cert] = [join(files, `${name}.key`), join(files, `${name}.crt`)];
        const done = spawnSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert, "-subj", subject], { encoding: "utf8" });
        assert.equal(done.status, 0, done.stderr);
        return { key: readFileSync(key), cert: readFileSync(cert) };
    };
    const own = certificate("own", "/O=anything/UID=301:0.NA\\/88.101");
    const impostor = certificate("impostor", "/UID=301:0.NA\\/88.101");
    const nobody = certificate("nobody", "/CN=press-3");
    const named = certificate("named", "/CN=302:0.NA\\/88.101");
    const data = (of) => ({ format: "base64", value: rsaKey(createPublicKey(of.cert).export({ format: "jwk" })).toString("base64") });
    const admin = (index, of, permissions) => ({ index, type: "HS_ADMIN", data: { format: "admin", value: { handle: "0.NA/88.101", index: of, permissions } } });
    assert.equal((await node.fetch("/api/handles/0.NA/88.101", { method: "PUT", body: [
        admin(100, 301, "111111111111"), admin(101, 302, "000000000001"), { index: 300, type: "HS_SECKEY", data: "s3cret" },
        { index: 301, type: "HS_PUBKEY", data: data(own) }, { index: 302, type: "HS_PUBKEY", data: data(named) },
    ] })).status, 200);
    const ask = (path, { method = "GET", body, headers = {}, show } = {}) => new Promise((done, failed) => {
        const asked = https.request({ host: "127.0.0.1", port: Number(node.addresses.https.split(":").pop()), path, method, headers: { "content-type": "application/json", ...headers }, rejectUnauthorized: false, agent: false, ...show }, (answer) => {
            let text = "";
            answer.setEncoding("utf8").on("data", (piece) => { text += piece; }).on("end", () => done({ status: answer.statusCode, text }));
        });
        asked.on("error", failed).end(body && JSON.stringify(body));
    });
    const put = (name, options) => ask(`/api/handles/88.101/${name}`, { method: "PUT", body: [{ index: 1, type: "URL", data: "https://example.com/" }], ...options });
    assert.equal((await put("c1", { show: own })).status, 201);
    assert.equal((await put("c2", { show: own, headers: { authorization: 'Handle clientCert="true"' } })).status, 201);
    assert.equal((await put("c3", { show: named })).status, 201, "by its CN");
    assert.equal((await ask("/api/handles/88.101/c3", { method: "DELETE", show: named })).status, 403, "its key may only create");
    assert.equal((await ask("/api/handles/88.101/c3", { method: "DELETE", show: own })).status, 200);
    assert.equal((await put("c4", {})).status, 401);
    assert.equal((await put("c4", { show: impostor })).status, 401, "the name is not enough");
    assert.equal((await put("c4", { show: nobody })).status, 401);
    assert.equal((await put("c4", { show: nobody, headers: { authorization: 'Handle clientCert="true"' } })).status, 401);
    assert.equal((await put("c4", { show: impostor, headers: { authorization: `Bearer ${node.admin()}` } })).status, 201, "a token counts beside it");
    assert.equal((await ask("/api/v1/machines", { show: own })).status, 401, "it opens nothing else");
    assert.equal((await ask("/api/handles/88.101/c1", { show: nobody })).status, 200);
    // A session keeps what the certificate proved.
    const opened = JSON.parse((await ask("/api/sessions", { method: "POST" })).text);
    const session = `Handle sessionId="${opened.sessionId}"`;
    assert.equal((await put("c5", { headers: { authorization: session } })).status, 401);
    const proved = await ask("/api/sessions/this", { method: "PUT", show: own, headers: { authorization: `${session}, clientCert="true"` } });
    assert.deepEqual([proved.status, JSON.parse(proved.text).id], [200, "301:0.NA/88.101"]);
    assert.equal((await put("c5", { headers: { authorization: session } })).status, 201);
    const lines = (await node.api("audit?what=handle.write&limit=50")).items;
    assert.ok(lines.some((one) => one.who === "301:0.NA/88.101" && one.target === "88.101/c1"));

    // Proofs made with a secret key that lives here, which another server asks about.
    const nonce = randomBytes(16), cnonce = randomBytes(16);
    const mac = (secret) => createHmac("sha256", secret).update(nonce).update(cnonce).digest("base64");
    const verdict = async (id, words) => {
        const told = await node.fetch(`/api/verifications/${id}?${new URLSearchParams({ nonce: nonce.toString("base64"), cnonce: cnonce.toString("base64"), ...words })}`, { token: null });
        return [told.status, await told.json()];
    };
    const good = { alg: "HMAC-SHA256", signature: mac("s3cret") };
    assert.deepEqual(await verdict("300:0.NA/88.101", good), [200, { responseCode: 1, handle: "0.NA/88.101", isValid: true }]);
    assert.deepEqual((await verdict("0.NA/88.101", { ...good, index: "300" }))[1].isValid, true);
    assert.equal((await verdict("300:0.NA/88.101", { ...good, signature: mac("guess") }))[1].isValid, false);
    const salt = randomBytes(16);
    const derived = pbkdf2Sync("s3cret", salt, 10_000, 20, "sha1");
    const slow = { alg: "PBKDF2-HMAC-SHA1", salt: salt.toString("base64"), iterations: "10000", length: "160", signature: createHmac("sha1", derived).update(nonce).update(cnonce).digest("base64") };
    assert.equal((await verdict("300:0.NA/88.101", slow))[1].isValid, true);
    assert.equal((await verdict("300:0.NA/88.101", { ...slow, iterations: "100001" }))[0], 400);
    for (const [id, words, status, code] of [["300:0.NA/77", good, 404, 100], ["301:0.NA/88.101", good, 200, 200], ["300:0.NA/88.101", { alg: "HMAC-SHA256" }, 400, 4], ["0.NA/88.101", good, 400, 4], ["300:0.NA/88.101", { ...good, alg: "ROT13" }, 400, 4]]) {
        const [gotStatus, body] = await verdict(id, words);
        assert.deepEqual([gotStatus, body.responseCode], [status, code], id + JSON.stringify(words));
    }
    // Without the setting a certificate of an unknown issuer ends the handshake, as before.
    await node.stop();
    node.sets = node.sets.map((one) => one.replace("client_certificates=true", "client_certificates=false"));
    await node.start();
    await assert.rejects(put("c6", { show: own }));
});

test("the Handle REST API lets in by secret key and by a signed challenge; changes are in the audit log", async (t) => {
    const node = await naming(t);
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const put = (path, values, headers = {}, token = null) => node.fetch(`/api/handles/${path}`, { method: "PUT", body: values, token, headers });
    assert.equal((await put("0.NA/88.101", [
        { index: 100, type: "HS_ADMIN", data: { format: "admin", value: { handle: "0.NA/88.101", index: 300, permissions: "111111111111" } } },
        { index: 300, type: "HS_SECKEY", data: "s3cret" },
        { index: 301, type: "HS_PUBKEY", data: { format: "base64", value: rsaKey(publicKey.export({ format: "jwk" })).toString("base64") } },
        { index: 101, type: "HS_ADMIN", data: { format: "admin", value: { handle: "0.NA/88.101", index: 301, permissions: "000000000001" } } },
    ], {}, node.admin())).status, 200);
    const basic = (secret) => ({ authorization: `Basic ${Buffer.from(`${encodeURIComponent("300:0.NA/88.101")}:${secret}`).toString("base64")}` });
    const values = [{ index: 1, type: "URL", data: "https://example.com/" }];
    assert.equal((await put("88.101/basic", values, basic("s3cret"))).status, 201);
    assert.equal((await put("88.101/basic", values, basic("wrong"))).status, 401);
    assert.equal((await put("88.101/basic", values, basic("s3cret"))).status, 200);
    const refused = await put("88.101/signed", values);
    assert.equal(refused.status, 401);
    const [, sessionId, nonce] = /^Handle sessionId="([^"]+)", nonce="([^"]+)"/.exec(refused.headers.get("www-authenticate"));
    const cnonce = randomBytes(16);
    const signer = createSign("SHA256").update(Buffer.concat([Buffer.from(nonce, "base64"), cnonce]));
    const answer = `Handle sessionId="${sessionId}", id="301:0.NA/88.101", type="HS_PUBKEY", cnonce="${cnonce.toString("base64")}", alg="SHA256", signature="${signer.sign(privateKey).toString("base64")}"`;
    assert.equal((await put("88.101/signed", values, { authorization: answer })).status, 201);
    assert.equal((await put("88.101/signed2", values, { authorization: answer })).status, 401, "a nonce is signed once");
    assert.equal((await put("88.101/signed3", values, { authorization: `Handle sessionId="${sessionId}"` })).status, 201, "the session stays proved");
    assert.equal((await node.fetch("/api/handles/88.101/basic", { method: "DELETE", token: null, headers: { authorization: `Handle sessionId="${sessionId}"` } })).status, 403, "its key may only create");
    const session = await (await node.fetch("/api/sessions/this", { token: null, headers: { authorization: `Handle sessionId="${sessionId}"` } })).json();
    assert.deepEqual([session.authenticated, session.id], [true, "301:0.NA/88.101"]);
    assert.equal((await node.fetch("/api/sessions/this", { method: "DELETE", token: null, headers: { authorization: `Handle sessionId="${sessionId}"` } })).status, 204);
    assert.equal((await put("88.101/signed4", values, { authorization: `Handle sessionId="${sessionId}"` })).status, 401);
    const opened = await node.fetch("/api/sessions", { method: "POST", token: null });
    assert.deepEqual([opened.status, opened.headers.get("location")], [201, "/api/sessions/this"]);
    const lines = (await node.api("audit?what=handle.write&limit=50")).items;
    assert.ok(lines.some((one) => one.who === "301:0.NA/88.101" && one.target === "88.101/signed"), JSON.stringify(lines));
    assert.ok(lines.some((one) => one.who === "test admin" && one.target === "0.NA/88.101"));
});

test("a chain: each hop with its signature, who vouches; killed, it leaves no children", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "lineshaft-test-"));
    const ready = join(folder, "ready");
    const demo = spawn(binary, ["demo", "--data", join(folder, "data"), "--ready-file", ready, "naming"], { stdio: "ignore" });
    t.after(() => { demo.kill("SIGKILL"); rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 }); });
    await until(() => { assert.equal(demo.exitCode, null); return existsSync(ready); }, "the chain is up", 60_000);
    const lines = readFileSync(ready, "utf8").trim().split("\n").map((line) => line.split(" "));
    const nodes = Object.fromEntries(lines.map(([name, handle, http]) => [name, { handle, http }]));
    const found = await (await fetch(`http://${nodes["secondary-102"].http}/api/v1/naming/resolve/88.101.7/EXC-0042?trace=true`)).json();
    assert.deepEqual([found.answer, found.signature, found.url], ["found", "valid", "https://example.com/88.101.7/EXC-0042"]);
    assert.deepEqual(found.trace.slice(1).map((hop) => [hop.server, hop.signature]), ["top", "secondary-101", "enterprise-101-7"].map((name) => [nodes[name].handle, "valid"]));
    assert.deepEqual(found.signatures.map((one) => [one.state, one.by, one.root, one.chain.length]), [["valid", "400:0.NA/88.101.7", "400:0.NA/88", 3]], "the values' own signature, up to the top");
    assert.deepEqual(found.values.map((one) => [one.type, one.signature]), [["URL", "valid"], ["DESC", "valid"], ["HS_ADMIN", "valid"], ["HS_SIGNATURE", "unsigned"]]);
    assert.deepEqual(found.vouched.map((one) => [one.prefix, one.by]), [["88", nodes.top.handle], ["88.101", nodes.top.handle], ["88.101.7", nodes["secondary-101"].handle]]);
    const moved = await fetch(`http://${nodes.recursive.http}/h/88.102.1/EXC-0042?redirect`, { redirect: "manual" });
    assert.deepEqual([moved.status, moved.headers.get("location")], [302, "https://example.com/88.102.1/EXC-0042"]);
    const answers = async () => (await Promise.all(Object.values(nodes).map((node) => fetch(`http://${node.http}/healthz`).then(() => 1, () => 0)))).reduce((a, b) => a + b);
    assert.equal(await answers(), 7);
    demo.kill("SIGKILL");
    await until(async () => (await answers()) === 0, "the nodes have ended with who started them", 30_000);
});
