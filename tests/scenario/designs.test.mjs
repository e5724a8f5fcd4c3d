// From a customer's words to a machine's file, through the API of a real node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Node, run } from "../node.mjs";
import { digitised } from "../sewing.mjs";

const artwork = new URL("../golden/artwork/", import.meta.url);

/** Needle-down places of a DST file, 0.1 mm, y down; written from the format's description, not from our reader. */
function dst(bytes) {
    assert.equal(bytes.subarray(0, 3).toString("latin1"), "LA:");
    const places = [], counts = { stitches: 0, colours: 0 };
    let x = 0, y = 0;
    for (let at = 512; ; at += 3) {
        assert.ok(at + 3 <= bytes.length, "ends with an end mark");
        const [a, b, c] = bytes.subarray(at, at + 3);
        if ((c & 0xf3) === 0xf3) return { places, counts, records: (at - 512) / 3 + 1 };
        const bit = (byte, n) => (byte >> n) & 1;
        x += bit(a, 0) - bit(a, 1) + 9 * (bit(a, 2) - bit(a, 3)) + 3 * (bit(b, 0) - bit(b, 1)) + 27 * (bit(b, 2) - bit(b, 3)) + 81 * (bit(c, 2) - bit(c, 3));
        y -= bit(a, 7) - bit(a, 6) + 9 * (bit(a, 5) - bit(a, 4)) + 3 * (bit(b, 7) - bit(b, 6)) + 27 * (bit(b, 5) - bit(b, 4)) + 81 * (bit(c, 5) - bit(c, 4));
        if ((c & 0xc3) === 0x03) {
            places.push([x, y]);
            counts.stitches++;
        } else if ((c & 0xc3) === 0xc3) {
            counts.colours++;
        }
    }
}

/** What becomes of it: who is answered 202, after two seconds, asks again until it is 201 or 422. */
async function post(node, body, headers = {}) {
    const answer = await node.fetch("designs", { method: "POST", body, headers });
    const made = await answer.json();
    if (answer.status !== 202) return { status: answer.status, body: made };
    const one = await digitised(node, made);
    return one.state === "ready" ? { status: 201, body: one } : { status: 422, body: { detail: one.why } };
}
const lettering = (text, more = {}) => ({ name: text, artwork: { text, height_mm: 20, ...more } });

test("a name becomes stitches, files of four machines and two pictures", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const { status, body } = await post(node, { ...lettering("Margarethe", { font: "sans", colour: "#a01030" }), fabric: "pique", hoop_mm: [260, 160] });
    assert.equal(status, 201);
    assert.equal(body.state, "ready");
    assert.deepEqual(body.threads, [{ colour: "#a01030" }]);
    assert.ok(body.stitches > 1000 && body.minutes > 1 && body.thread_m > 1);
    assert.deepEqual(body.warnings, []);
    const file = async (format) => {
        const answer = await node.fetch(body.files[format].replace("/api/v1/", ""));
        assert.equal(answer.status, 200, format);
        return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
    };
    const machine = await file("dst");
    assert.match(machine.answer.headers.get("content-disposition"), /attachment; filename="MARGARET\.DST"/);
    const sewn = dst(machine.bytes);
    assert.equal(sewn.counts.stitches, body.stitches);
    const [left, top, right, bottom] = body.bounds_mm;
    for (const [x, y] of sewn.places) assert.ok(x >= left * 10 - 0.5 && x <= right * 10 + 0.5 && y >= top * 10 - 0.5 && y <= bottom * 10 + 0.5);
    assert.ok(right - left <= 260 && bottom - top <= 160);
    assert.equal((await file("pes")).bytes.subarray(0, 8).toString("latin1"), "#PES0001");
    assert.ok((await file("exp")).bytes.length > 2 * body.stitches);
    assert.ok((await file("jef")).bytes.length > 2 * body.stitches);
    assert.equal((await file("png")).bytes.readUInt32BE(0), 0x89504e47);
    const svg = await file("svg");
    assert.equal(svg.answer.headers.get("content-type"), "image/svg+xml");
    assert.ok(svg.bytes.toString().split("<path").length > body.stitches * 0.9);
    assert.equal((await node.fetch(`designs/${body.id}/files/vp3`)).status, 404);
});

