// Custom production when things go wrong: a node killed half-way, a full disk, machines that know only files.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statfsSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Node, until } from "../node.mjs";
import { Machines, design, isDone, known, orderWhen, place } from "../sewing.mjs";


test("the node is killed half-way: the machine sews on, and what it did counts once", async (t) => {
    const node = await Node.start(t, { sets: ["orders.lost_after=600"] });
    node.admin();
    const one = await design(node);
    const machines = new Machines(t, node, { speed: 150, frame: 5 });
    await known(node);
    const orders = [await place(node, one, { quantity: 5 }), await place(node, one, { quantity: 1 }, { "idempotency-key": "k-1" })];
    await orderWhen(node, orders[0].id, (now) => now.pieces.good >= 1, "a piece is done");
    await node.kill();
    // The same ports again, so that the machine finds its node.
    node.sets.push(`http.listen=${node.addresses.http}`, `mqtt.listen=127.0.0.1:${node.mqttPort}`);
    await node.start();
    const again = await place(node, one, { quantity: 1 }, { "idempotency-key": "k-1" });
    assert.equal(again.id, orders[1].id, "what was acknowledged is there, and is one order");
    for (const order of orders) {
        const done = await orderWhen(node, order.id, isDone, "it is sewn to its end", 60_000);
        assert.equal(done.pieces.good, order.quantity);
        assert.equal(done.jobs.length, 1, "by the job order that had it");
        const paper = await node.api(`orders/${order.id}/certificate`);
        assert.equal(paper.pieces.length, order.quantity);
        assert.ok(paper.pieces.every((piece) => piece.stitches === done.design.stitches), "every stitch of every piece");
    }
    assert.equal(machines.child.exitCode, null);
});

