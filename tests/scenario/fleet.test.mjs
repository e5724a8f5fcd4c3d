// A fleet through its public doors only: machines over MQTT, people over HTTP. One working day in miniature: sites a few hundred
// metres apart; hour meters that run six hundred times as fast end the jobs, and count in the index no more than the time that went by.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node, sleep, until } from "../node.mjs";

const post = (body) => ({ method: "POST", body });
const square = (lat, lon, metres) => {
    const up = metres / 111_195, aside = up / Math.cos((lat * Math.PI) / 180);
    return [[lat - up, lon - aside], [lat - up, lon + aside], [lat + up, lon + aside], [lat + up, lon - aside]];
};
const metresBetween = (a, b) => Math.hypot((a[0] - b[0]) * 111_195, (a[1] - b[1]) * 111_195 * Math.cos((a[0] * Math.PI) / 180));
async function refusal(node, path, options) {
    const answer = await node.fetch(path, options);
    const body = await answer.json();
    assert.equal(answer.status, 422, `${path}: ${answer.status} ${body.detail}`);
    return body.detail;
}

/** 24 machines behind one connection; they drive to what they are ordered to, and work there. */
class Machines {
    static kinds = [["excavator", 6], ["wheel_loader", 5], ["dump_truck", 7], ["mobile_crane", 3], ["bulldozer", 3]];
    static async start(node, sites) {
        const all = new Machines();
        all.node = node;
        all.units = Machines.kinds.flatMap(([kind, count]) => Array.from({ length: count }, (_, i) => ({
            id: `${kind}-${String(i + 1).padStart(2, "0")}`, kind, hours: 100, fault: "", orders: [], ordered: 0,
        })));
        all.units.forEach((unit, i) => { unit.at = [...sites[i % sites.length].middle]; });
        all.client = await node.mqtt({ clientId: "telematics" });
        await all.client.subscribeAsync("lineshaft/v1/+/command", { qos: 1 });
        all.client.on("message", (topic, payload) => {
            const order = JSON.parse(JSON.parse(payload.toString()).values.order ?? "null");
            const unit = all.units.find((one) => one.id === topic.split("/")[2]);
            if (!unit || !order) return;
            unit.orders = unit.orders.filter((one) => one.request !== order.request || one.place !== order.place);
            if (!order.is_taken_back) {
                unit.ordered++;
                unit.orders.push({ ...order, worked: 0 });
            }
        });
        return all;
    }
    unit(id) { return this.units.find((one) => one.id === id); }
    /** A step of 0.3 s; what is begun in it works for three minutes by its meter. */
    async step() {
        const ts = Date.now();
        await Promise.all(this.units.map((unit) => {
            const order = unit.fault ? undefined : unit.orders[0];
            let state = unit.fault ? "stopped" : "idle", speed = 0, load = 8;
            if (order) {
                const goal = [order.latitude, order.longitude], far = metresBetween(unit.at, goal), reach = 12;
                if (far > 1) {
                    const share = Math.min(1, reach / far);
                    unit.at = unit.at.map((one, i) => one + (goal[i] - one) * share);
                    [state, speed, load] = ["travelling", 40, 30];
                } else {
                    [state, load] = ["working", 70];
                    unit.hours += 0.05;
                    order.worked += 180;
                    if (order.worked >= order.duration_s + 600) unit.orders.shift();
                }
            }
            const values = { lat: unit.at[0], lon: unit.at[1], speed_kmh: speed, load_percent: load, engine_hours: Number(unit.hours.toFixed(4)), state, fault_code: unit.fault, kind: unit.kind };
            return this.client.publishAsync(`lineshaft/v1/${unit.id}/telemetry`, JSON.stringify({ ts, values }), { qos: 1 });
        }));
    }
    live() {
        this.isLive = true;
        this.over = (async () => {
            while (this.isLive) {
                await this.step();
                await sleep(300);
            }
        })();
    }
    async stop() {
        this.isLive = false;
        await this.over;
    }
}

