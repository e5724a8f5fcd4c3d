// From a customer's words to a finished piece, through public interfaces only: shop link, order, simulated machine, certificate.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Node, until } from "../node.mjs";
import { Machines, design, digitised, follow, isDone, known, orderWhen, place } from "../sewing.mjs";

test("a customer's order through a shop link is sewn, stitch for stitch, and gets its certificate", async (t) => {
    const node = await Node.start(t, { sets: ["handle.prefix=88.101.7"] });
    node.admin();
    const machines = new Machines(t, node, { speed: 250, "breaks-every": 300, operator: 20 });
    await known(node);
    const link = await node.api("shop-links", { method: "POST", body: { name: "Old town" }, expect: 201 });
    const shop = `shops/${link.url.split("/").pop()}`;
    const ask = (path, body, expect = [200, 201]) => node.api(path, { method: body ? "POST" : "GET", body, token: null, expect });
    const about = await ask(shop);
    assert.equal(about.name, "Old town");
    assert.ok(about.threads.length >= 60 && about.hoops.length > 0 && about.fonts.includes("sans"));
    const made = await ask(`${shop}/designs`, { name: "Mei Lin", artwork: { text: "Mei Lin", height_mm: 12, colour: about.threads[4].colour } }, [201, 202]);
    const drawn = await digitised(node, made, `${shop}/designs/${made.id}`, { token: null });
    assert.match(drawn.id, /^\d+-/);
    assert.ok((await node.fetch(drawn.files.svg, { token: null })).status === 200);
    assert.equal((await node.fetch(`/api/v1/${shop}/designs/${drawn.id.split("-")[0]}-AAAAAAAAAAAAAAAA`, { token: null })).status, 404);
    const quote = await ask(`${shop}/quotes`, { design: drawn.id, quantity: 2 });
    assert.ok(quote.total_minor > 0 && quote.ready_at, JSON.stringify(quote));
    const order = await ask(`${shop}/orders`, { design: drawn.id, quantity: 2, cloth: "navy", customer: { name: "Mei", contact: "mei@example.org" } });
    assert.deepEqual(order.cloth, { fabric: "twill", colour: "navy" });
    assert.match(order.id, /^o-[0-9a-z]{16}$/);
    assert.equal(order.price.total_minor, quote.total_minor);
    assert.equal(order.customer.contact, undefined, "the customer's page shows no contact");
    const events = await follow(t, node, `orders/${order.id}/events`, null);
    const done = await orderWhen(node, order.id, (now) => isDone(now) && now.jobs[0].state === "Ended", "the order is done");
    assert.equal(done.pieces.good, 2);
    assert.equal(done.customer.contact, "mei@example.org", "the workshop sees it");
    await until(() => events.some(({ name, data }) => name === "order" && data.state === "done"), "the stream says so");
    assert.equal(events[0].name, "order");
    assert.ok(events.some(({ name }) => name === "progress"), "needle by needle");
    assert.equal(events.filter(({ name }) => name === "piece").length, 2);
    const paper = await node.api(`orders/${order.id}/certificate`, { token: null });
    // The number of stitches is counted by the machine as it goes, and by us in the file.
    const file = Buffer.from(await (await node.fetch(drawn.files.dst, { token: null })).arrayBuffer());
    let inFile = 0;
    for (let at = 512; (file[at + 2] & 0xf3) !== 0xf3; at += 3) inFile += (file[at + 2] & 0xc3) === 0x03;
    assert.deepEqual(paper.pieces.map((piece) => piece.stitches), [inFile, inFile]);
    assert.equal(paper.stitches_total, 2 * inFile);
    assert.match(paper.qr, /^<svg/);
    assert.equal(paper.maker, null, "nobody gave the node or its organisation a name");
    assert.deepEqual(paper.cloth, order.cloth);
    assert.equal(paper.resolve, `${node.url}/api/handles/${paper.identifier}`, "a whole address");
    assert.equal(paper.identifier, `88.101.7/${order.id}`);
    assert.deepEqual(paper.pieces.map((piece) => piece.identifier), [`88.101.7/${order.id}.1`, `88.101.7/${order.id}.2`]);
    for (const identifier of [paper.identifier, paper.pieces[1].identifier]) {
        const found = await until(async () => {
            const answer = await node.fetch(`/api/handles/${identifier}`, { token: null });
            return answer.status === 200 && answer.json();
        }, `${identifier} resolves`);
        const page = found.values.find((value) => value.type === "URL").data.value;
        assert.equal(page, `${node.url}/order/${order.id}/certificate`, "a page that people open");
    }
    const [job] = done.jobs;
    assert.equal(job.state, "Ended");
    assert.equal(job.pieces.good, 2);
    const audited = async () => (await node.api("audit?what=job_order.state")).items.filter((line) => line.target === job.id).map((line) => line.detail.split(" ")[0]);
    await until(async () => (await audited()).includes("Ended"), "the end is in the audit log");
    assert.ok((await audited()).includes("Running"), "and so is the beginning");
    const stops = await node.api("stops");
    assert.ok(stops.items.length > 0 && stops.items.every((stop) => stop.count > 0), "thread breaks are counted");
    assert.ok(Math.abs(stops.items.at(-1).cumulative - 1) < 1e-9);
    const oee = await node.api(`machines/${encodeURIComponent(machines.id())}/oee`);
    assert.equal(oee.pieces.GQ, 2);
    // This machine works 2000 times as fast: a disk that stops for a second can leave it no time beside its stops, and so no ratio.
    if (oee.times_s.APT > 0) {
        assert.ok(oee.oee > 0 && oee.oee <= 1.05, `${oee.oee}`);
        assert.ok(Math.abs(oee.oee - oee.availability * oee.effectiveness * oee.quality_ratio) < 1e-9);
    } else assert.deepEqual([oee.oee, oee.effectiveness], [null, null]);
    const cost = await node.api(`orders/${order.id}/cost`);
    assert.equal(cost.margin_minor, cost.price_minor - cost.total_minor);
    const steps = (await node.api(`orders/${order.id}/history`)).items;
    assert.deepEqual([steps[0].text, steps[0].reason], ["2 × Mei Lin", { code: "quantity", parts: ["2", "Mei Lin"] }]);
    const kinds = steps.map((item) => item.kind);
    for (const kind of ["placed", "given", "confirmed", "Running", "piece", "done"]) assert.ok(kinds.includes(kind), `${kind} in ${kinds}`);
    assert.equal((await node.fetch(`shop-links/${link.id}`, { method: "DELETE" })).status, 204);
    assert.equal((await node.fetch(`/api/v1/${shop}`, { token: null })).status, 404, "the link is revoked");
});

