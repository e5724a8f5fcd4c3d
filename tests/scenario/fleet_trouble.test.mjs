// What may go wrong with a fleet, through its public doors: receivers and clocks that lie, sites that cross themselves, twins on paper,
// impossible requests and plans; POSTs that are repeated; plans that no longer stand after a start. Each is told to whom it concerns.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node, sleep, until } from "../node.mjs";

const post = (body) => ({ method: "POST", body });
const patch = (body) => ({ method: "PATCH", body });
const square = (lat, lon, degrees = 0.002) => [[lat - degrees, lon - degrees], [lat - degrees, lon + degrees], [lat + degrees, lon + degrees], [lat + degrees, lon - degrees]];

async function refused(node, path, options, status = 422) {
    const answer = await node.fetch(path, options);
    const body = await answer.json();
    assert.equal(answer.status, status, `${path}: ${answer.status} ${JSON.stringify(body).slice(0, 300)}`);
    return body.detail;
}

/** Machines that stand where they are told to, and a site beside them. */
async function yard(t, ids = ["exc-1", "exc-2"]) {
    const node = await Node.start(t);
    node.admin();
    const client = await node.mqtt({ clientId: "telematics" });
    const say = (id, values = {}, more = {}) => client.publishAsync(`lineshaft/v1/${id}/telemetry`, JSON.stringify({ ...more, values: { lat: 22.5, lon: 113.9, speed_kmh: 0, rpm: 800, kind: "excavator", ...values } }), { qos: 1 });
    for (const [i, id] of ids.entries()) await say(id, { lat: 22.5 + 0.01 * i });
    await until(async () => (await node.api("fleet/map")).machines.filter((row) => row[3] !== null).length === ids.length, "all are on the map");
    const site = await node.api("fleet/sites", post({ name: "North", time_zone: "UTC", border: square(22.5, 113.9) }));
    return { node, say, site, machine: (id) => node.api(`fleet/machines/${encodeURIComponent(id)}`) };
}

