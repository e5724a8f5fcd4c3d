// AEMP 2.0 both ways: a node that is a feed, a node that polls it, and feeds as makers really send them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { Node, until } from "../node.mjs";

const post = (body) => ({ method: "POST", body });
const sample = (name) => readFileSync(new URL(`../golden/aemp/${name}`, import.meta.url), "utf8");

async function serve(t, answer) {
    const seen = [];
    const server = createServer((request, response) => {
        seen.push({ url: request.url, authorization: request.headers.authorization });
        const { status = 200, type = "application/xml", body = "" } = answer(request) ?? { status: 404 };
        response.writeHead(status, { "content-type": type }).end(body);
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    t.after(() => new Promise((done) => { server.closeAllConnections(); server.close(done); }));
    return { url: `http://127.0.0.1:${server.address().port}`, seen };
}

test("a node is a feed, and another node polls it with client credentials", async (t) => {
    const [maker, owner] = await Promise.all([Node.start(t), Node.start(t)]);
    const client = await maker.mqtt();
    const began = Date.now() - 600_000;
    for (let i = 0; i < 3; i++) {
        const values = { lat: 28.2 + i / 1000, lon: 112.9, engine_hours: 1200 + i, fuel_percent: 60 - i, rpm: 1500, kind: "excavator", fault_code: i === 1 ? "SPN 110 FMI 3" : "" };
        await client.publishAsync("lineshaft/v1/exc-1/telemetry", JSON.stringify({ ts: began + i * 60_000, values }), { qos: 1 });
    }
    await until(async () => (await maker.api("fleet/map")).machines.length === 1, "the machine is seen");
    const facts = { maker: "XCMG", model: "XE215", serial: "SN 00-7", pin: "PIN7" };
    await maker.api("fleet/machines/exc-1", { method: "PATCH", body: facts });
    const table = ["machine;maker;serial", ...Array.from({ length: 119 }, (_, i) => `other-${i};Maker;S${i}`)].join("\n");
    const imported = await fetch(`${maker.url}/api/v1/fleet/machines/import`, { method: "POST", body: table, headers: { authorization: `Bearer ${maker.admin()}`, "content-type": "text/csv" } });
    assert.equal((await imported.json()).changed, 119);

    const secret = maker.token({ role: "viewer", name: "reader" });
    const form = (id, word) => fetch(`${maker.url}/aemp/oauth2/token`, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: word }) });
    assert.equal((await form("reader", "wrong")).status, 401);
    assert.equal((await form("someone else", secret)).status, 401);
    const granted = await (await form("reader", secret)).json();
    assert.equal(granted.token_type, "Bearer");
    const get = (path, accept = "application/json") => fetch(maker.url + path, { headers: { authorization: `Bearer ${granted.access_token}`, accept } });
    assert.equal((await fetch(`${maker.url}/aemp/Fleet/1`, { headers: { authorization: "Bearer lsa_nonsense" } })).status, 401);
    const first = await (await get("/aemp/Fleet/1")).json(), second = await (await get("/aemp/Fleet/2")).json();
    assert.equal(JSON.stringify(first).match(/SerialNumber/g).length, 100, "a hundred on a page");
    assert.equal(JSON.stringify(second).match(/SerialNumber/g).length, 20);
    assert.equal((await get("/aemp/Fleet/3")).status, 404);
    const xml = await (await get("/aemp/Fleet/Equipment/MakeModelSerial/xcmg/XE215/sn007", "application/xml")).text();
    assert.match(xml, /<SerialNumber>SN 00-7<\/SerialNumber>/);
    assert.match(xml, /standards\.iso\.org\/iso\/15143/);
    const span = `${new Date(began - 1000).toISOString()}/${new Date(began + 3_600_000).toISOString()}`;
    const hours = await (await get(`/aemp/Fleet/Equipment/ID/exc-1/CumulativeOperatingHours/${span}/1`)).text();
    assert.deepEqual([...hours.matchAll(/12\d\d/g)].map(([one]) => Number(one)).filter((one) => one >= 1200 && one <= 1202).slice(0, 3), [1200, 1201, 1202]);
    assert.match(await (await get(`/aemp/Fleet/Equipment/ID/exc-1/faults/${span}/1`, "application/xml")).text(), /110/);
    assert.match(await (await get(`/aemp/Fleet/Equipment/ID/exc-1/Locations/${span}/1`, "application/xml")).text(), /28\.2/);
    assert.equal((await get(`/aemp/Fleet/Equipment/ID/nobody/Locations/${span}/1`)).status, 404);

    const feed = await owner.api("fleet/feeds", post({ name: "The maker", url: `${maker.url}/aemp/Fleet/1`, auth: "oauth2", user: "reader", secret, token_url: `${maker.url}/aemp/oauth2/token` }));
    assert.ok(!JSON.stringify(feed).includes(secret), "the secret is never shown");
    const polled = await owner.api(`fleet/feeds/${feed.id}/poll`, post({}));
    assert.equal(polled.last_error, null);
    assert.equal(polled.machines, 120);
    const seen = await until(async () => (await owner.api("fleet/machines?q=XCMG")).items[0], "the machine came over");
    assert.equal(seen.facts.model, "XE215");
    await until(async () => (await owner.api(`fleet/machines/${encodeURIComponent(seen.id)}`)).hours === 1202, "with its hours");
    // Revoked there: the feed says so, and what came stays.
    const id = (await maker.api("tokens")).items.find((one) => one.name === "reader").id;
    await maker.api(`tokens/${id}`, { method: "DELETE" });
    assert.equal((await get("/aemp/Fleet/1")).status, 401, "an access token of a revoked client ends at once");
    await until(async () => /401/.test((await owner.api(`fleet/feeds/${feed.id}/poll`, post({}))).last_error ?? ""), "the owner is told");
    // The secret is kept sealed, and works after a restart.
    await owner.stop();
    await owner.start();
    assert.equal((await owner.api("fleet/feeds")).items.length, 1);
    await owner.api(`fleet/feeds/${feed.id}`, { method: "DELETE" });
    assert.equal((await owner.fetch(`fleet/feeds/${feed.id}/poll`, post({}))).status, 404);
});