test("what nobody may, what cannot be, and what comes twice", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const one = await design(node);
    const key = { "idempotency-key": "order-1" };
    const first = await place(node, one, {}, key), second = await place(node, one, {}, key);
    assert.equal(first.id, second.id);
    assert.equal((await node.api("orders")).items.length, 1, "a doubled order is one order");
    assert.equal((await node.fetch("orders", { method: "POST", headers: key, body: { design: one.id, quantity: 2 } })).status, 409);
    assert.equal(first.state, "new");
    assert.equal((await orderWhen(node, first.id, (order) => order.why, "it says what is missing")).why, "there is no machine that sews");
    const put = (body, expect) => node.api("machines/press/sewing", { method: "PUT", body, expect });
    await put({ hoop_mm: [20, 20], needles: 1, delivery: "http" }, 200);
    assert.match((await orderWhen(node, first.id, (order) => /hoop/.test(order.why), "the hoop is too small")).why, /press has a hoop of 20 x 20 mm, the design is \d+ x \d+ mm/);
    for (const [body, why] of [[{ needles: 99 }, /1 to 64/], [{ folder: "../x" }, /folder/], [{ dialect: "x" }, /dialect/], [{ delivery: "folder" }, /folder/], [{ threads: ["red"] }, /threads/]])
        assert.match((await put(body, 422)).detail, why);
    const cases = [
        [{ design: "x" }, /design/], [{ design: one.id, quantity: 0 }, /quantity/], [{ design: one.id, quantity: 1.5 }, /quantity/],
        [{ design: one.id, quantity: 1001 }, /quantity/], [{ design: one.id, due_at: "tomorrow" }, /due_at/], [{ design: one.id, priority: 101 }, /priority/],
        [{ design: one.id, customer: "Mei" }, /customer/], [{ design: one.id, colour: 1 }, /member/],
    ];
    for (const [body, why] of cases) {
        const answer = await node.fetch("orders", { method: "POST", body });
        assert.equal(answer.status, 422, JSON.stringify(body));
        assert.match((await answer.json()).detail, why);
    }
    assert.equal((await node.fetch("orders", { method: "POST", body: { design: "999" } })).status, 404);
    assert.equal((await node.fetch("orders", { method: "POST", body: { design: one.id, design_hash: "00" } })).status, 409, "the design is another now");
    const viewer = node.token({ role: "viewer" });
    assert.equal((await node.fetch("orders", { method: "POST", token: viewer, body: { design: one.id } })).status, 403);
    assert.equal((await node.fetch("orders", { token: viewer })).status, 200);
    assert.equal((await node.fetch("orders", { token: null })).status, 401);
    assert.equal((await node.fetch("orders/o-0000000000000000", { token: null })).status, 404);
    assert.equal((await node.fetch("shops/1-AAAAAAAAAAAAAAAA", { token: null })).status, 404);
    const job = first.jobs[0].id;
    assert.equal((await node.fetch(`job-orders/${job}/Pause`, { method: "POST" })).status, 409);
    assert.equal((await node.fetch(`job-orders/${job}/Explode`, { method: "POST" })).status, 404);
    assert.equal((await node.fetch("job-orders/J999/Start", { method: "POST" })).status, 404);
    assert.equal((await node.api(`job-orders/${job}/RevokeStart`, { method: "POST" })).state, "NotAllowedToStart");
    assert.equal((await node.api(`job-orders/${job}/Start`, { method: "POST" })).state, "AllowedToStart");
    const refused = await node.api(`orders/${first.id}/refuse`, { method: "POST", body: { why: "no such cloth" } });
    assert.deepEqual([refused.state, refused.why, refused.jobs[0].state], ["refused", "no such cloth", "Aborted"]);
    assert.equal((await node.fetch(`orders/${first.id}/hold`, { method: "POST" })).status, 409);
    assert.equal((await node.fetch(`orders/${first.id}/certificate`)).status, 409);
    assert.deepEqual((await node.api("board")).columns.map(({ state, count }) => [state, count]), [["new", 0], ["planned", 0], ["running", 0], ["held", 0], ["done", 0], ["refused", 1]]);
    const whats = (await node.api("audit?what=order")).items.map((item) => item.action);
    assert.ok(whats.includes("order.place") && whats.includes("order.act"), `${whats}`);
});