/** What must hold of every plan, checked from what is shown of it and nothing else. */
function check(plan, requests, { broken = [], pins = {} } = {}) {
    assert.equal(plan.is_checked, true);
    const byId = Object.fromEntries(requests.map((one) => [one.id, one]));
    const seen = new Set();
    for (const route of plan.routes) {
        let free = 0;
        for (const call of route.calls) {
            const key = `${call.request}/${call.place}`, request = byId[call.request];
            assert.ok(request, `request ${call.request}`);
            assert.ok(!seen.has(key), `${key} is done once`);
            seen.add(key);
            assert.ok(route.machine.startsWith(request.type), `${route.machine} does ${request.type}`);
            assert.ok(!broken.includes(route.machine), `nothing is planned for ${route.machine}, which is broken`);
            if (pins[key]) assert.equal(route.machine, pins[key], `pinned ${key} has not moved`);
            assert.ok(Date.parse(call.begin) >= Date.parse(call.arrival) - 1000, "begins when it is there");
            assert.ok(Date.parse(call.end) >= Date.parse(call.begin), "ends after it begins");
            if (["planned", "accepted"].includes(call.stage)) {
                assert.ok(Date.parse(call.arrival) >= free - 1000, `${route.machine} is at one place at a time`);
                for (const window of request.windows.slice(0, 1)) assert.ok(call.late_s > 0 || Date.parse(call.begin) >= Date.parse(window.from), "not before its window");
            }
            free = Math.max(free, Date.parse(call.end));
        }
    }
    return seen;
}