test("feeds as makers send them: namespaces, missing values, pages in circles, twice the same machine", async (t) => {
    const node = await Node.start(t);
    const jcma = sample("fleet_mixed_datetime_jcma_ns.xml");
    const one = await serve(t, (request) => request.url === "/Fleet/1" && { body: jcma.replaceAll("https://example.invalid/Telematics", `http://${request.headers.host}`) } || request.url === "/Fleet/2" && { body: sample("fleet_attr_datetime.xml").replaceAll(/<href>[^<]*<\/href>/g, `<href>http://${request.headers.host}/Fleet/1</href>`) });
    const add = (url, more = {}) => node.api("fleet/feeds", post({ name: url, url, ...more }));
    const feed = await add(`${one.url}/Fleet/1`);
    const polled = await node.api(`fleet/feeds/${feed.id}/poll`, post({}));
    assert.equal(polled.last_error, null);
    assert.ok(polled.machines >= 1);
    const machine = (await node.api("fleet/machines")).items.find((row) => row.facts.serial === "SN000001");
    assert.equal(machine.facts.maker, "ExampleOEM");
    await until(async () => (await node.api(`fleet/machines/${encodeURIComponent(machine.id)}`)).hours === 4523.7, "hours although the instant is a child");
    // The same machine in JSON of another feed, newer: one machine.
    const json = { fleet: { equipment: { equipmentHeader: { oemName: "exampleoem", serialNumber: "sn-000001" }, cumulativeOperatingHours: { hour: "4524,5", dateTime: "2026-11-20T09:00:00Z" }, location: { latitude: 0, longitude: 0 } } } };
    const two = await serve(t, () => ({ type: "application/json", body: JSON.stringify(json) }));
    const other = await add(`${two.url}/any`, { auth: "basic", user: "u", secret: "s" });
    const again = await node.api(`fleet/feeds/${other.id}/poll`, post({}));
    assert.equal(again.last_error, null);
    assert.equal(two.seen[0].authorization, `Basic ${Buffer.from("u:s").toString("base64")}`);
    assert.ok(again.notes.length >= 1, "what was bent is told");
    assert.equal(again.note_reasons.length, again.notes.length);
    assert.ok(again.note_reasons.every((reason) => reason?.code), `each with its code: ${JSON.stringify(again.notes)}`);
    const chinese = (await node.api("fleet/feeds?lang=zh")).items.find((one) => one.id === other.id);
    assert.ok(chinese.notes.some((note) => /小数点写成了逗号/.test(note)), JSON.stringify(chinese.notes));
    await until(async () => (await node.api(`fleet/machines/${encodeURIComponent(machine.id)}`)).hours === 4524.5, "merged by maker and serial number");
    // Not a feed, nobody there, a link that leads to somebody else's server: told, and nothing breaks.
    const three = await serve(t, (request) => request.url === "/html" && { body: "<html>Sign in</html>" } || request.url === "/away" && { body: sample("fleet_attr_datetime.xml").replaceAll(/<href>[^<]*<\/href>/g, "<href>http://127.0.0.1:9/steal</href>") });
    const html = await add(`${three.url}/html`), away = await add(`${three.url}/away`, { auth: "bearer", secret: "t" }), nobody = await add("http://127.0.0.1:9/x");
    assert.ok((await node.api(`fleet/feeds/${html.id}/poll`, post({}))).last_error);
    const unreachable = await node.api(`fleet/feeds/${nobody.id}/poll?lang=zh`, post({}));
    assert.deepEqual([unreachable.last_error_reason.code, /连接被拒绝/.test(unreachable.last_error)], ["connect_refused", true], unreachable.last_error);
    const stopped = await node.api(`fleet/feeds/${away.id}/poll`, post({}));
    assert.equal(stopped.last_error, null);
    assert.ok(stopped.notes.some((note) => /elsewhere/.test(note)));
    for (const bad of [{ url: "ftp://x" }, { url: "http://u:p@host/" }, { url: "http://host/", auth: "oauth2", user: "u", secret: "s" }, { url: "http://host/", period_s: 1 }]) {
        assert.equal((await node.fetch("fleet/feeds", post({ name: "bad", ...bad }))).status, 422, JSON.stringify(bad));
    }
});
