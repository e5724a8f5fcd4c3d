// A machine that was cut off for a year hands everything in at once, in no order and twice; the others go on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node, isLong, sleep, telemetry, until } from "../node.mjs";
import { Pulse } from "../pulse.mjs";

const begin = Date.parse("2025-01-01T00:00:00Z"), year_ms = 365 * 86_400_000;
const step_ms = isLong ? 30_000 : 300_000;
const body_lines = 5_000;

/** The year in bodies of lines, the last first and every other one backwards. */
function* bodies() {
    const count = year_ms / step_ms;
    for (let from = count - (count % body_lines || body_lines); from >= 0; from -= body_lines) {
        const lines = [];
        for (let n = from; n < Math.min(count, from + body_lines); ++n) {
            lines.push(`crane,machine=crane-9 load=${(n * 7919 % 1000) / 10},lifts=${n}i,wind=${(n * 104_729 % 300) / 10} ${begin + n * step_ms}`);
        }
        if (from / body_lines % 2 === 1) lines.reverse();
        yield lines.join("\n");
    }
}

const ms = (value) => (value === null ? "–" : `${value.toFixed(1)} ms`);

test("a year of one machine comes at once: it is whole, once, by the month, and live data of others goes on", { timeout: 400_000 }, async (t) => {
    const node = await Node.start(t, { sets: ["history.seal_age_max=2", "history.settle_age_max=5"] });
    const pulse = await Pulse.start(node, { topic: telemetry("lathe-1"), token: node.admin() });
    await sleep(2000);
    const alone = await pulse.mark();
    const write = async (body) => {
        for (;;) {
            const answer = await fetch(`${node.url}/api/v2/write?precision=ms`, { method: "POST", body, headers: { authorization: `Token ${node.admin()}` } });
            if (answer.status === 204) return;
            assert.ok([429, 503].includes(answer.status), `${answer.status} ${await answer.text()}`);
            await sleep(1000 * Number(answer.headers.get("retry-after") ?? 1));
        }
    };
    const all = [...bodies()];
    const began = performance.now();
    await Promise.all([0, 1, 2, 3].map(async (line) => { for (let at = line; at < all.length; at += 4) await write(all[at]); }));
    const took = performance.now() - began;
    const during = await pulse.mark();
    await write(all[0]);
    await write(all.at(-1));

    const count = year_ms / step_ms;
    const asked = "machines/crane-9/periods?tag=crane.lifts&by=month&from=2025-01-01T00:00:00Z&until=2026-01-01T00:00:00Z";
    const { series: [{ periods }] } = await node.api(asked);
    assert.equal(periods.length, 12);
    assert.deepEqual(periods.map((one) => one.count), periods.map((one) => (Date.parse(one.until) - Date.parse(one.from)) / step_ms), "every month is whole, and nothing is there twice");
    assert.ok(periods.every((one) => one.completeness === 1));
    assert.deepEqual([periods[0].first, periods[11].last], [0, count - 1]);
    const { rows: [[samples, least, most]] } = await node.api("sql", { method: "POST", body: { sql: "SELECT count(*), min(value), max(value) FROM samples WHERE machine = 'crane-9' AND tag = 'crane.lifts'" } });
    assert.deepEqual([Number(samples), least, most], [count, 0, count - 1]);

    const last = await pulse.end();
    assert.deepEqual([last.acknowledged, last.heard], [last.sent, last.sent], "what the others said meanwhile");
    await until(async () => Number((await node.api("sql", { method: "POST", body: { sql: "SELECT count(*) FROM samples WHERE machine = 'lathe-1' AND tag = 'number'" } })).rows[0][0]) === last.sent, "all of it is stored");
    t.diagnostic(`${count * 3} samples of a year in ${(took / 1000).toFixed(1)} s; others, publish to PUBACK (synced) p99 ${ms(alone.ack_p99_ms)} alone, ${ms(during.ack_p99_ms)} meanwhile; to their subscriber ${ms(alone.heard_p99_ms)}, ${ms(during.heard_p99_ms)}`);
});