test("a day of a fleet: asked for, planned, executed, replanned, and its index", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const bow = [[22.5, 113.9], [22.5, 113.91], [22.51, 113.9], [22.51, 113.91]];
    assert.match(await refusal(node, "fleet/sites/check", post({ border: bow })), /side \d+ crosses side \d+/);
    assert.match(await refusal(node, "fleet/sites", post({ name: "Bow", time_zone: "UTC", border: bow })), /side \d+ crosses side \d+/);
    const sites = [];
    for (let i = 0; i < 4; i++) {
        const middle = [22.5 + 0.004 * (i >> 1), 113.9 + 0.004 * (i & 1)];
        const site = await node.api("fleet/sites", post({ name: `Site ${i + 1}`, time_zone: "Asia/Shanghai", border: square(...middle, 80), region: i < 2 ? "south" : "north" }));
        sites.push({ ...site, middle });
        assert.ok(Math.abs(site.area_m2 - 160 * 160) < 300, `${site.area_m2} m²`);
    }
    const overlap = await node.api("fleet/sites/check", post({ border: square(...sites[0].middle, 40) }));
    assert.deepEqual(overlap.overlaps, [sites[0].id], "overlapping is allowed, and told");
    await node.api("fleet/settings", { method: "PATCH", body: { breakdown_after_s: 1, index: { machines_min: 3, hours_min: 0.001 } } });
    const machines = await Machines.start(node, sites);
    t.after(() => machines.stop());
    machines.live();
    const map = await until(async () => {
        const seen = await node.api("fleet/map");
        return seen.machines.length === 24 && seen.machines.every((row) => row[3] !== null && row[6] === "idle" && row[9] !== null) && seen;
    }, "all machines are seen, idle, inside their sites", 30_000);
    assert.equal(map.counts.idle, 24);
    const crossed = await until(async () => {
        const all = (await node.api("fleet/crossings?machine=excavator-01")).items;
        return all.length > 0 && all;
    }, "entering is kept");
    assert.deepEqual(crossed.map((one) => [one.kind, one.site]), [["entered", sites[0].id]]);

    // What cannot be is refused with a sentence, and nothing changes.
    const work = (site, type, more = {}) => ({ site: sites[site].id, type, duration_s: 3600, ...more });
    assert.match(await refusal(node, "fleet/requests", post(work(0, "submarine"))), /no machine of type "submarine"/);
    assert.match(await refusal(node, "fleet/requests", post(work(0, "excavator", { count: 1_000_000 }))), /1\.\.200/);
    assert.match(await refusal(node, "fleet/requests", post(work(0, "excavator", { windows: [{ from: "2020-01-01T00:00:00Z", until: "2020-01-02T00:00:00Z" }] }))), /closed/);
    assert.match(await refusal(node, "fleet/requests", post({ ...work(0, "excavator"), site: "99" })), /site "99"/);
    const asked = [];
    for (let i = 0; i < 8; i++) {
        const kind = ["excavator", "wheel_loader", "dump_truck", "bulldozer"][i % 4];
        asked.push(await node.api("fleet/requests", post(work((i + 1) % 4, kind, { title: `Work ${i + 1}`, count: 1 + (i % 2), rent_cost: i === 7 ? 0.01 : 5_000 }))));
    }
    const csv = await node.fetch("fleet/requests/import", { method: "POST", headers: { authorization: `Bearer ${node.admin()}`, "content-type": "text/csv" } });
    assert.equal(csv.status, 422, "an empty table is refused");
    const proposal = await node.api("fleet/plan/proposals", post({ seconds: 0.2 }));
    check(proposal, asked);
    assert.equal((await node.api("fleet/plan")).routes.length, 0, "a proposal changes nothing");
    const adopted = await node.api(`fleet/plan/proposals/${proposal.id}/adopt`, post({}));
    const planned = check(adopted, asked);
    assert.ok(planned.size >= 10, `${planned.size} places are planned`);
    assert.equal(adopted.left_out.length + planned.size, 12, "the others are told, with why");
    assert.equal((await node.fetch(`fleet/plan/proposals/${proposal.id}/adopt`, post({}))).status, 409, "a plan of before is refused");

    // By hand: what would it cost, and so be it.
    const candidates = (await node.api(`fleet/requests/${asked[0].id}/candidates?limit=24`)).items;
    assert.ok(candidates[0].is_possible && candidates[0].sentence.length > 5);
    assert.ok(candidates.some((one) => one.obstacle === "skills" && /lacks/.test(one.sentence)));
    const another = candidates.filter((one) => one.is_possible).at(-1).machine;
    const cost = await node.api(`fleet/requests/${asked[0].id}/places/0/move`, post({ machine: another }));
    assert.ok(cost.extra_cost >= -0.01 && cost.is_kept === false);
    assert.match(await refusal(node, `fleet/requests/${asked[0].id}/places/0/move`, post({ machine: "mobile_crane-01" })), /mobile_crane-01 cannot do it: it lacks excavator/);
    const kept = await node.api(`fleet/requests/${asked[0].id}/places/0/move`, post({ machine: another, keep: true }));
    const pins = { [`${asked[0].id}/0`]: another };
    check(kept.plan, asked, { pins });
    const what_if = await node.api("fleet/plan/proposals", post({ seconds: 0.1, what_if: { without: machines.units.filter((one) => one.kind === "bulldozer").map((one) => one.id) } }));
    assert.ok(what_if.left_out.some((one) => one.why === "no_skills"));
    assert.equal((await node.fetch(`fleet/plan/proposals/${what_if.id}/adopt`, post({}))).status, 409, "what if is not what is");

    // It is promised; machines get their orders and drive.
    await node.api("fleet/plan/accept", post({}));
    await until(() => machines.units.reduce((sum, one) => sum + one.ordered, 0) >= planned.size, "every promised place has its order");
    const driver = await node.token({ machine: another, name: "cab" });
    const cab = await node.api(`fleet/cabs/${another}`, { token: driver });
    assert.equal(cab.now.request, asked[0].id);
    assert.equal((await node.fetch("fleet/cabs/excavator-99", { token: driver })).status, 404, "another machine's cab is not there");
    assert.equal((await node.fetch("fleet/map", { token: driver })).status, 403);

    // It happens: a rush job; a breakdown told by a person, one told by telemetry.
    const rush = await node.api("fleet/events", post({ kind: "rush_job", request: work(2, "mobile_crane", { title: "Beam", priority: 100 }) }));
    assert.equal(rush.decision.was_adopted, true);
    const all = async () => (await node.api("fleet/requests?limit=100")).items;
    const victim = machines.units.find((one) => one.kind === "dump_truck" && one.orders.length > 0 && one.id !== another);
    machines.unit(victim.id).fault = "SPN 100 FMI 1";
    await until(async () => (await node.api(`fleet/machines/${victim.id}`)).why_not?.includes("broken"), "telemetry tells of the breakdown", 30_000);
    await until(async () => (await node.api("fleet/decisions")).items.some((one) => one.cause.kind === "breakdown" && one.cause.machine === victim.id && one.was_adopted), "the plan was made again");
    check(await node.api("fleet/plan"), await all(), { broken: [victim.id], pins });
    const busy = (one) => one.kind === "wheel_loader" && one.orders.length > 0;
    const told = machines.units.find(busy) ?? machines.units.find((one) => one.kind === "wheel_loader");
    const event = await node.api("fleet/events", post({ kind: "breakdown", machine: told.id, text: "hydraulics" }));
    assert.equal(event.decision.was_adopted, true, event.decision.why);
    check(await node.api("fleet/plan"), await all(), { broken: [victim.id, told.id], pins });
    for (const one of event.decision.changes) assert.ok(one.sentence.length > 5, "what changed is told");

    // Everything that was not left out gets done, by whom the plan says then.
    await until(async () => {
        await node.api("fleet/plan/accept", post({}));
        const open = (await all()).flatMap((one) => one.places).filter((one) => !["done", "requested"].includes(one.stage));
        return open.length === 0;
    }, () => "all that was planned is done", 90_000);
    const done = (await all()).flatMap((one) => one.places.map((place) => ({ ...place, request: one.id })));
    assert.ok(done.filter((one) => one.stage === "done").length >= 10);
    assert.equal(done.find((one) => one.request === asked[0].id && one.index === 0).machine, another);
    for (const one of done.filter((place) => place.stage === "requested")) assert.ok(one.why_not, "what was left out says why");

    // The index of it, from raw data: by type and region, small groups withheld.
    const index = await node.api("fleet/index");
    const month = index.rows.filter((one) => one.month === new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 7) || one.month === new Date().toISOString().slice(0, 7));
    const whole = month.find((one) => one.type === null && one.region === null);
    assert.ok(whole.index > 0 && whole.index < 1, `${whole.index} of the machines' days`);
    assert.equal(whole.machines, 24);
    assert.match(index.definition.sentence, /0\.001/);
    const strict = await node.api("fleet/index?machines_min=7");
    assert.ok(strict.rows.some((one) => one.type === "excavator" && one.is_withheld && one.index === null), "six are fewer than seven");
    assert.equal((await node.fetch("fleet/index?machines_min=1")).status, 422, "nobody looks closer than the setting allows");
    const worker = done.find((one) => one.stage === "done").machine;
    const use = await node.api(`fleet/machines/${worker}/use`);
    assert.ok(use.days.at(-1).hours > 0.001 && use.days.at(-1).working_s > 0);
    const trail = await node.api(`fleet/machines/${worker}/trail?points=50`);
    assert.ok(trail.points.length > 5 && trail.points.length <= 50);

    // Every decision is in the audit log, and survives.
    for (const action of ["fleet.plan", "fleet.arrive", "fleet.begin", "fleet.finish", "fleet.breakdown", "fleet.accept", "fleet.adopt", "fleet.event"]) {
        const found = (await node.api(`audit?what=${action}&limit=1000`)).items;
        assert.ok(found.some((one) => one.action === action), action);
    }
    const before = { requests: await all(), sites: await node.api("fleet/sites"), decisions: (await node.api("fleet/decisions?limit=1000")).items.length };
    await machines.stop();
    // Steps by telemetry are written soon, what people change before it is answered: behind it, all of it is on disk.
    await node.api("fleet/settings", { method: "PATCH", body: { breakdown_after_s: 2 } });
    await node.kill();
    await node.start();
    const strip = (one) => ({ ...one, position: [one.position.latitude, one.position.longitude].map((degrees) => degrees.toFixed(7)), places: one.places.map(({ why_not, ...place }) => place) });
    assert.deepEqual((await all()).map(strip), before.requests.map(strip));
    assert.deepEqual((await node.api("fleet/sites")).items.map((one) => one.border), before.sites.items.map((one) => one.border));
    assert.equal((await node.api("fleet/decisions?limit=1000")).items.length, before.decisions);
});