test("receivers and clocks that lie are told on the machine, and the last believed place is kept", async (t) => {
    const { node, say, machine } = await yard(t, ["liar"]);
    await node.api("fleet/settings", patch({ fence: { frozen_after_s: 1 } }));
    const keepsSaying = (values, is, what, more) => until(async () => {
        await say("liar", values, more?.());
        const now = await machine("liar");
        return is(now) && now;
    }, what, 30_000);
    const zero = await keepsSaying({ lat: 0, lon: 0 }, (one) => one.position_trouble === "zero", "0° / 0° is told");
    assert.deepEqual([zero.position.latitude, zero.position.longitude], [22.5, 113.9], "and not believed");
    // One fix far away is a jump; were it said for long, it would be believed, so it is said once.
    await keepsSaying({}, (one) => one.position_trouble === null, "all is well again");
    await say("liar", { lat: 40 });
    const jump = await until(async () => {
        const now = await machine("liar");
        return now.position_trouble === "jump" && now;
    }, "a jump is told");
    assert.equal(jump.position.latitude, 22.5);
    const nowhere = await keepsSaying({ lat: 122 }, (one) => one.position_trouble === "nowhere", "off the earth is told");
    assert.equal(nowhere.position.latitude, 22.5);
    const vague = await keepsSaying({ accuracy_m: 5000 }, (one) => one.position_trouble === "vague", "a vague fix is told");
    assert.equal(vague.position.latitude, 22.5);
    await keepsSaying({ accuracy_m: 5, speed_kmh: 30 }, (one) => one.position_trouble === "frozen", "a frozen receiver is told");
    for (const [id, hours] of [["slow", -5], ["fast", 5]]) {
        const off = await until(async () => {
            await say(id, {}, { ts: Date.now() + hours * 3_600_000 });
            const answer = await node.fetch(`fleet/machines/${id}`);
            const now = answer.status === 200 && await answer.json();
            return now?.clock_trouble_s && now;
        }, `a clock ${hours} h off is told`, 30_000);
        assert.ok(Math.abs(off.clock_trouble_s - hours * 3600) < 120, `${off.clock_trouble_s} s`);
        assert.ok(Math.abs(Date.parse(off.last_seen) - Date.now()) < 120_000, "it was heard now, whatever it says");
        assert.equal(off.position.latitude, 22.5);
    }
    // Set back while it runs: what it says is older than what is known, which is not just silence.
    await say("turned", {}, { ts: Date.now() });
    await until(async () => (await node.api("fleet/map")).machines.some((row) => row[0] === "turned" && row[3] !== null), "it is followed");
    const stuck = await until(async () => {
        await say("turned", {}, { ts: Date.now() - 2 * 3_600_000 });
        const now = await machine("turned");
        return now.clock_trouble_s !== null && now;
    }, "a clock that is set back is told", 30_000);
    assert.ok(Math.abs(stuck.clock_trouble_s + 7200) < 120, `${stuck.clock_trouble_s} s`);
    assert.deepEqual([stuck.state, stuck.state_reason.code], ["silent", "clock_back"]);
    assert.match(stuck.state_why, /its clock stands 2\.0 h back/);
    const told = await until(async () => (await node.api("machines/turned/events")).items.find((event) => event.kind === "clock"), "and is an event of the machine");
    assert.match(told.text, /7[12]\d\d s back \(2\.0 h\)/);
    // The same in a machine's first second, before the fleet has met it.
    for (const hours of [0, 2, 2, 2]) await say("newcomer", {}, { ts: Date.now() - hours * 3_600_000 });
    const newcomer = await until(async () => {
        const answer = await node.fetch("fleet/machines/newcomer");
        const now = answer.status === 200 && await answer.json();
        return now?.clock_trouble_s && now;
    }, "a clock that is set back at once is told as well", 30_000);
    assert.equal(newcomer.state_reason.code, "clock_back");
    const right = await until(async () => {
        await say("turned", {}, { ts: Date.now() });
        const now = await machine("turned");
        return now.clock_trouble_s === null && now;
    }, "a right clock ends it", 30_000);
    assert.equal(right.state, "idle");
    const trail = await node.api("fleet/machines/liar/trail?points=100");
    assert.ok(trail.left_out.zero >= 1 && trail.left_out.nowhere >= 1 && trail.left_out.jump >= 1, JSON.stringify(trail.left_out));
    assert.ok(trail.points.every((point) => Math.abs(point[1] - 22.5) < 0.01), "nothing of it is on its way");
});