test("who only looks at a machine's file takes no job order; reasons are codes, and customers hear of no machine", async (t) => {
    const node = await Node.start(t);
    node.admin();
    await node.api("machines/press/sewing", { method: "PUT", body: { hoop_mm: [20, 20], delivery: "http", dialect: "brother" } });
    const order = await place(node, await design(node), { cloth: "#22304d" });
    const stuck = await orderWhen(node, order.id, (now) => now.reason, "it says what is missing");
    assert.equal(stuck.reason.code, "nobody");
    assert.deepEqual(stuck.reason.parts.slice(0, 4), ["hoop", "press", "20", "20"]);
    const seen = await node.api(`orders/${order.id}`, { token: null });
    assert.deepEqual([seen.why, seen.reason, seen.jobs[0].why], [null, null, null]);
    await node.api("machines/press/sewing", { method: "PUT", body: { hoop_mm: [300, 300] } });
    const planned = await orderWhen(node, order.id, (now) => now.state === "planned", "it has a machine");
    const [job] = planned.jobs;
    assert.deepEqual([job.delivery, job.file], ["http", `${job.barcode}.PES`], "as its machine reads them");
    const file = (token) => node.fetch(`machines/press/files/${job.barcode}`, { token });
    const delivered = async () => (await node.api(`job-orders/${job.id}`)).delivered_at;
    assert.equal((await file(node.token({ role: "viewer" }))).status, 200);
    assert.equal(await delivered(), null, "a viewer only looked");
    const taken = await file(node.token({ machine: "press" }));
    assert.match(taken.headers.get("content-disposition"), new RegExp(job.file));
    assert.ok(await delivered());
    for (const priority of [101, -1, 0.5, 1e300, "high"])
        assert.equal((await node.fetch(`orders/${order.id}`, { method: "PATCH", body: { priority } })).status, 422, `${priority}`);
});