test("customers see their own machines only", async (t) => {
    const node = await Node.start(t);
    const made = await node.api("organisations", post({ name: "acme" }));
    await node.api(`organisations/${made.id}/people`, post({ name: "boss", role: "admin", password: "correct horse battery" }));
    const session = await node.fetch("session", { ...post({ name: "acme/boss", password: "correct horse battery" }), token: null, headers: { origin: node.url } });
    const headers = { cookie: session.headers.get("set-cookie").split(";")[0], origin: node.url };
    const asAcme = (path, options = {}) => node.fetch(path, { token: null, ...options, headers });
    const token = (await (await asAcme("tokens", post({ name: "feeder", role: "engineer" }))).json()).token;
    const [ours, theirs] = [await node.mqtt({ clientId: "ours" }), await node.mqtt({ clientId: "theirs", token })];
    const values = { lat: 22.5, lon: 113.9, rpm: 1500, kind: "excavator" };
    await ours.publishAsync("lineshaft/v1/maker-1/telemetry", JSON.stringify({ values }), { qos: 1 });
    await theirs.publishAsync("acme/lineshaft/v1/customer-1/telemetry", JSON.stringify({ values }), { qos: 1 });
    const ids = async (answer) => (await answer.json()).machines.map((row) => row[0]);
    await until(async () => (await ids(await node.fetch("fleet/map"))).includes("maker-1"), "ours");
    await until(async () => (await ids(await asAcme("fleet/map"))).includes("customer-1"), "theirs");
    assert.deepEqual(await ids(await node.fetch("fleet/map")), ["maker-1"]);
    assert.deepEqual(await ids(await asAcme("fleet/map")), ["customer-1"]);
    const site = await node.api("fleet/sites", post({ name: "Ours", time_zone: "UTC", border: square(22.5, 113.9, 300) }));
    const request = await node.api("fleet/requests", post({ site: site.id, type: "excavator", duration_s: 60 }));
    for (const path of ["fleet/machines/maker-1", "fleet/machines/maker-1/trail", "fleet/machines/maker-1/use", "fleet/cabs/maker-1", `fleet/requests/${request.id}`]) {
        assert.equal((await asAcme(path)).status, 404, path);
    }
    for (const path of ["fleet/sites", "fleet/requests", "fleet/crossings", "fleet/decisions"]) {
        assert.deepEqual((await (await asAcme(path)).json()).items, [], path);
    }
    assert.equal((await asAcme(`fleet/sites/${site.id}`, { method: "PATCH", body: { border: null } })).status, 404);
    assert.equal((await asAcme("fleet/events", post({ kind: "breakdown", machine: "maker-1" }))).status, 404);
    const feed = await (await fetch(`${node.url}/aemp/Fleet/1`, { headers: { authorization: `Bearer ${token}`, accept: "application/json" } })).text();
    assert.ok(feed.includes("customer-1") && !feed.includes("maker-1"));
});
