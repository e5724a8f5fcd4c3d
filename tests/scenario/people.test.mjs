// People and their rights: second factor, sessions, and the pages for them in a real browser.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { enter, openBrowser, sideways } from "../browser/browser.mjs";
import { Node, run, sleep, until } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";
const password = "correct horse battery";

/** RFC 6238 written a second time, with Node's own HMAC: the stranger's phone. */
export function totp(base32, at = Date.now()) {
    let bits = "";
    for (const letter of base32) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0");
    const secret = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
    const mac = createHmac("sha1", secret).update(counter).digest();
    const offset = mac[19] & 15;
    return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function setUp(node, name = "ada") {
    const answer = await node.fetch("session/setup", { method: "POST", token: null, body: { secret: node.secret, name, password }, headers: { origin: node.url } });
    assert.equal(answer.status, 200, await answer.clone().text());
    return answer.headers.get("set-cookie").split(";")[0];
}

const as = (node, cookie) => (method, path, body) =>
    node.fetch(path, { method, token: null, body, headers: { cookie, origin: node.url } });
const signIn = (node, body) => node.fetch("session", { method: "POST", token: null, body, headers: { origin: node.url } });

test("control 9: a phone is asked for once it is set up; its codes work once; recovery codes replace it", async (t) => {
    const node = await Node.start(t);
    let me = as(node, await setUp(node));
    const offer = await (await me("POST", "account/totp", { password })).json();
    assert.match(offer.uri, /^otpauth:\/\/totp\/.*secret=[A-Z2-7]{32}&/);
    assert.equal((await me("POST", "account/totp/confirm", { code: "000000" })).status, 403);
    const spent = totp(offer.secret);  // the phone shows another one every 30 s
    const confirmed = await me("POST", "account/totp/confirm", { code: spent });
    assert.equal(confirmed.status, 200);
    const { recovery_codes: codes } = await confirmed.json();
    me = as(node, confirmed.headers.get("set-cookie").split(";")[0]);
    const asked = await signIn(node, { name: "ada", password });
    assert.deepEqual([asked.status, (await asked.json()).code_needed, asked.headers.get("set-cookie")], [401, true, null]);
    assert.equal((await signIn(node, { name: "ada", password, code: spent })).status, 401, "spent on confirming");
    assert.equal((await signIn(node, { name: "ada", password, code: totp(offer.secret, Date.now() + 30_000) })).status, 200, "one step ahead");
    assert.equal((await signIn(node, { name: "ada", password, code: codes[0] })).status, 200);
    assert.equal((await signIn(node, { name: "ada", password, code: codes[0] })).status, 401);
    // It survives a restart, sealed: the secret is in no file.
    await node.stop();
    const catalog = readFileSync(join(node.data, "catalog.db"), "latin1");
    assert.ok(!catalog.includes(offer.secret) && !catalog.includes(codes[1]), "control 20: nothing in plain text");
    assert.equal(statSync(join(node.data, "node.key")).mode & 0o777, 0o600, "control 20: the key is private");
    await node.start();
    assert.equal((await signIn(node, { name: "ada", password, code: codes[1] })).status, 200);
    assert.equal((await (await me("GET", "account")).json()).totp.recovery_codes, 8);
});

test("control 9: roles that need a second factor get no further than setting it up", async (t) => {
    const node = await Node.start(t, { sets: ["trust.totp_required_for=admin,engineer"] });
    const me = as(node, await setUp(node));
    assert.equal((await me("GET", "machines")).status, 403);
    assert.equal((await me("GET", "people")).status, 403);
    const offer = await (await me("POST", "account/totp", { password })).json();
    const confirmed = await me("POST", "account/totp/confirm", { code: totp(offer.secret) });
    assert.equal((await as(node, confirmed.headers.get("set-cookie").split(";")[0])("GET", "people")).status, 200);
});

test("control 8: whether the name or the password is wrong takes the same time", async (t) => {
    const node = await Node.start(t);
    await setUp(node);
    const time = async (name) => {
        const began = performance.now();
        assert.equal((await signIn(node, { name, password: "not the password" })).status, 401);
        return performance.now() - began;
    };
    const known = Math.min(await time("ada"), await time("ada")), unknown = Math.min(await time("nobody"), await time("no-org/nobody"));
    // Both take a whole scrypt, tenths of a second; a look-up alone would take under ten milliseconds.
    assert.ok(known > 50 && unknown > 50, `${known} ms, ${unknown} ms`);
    assert.ok(Math.max(known, unknown) / Math.min(known, unknown) < 3, `${known} ms, ${unknown} ms`);
});

test("control 22: sessions are listed, ended, outlive a restart, and end with the password", async (t) => {
    const node = await Node.start(t);
    const first = await setUp(node);
    const second = (await signIn(node, { name: "ada", password })).headers.get("set-cookie").split(";")[0];
    await sleep(6_000);  // sessions are written down every few seconds
    await node.stop();
    await node.start();
    const me = as(node, first);
    const { items } = await (await me("GET", "account/sessions")).json();
    assert.equal(items.length, 2);
    assert.equal((await me("DELETE", `account/sessions/${items.find((one) => !one.own).id}`)).status, 204);
    assert.equal((await as(node, second)("GET", "account")).status, 401);
    const changed = await me("POST", "account/password", { current: password, password: "another long one" });
    assert.equal(changed.status, 204);
    assert.equal((await me("GET", "account")).status, 401);
    assert.equal((await as(node, changed.headers.get("set-cookie").split(";")[0])("GET", "account")).status, 200);
});

test("control 27: a flood without credentials meets limits before it meets a right", async (t) => {
    const node = await Node.start(t);
    const big = await node.fetch("session", { method: "POST", token: null, body: { name: "x".repeat(2 << 20), password } });
    assert.ok([413, 422].includes(big.status), `${big.status}`);
    const statuses = await Promise.all(Array.from({ length: 40 }, () => signIn(node, { name: "ada", password: "not the password" }).then((answer) => answer.status)));
    assert.ok(statuses.filter((status) => status === 429).length >= 30, `${statuses}`);
    assert.equal((await node.fetch("machines")).status, 200, "others are served meanwhile");
});

test("control 39: the command line takes inventory and settings away, without secrets", async (t) => {
    const node = await Node.start(t);
    node.admin();
    const out = run(["export", "--data", node.data]);
    assert.equal(out.code, 0, out.err);
    const all = JSON.parse(out.out);
    assert.equal(all.format, "lineshaft-export-1");
    assert.equal(all.settings["mqtt.listen"], "127.0.0.1:0");
    assert.equal(all.tokens.length, 1);
    assert.ok(!/ls_[\w-]{43}|scrypt|sha256/.test(out.out));
});

test("people's pages in a real browser", { skip: !existsSync(chromium) && "no chromium", timeout: 300_000 }, async (t) => {
    process.env.LINESHAFT_SHOTS ??= resolve(import.meta.dirname ?? ".", "../../build/shots");
    const node = await Node.start(t);
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page();
    await enter(page, node, { password });
    let secret;

    await t.test("control 9: the second factor is set up with a QR code and asked for at the door", async () => {
        await page.getByTitle("Your account").click();
        await page.getByRole("button", { name: "Set up" }).click();
        await page.fill("[name=proof]", password);
        await page.keyboard.press("Enter");
        await page.getByRole("img", { name: "QR code" }).waitFor();
        await chrome.shoot(page, "totp");
        secret = await page.getByTestId("totp-secret").innerText();
        await page.fill("[name=code]", totp(secret));
        await page.keyboard.press("Enter");
        const codes = (await page.getByTestId("recovery-codes").innerText()).split("\n");
        assert.equal(codes.length, 10);
        await page.getByRole("button", { name: "I have kept them" }).click();
        await page.getByText("10 recovery codes are left").waitFor();
        await chrome.shoot(page, "account");
        await page.getByRole("button", { name: "Sign out" }).click();
        await page.fill("[name=name]", "ada");
        await page.fill("[name=password]", password);
        await page.keyboard.press("Enter");
        await page.locator("[name=code]").waitFor();
        await chrome.shoot(page, "sign-in-code");
        await page.fill("[name=code]", codes[4]);
        await page.keyboard.press("Enter");
        await page.locator(".live-open").waitFor();
    });

    await t.test("organisations are added, limited, and get their first admin", async () => {
        await page.getByRole("link", { name: "Organisations" }).click();
        await page.getByRole("button", { name: "Add organisation" }).click();
        await page.fill("[name=organisation_name]", "acme");
        await page.fill("[name=organisation_title]", "<img src=x onerror=alert(5)>");
        await page.keyboard.press("Enter");
        const row = page.locator("tbody tr", { hasText: "acme" });
        await row.getByRole("button", { name: "Limits" }).click();
        await page.fill("[name=messages_per_s]", "500");
        await chrome.shoot(page, "organisation-limits");
        await page.getByRole("button", { name: "Save" }).click();
        await row.getByRole("button", { name: "Add a person" }).click();
        await page.fill("[name=person_name]", "ann");
        await page.fill("[name=person_password]", password);
        await page.locator("dialog button.primary").click();
        await page.getByText("acme/ann can sign in now.").waitFor();
        await chrome.shoot(page, "organisations");
        assert.equal((await signIn(node, { name: "acme/ann", password })).status, 200);
        const { items } = await node.api("organisations");
        assert.equal(items.find((one) => one.name === "acme").in_force.messages_per_s, 500);
    });

    await t.test("people are changed and signed out", async () => {
        await page.getByRole("link", { name: "People" }).click();
        await page.getByRole("button", { name: "Add person" }).click();
        await page.fill("[name=person_name]", "bo");
        await page.fill("[name=person_password]", password);
        await page.locator("dialog button.primary").click();
        const row = page.locator("tbody tr", { hasText: "bo" });
        await row.getByRole("button", { name: "Change" }).click();
        await page.getByRole("radio", { name: "auditor" }).check();
        await page.locator("dialog button.primary").click();
        await until(async () => (await row.innerText()).includes("auditor"), "bo is an auditor");
        const cookie = (await signIn(node, { name: "bo", password })).headers.get("set-cookie").split(";")[0];
        await row.getByRole("button", { name: "Sessions" }).click();
        await page.locator("dialog table.list tbody tr").waitFor();
        await page.getByRole("button", { name: "End all" }).click();
        await until(async () => (await as(node, cookie)("GET", "account")).status === 401, "bo is out");
        await chrome.shoot(page, "people");
    });

    await t.test("control 25: names made to run in the browser stay text, also in the audit log", async () => {
        const hostile = "<img src=x onerror=alert(7)>";
        await node.api("sites", { method: "POST", body: { name: hostile, time_zone: "UTC" } });
        const { token } = await node.api("tokens", { method: "POST", body: { name: hostile, machine: hostile } });
        const client = await node.mqtt({ token });
        await client.publishAsync(`lineshaft/v1/${hostile}/telemetry`, JSON.stringify({ "<script>alert(8)</script>": "<b onclick=alert(9)>x</b>" }), { qos: 1 });
        await page.goto(`${node.url}/machines/${encodeURIComponent(hostile)}`);
        await page.getByText("<script>alert(8)</script>").first().waitFor();
        for (const path of ["machines", "sites", "tokens", "organisations", "audit"]) {
            await page.goto(`${node.url}/${path}`);
            await page.getByText(path === "organisations" ? "<img src=x onerror=alert(5)>" : hostile).locator("visible=true").first().waitFor();
        }
        assert.equal(await page.locator("main img[src=x], main script, main [onclick]").count(), 0);
    });

    await t.test("the audit log is searched and taken away", async () => {
        await page.goto(`${node.url}/audit`);
        await page.locator("table.audit tbody tr").first().waitFor();
        await chrome.shoot(page, "audit");
        await page.fill("[name=what]", "organisation.");
        await until(async () => (await page.locator("table.audit tbody tr").count()) === 2, "two records");
        await page.selectOption("[name=outcome]", "failed");
        await page.getByText("No record matches").waitFor();
        await page.getByRole("button", { name: "Clear" }).click();
        await page.locator("table.audit tbody tr").nth(3).waitFor();
        const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Save as CSV" }).click()]);
        assert.equal(download.suggestedFilename(), "audit.csv");
        assert.match(readFileSync(await download.path(), "utf8"), /organisation\.create/);
        await page.getByRole("button", { name: "Checkpoint" }).click();
        await page.getByText("lineshaft/").first().waitFor();
        await page.keyboard.press("Escape");
    });

    await t.test("on a phone, in the light, in Chinese", async () => {
        const phone = await chrome.page({ size: "phone", scheme: "light", language: "zh-CN", state: await page.context().storageState() });
        for (const path of ["account", "organisations", "people", "audit"]) {
            await phone.goto(`${node.url}/${path}`);
            await phone.locator("main h1").waitFor();
            await phone.locator("main .list, main .panel").first().waitFor();
            assert.equal(await sideways(phone), 0, path);
            await chrome.shoot(phone, `${path}-phone`);
        }
        assert.match(await phone.locator("main h1").innerText(), /审计/);
    });

    assert.deepEqual(chrome.complaints.filter((one) => !/status of 403/.test(one)), []);
});