test("Chinese lettering, a drawing with its colours, and a picture are digitised", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const chinese = await post(node, lettering("工业互联网"));
    assert.equal(chinese.status, 201);
    const logo = readFileSync(new URL("logo.svg", artwork), "utf8");
    const drawn = await post(node, { name: "Leaf", artwork: { svg: logo } });
    assert.equal(drawn.status, 201);
    assert.ok(drawn.body.colour_changes >= 4);
    const [left, , right] = drawn.body.bounds_mm;
    assert.ok(Math.abs(right - left - 87.4) < 1, `${right - left} mm wide`);
    const answer = await node.fetch(`designs/${chinese.body.id}/files/png`);
    const image = Buffer.from(await answer.arrayBuffer()).toString("base64");
    const traced = await post(node, { name: "Traced", artwork: { image: `data:image/png;base64,${image}`, width_mm: 120, colours: 1 } });
    assert.equal(traced.status, 201, JSON.stringify(traced.body));
    const list = await node.api("designs?limit=2");
    assert.deepEqual(list.items.map((item) => item.name), ["Traced", "Leaf"]);
    assert.deepEqual((await node.api(`designs?cursor=${list.next}`)).items.map((item) => item.name), ["工业互联网"]);
});

test("what cannot be sewn is said; nobody makes designs without leave", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const cases = [
        [{ ...lettering("Lineshaft"), hoop_mm: [50, 50] }, /mm too wide/],
        [lettering("Rose", { height_mm: 1 }), /"height_mm" must be 2 to 500/],
        [lettering("Rose", { font: "../../etc/passwd" }), /"font" must be/],
        [lettering("Rose", { font: "Missing.ttf" }), /Missing\.ttf is not on this node/],
        [lettering("Rose", { colour: "red" }), /"colour" must be like/],
        [lettering("\u{10ffff}"), /no font has the character U\+10FFFF/],
        [{ ...lettering("Rose"), fabric: "steel" }, /"fabric" must be one of twill/],
        [{ name: "x", artwork: { svg: "<!DOCTYPE svg [<!ENTITY a 'aa'>]><svg>&a;</svg>" } }, /entities/],
        [{ name: "x", artwork: { svg: "<svg><image href='http://example.org/a.png'/></svg>" } }, /outside the drawing/],
        [{ name: "x", artwork: { svg: "no" } }, /not XML/],
        [{ name: "x", artwork: { image: "AAAA" } }, /not a PNG/],
        [{ name: "x", artwork: { image: "?" } }, /base64/],
        [{ name: "x", artwork: {} }, /needs one of/],
        [{ name: "x", artwork: { text: "a", colour_count: 2 } }, /no member "colour_count"/],
        [{ name: "x" }, /"artwork" must be/],
    ];
    for (const [body, why] of cases) {
        const answer = await post(node, body);
        assert.equal(answer.status, 422, JSON.stringify(answer.body));
        assert.match(answer.body.detail, why);
    }
    const viewer = node.token({ role: "viewer" });
    assert.equal((await node.fetch("designs", { method: "POST", token: viewer, body: lettering("Rose") })).status, 403);
    assert.equal((await node.fetch("designs", { token: viewer })).status, 200);
    assert.equal((await node.fetch("designs/999")).status, 404);
});

test("a design asked for twice with one key is one design; it is there after a kill", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const key = { "idempotency-key": "order-17" };
    const first = await post(node, lettering("Rose"), key);
    const second = await post(node, lettering("Rose"), key);
    assert.deepEqual([first.status, second.status], [201, 201]);
    assert.equal(second.body.id, first.body.id);
    assert.equal((await post(node, lettering("Roses"), key)).status, 409, "the key with another body");
    const path = `designs/${first.body.id}/files/dst`;
    const before = Buffer.from(await (await node.fetch(path)).arrayBuffer());
    await node.kill();
    await node.start();
    const after = Buffer.from(await (await node.fetch(path)).arrayBuffer());
    assert.ok(before.equals(after), "the same bytes");
    assert.equal((await node.fetch(`designs/${first.body.id}`, { method: "DELETE" })).status, 204);
    assert.equal((await node.fetch(path)).status, 404);
});

test("the command line sews without a node what the node sews", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const out = join(node.folder, "rose.dst");
    const done = run(["stitch", "Rose", "--font", "script", "--height", "15", "--out", out]);
    assert.equal(done.code, 0, done.err);
    assert.match(done.out, /rose\.dst: \d+ stitches, 1 colour, [\d.]+ x [\d.]+ mm, [\d.]+ min/);
    const { body } = await post(node, { name: "Rose", artwork: { text: "Rose", font: "script", height_mm: 15 } });
    const file = Buffer.from(await (await node.fetch(`designs/${body.id}/files/dst`)).arrayBuffer());
    assert.ok(file.equals(readFileSync(out)), "the same bytes");
    assert.notEqual(run(["stitch", "Rose", "--out", join(node.folder, "rose.xyz")]).code, 0);
    assert.match(run(["stitch", "Rose", "--fabric", "steel", "--out", out]).err, /--fabric is one of twill/);
});