test("a full disk: no order is taken that is not kept, and everything goes on with room", async (t) => {
    const place_ = mkdtempSync(join(tmpdir(), "lineshaft-disk-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${96 << 20}`, "tmpfs", place_]);
    if (mounted.error || mounted.status !== 0) {
        rmSync(place_, { recursive: true });
        return t.skip("a tmpfs cannot be mounted here (needs root)");
    }
    t.after(() => {
        spawnSync("umount", ["-l", place_]);
        rmSync(place_, { recursive: true, force: true });
    });
    const node = new Node(t, { data: join(place_, "data"), sets: ["store.free_bytes_min=16M", "history.inbox_bytes_max=8M", "orders.lost_after=600"] });
    await node.start();
    node.admin();
    const one = await design(node);
    new Machines(t, node, { speed: 100, frame: 5 });
    await known(node);
    const order = await place(node, one, { quantity: 4 });
    await orderWhen(node, order.id, (now) => now.pieces.good >= 1, "a piece is done");
    const free = () => { const about = statfsSync(place_); return about.bavail * about.bsize; };
    const ballast = join(place_, "ballast");
    writeFileSync(ballast, Buffer.alloc(Math.max(0, free() - (7 << 20))));
    await until(async () => !(await node.api("node")).accepting, "the disk is full");
    const refused = await until(async () => {
        const answer = await node.fetch("orders", { method: "POST", headers: { "idempotency-key": "full" }, body: { design: one.id, customer: { name: "Mei" } } });
        return answer.status !== 201 && { status: answer.status, text: await answer.text() };
    }, "an order is refused");
    assert.ok([503, 429].includes(refused.status), JSON.stringify(refused));
    assert.equal((await node.api(`orders/${order.id}`)).id, order.id, "reading goes on");
    unlinkSync(ballast);
    const later = await until(async () => {
        const answer = await node.fetch("orders", { method: "POST", headers: { "idempotency-key": "full" }, body: { design: one.id, customer: { name: "Mei" } } });
        return answer.status === 201 && answer.json();
    }, "orders are taken again", 30_000);
    for (const id of [order.id, later.id]) await orderWhen(node, id, isDone, "it is done", 60_000);
    assert.equal((await node.api(`orders/${order.id}`)).pieces.good, 4);
});

test("a watched folder: the file appears whole and upper case, reports are read back, bad ones are put aside", async (t) => {
    const drop = mkdtempSync(join(tmpdir(), "lineshaft-drop-"));
    t.after(() => rmSync(drop, { recursive: true, force: true }));
    const node = await Node.start(t, { sets: [`orders.drop_directory=${drop}`] });
    node.admin();
    const put = { delivery: "folder", folder: "TAJIMA1", needles: 9, hoop_mm: [300, 300], dialect: "tajima" };
    await node.api("machines/tajima-1/sewing", { method: "PUT", body: put });
    const one = await design(node);
    const order = await place(node, one, { quantity: 2 });
    const folder = join(drop, "TAJIMA1");
    const name = await until(() => existsSync(folder) && readdirSync(folder).find((file) => /^J\d{7}\.DST$/.test(file)), "the file is dropped");
    assert.ok(!readdirSync(folder).some((file) => file.endsWith(".TM$")));
    const file = readFileSync(join(folder, name));
    assert.ok(file.equals(Buffer.from(await (await node.fetch(`designs/${one.id}/files/dst`)).arrayBuffer())));
    const facts = readFileSync(join(folder, name.replace(".DST", ".INF")), "latin1");
    assert.match(facts, new RegExp(`HASH=${createHash("sha256").update(file).digest("hex")}`));
    const job = (await orderWhen(node, order.id, (now) => now.jobs[0].substate === "Loaded", "it is delivered")).jobs[0];
    const stem = name.slice(0, 8);
    writeFileSync(join(folder, "REPORT", "A.RPT"), `JOB=${stem}\r\nSTATE=RUNNING\r\nBEGAN=2026-11-21T08:00:00Z\r\n`);
    await orderWhen(node, order.id, (now) => now.state === "running", "it runs");
    writeFileSync(join(folder, "REPORT", "B.RPT"), `JOB=${stem}\r\nPIECES=7\r\n`);
    writeFileSync(join(folder, "REPORT", "C.RPT"), "hello\n");
    await until(() => existsSync(join(folder, "BAD")) && readdirSync(join(folder, "BAD")).includes("C.RPT.WHY"), "bad reports are put aside");
    assert.match(readFileSync(join(folder, "BAD", "B.RPT.WHY"), "utf8"), /7 pieces of 2 that were asked for/);
    const line = `job,state,pieces,stitches,seconds,breaks,stop\n${stem},ENDED,2,${2 * job.stitch.total},${600},1,"thread_break,45;bobbin,30"\n`;
    writeFileSync(join(folder, "REPORT", "D.CSV"), line);
    const done = await orderWhen(node, order.id, isDone, "it is done");
    assert.equal(done.pieces.good, 2);
    assert.deepEqual((await node.api("stops?from=2020-01-01T00:00:00Z")).items.map(({ reason, seconds }) => [reason, seconds]), [["thread_break", 45], ["bobbin", 30]]);
    await until(() => readdirSync(join(folder, "DONE")).includes("D.CSV"), "it is put away");
});

test("HTTP pull by barcode: a machine's token gets its own files and reports them", async (t) => {
    const node = await Node.start(t);
    node.admin();
    await node.api("machines/press-1/sewing", { method: "PUT", body: { delivery: "http", dialect: "brother" } });
    const mine = node.token({ machine: "press-1" }), other = node.token({ machine: "press-2" });
    const one = await design(node);
    const order = await place(node, one);
    const job = await until(async () => {
        const answer = await node.fetch("machines/press-1/next-job", { token: mine });
        return answer.status === 200 && answer.json();
    }, "it is the machine's turn");
    const path = `machines/press-1/files/${job.barcode}`;
    assert.equal((await node.fetch(path, { token: other })).status, 404);
    assert.equal((await node.fetch("machines/press-1/files/J999", { token: mine })).status, 404);
    const answer = await node.fetch(path, { token: mine });
    assert.equal(answer.status, 200);
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(bytes.subarray(0, 8).toString("latin1"), "#PES0001", "in the machine's own format");
    assert.equal(answer.headers.get("etag"), `"${createHash("sha256").update(bytes).digest("hex")}"`);
    const report = (body, expect = 200, token = mine) => node.api("machines/press-1/reports", { method: "POST", body, token, expect });
    await report({ job: job.id, state: "Running" });
    await report({ job: job.id, state: "Explode" }, 422);
    await report({ job: "J999", state: "Running" }, 404);
    await report({ job: job.id, pieces: 2 }, 422);
    await report({ job: job.id }, 404, other);
    for (let again = 0; again < 3; ++again) await report({ job: job.id, state: "Ended", pieces: 1, stitches: job.stitch.total, done: [{ piece: 1, stitches: job.stitch.total }] });
    const done = await orderWhen(node, order.id, isDone, "it is done");
    assert.equal(done.pieces.good, 1);
    assert.equal((await node.fetch("machines/press-1/next-job", { token: mine })).status, 204);
});