test("borders, twins on paper and impossible requests are refused with a sentence, and the plan in force stays", async (t) => {
    const { node, say, site, machine } = await yard(t);
    for (const [border, why] of [
        [[[22.5, 113.9], [22.5, 113.91], [22.51, 113.9], [22.51, 113.91]], /side \d+ crosses side \d+/],
        [[[22.5, 113.9], [22.51, 113.9]], /corner/],
        [square(22.5, 113.9, 2), /km|wide/],
        [Array.from({ length: 1002 }, (_, i) => [22.5 + 0.01 * Math.sin(i / 160), 113.9 + 0.01 * Math.cos(i / 160)]), /1000 corners/],
        [[[22.5, 113.9], [95, 113.9], [22.6, 114]], /./],
        ["everywhere", /list of \[latitude, longitude\]/],
    ]) assert.match(await refused(node, "fleet/sites", post({ name: "Bad", time_zone: "UTC", border })), why);
    const overlapping = await node.api("fleet/sites", post({ name: "Over", time_zone: "UTC", border: square(22.5, 113.9, 0.001) }));
    assert.deepEqual(overlapping.overlaps, [site.id], "overlapping is allowed, and told");
    await until(async () => {
        await say("exc-1");
        return (await machine("exc-1")).sites.length === 2;
    }, "both sites have the machine", 30_000);

    await node.api("fleet/machines/exc-1", patch({ maker: "XCMG", serial: "SN1" }));
    assert.match(await refused(node, "fleet/machines/exc-2", patch({ maker: "XCMG", serial: "SN1" }), 409), /exc-1 has that maker and serial/);
    const imported = await fetch(`${node.url}/api/v1/fleet/machines/import`, { method: "POST", body: "machine,maker,serial\nexc-2,XCMG,SN1\nexc-3,XCMG,SN3\n", headers: { authorization: `Bearer ${node.admin()}`, "content-type": "text/csv" } });
    const table = await imported.json();
    assert.equal(table.changed, 1);
    assert.deepEqual(table.refused.map((one) => one.line), [2]);
    assert.match(table.refused[0].why, /exc-1/);

    const work = (more = {}) => ({ site: site.id, type: "excavator", duration_s: 3600, ...more });
    const asked = await node.api("fleet/requests", post(work({ rush: true, title: "Dig" })));
    assert.equal(asked.places[0].stage, "planned");
    const before = await node.api("fleet/plan");
    assert.equal(before.routes.length, 1);
    const stands = async (what) => {
        const now = await node.api("fleet/plan");
        assert.deepEqual([now.version, now.routes], [before.version, before.routes], what);
    };
    const hour = (n) => new Date(Date.now() + n * 3_600_000).toISOString();
    for (const [body, why] of [
        [work({ type: "submarine" }), /no machine of type "submarine"; there are: excavator/],
        [work({ windows: [{ from: hour(-9), until: hour(-8) }] }), /closed already/],
        [work({ windows: [{ from: hour(3), until: hour(2) }] }), /closes before it opens/],
        [work({ windows: [{ from: hour(1), until: hour(4) }, { from: hour(2), until: hour(5) }] }), /overlap/],
        [work({ windows: [{ from: hour(1), until: hour(24 * 400) }] }), /more than a year/],
        [work({ duration_s: -1 }), /duration_s/],
        [work({ count: 1_000_000 }), /1\.\.200/],
        [work({ site: "99" }), /site "99"/],
        [work({ priority: 101 }), /priority/],
        [work({ rent_cost: 1e9 }), /rent_cost/],
        [work({ colour: "red" }), /colour/],
        [{ type: "excavator", duration_s: 60, position: { latitude: 91, longitude: 0 } }, /latitude/],
    ]) assert.match(await refused(node, "fleet/requests", post(body)), why, JSON.stringify(body));
    await stands("a request that is refused changes nothing");
    const chinese = await (await node.fetch("fleet/requests?lang=zh", post(work({ type: "submarine" })))).json();
    assert.equal(chinese.detail, "没有“submarine”类型的设备；现有：excavator");
    assert.deepEqual(chinese.reason, { code: "no_such_type", texts: ["submarine", "excavator"] });
    const by_header = await (await node.fetch("fleet/requests/99", { headers: { "accept-language": "zh-CN,zh;q=0.9" } })).json();
    assert.deepEqual([by_header.detail, by_header.reason.code], ["没有需求 99", "no_request"]);

    // A plan for a million jobs, in the ways somebody might ask for it.
    const many = (requests) => ({ seconds: 0.1, what_if: { requests } });
    assert.match(await refused(node, "fleet/plan/proposals", post(many(Array(1001).fill(work())))), /up to 1,000/);
    assert.match(await refused(node, "fleet/plan/proposals", post(many(Array(900).fill(work({ count: 200 }))))), /more than 2000 machines asked for/);
    assert.match(await refused(node, "fleet/plan/proposals", post({ seconds: 1e6 })), /0\.05 to 30/);
    assert.match(await refused(node, "fleet/plan/proposals", post({ what_if: { events: [{ kind: "earthquake" }] } })), /kind/);
    const rows = `type,site,duration_h\n${"excavator,1,1\n".repeat(100_000)}`;
    const table_of_many = await fetch(`${node.url}/api/v1/fleet/requests/import`, { method: "POST", body: rows, headers: { authorization: `Bearer ${node.admin()}`, "content-type": "text/csv" } });
    assert.ok([413, 422].includes(table_of_many.status), `${table_of_many.status}`);
    assert.ok((await table_of_many.json()).detail.length > 5);
    for (const event of [{ kind: "breakdown", machine: "nobody" }, { kind: "late", machine: "exc-1", minutes: 1e6 }, { kind: "road_closed", from: site.id, to: "99" }, { kind: "rush_job" }, { kind: "takes_longer", request: asked.id, place: 0, minutes: 5 }, { kind: "repaired", machine: "exc-1" }]) {
        const answer = await node.fetch("fleet/events", post(event));
        assert.ok([404, 409, 422].includes(answer.status), `${event.kind}: ${answer.status}`);
        assert.ok((await answer.json()).detail.length > 5, event.kind);
    }
    await stands("nor does any of that");
    assert.match(await refused(node, `fleet/requests/${asked.id}/places/0/move`, post({ machine: "exc-3" }), 404), /machine/, "a machine that cannot be planned");
    await stands("the last good plan is in force");
});

