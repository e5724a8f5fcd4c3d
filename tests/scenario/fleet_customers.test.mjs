// A maker shares single machines with customers, who are other organisations of its node: each sees its own and nothing else, by every
// route and in the live stream.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node, sleep, until } from "../node.mjs";

const post = (body) => ({ method: "POST", body });
const put = (body) => ({ method: "PUT", body });
const guest = "default+maker-1";

/** An organisation with an admin, who asks by a session, and a viewer's token. */
async function customer(node, name) {
    const made = await node.api("organisations", post({ name }));
    await node.api(`organisations/${made.id}/people`, post({ name: "boss", role: "admin", password: "correct horse battery" }));
    const session = await node.fetch("session", { ...post({ name: `${name}/boss`, password: "correct horse battery" }), token: null, headers: { origin: node.url } });
    const cookie = session.headers.get("set-cookie").split(";")[0];
    const byAdmin = (path, options = {}) => node.fetch(path, { token: null, ...options, headers: { cookie, origin: node.url } });
    const viewer = (await (await byAdmin("tokens", post({ name: "reader", role: "viewer" }))).json()).token;
    const as = (path, options) => (options?.method || path === "fleet/feeds" ? byAdmin(path, options) : node.fetch(path, { token: viewer }));
    return { id: made.id, name, as, viewer, json: async (path, options) => {
        const answer = await as(path, options);
        assert.ok(answer.ok, `${path}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
        return answer.json();
    } };
}

/** What a live stream says, as [event, data] pairs, until it is stopped. */
async function listen(t, node, token) {
    const stop = new AbortController(), heard = [];
    t.after(() => stop.abort());
    const answer = await node.fetch("fleet/live", { token, signal: stop.signal });
    assert.equal(answer.status, 200);
    (async () => {
        let text = "";
        for await (const piece of answer.body) {
            text += Buffer.from(piece).toString();
            for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
                const lines = Object.fromEntries(text.slice(0, end).split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
                if (lines.event) heard.push([lines.event, JSON.parse(lines.data)]);
            }
        }
    })().catch(() => {});
    return heard;
}

test("a customer sees the machines that are shared with it, and nothing else of the maker", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const [acme, other] = [await customer(node, "acme"), await customer(node, "other")];
    const client = await node.mqtt({ clientId: "maker" });
    let hours = 500;
    const say = (id, more = {}) => client.publishAsync(`lineshaft/v1/${id}/telemetry`, JSON.stringify({ values: { lat: 22.5, lon: 113.9, rpm: 1500, engine_hours: (hours += 0.01), kind: "excavator", fault_code: "SPN 110 FMI 3", ...more } }), { qos: 1 });
    for (const id of ["maker-1", "maker-2"]) await say(id);
    await until(async () => (await node.api("fleet/map")).machines.length === 2, "both are on the maker's map");
    await node.api("fleet/machines/maker-1", { method: "PATCH", body: { maker: "XCMG", serial: "S1", note: "sold below price", cost_per_hour: 77, service_every_h: 1000 } });
    const site = await node.api("fleet/sites", post({ name: "Ours", time_zone: "UTC", border: [[22.49, 113.89], [22.49, 113.91], [22.51, 113.91], [22.51, 113.89]] }));
    const request = await node.api("fleet/requests", post({ site: site.id, type: "excavator", duration_s: 60 }));
    const heard = await listen(t, node, acme.viewer), heardByOther = await listen(t, node, other.viewer);

    // Who may share, and with whom.
    const shares = "fleet/machines/maker-1/shares";
    assert.equal((await acme.as(shares, put({ organisations: ["acme"] }))).status, 403, "a customer's admin is not the maker's");
    const said = async (body, path = shares) => {
        const answer = await node.fetch(path, put(body));
        return [answer.status, (await answer.json()).detail];
    };
    assert.deepEqual(await said({ organisations: ["nobody"] }), [422, 'there is no organisation "nobody"']);
    assert.deepEqual(await said({ organisations: ["default"] }), [422, "default has the machine already"]);
    assert.equal((await said({ organisations: [7] }))[0], 422);
    assert.equal((await said({ organisations: ["acme"] }, "fleet/machines/nothing/shares"))[0], 404);
    assert.deepEqual((await acme.json("fleet/map")).machines, [], "nothing is shared yet");
    assert.deepEqual((await node.api(shares, put({ organisations: ["acme"] }))).organisations.map((one) => one.name), ["acme"]);
    assert.deepEqual((await node.api(shares)).organisations.map((one) => one.id), [acme.id]);
    assert.equal((await node.api("fleet/machines/maker-1")).is_shared, true);
    assert.ok((await node.api("audit?what=fleet.share&limit=100")).items.length >= 1, "sharing is in the audit log");

    // On the customer's map, from what was said before it was shared.
    const row = await until(async () => (await acme.json("fleet/map")).machines.find((one) => one[0] === guest && one[3] === 22.5), "the machine is on the customer's map with its place");
    assert.equal(row[6], "working");
    const map = await acme.json("fleet/map");
    assert.deepEqual(map.machines.map((one) => one[0]), [guest]);
    assert.equal(map.counts.working, 1);
    const path = `fleet/machines/${encodeURIComponent(guest)}`;
    const machine = await acme.json(path);
    assert.equal(machine.shared_by, "default");
    assert.equal(machine.facts.maker, "XCMG");
    assert.equal(machine.service.due_at_h, 1000);
    assert.deepEqual([machine.can_be_planned, machine.why_not_reason.code, machine.job, machine.site], [false, "shared", null, null]);
    assert.ok(!JSON.stringify(machine).includes("below price") && machine.facts.cost_per_hour === null, "nothing of what it costs the maker");
    assert.deepEqual((await acme.json("fleet/machines?q=maker")).items.map((one) => one.id), [guest]);
    assert.ok((await acme.json(`${path}/trail?points=10`)).points.length >= 1, "its way is told from the maker's history");
    assert.equal((await acme.json(`${path}/faults`)).items[0].spn, 110);
    assert.ok((await acme.json(`${path}/use`)).days.length >= 1);
    assert.equal((await acme.json(`fleet/cabs/${encodeURIComponent(guest)}`)).now, null);
    assert.ok((await acme.json("fleet/index?machines_min=5")).machines === 1, "its days count in the customer's index");
    const feed = await (await fetch(`${node.url}/aemp/Fleet/1`, { headers: { authorization: `Bearer ${acme.viewer}`, accept: "application/json" } })).text();
    assert.ok(feed.includes("XCMG") && !feed.includes("maker-2"), "and it is in the customer's AEMP feed");

    // Nothing else: not by its own name there, not the machine beside it, no site, request, plan, decision, setting.
    for (const id of ["maker-1", "maker-2", "default+maker-2", "other+maker-1"]) {
        for (const end of ["", "/trail", "/use", "/faults"]) assert.equal((await acme.as(`fleet/machines/${encodeURIComponent(id)}${end}`)).status, 404, id + end);
        assert.equal((await acme.as(`fleet/cabs/${encodeURIComponent(id)}`)).status, 404, id);
        assert.equal((await acme.as(`fleet/machines/${encodeURIComponent(id)}`, { method: "PATCH", body: { note: "mine" } })).status, id.includes("+") ? 422 : 404, id);
        assert.equal((await acme.as("fleet/events", post({ kind: "breakdown", machine: id }))).status, 404, id);
    }
    for (const list of ["fleet/sites", "fleet/requests", "fleet/crossings", "fleet/decisions", "fleet/feeds"]) assert.deepEqual((await acme.json(list)).items, [], list);
    assert.equal((await acme.as(`fleet/requests/${request.id}`)).status, 404);
    assert.equal((await acme.as(`fleet/requests/${request.id}/candidates`)).status, 404);
    assert.deepEqual((await acme.json("fleet/plan")).routes, []);
    assert.deepEqual((await acme.json("fleet/travel")).legs, []);
    assert.deepEqual((await other.json("fleet/map")).machines, [], "nor does any other customer see it");
    assert.equal((await other.as(path)).status, 404);

    // What the customer says of it is the customer's own; it is not planned with.
    await acme.json(path, { method: "PATCH", body: { region: "north" } });
    assert.equal((await acme.json(path)).facts.region, "north");
    assert.equal((await node.api("fleet/machines/maker-1")).facts.region, null);
    assert.equal((await acme.as("fleet/machines/default+maker-1/shares", put({ organisations: ["other"] }))).status, 403);
    const theirs = await acme.json("fleet/sites", post({ name: "Theirs", time_zone: "UTC", border: [[22.59, 113.89], [22.59, 113.91], [22.61, 113.91], [22.61, 113.89]] }));
    assert.match((await (await acme.as("fleet/requests", post({ site: theirs.id, type: "excavator", duration_s: 60 }))).json()).detail, /no machine of type "excavator"/);

    // It drives onto the customer's site: the customer is told, and the maker has no such site.
    heard.length = heardByOther.length = 0;
    await until(async () => {
        await Promise.all([say("maker-1", { lat: 22.6 }), say("maker-2", { lat: 22.6 })]);
        return (await acme.json("fleet/crossings")).items.length > 0;
    }, "entering the customer's site is kept", 60_000);
    assert.deepEqual((await acme.json("fleet/crossings")).items.map((one) => [one.machine, one.site, one.kind])[0], [guest, theirs.id, "entered"]);
    assert.ok(!(await node.api("fleet/crossings?limit=1000")).items.some((one) => one.machine === guest));
    await until(() => heard.some(([event]) => event === "crossing") && heard.some(([event, rows]) => event === "machines" && rows.some((one) => one[3] === 22.6)), "the live stream shows it");
    const names = new Set(heard.filter(([event]) => event === "machines").flatMap(([, rows]) => rows.map((one) => one[0])));
    assert.deepEqual([...names], [guest], "and no other machine");
    assert.ok(heard.every(([event]) => ["machines", "counts", "crossing"].includes(event)), `${heard.map(([event]) => event)}`);
    assert.deepEqual(heardByOther, [], "others hear nothing");

    // It holds over a crash, and ends when the maker says so.
    await node.kill();
    await node.start();
    const again = await listen(t, node, acme.viewer);
    await until(async () => (await acme.json("fleet/map")).machines.some((one) => one[0] === guest && one[3] !== null), "it is there again, where it was", 60_000);
    assert.equal((await acme.json(path)).facts.region, "north");
    await node.api(shares, put({ organisations: [] }));
    await until(async () => (await acme.json("fleet/map")).machines.length === 0, "it is gone from the customer's map");
    await until(() => again.some(([event]) => event === "gap"), "those who watch are told to read again");
    assert.equal((await acme.as(path)).status, 404);
    assert.equal((await acme.as(`${path}/trail`)).status, 404);
    again.length = 0;
    const third = await node.mqtt({ clientId: "maker again" });
    for (let i = 0; i < 3; i++) {
        await third.publishAsync("lineshaft/v1/maker-1/telemetry", JSON.stringify({ values: { lat: 22.6, lon: 113.9, rpm: 900 } }), { qos: 1 });
        await sleep(400);
    }
    assert.deepEqual(again.filter(([event, rows]) => event === "machines" && rows.length > 0), [], "nothing comes after the end");
});