test("a machine is lost half-way: others sew what is left, no piece is counted twice", async (t) => {
    const node = await Node.start(t, { sets: ["orders.lost_after=2"] });
    node.admin();
    const one = await design(node);
    const slow = new Machines(t, node, { node: "a", speed: 120, frame: 5 });
    await known(node);
    const order = await place(node, one, { quantity: 6 });
    const half = await orderWhen(node, order.id, (now) => now.pieces.good >= 2, "two pieces are done");
    assert.equal(half.state, "running");
    await slow.stop("SIGKILL");
    const rescue = new Machines(t, node, { node: "b" });
    const done = await orderWhen(node, order.id, isDone, "the other machine finishes it");
    assert.equal(done.pieces.good, 6);
    const [first, ...others] = done.jobs;
    assert.equal(first.state, "Aborted");
    assert.equal(others.at(-1).replaces, first.id);
    slow.start();  // it does not remember, and is not asked to go on
    const next = await place(node, one, { quantity: 3 });
    await orderWhen(node, next.id, isDone, "life goes on");
    const paper = await node.api(`orders/${order.id}/certificate`);
    assert.equal(paper.pieces.length, 6);
    assert.deepEqual([...new Set(paper.pieces.map((piece) => piece.machine))].sort(), [slow.id(), rescue.id()]);
    assert.equal((await node.api(`orders/${order.id}`)).pieces.good, 6);
});

test("pause, resume, stop, scrap; a corrupted file is refused and given again", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const one = await design(node, "Rose", 20);
    const machines = new Machines(t, node, { speed: 60, corrupt: 1, frame: 2 });
    await known(node);
    const order = await place(node, one, { quantity: 4 });  // enough that it is still sewing when it is told to stop
    const began = await orderWhen(node, order.id, (now) => now.jobs.some((job) => job.state === "Running"), "it runs");
    const [bad, job] = [began.jobs[0], began.jobs.find((one) => one.state === "Running")];
    assert.equal(bad.state, "Aborted");
    assert.match(bad.why, /hash is another/);
    assert.equal(job.replaces, bad.id);
    const method = (name, body, expect = 200) => node.api(`job-orders/${job.id}/${name}`, { method: "POST", body, headers: { "idempotency-key": `${name}-1` }, expect });
    const asked = await method("Pause");
    assert.ok(asked.asked === "Pause" || asked.state === "Interrupted");
    await method("Pause");  // the same key: the same answer, asked once
    await until(async () => (await node.api(`job-orders/${job.id}`)).state === "Interrupted", "the machine has stopped");
    assert.equal((await node.api(`orders/${order.id}`)).state, "held");
    assert.deepEqual((await node.api(`job-orders/${job.id}`)).methods, ["Resume", "Abort", "Stop"]);
    await method("Resume");
    await until(async () => (await node.api(`job-orders/${job.id}`)).state === "Running", "it goes on");
    await orderWhen(node, order.id, (now) => now.pieces.good >= 1, "a piece is done");
    await method("Stop", { why: "wrong cloth" });
    const rest = await orderWhen(node, order.id, isDone, "the rest is a job order of its own", 60_000);
    assert.equal(rest.pieces.good, 4);
    assert.ok(rest.jobs.some((other) => other.replaces === job.id));
    const again = await node.api(`orders/${order.id}/pieces/1`, { method: "POST", body: { quality: "scrap", why: "a stain" } });
    assert.notEqual(again.state, "done");
    assert.equal(again.pieces.scrap, 1);
    const done = await orderWhen(node, order.id, isDone, "a fifth piece takes its place", 60_000);
    assert.deepEqual([done.pieces.good, done.pieces.scrap], [4, 1]);
    assert.ok(machines.child.exitCode === null);
});
