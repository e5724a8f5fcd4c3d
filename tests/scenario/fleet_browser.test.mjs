// The fleet's pages in a real browser on the demo fleet: map, a drawn site, a request, the plan by keys and by drag, the cab
// without a network, the index; phone, Chinese and light as well.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { enter, openBrowser, sideways } from "../browser/browser.mjs";
import { Node, until } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";
const cranes = ["testcrane-1", "testcrane-2"];

async function ask(node, path, options) {
    const answer = await node.fetch(path, options);
    assert.ok(answer.ok, `${options?.method ?? "GET"} ${path}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
    return answer.json();
}

/** Two cranes of our own that stand still, near each other: what they do is up to this test. */
async function placeCranes(node, { latitude, longitude }) {
    for (const [i, id] of cranes.entries()) {
        const values = { ts: Date.now(), lat: latitude + 0.04, lon: longitude + 0.03 * (i + 1), engine_hours: 1000 + i, fuel_percent: 80, speed_kmh: 0, load_percent: 0, state: "off" };
        assert.equal((await node.fetch(`telemetry/${id}`, { method: "POST", body: [values] })).status, 204);
        await until(async () => (await node.fetch(`fleet/machines/${id}`)).status === 200, `${id} in the fleet`);
        await ask(node, `fleet/machines/${id}`, { method: "PATCH", body: { type: "testcrane", drives_itself: true, service_every_h: 500, service_last_h: 900 } });
    }
}

test("the fleet in a real browser", { skip: !existsSync(chromium) && "no chromium", timeout: 300_000 }, async (t) => {
    const node = await Node.start(t, { command: "demo", args: ["--seed", "7"] });
    await until(async () => (await node.api("fleet/map")).machines.filter((row) => row[3] !== null).length >= 24, "24 machines with a place", 60_000);
    const home = await until(async () => (await node.api("fleet/sites")).items.find((site) => site.latitude !== null), "a site with a place", 60_000);
    await placeCranes(node, home);
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page();
    const go = async (name, ready) => {
        await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).click();
        await page.locator(ready).first().waitFor();
    };
    await enter(page, node, { name: "tester", password: "a long sentence" });

    await t.test("the map shows every machine, filters them, and tells of one", async () => {
        await go("Map", ".mapside .rows li");
        await page.getByText(/^\d+ machines$/).waitFor();
        await page.getByRole("searchbox", { name: "Name or number" }).fill("testcrane");
        await page.getByText(/^2 of \d+ machines/).waitFor();
        await page.locator(".mapside .rows a", { hasText: cranes[0] }).click();
        const card = page.locator(".machine-card");
        await card.getByText("Engine hours").waitFor();
        assert.match(await card.innerText(), /1,000/);
        assert.match(await card.innerText(), /due in 400 h/, "900 + 500 − 1000");
        await page.locator(".way").getByText("Where it was").waitFor();
        await page.getByRole("slider", { name: "Instant" }).focus();
        await page.keyboard.press("Home");
        await page.getByRole("button", { name: "Back to now" }).waitFor();
        assert.equal(await page.evaluate(() => performance.getEntriesByType("resource").filter((one) => !one.name.startsWith(location.origin)).length), 0, "nothing from anywhere else");
        await chrome.shoot(page, "fleet-machine");
        await card.getByRole("link", { name: "Close" }).click();
        await page.getByRole("button", { name: "Clear filters" }).click();
    });
    await t.test("the map is moved by keys, and not by itself", async () => {
        const x = () => page.evaluate(() => document.querySelector(".geo-canvas").map.view.x);
        await page.locator(".geo-pad").focus();
        const before = await x();
        await page.keyboard.press("ArrowRight");
        assert.ok(await x() > before);
        await page.keyboard.press("0");
        await chrome.shoot(page, "fleet-map");
    });
    await t.test("a site is drawn, told when its sides cross, and saved", async () => {
        await page.getByRole("tab", { name: "Sites" }).click();
        await page.getByRole("button", { name: "Draw a site" }).click();
        // Close by, or sides of a whole country would be drawn.
        await page.evaluate(({ latitude, longitude }) => {
            const { map } = document.querySelector(".geo-canvas");
            const y = 0.5 - Math.asinh(Math.tan((latitude * Math.PI) / 180)) / (2 * Math.PI);
            map.look_at({ x: (longitude + 0.08) / 360 + 0.5, y, zoom: 13 });
        }, home);
        const box = await page.locator(".geo-pad").boundingBox();
        const click = (x, y) => page.mouse.click(box.x + x, box.y + y);
        await click(560, 200);
        await click(760, 400);
        await click(760, 200);
        await click(560, 400);
        await page.getByRole("button", { name: "Close it" }).click();
        await page.getByText("Side 1 crosses side 3").waitFor();
        assert.ok(await page.getByRole("button", { name: "Save site" }).isDisabled());
        await chrome.shoot(page, "fleet-crossing");
        // The second and the third corner change places.
        for (const [x, y, to] of [[760, 400, [700, 120]], [560, 400, [500, 420]]]) {
            await page.mouse.move(box.x + x, box.y + y);
            await page.mouse.down();
            await page.mouse.move(box.x + to[0], box.y + to[1], { steps: 4 });
            await page.mouse.up();
        }
        await page.getByText(/ready to save/).waitFor();
        await page.fill("[name=area_name]", "Drawn here");
        await page.getByRole("button", { name: "Save site" }).click();
        await page.locator(".site-row", { hasText: "Drawn here" }).waitFor();
        const site = (await node.api("fleet/sites")).items.find((one) => one.name === "Drawn here");
        assert.equal(site.border.length, 4);
        assert.ok(site.area_m2 > 1000);
    });
    await t.test("a request is asked for; its candidates are ranked with reasons", async () => {
        await go("Requests", ".page-head h1");
        await page.getByRole("button", { name: "Ask for machines" }).first().click();
        await page.fill("[name=title]", "Lift the test beam");
        await page.selectOption("[name=site]", { label: "Drawn here" });
        await page.fill("[name=type]", "testcrane");
        await page.fill("[name=hours]", "2");
        await page.check("[name=rush]");
        await page.locator("dialog").getByRole("button", { name: "Ask", exact: true }).click();
        await page.getByRole("heading", { name: "Lift the test beam" }).waitFor();
        await page.locator(".stage-planned").waitFor();
        const first = page.locator(".candidates li").first();
        await first.waitFor();
        assert.match(await first.innerText(), /testcrane-\d/);
        assert.ok((await first.locator(".sentence").innerText()).length > 10, "a reason");
        assert.ok(await page.locator(".candidates li.impossible").count() > 0, "who could not, and why");
        await chrome.shoot(page, "fleet-request");
    });
    await t.test("a job is moved by keys after its cost was seen, and dragged", async () => {
        await go("Plan", ".gantt .bar");
        await page.getByRole("button", { name: "All machines" }).click();
        const bar = page.locator(".bar", { hasText: "Lift the test beam" });
        const lanes = async () => (await page.locator(".lane-name").allInnerTexts()).map((text) => text.split("\n")[0].trim());
        await until(async () => (await lanes()).filter((name) => cranes.includes(name)).length === 2, "both cranes have a lane");
        let plan = await node.api("fleet/plan");
        const planOf = (id) => plan.routes.some((route) => route.machine === id && route.calls.some((call) => call.title === "Lift the test beam"));
        const has = cranes.find(planOf), other = cranes.find((id) => id !== has);
        const all = await lanes();
        const steps = all.indexOf(other) - all.indexOf(has);
        await bar.focus();
        await page.keyboard.press("m");
        for (let i = 0; i < Math.abs(steps); i += 1) await page.keyboard.press(steps > 0 ? "ArrowDown" : "ArrowUp");
        await page.keyboard.press("Enter");
        await page.locator(".move-cost").waitFor();
        assert.equal(await page.locator("dialog h2").innerText(), `Lift the test beam by ${other}?`);
        await chrome.shoot(page, "fleet-move");
        await page.getByRole("button", { name: "Pin it and change the plan" }).click();
        await page.getByText(`Lift the test beam is pinned to ${other}.`).waitFor();
        await until(async () => {
            plan = await node.api("fleet/plan");
            return planOf(other);
        }, "the plan in force has it");

        // The other lane is out of sight: it comes when the pointer waits at the edge.
        const row = page.locator(".lane", { has: page.getByRole("button", { name: has }) }).first();
        await until(async () => (await bar.count()) === 1, "one bar");
        await page.locator(".gantt").scrollIntoViewIfNeeded();
        await bar.scrollIntoViewIfNeeded();
        const [from, frame] = [await bar.boundingBox(), await page.locator(".gantt").boundingBox()];
        const x = from.x + Math.min(12, from.width / 2);
        await page.mouse.move(x, from.y + from.height / 2);
        await page.mouse.down();
        let to = await row.boundingBox();
        const isOut = () => to.y < frame.y + 70 || to.y + to.height > frame.y + frame.height - 30;
        for (let i = 0; isOut() && i < 400; i += 1) {
            await page.mouse.move(x, (to.y > frame.y + 70 ? frame.y + frame.height - 16 : frame.y + 40) + 8 * (i % 2), { steps: 8 });
            to = await row.boundingBox();
        }
        await page.mouse.move(x, to.y + to.height / 2, { steps: 4 });
        await page.mouse.up();
        await page.locator(".move-cost").waitFor();
        assert.equal(await page.locator("dialog h2").innerText(), `Lift the test beam by ${has}?`);
        await page.getByRole("button", { name: "Leave it as it is" }).click();
        assert.ok(planOf(other), "looking changes nothing");
    });
    await t.test("what if its machine breaks down: seen, and left as it is", async () => {
        await page.getByRole("button", { name: "What if…" }).click();
        await page.selectOption("dialog [name=machine]", cranes[0]);
        await page.getByRole("button", { name: "See the plan then" }).click();
        await page.locator(".proposal").waitFor();
        await page.locator(".plan-status", { hasText: "What if" }).waitFor();
        await chrome.shoot(page, "fleet-what-if");
        await page.getByRole("button", { name: "Leave it as it is" }).click();
        await page.locator(".plan-status", { hasText: "In force" }).waitFor();
        await page.getByRole("button", { name: "Accept all" }).click();
        await page.locator("dialog").getByRole("button", { name: "Accept all" }).click();
        await page.getByText(/accepted\./).waitFor();
        await chrome.shoot(page, "fleet-plan");
    });
    await t.test("the cab keeps what is pressed without a network", async () => {
        const request = (await node.api("fleet/requests?open=true")).items.find((one) => one.title === "Lift the test beam");
        const machine = request.places[0].machine;
        const cab = await chrome.page({ size: "phone", scheme: "light", state: await page.context().storageState() });
        await cab.goto(`${node.url}/cab/${machine}`);
        await cab.getByRole("button", { name: "I am leaving" }).waitFor();
        assert.equal(await sideways(cab), 0);
        const target = await cab.locator(".cab-big").boundingBox();
        assert.ok(target.height >= 80 && target.width >= 300, "a target for gloves");
        await chrome.shoot(cab, "fleet-cab");
        await cab.context().setOffline(true);
        await cab.getByRole("button", { name: "I am leaving" }).click();
        await cab.getByRole("button", { name: "I have arrived" }).waitFor();
        await cab.getByRole("button", { name: "I have arrived" }).click();
        await cab.getByText("Press all the same").waitFor();
        const stage = async () => (await node.api(`fleet/requests/${request.id}`)).places[0].stage;
        assert.equal(await stage(), "accepted", "the node has not heard of it");
        await cab.context().setOffline(false);
        await until(async () => ["arrived", "working"].includes(await stage()), "both presses arrive, in their order", 60_000);
        await cab.locator(".cab-big", { hasText: /I begin work|Done/ }).waitFor();
        await cab.context().close();
    });
    await t.test("the index prints its definition, which may be changed, and is a file", async () => {
        await go("Utilisation", ".define .help");
        await page.getByRole("spinbutton", { name: "Hours a day" }).fill("2");
        await page.getByRole("button", { name: "Count again" }).click();
        await page.locator(".define .help", { hasText: "worked 2 hours or more" }).waitFor();
        const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download CSV" }).click()]);
        const lines = readFileSync(await file.path(), "utf8").split("\r\n");
        assert.match(lines[0], /^definition,/);
        assert.match(lines[1], /^month,type,region,machines,index/);
        assert.ok(lines.length > 3);
        await chrome.shoot(page, "fleet-index");
    });
    await t.test("every page fits a phone, in Chinese and in the light", async () => {
        const phone = await chrome.page({ size: "phone", language: "zh-CN", scheme: "light", state: await page.context().storageState() });
        for (const [path, ready] of [["/fleet", ".state-chip"], ["/fleet/machines/testcrane-1", ".machine-card .figures"], ["/fleet/requests", ".requests tbody tr"], ["/fleet/plan", ".gantt .lane"], ["/fleet/index", ".define .help"], ["/machines/testcrane-1", ".fleet-view"], ["/cab#choose", ".cab-choices li"]]) {
            await phone.goto(node.url + path);
            await phone.locator(ready).first().waitFor();
            assert.equal(await sideways(phone), 0, path);
            await chrome.shoot(phone, `fleet-phone${path.replaceAll(/[/#]/g, "-")}`);
        }
    });
    // The network that the test itself cut is no fault.
    assert.deepEqual(chrome.complaints.filter((one) => !/ERR_INTERNET_DISCONNECTED/.test(one)), []);
});
