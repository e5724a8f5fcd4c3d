// A full disk: nothing new is acknowledged, reading goes on, and space makes it go on again.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Node, telemetry, until } from "../node.mjs";

/** A tmpfs of its own, or null where that is not allowed. */
function smallDisk(t, bytes) {
    const place = mkdtempSync(join(tmpdir(), "lineshaft-disk-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", place]);
    if (mounted.error || mounted.status !== 0) {
        rmSync(place, { recursive: true });
        return null;
    }
    t.after(() => {
        spawnSync("umount", ["-l", place]);
        rmSync(place, { recursive: true, force: true });
    });
    return place;
}

const free = (place) => { const about = statfsSync(place); return about.bavail * about.bsize; };

test("fault 5: at the floor publishes are refused, reads go on, and free space resumes", async (t) => {
    const place = smallDisk(t, 64 << 20);
    if (!place) return t.skip("a tmpfs cannot be mounted here (needs root)");
    const node = new Node(t, { data: join(place, "data"), sets: ["store.free_bytes_min=16M", "history.inbox_bytes_max=8M"] });
    await node.start();
    node.admin();
    const [v5, v4] = [await node.mqtt(), await node.mqtt({ protocolVersion: 4 })];
    let ts = Date.parse("2026-01-01T00:00:00Z");
    const tell = (client = v5) => client.publishAsync(telemetry("m"), JSON.stringify({ ts: ++ts, values: { v: ts % 1000 } }), { qos: 1 });
    await tell();
    const ballast = join(place, "ballast");
    writeFileSync(ballast, Buffer.alloc(free(place) - (15 << 20)));
    let refusal;
    await until(async () => { refusal = await tell().then(() => null, (error) => error); return refusal; }, "a refusal");
    assert.equal(refusal.code, 0x97, "5.0 says quota exceeded");
    let isOldAcknowledged = false;
    const old = tell(v4).then(() => (isOldAcknowledged = true));
    const about = await node.api("node");
    assert.equal(about.accepting, false);
    assert.equal((await node.metrics()).store_accepting, 0);
    const stored = await node.samples("m", "v");
    assert.ok(stored.length >= 1, "reads go on");
    assert.equal((await node.api("overview")).machines.total, 1);
    assert.equal(isOldAcknowledged, false, "3.1.1 is not acknowledged");
    unlinkSync(ballast);
    const began = performance.now();
    await until(() => tell().then(() => true, () => false), "publishes are taken again", 10_000);
    const took = performance.now() - began;
    t.diagnostic(`resumed after ${took.toFixed(0)} ms`);
    assert.ok(took <= 5_500, `${took} ms`);
    await old;
    assert.equal((await node.api("node")).accepting, true);
    await node.kill();
    await node.start();
    assert.ok((await node.samples("m", "v")).length > stored.length, "and all of it is there after a kill");
});