test("a POST that is repeated with its Idempotency-Key is done once", async (t) => {
    const { node, site } = await yard(t);
    const once = (path, key, body, more = {}) => node.fetch(path, { ...post(body), headers: { "idempotency-key": key }, ...more });
    const twice = async (path, key, body, status) => {
        const [first, second] = [await once(path, key, body), await once(path, key, body)];
        const texts = [await first.text(), await second.text()];
        assert.deepEqual([first.status, second.status], [status, status], `${path}: ${texts}`);
        assert.equal(texts[1], texts[0], path);
        return texts[0] && JSON.parse(texts[0]);
    };
    const work = { site: site.id, type: "excavator", duration_s: 3600 };
    const asked = await twice("fleet/requests", "r1", work, 201);
    assert.equal((await node.api("fleet/requests")).items.length, 1);
    const other = await once("fleet/requests", "r1", { ...work, duration_s: 7200 });
    assert.equal(other.status, 409, "the key belongs to another body");
    const five = await Promise.all(Array.from({ length: 5 }, () => once("fleet/requests", "r2", work)));
    const ids = await Promise.all(five.map(async (one) => (assert.equal(one.status, 201), (await one.json()).id)));
    assert.equal(new Set(ids).size, 1, `at the same time: ${ids}`);
    assert.equal((await node.api("fleet/requests")).items.length, 2);
    const bad = await once("fleet/requests", "r3", { ...work, type: "submarine" });
    assert.equal(bad.status, 422);
    assert.equal((await once("fleet/requests", "r3", { ...work, type: "submarine" })).status, 422, "a refusal is said again");

    await twice("fleet/sites", "s1", { name: "Twice", time_zone: "UTC", border: square(22.6, 113.9) }, 201);
    assert.equal((await node.api("fleet/sites")).items.filter((one) => one.name === "Twice").length, 1);
    const event = await twice("fleet/events", "e1", { kind: "rush_job", request: work }, 200);
    assert.equal(event.decision.was_adopted, true);
    assert.equal((await node.api("fleet/requests")).items.length, 3);
    assert.equal((await node.api("fleet/decisions")).items.filter((one) => one.cause.kind === "rush_job").length, 1);
    const proposal = await twice("fleet/plan/proposals", "p1", { seconds: 0.05 }, 201);
    await twice(`fleet/plan/proposals/${proposal.id}/adopt`, "p2", {}, 200);
    const accepted = await twice("fleet/plan/accept", "a1", {}, 200);
    assert.ok(accepted.accepted >= 2);
    const place = (await node.api(`fleet/requests/${asked.id}`)).places[0];
    await twice(`fleet/cabs/${place.machine}/actions`, "c1", { action: "depart", request: asked.id }, 200);
    assert.equal((await node.fetch(`fleet/cabs/${place.machine}/actions`, post({ action: "depart", request: asked.id }))).status, 409, "without the key it is another press");
    const feed = await twice("fleet/feeds", "f1", { name: "Maker", url: "http://127.0.0.1:9/Fleet/1" }, 201);
    assert.deepEqual((await node.api("fleet/feeds")).items.map((one) => one.id), [feed.id]);
    const csv = () => fetch(`${node.url}/api/v1/fleet/requests/import`, { method: "POST", body: "title,site,type,duration_h\nFrom a table,North,excavator,1\n", headers: { authorization: `Bearer ${node.admin()}`, "content-type": "text/csv", "idempotency-key": "t1" } });
    const tables = [await (await csv()).json(), await (await csv()).json()];
    assert.deepEqual(tables[0], tables[1]);
    assert.equal((await node.api("fleet/requests")).items.filter((one) => one.title === "From a table").length, 1);
    // It is remembered over a crash.
    await node.kill();
    await node.start();
    assert.equal((await (await once("fleet/requests", "r1", work)).json()).id, asked.id);
});

