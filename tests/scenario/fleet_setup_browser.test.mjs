// The fleet's set-up in a real browser: rules, ways, tables, feeds of makers; the border that is drawn and the page in the cab beside
// them; a machine that is shared with a customer. In both languages, on a desk and on a phone.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { enter, openBrowser, sideways } from "../browser/browser.mjs";
import { Node, until } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";
const post = (body) => ({ method: "POST", body });

/** A maker's portal with one machine, behind a name and a password. */
async function portal(t) {
    const server = createServer((request, response) => {
        if (request.headers.authorization !== `Basic ${Buffer.from("reader:word").toString("base64")}`) return response.writeHead(401).end();
        const fleet = { fleet: { equipment: [{ equipmentHeader: { oemName: "ExampleOEM", model: "EX200", serialNumber: "SN77" }, location: { latitude: 22.52, longitude: 113.92, datetime: new Date().toISOString() }, cumulativeOperatingHours: { hour: 4321.5, datetime: new Date().toISOString() } }] } };
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(fleet));
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    t.after(() => new Promise((done) => { server.closeAllConnections(); server.close(done); }));
    return `http://127.0.0.1:${server.address().port}/Fleet/1`;
}

test("the fleet's set-up in a real browser", { skip: !existsSync(chromium) && "no chromium", timeout: 300_000 }, async (t) => {
    const node = await Node.start(t);
    node.admin();
    const client = await node.mqtt();
    const say = (id, lat, more = {}) => client.publishAsync(`lineshaft/v1/${id}/telemetry`, JSON.stringify({ values: { lat, lon: 113.9, rpm: 0, engine_hours: 1200, kind: "excavator", ...more } }), { qos: 1 });
    for (const [i, id] of ["exc-1", "exc-2", "exc-3"].entries()) await say(id, 22.5 + i / 200);
    for (const [i, name] of ["Quarry", "Harbour"].entries()) {
        const [lat, lon] = [22.5 + 0.02 * i, 113.9];
        await node.api("fleet/sites", post({ name, time_zone: "Asia/Shanghai", border: [[lat - 0.002, lon - 0.002], [lat - 0.002, lon + 0.002], [lat + 0.002, lon + 0.002], [lat + 0.002, lon - 0.002]] }));
    }
    await until(async () => (await node.api("fleet/map")).machines.length === 3, "the machines are there");
    await node.api("organisations", post({ name: "acme", title: "Acme Quarries" }));
    const address = await portal(t);
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page();
    await enter(page, node, { name: "tester", password: "a long sentence" });
    const state = await page.context().storageState();

    await t.test("rules are changed, refused by their fields, and kept", async () => {
        await page.goto(`${node.url}/fleet/settings`);
        await page.getByLabel("Works from (rpm)").fill("1100");
        await page.getByText("Not saved yet.").waitFor();
        await page.getByRole("button", { name: "Save", exact: true }).click();
        await until(async () => (await node.api("fleet/settings")).use.working_rpm === 1100, "the rule is kept");
        await page.getByText("Not saved yet.").waitFor({ state: "detached" });
        await page.getByLabel("Fixes in a row").fill("0");
        await page.getByRole("button", { name: "Save", exact: true }).click();
        assert.equal(await page.getByLabel("Fixes in a row").evaluate((input) => input.validity.valid), false, "said before it is sent");
        await page.getByRole("button", { name: "Discard changes" }).click();
    });
    await t.test("a way between two sites is told in place of the straight line", async () => {
        await page.goto(`${node.url}/fleet/ways`);
        await page.getByRole("button", { name: "Add a way" }).first().click();
        const row = page.locator("tbody tr, .way-row").first();
        await row.waitFor();
        const selects = page.locator("main select");
        await selects.nth(0).selectOption({ label: "Quarry" });
        await selects.nth(1).selectOption({ label: "Harbour" });
        const inputs = page.locator("main input[inputmode=decimal], main input[type=number]");
        await inputs.nth(0).fill("12");
        await inputs.nth(1).fill("20");
        await page.getByRole("button", { name: "Save", exact: true }).click();
        await until(async () => (await node.api("fleet/travel")).legs.some((leg) => leg.metres === 12_000 && leg.seconds === 1200), "the way is kept");
    });
    await t.test("a table of machines is looked at, imported, and every row has its receipt", async () => {
        await page.goto(`${node.url}/fleet/imports`);
        const choose = (name, text) => page.setInputFiles("[name=table]", { name, mimeType: "text/csv", buffer: Buffer.from(text) });
        await choose("bad.csv", "type,weight_kg\nexcavator,1\n");
        await page.getByText("These columns are needed: machine.").waitFor();
        assert.equal(await page.getByRole("button", { name: /^Import / }).count(), 0);
        await choose("machines.csv", "machine;type;maker;serial;weight_kg\nexc-1;excavator;XCMG;S1;21500\nexc-2;excavator;XCMG;S1;x\nexc-3;excavator;SANY;S3;30000\n");
        await page.locator(".table-preview").getByText("21500").waitFor();
        await page.getByRole("button", { name: "Import 3 rows" }).click();
        await page.getByText("2 taken · 1 refused").waitFor();
        await page.locator(".receipt-list .row-trouble").first().waitFor();
        assert.match(await page.locator(".receipt-list").innerText(), /exc-2/);
        assert.equal((await node.api("fleet/machines/exc-1")).facts.weight_kg, 21_500);
        await chrome.shoot(page, "setup-receipts");
        await page.getByRole("button", { name: "Another file" }).click();
        await page.getByRole("button", { name: "Requests", exact: true }).click();
        await choose("requests.csv", "title,site,type,duration_h\nTrench,Quarry,excavator,2\nNowhere,Moon,excavator,2\n");
        await page.getByRole("button", { name: "Import 2 rows" }).click();
        await page.getByText("1 taken · 1 refused").waitFor();
        assert.equal((await node.api("fleet/requests")).items[0].title, "Trench");
    });
    await t.test("a maker's feed is added, asked, fails with its reason, and is removed", async () => {
        await page.goto(`${node.url}/fleet/feeds`);
        const add = async (name, password) => {
            await page.getByRole("button", { name: "Add a feed" }).first().click();
            await page.fill("[name=feed_name]", name);
            await page.fill("[name=feed_url]", address);
            await page.selectOption("[name=feed_auth]", "basic");
            await page.fill("[name=feed_user]", "reader");
            await page.fill("[name=feed_secret]", password);
            await page.locator("dialog").getByRole("button", { name: "Add a feed" }).click();
            const card = page.locator(".feed", { hasText: name });
            await card.waitFor();
            return card;
        };
        const good = await add("Maker's portal", "word");
        await good.getByRole("button", { name: "Ask now" }).click();
        await good.getByText("1 machine", { exact: false }).first().waitFor();
        await until(async () => (await node.api("fleet/machines?q=SN77")).total === 1 || (await node.api("fleet/machines")).items.some((one) => one.facts.serial === "SN77"), "its machine is in the fleet");
        const bad = await add("Wrong word", "nonsense");
        await bad.getByRole("button", { name: "Ask now" }).click();
        await bad.locator(".note-error").waitFor();
        assert.match(await bad.locator(".note-error").innerText(), /401/);
        assert.ok(!(await page.content()).includes("nonsense"), "the secret is not shown");
        await chrome.shoot(page, "setup-feeds");
        await bad.getByRole("button", { name: "Remove: Wrong word" }).click();
        await page.locator("dialog").getByRole("button", { name: "Remove", exact: true }).click();
        await bad.waitFor({ state: "detached" });
    });
    await t.test("a machine is shared with a customer from its panel", async () => {
        await page.goto(`${node.url}/fleet/machines/exc-1`);
        await page.getByRole("button", { name: "Customers" }).click();
        await page.getByLabel("Acme Quarries").check();
        await chrome.shoot(page, "setup-customers");
        await page.locator("dialog").getByRole("button", { name: "Save" }).click();
        await page.getByText("Saved. They see it at once.").waitFor();
        assert.deepEqual((await node.api("fleet/machines/exc-1/shares")).organisations.map((one) => one.name), ["acme"]);
    });
    await t.test("every page of it in both languages fits a desk and a phone, and is Chinese throughout", async () => {
        await node.api("fleet/events", post({ kind: "breakdown", machine: "exc-2" }));
        await node.api("fleet/requests", post({ site: (await node.api("fleet/sites")).items[0].id, type: "excavator", duration_s: 3600, rush: true }));
        const pages = [["settings", ".setup-groups"], ["ways", "main select, main tbody"], ["imports", ".drop"], ["feeds", ".feed"], ["machines/exc-2", ".machine-card .figures"], ["plan", ".gantt"]];
        for (const [language, size] of [["en-GB", "laptop"], ["en-GB", "phone"], ["zh-CN", "laptop"], ["zh-CN", "phone"]]) {
            const look = await chrome.page({ size, language, scheme: size === "phone" ? "light" : "dark", state });
            for (const [path, ready] of pages) {
                await look.goto(`${node.url}/fleet/${path}`);
                await look.locator(ready).first().waitFor();
                assert.equal(await sideways(look), 0, `${path} ${language} ${size}`);
                await chrome.shoot(look, `setup-${path.replace("/", "-")}-${language.slice(0, 2)}-${size}`);
                if (language !== "zh-CN") continue;
                const text = await look.locator("main").innerText();
                assert.doesNotMatch(text, /\b(it is|nothing|nobody|what was planned|begins|does it|of 1100)\b/, `${path}: ${text}`);
            }
            await look.goto(`${node.url}/cab/exc-2`);
            await look.locator(".cab-none").waitFor();
            assert.match(await look.locator(".cab-none").innerText(), language === "zh-CN" ? /有故障/ : /it is broken/);
            assert.equal(await sideways(look), 0, `cab ${language} ${size}`);
            await chrome.shoot(look, `setup-cab-${language.slice(0, 2)}-${size}`);
            await look.context().close();
        }
    });
    await t.test("a border is drawn by keys on a phone, in Chinese", async () => {
        const phone = await chrome.page({ size: "phone", language: "zh-CN", scheme: "light", state });
        await phone.goto(`${node.url}/fleet`);
        await phone.locator(".state-chip").first().waitFor();
        await phone.locator(".mapside-more").click();
        await phone.getByRole("tab", { name: "工地" }).click();
        await phone.getByRole("button", { name: /绘制/ }).first().click();
        await phone.evaluate(() => document.querySelector(".geo-canvas").map.look_at({ x: (114.2) / 360 + 0.5, y: 0.436, zoom: 13 }));
        const pad = phone.locator(".geo-pad");
        await pad.focus();
        for (const keys of [[], ["ArrowRight", "ArrowRight"], ["ArrowDown", "ArrowDown"]]) {
            for (const key of keys) await phone.keyboard.press(key);
            await phone.keyboard.press("Enter");
        }
        await phone.keyboard.press("c");
        await phone.fill("[name=area_name]", "手机绘制");
        assert.equal(await sideways(phone), 0);
        await chrome.shoot(phone, "setup-draw-zh-phone");
        await phone.locator("button.primary", { hasText: /保存/ }).first().click();
        await until(async () => (await node.api("fleet/sites")).items.some((one) => one.name === "手机绘制" && one.border.length === 3), "the site is kept");
        await phone.context().close();
    });
    assert.deepEqual(chrome.complaints, []);
});
