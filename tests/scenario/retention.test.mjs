// Retention over the API and the command line: classes expire or become coarser, the rest stays; through a kill, in every answer.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Node, run, until } from "../node.mjs";

const day = 86_400_000;

async function tell(node, machine, samples) {
    const answer = await node.fetch(`/api/v1/telemetry/${machine}`, { method: "POST", body: samples });
    assert.equal(answer.status, 204, await answer.text());
}

const count = async (node, tag) => (await node.api("/api/v1/sql", { method: "POST", body: { sql: "SELECT count(*) FROM samples WHERE tag = $1", params: [tag] } })).rows[0][0];

test("what has expired is in no answer and leaves the disk; what is kept stays, through kill -9", async (t) => {
    const node = await Node.start(t, { sets: ["history.seal_age_max=1", "history.settle_age_max=1", "history.sweep_every=2"] });
    const now = Date.now();
    const hours = Array.from({ length: 24 * 60 }, (_, hour) => ({ ts: now - 60 * day + hour * 3_600_000, values: { "vib.x": hour, level: hour } }));
    await tell(node, "press-1", hours);
    assert.deepEqual((await node.api("/api/v1/retention")).classes, []);
    await until(async () => (await node.metrics()).history_chunks_settled_total > 0, "settled");

    const file = join(node.folder, "classes.json");
    writeFileSync(file, JSON.stringify({ classes: [{ name: "vibration", tags: ["vib*"], keep_days: 10 }] }));
    const set = run(["retention", "--data", node.data, "--set", file]);
    assert.equal(set.code, 0, set.err);
    assert.equal(JSON.parse(set.out).classes[0].name, "vibration");
    const kept = hours.filter(({ ts }) => ts >= Date.parse(JSON.parse(set.out).classes[0].kept_from)).length;
    assert.ok(kept > 200 && kept < 300, `${kept}`);
    assert.equal(await count(node, "vib.x"), kept, "at once");
    assert.equal(await count(node, "level"), hours.length);

    await node.kill();
    await node.start();
    assert.equal(await count(node, "vib.x"), kept);
    run(["retention", "--data", node.data, "--set", file]);  // a sweep a second later
    await until(async () => (await node.metrics()).history_samples_expired_total > 0, "swept");
    assert.equal(await count(node, "vib.x"), kept);
    assert.equal(await count(node, "level"), hours.length);

    const periods = await node.api("/api/v1/machines/press-1/periods?tag=vib.x&by=month&from=2020-01-01T00:00:00Z".replace("2020-01-01T00:00:00Z", new Date(now - 70 * day).toISOString()));
    assert.equal(new Date(periods.series[0].kept_from).toISOString(), new Date(JSON.parse(set.out).classes[0].kept_from).toISOString());
    for (const period of periods.series[0].periods) {
        if (Date.parse(period.until) <= Date.parse(periods.series[0].kept_from)) assert.equal(period.completeness, null, "nothing is said of what is gone");
        else assert.ok(period.completeness > 0.95, JSON.stringify(period));
    }
    const late = await node.fetch("/api/v1/telemetry/press-1", { method: "POST", body: [{ ts: now - 50 * day, values: { "vib.x": 1 } }] });
    assert.ok([200, 204, 422].includes(late.status), `${late.status}`);
    assert.ok((await node.metrics()).history_samples_refused_time_total >= 1, "counted, not lost in silence");

    const shown = await until(async () => {
        const told = await node.api("/api/v1/retention");
        return told.counted_at && told.classes[0].samples < told.rest.samples && told;
    }, "the space without what was swept");
    assert.ok(shown.classes[0].bytes > 0 && shown.rest.bytes > shown.classes[0].bytes, JSON.stringify(shown));
    assert.equal((await node.fetch("/api/v1/retention", { method: "PUT", body: { classes: [] }, token: node.token({ role: "engineer" }) })).status, 403);
});

test("everything is exported as CSV and as lines of JSON", async (t) => {
    const node = await Node.start(t);
    await tell(node, "press-1", Array.from({ length: 30_000 }, (_, index) => ({ ts: Date.now() - 40_000_000 + index * 1000, values: { x: index / 4 } })));
    await tell(node, "press, 2", { state: 'say "hi"' });
    const csv = await (await node.fetch("/api/v1/export/samples?format=csv")).text();
    const lines = csv.trim().split("\r\n");
    assert.equal(lines.length, 1 + 30_001);
    assert.match(lines[1], /^"press, 2",state,[^,]+,"say ""hi""",good$/);
    assert.match(lines.at(-1), /^press-1,x,[^,]+,7499.75,good$/);
    const ndjson = await (await node.fetch("/api/v1/export/samples?machine=press-1")).text();
    assert.equal(ndjson.trim().split("\n").map((line) => JSON.parse(line).value).reduce((sum, one) => sum + one, 0), 29_999 * 30_000 / 2 / 4);
});