test("a node that dies between doing and answering does not do it again", async (t) => {
    const { node, site } = await yard(t);
    const rush = { site: site.id, type: "excavator", duration_s: 3600, rush: true };
    const ask = (key) => node.fetch("fleet/requests", { ...post(rush), headers: { "idempotency-key": key } });
    for (let i = 0; i < 3; i++) {
        // A rush job is stored, then planned, then answered: it dies at another moment each time.
        const all_there = () => until(async () => (await node.api("fleet/map")).machines.filter((row) => row[3] !== null).length === 2, "its machines are known");
        await all_there();
        const cut = ask(`cut-${i}`).then((answer) => answer.text()).catch(() => "");
        await until(async () => (await node.api("fleet/requests")).items.length === i + 1, "it is there");
        await sleep(60 * i);
        await node.kill();
        await cut;
        await node.start();
        await all_there();
        const again = await ask(`cut-${i}`);
        assert.equal(again.status, 201);
        const said = await again.json();
        assert.ok(said.id, JSON.stringify(said));
        assert.equal((await node.api("fleet/requests")).items.length, i + 1, "once");
        assert.equal((await (await ask(`cut-${i}`)).json()).id, said.id);
    }
});

test("after a start the stored plan goes on, or is made again when it no longer stands", async (t) => {
    const { node, site } = await yard(t, ["near", "far"]);
    await node.api("fleet/machines/near", patch({ service_every_h: 100_000 }));
    const hour = (n) => new Date(Date.now() + n * 3_600_000).toISOString();
    // Begins in an hour, so that nobody is late in this test; and one that nobody can do.
    const later = { site: site.id, type: "excavator", duration_s: 7200, windows: [{ from: hour(1), until: hour(5) }] };
    const asked = await node.api("fleet/requests", post({ ...later, title: "Later", rush: true }));
    const machine = async () => (await node.api(`fleet/requests/${asked.id}`)).places[0].machine;
    const impossible = await node.api("fleet/requests", post({ ...later, attachments: ["auger"], rush: true }));
    const why = async () => (await node.api(`fleet/requests/${impossible.id}`)).places[0].why_not_reason?.code;
    assert.equal(await why(), "no_skills");
    const has = await machine(), other = has === "near" ? "far" : "near";
    const decided = (await node.api("fleet/decisions")).items.length;

    await node.kill();
    await node.start();
    assert.equal(await machine(), has);
    await until(async () => (await why()) === "no_skills", "why something has no machine is known again", 60_000);
    assert.equal(await machine(), has, "a plan that stands is not touched");
    assert.equal((await node.api("fleet/decisions")).items.length, decided, "and nothing was decided");

    // Its rent ends before it would be done; nobody plans anew for that while the node runs.
    await node.api(`fleet/machines/${has}`, patch({ rent_until: hour(1.5) }));
    await sleep(1500);
    assert.equal(await machine(), has);
    await node.kill();
    await node.start();
    await until(async () => (await machine()) === other, "another machine has it now", 60_000);
    const decision = await until(async () => (await node.api("fleet/decisions")).items.find((one) => one.cause.reason?.code === "no_longer_stands"), "and the decision says why");
    assert.equal(decision.was_adopted, true);
    assert.match(decision.cause.reason.text, new RegExp(has));
    assert.ok(decision.changes.some((one) => one.from === has && one.to === other && /rent ends/.test(one.sentence)), JSON.stringify(decision.changes));
    const chinese = (await node.api("fleet/decisions?lang=zh")).items.find((one) => one.id === decision.id);
    assert.match(chinese.changes[0].sentence, /租期/);
});
