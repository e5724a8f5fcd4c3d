// Hours, days, weeks and months as the site's clock has them, over real telemetry.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node } from "../node.mjs";

const hour = 3_600_000;

/** Publishes `count` samples, one each `step` ms, value 1. */
async function fill(client, machine, from, count, step) {
    const reports = Array.from({ length: count }, (_, index) => ({ ts: from + index * step, values: { energy: 1 } }));
    for (let at = 0; at < reports.length; at += 500) {
        await client.publishAsync(`lineshaft/v1/${machine}/telemetry`, JSON.stringify(reports.slice(at, at + 500)), { qos: 1 });
    }
}

const ask = async (node, query) => (await node.api(`machines/meter/periods?tag=energy&${query}`)).series[0];
const brief = (one) => [one.label, one.samples, one.sum, one.completeness];

test("days of 23 and 25 hours are whole, and late data is in them", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    // Quarters of an hour: the clocks of Berlin were turned on 2024-03-31 and on 2024-10-27.
    await fill(client, "meter", Date.parse("2024-03-30T00:00:00+01:00"), 71 * 4, hour / 4);
    await fill(client, "meter", Date.parse("2024-10-26T00:00:00+02:00"), 73 * 4, hour / 4);
    await node.machineWhen("meter", (one) => one.byTag.energy);
    const site = await node.api("sites", { method: "POST", body: { name: "Berlin", time_zone: "Europe/Berlin" } });
    assert.equal((await node.api("machines/meter/periods?tag=energy")).time_zone, "UTC", "before it stands anywhere");
    await node.api("machines/meter", { method: "PATCH", body: { adopted: true, site: site.id } });

    const spring = await ask(node, "by=day&from=2024-03-30T00:00:00%2B01:00&until=2024-04-02T00:00:00%2B02:00");
    assert.equal(spring.cadence_ms, 900_000);
    assert.deepEqual(spring.periods.map(brief), [["2024-03-30", 96, 96, 1], ["2024-03-31", 92, 92, 1], ["2024-04-01", 96, 96, 1]]);
    const autumn = await ask(node, "by=day&from=2024-10-26T12:00:00%2B02:00&until=2024-10-28T12:00:00%2B01:00");
    assert.deepEqual(autumn.periods.map(brief), [["2024-10-26", 96, 96, 1], ["2024-10-27", 100, 100, 1], ["2024-10-28", 96, 96, 1]]);
    assert.equal(autumn.periods[1].from, "2024-10-26T22:00:00Z");
    assert.equal(autumn.periods[1].until, "2024-10-27T23:00:00Z");
    const hours = await ask(node, "by=hour&from=2024-10-27T00:00:00%2B02:00&until=2024-10-27T04:00:00%2B01:00");
    assert.deepEqual(hours.periods.map((one) => one.label.slice(10)), ["T00+02:00", "T01+02:00", "T02+02:00", "T02+01:00", "T03+01:00"]);
    const six = await ask(node, "by=day&day_starts=06:00&from=2024-10-27T00:00:00%2B02:00&until=2024-10-27T07:00:00%2B01:00");
    assert.deepEqual(six.periods.map(brief), [["2024-10-26", 100, 100, 1], ["2024-10-27", 96, 96, 1]]);

    // The day between was silent; half of it comes late.
    const silent = "by=day&from=2024-10-29T00:00:00%2B01:00&until=2024-10-30T00:00:00%2B01:00";
    assert.deepEqual((await ask(node, silent)).periods.map(brief), [["2024-10-29", 0, null, 0]]);
    await fill(client, "meter", Date.parse("2024-10-29T00:00:00+01:00"), 48, hour / 4);
    assert.deepEqual((await ask(node, silent)).periods.map(brief), [["2024-10-29", 48, 48, 0.5]]);
    const months = await ask(node, "by=month&from=2024-10-01T00:00:00%2B02:00&until=2024-11-01T00:00:00%2B01:00");
    assert.deepEqual(months.periods.map((one) => [one.label, one.samples]), [["2024-10", 340]]);
    const weeks = await ask(node, "by=week&from=2024-10-26T00:00:00Z&until=2024-10-29T00:00:00Z");
    assert.deepEqual(weeks.periods.map((one) => one.label), ["2024-W43", "2024-W44"]);
});

test("questions that make no sense are refused in words", async (t) => {
    const node = await Node.start(t);
    const client = await node.mqtt();
    await fill(client, "meter", Date.now() - hour, 2, 1000);
    await node.machineWhen("meter", (one) => one.byTag.energy);
    for (const [query, status, words] of [
        ["tag=energy&by=fortnight", 422, /hour, shift, day/], ["tag=energy&by=shift", 422, /no shifts/],
        ["tag=energy&day_starts=24:00", 422, /06:00/], ["tag=energy&day_starts=6", 422, /06:00/],
        ["tag=energy&from=2024-01-02T00:00:00Z&until=2024-01-01T00:00:00Z", 422, /before until/],
        ["tag=energy&by=hour&from=2000-01-01T00:00:00Z", 429, /4000 periods/], ["", 422, /1 to 50 tags/], ["tag=none", 404, /none/],
    ]) {
        const answer = await node.fetch(`machines/meter/periods?${query}`);
        assert.equal(answer.status, status, query);
        assert.match(JSON.stringify(await answer.json()), words, query);
    }
    assert.deepEqual((await ask(node, "by=day")).periods.map((one) => one.completeness).slice(0, 3), [null, null, null], "before the first sample nothing is expected");
});
