// The thirteen questions of the truck workload (bench/questions.mjs) against answers recomputed here from what was sent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { truckQuestions } from "../../bench/questions.mjs";
import { Node, until } from "../node.mjs";

const begin_s = 1_451_606_400, step_s = 120, ticks = 900, trucks = 9;  // thirty hours
const fields = ["latitude", "longitude", "velocity", "fuel_consumption", "fuel_state", "current_load", "status"];

/** Numbers that come again with every run. */
function dice(seed) {
    return () => { seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648; return seed / 2_147_483_648; };
}

/** Trucks that drive, rest and break down for hours at a time; one field in ten is missing. */
function made() {
    const roll = dice(7);
    return Array.from({ length: trucks }, (_, index) => {
        const truck = {
            name: `truck_${index}`,
            said: {
                fleet: ["South", "North", "East"][index % 3], driver: ["Derek", "Rodney"][index % 2], model: ["F-150", "G-2000"][index % 2],
                load_capacity: [2000, 5000][index % 2], nominal_fuel_consumption: [15, 19][index % 2],
            },
            rows: [],
        };
        let isDriving = true, isBroken = false, load = 500;
        for (let tick = 0; tick < ticks; ++tick) {
            if (roll() < 0.02) isDriving = !isDriving || index === 3;  // who never rests
            if (roll() < 0.01) isBroken = !isBroken;
            if (roll() < 0.05) load = Math.trunc(roll() * 5000);
            const row = {
                at: begin_s + tick * step_s, latitude: Math.round(roll() * 1e6) / 1e4, longitude: Math.round(roll() * 1e6) / 1e4,
                velocity: index === 0 && tick > ticks - 30 ? 0 : isDriving ? Math.trunc(roll() * 100) : Math.trunc(roll() * 3) > 1 ? 1 : 0,
                fuel_consumption: Math.trunc(roll() * 500) / 10, fuel_state: tick > ticks - 3 && index % 2 === 0 ? 0.05 : 0.5,
                current_load: load, status: isBroken && roll() < 0.8 ? 0 : 1 + Math.trunc(roll() * 4),
            };
            for (const field of fields) if (roll() < 0.1) delete row[field];
            truck.rows.push(row);
        }
        return truck;
    });
}

const lines = (truck) => truck.rows.map((row) => {
    const told = fields.filter((field) => row[field] !== undefined).map((field) => `${field}=${row[field]}`).join(",");
    const words = Object.entries(truck.said).map(([name, value]) => `${name}=${value}`).join(",");
    return told === "" ? "" : `readings,machine=${truck.name},${words} ${told} ${row.at}`;
}).filter((line) => line !== "").join("\n");

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const of = (truck, field, from = 0) => truck.rows.filter((row) => row[field] !== undefined && row.at >= from);
const newest = (truck, field) => of(truck, field).at(-1)[field];
const byName = (a, b) => (a < b ? -1 : 1);

/** What `make` makes of a field's values in each ten minutes, in order: [begin, value]. */
function tens(truck, field, make, from = 0) {
    const groups = new Map();
    for (const row of of(truck, field, from)) {
        const ten = row.at - row.at % 600;
        groups.set(ten, [...(groups.get(ten) ?? []), row[field]]);
    }
    return [...groups].sort((a, b) => a[0] - b[0]).map(([ten, values]) => [ten, make(values)]);
}

function grouped(rows, key, make) {
    const groups = new Map();
    for (const row of rows) groups.set(JSON.stringify(key(row)), [...(groups.get(JSON.stringify(key(row))) ?? []), row]);
    return [...groups].map(([name, members]) => [...JSON.parse(name), ...make(members)]);
}

const isoDay = (seconds) => new Date((seconds - seconds % 86_400) * 1000).toISOString().replace(".000Z", "Z");

function wanted(all) {
    const end_s = begin_s + ticks * step_s;
    const south = all.filter((truck) => truck.said.fleet === "South");
    const named = (truck) => [truck.name, truck.said.driver];
    const moving = (hours, most) => south.filter((truck) => tens(truck, "velocity", mean, end_s - hours * 3600).filter(([, v]) => v > 1).length > most).map(named);
    const status = (truck) => tens(truck, "status", (values) => values.filter((v) => v === 0).length * 2 >= values.length);
    const sessions = (truck) => {
        const states = tens(truck, "velocity", (values) => mean(values) > 5);
        const changes = states.filter(([, driving], index) => index > 0 && driving !== states[index - 1][1]);
        return changes.map(([start, driving], index) => ({ start, driving, seconds: changes[index + 1] ? changes[index + 1][0] - start : null })).filter((one) => one.driving);
    };
    const fuel = all.map((truck) => ({ truck, rows: truck.rows.filter((row) => row.velocity > 1 && row.fuel_consumption !== undefined) })).filter(({ rows }) => rows.length > 0);
    return {
        "single-last-loc": [[...named(all[3]), newest(all[3], "longitude"), newest(all[3], "latitude")]],
        "last-loc": south.map((truck) => [...named(truck), newest(truck, "longitude"), newest(truck, "latitude")]),
        "low-fuel": south.filter((truck) => newest(truck, "fuel_state") < 0.1).map((truck) => [...named(truck), newest(truck, "fuel_state")]),
        "high-load": south.filter((truck) => newest(truck, "current_load") / truck.said.load_capacity > 0.9).map((truck) => [...named(truck), newest(truck, "current_load")]),
        "stationary-trucks": south.filter((truck) => mean(of(truck, "velocity", end_s - 600).map((row) => row.velocity)) < 1).map(named),
        "long-driving-sessions": moving(4, 22),
        "long-daily-sessions": moving(24, 60),
        "avg-vs-projected-fuel-consumption": grouped(fuel, ({ truck }) => [truck.said.fleet], (members) => {
            const rows = members.flatMap(({ truck, rows: some }) => some.map((row) => [row.fuel_consumption, truck.said.nominal_fuel_consumption]));
            return [mean(rows.map((row) => row[0])), mean(rows.map((row) => row[1]))];
        }).sort((a, b) => byName(a[0], b[0])),
        "avg-daily-driving-duration": all.map((truck) => {
            const drives = tens(truck, "velocity", mean).filter(([, v]) => v > 1);
            const hours = grouped(drives, ([ten]) => [isoDay(ten)], (members) => [Math.trunc(members.length / 6)]);
            return [truck.said.fleet, ...named(truck), mean(hours.map((row) => row[1]))];
        }),
        "avg-daily-driving-session": all.flatMap((truck) => grouped(sessions(truck), (one) => [truck.name, isoDay(one.start)], (members) => {
            const known = members.map((one) => one.seconds).filter((seconds) => seconds !== null);
            return [known.length > 0 ? mean(known) : null];
        })),
        "avg-load": grouped(all, (truck) => [truck.said.fleet, truck.said.model, String(truck.said.load_capacity)],
            (members) => [mean(members.map((truck) => mean(of(truck, "current_load").map((row) => row.current_load)) / truck.said.load_capacity))]).sort((a, b) => byName(a.join(), b.join())),
        "daily-activity": grouped(all.flatMap((truck) => tens(truck, "status", mean).filter(([, v]) => v < 1).map(([ten]) => ({ truck, ten }))),
            ({ truck, ten }) => [truck.said.fleet, truck.said.model, isoDay(ten)], (members) => [members.length / 144]).sort((a, b) => byName(a[2] + a[0] + a[1], b[2] + b[0] + b[1])),
        "breakdown-frequency": grouped(all.flatMap((truck) => {
            const states = status(truck);
            return states.filter(([, broken], index) => !broken && states[index + 1]?.[1]).map(() => truck);
        }), (truck) => [truck.said.model], (members) => [members.length]).sort((a, b) => byName(a[0], b[0])),
    };
}

function sameRows(got, want, what) {
    assert.equal(got.length, want.length, `${what}: ${JSON.stringify(got.slice(0, 5))} instead of ${JSON.stringify(want.slice(0, 5))}`);
    for (const [index, row] of got.entries()) {
        assert.equal(row.length, want[index].length, what);
        for (const [place, value] of row.entries()) {
            const right = want[index][place];
            if (typeof right === "number") assert.ok(Math.abs(value - right) <= 1e-9 * (1 + Math.abs(right)), `${what}, row ${index}: ${value} instead of ${right}`);
            else assert.equal(value, right, `${what}, row ${index}`);
        }
    }
}

test("the questions of the truck workload are answered as a plain recomputation does", async (t) => {
    const node = await Node.start(t);
    const all = made();
    for (const truck of all) {
        const answer = await fetch(`${node.url}/write?precision=s`, { method: "POST", body: lines(truck), headers: { authorization: `Token ${node.admin()}` } });
        assert.equal(answer.status, 204, await answer.text());
    }
    const ask = async (sql) => (await node.api("/api/v1/sql", { method: "POST", token: node.admin(), body: { sql, limit: 10_000 } })).rows;
    // What the lines' tags say of a machine becomes its attributes beside the samples.
    await until(async () => (await ask("SELECT count(attributes ->> 'fleet') FROM machines"))[0][0] === trucks, "the trucks' attributes");
    const questions = truckQuestions({ tag: (field) => `readings.${field}`, begin_s, end_s: begin_s + ticks * step_s });
    const answers = wanted(all);
    assert.deepEqual(Object.keys(questions).sort(), Object.keys(answers).sort());
    for (const [name, sql] of Object.entries(questions)) {
        assert.ok(answers[name].length > 0, `${name} has an answer to be right about`);
        sameRows(await ask(sql), answers[name], name);
    }
});
