// The pages Connections and Topics in a real browser: found, sorted, ended, browsed; phone, both languages, keyboard.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { enter, openBrowser, sideways } from "../browser/browser.mjs";
import { Node, until } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";
const hostile = "<img src=x onerror=alert(1)>/#";
const kept = { qos: 1, retain: true };

async function plant(node) {
    const clients = {};
    for (let n = 0; n < 12; n += 1) clients[n] = await node.mqtt({ clientId: `press-${String(n).padStart(2, "0")}` });
    const sleeper = await node.mqtt({ clientId: hostile, clean: false, properties: { sessionExpiryInterval: 3600 } });
    await sleeper.subscribeAsync(["line/+/state", "orders/#"], { qos: 1 });
    sleeper.stream.destroy();
    await sleeper.closed;
    const viewer = await node.mqtt({ clientId: "viewer", token: node.token({ role: "viewer" }) });
    await viewer.publishAsync("line/1/state", "x", { qos: 1 }).catch(() => {});
    await clients[0].publishAsync("line/1/state", JSON.stringify({ state: "Running", speed: 812.5, text: "<b>bold</b>" }), kept);
    await clients[0].publishAsync("line/2/state", Buffer.from([0xff, 0x00, 0x41]), kept);
    await clients[0].publishAsync(`odd/${"<script>alert(2)<"}/x`, "hostile", kept);
    let n = 0;
    // Until the client ends: one that has ended takes no more, and the node ends its clients before it goes itself.
    const timer = setInterval(() => clients[7].disconnecting || clients[7].publish("line/7/count", String(n += 1), { qos: 1 }), 30);
    clients[7].once("end", () => clearInterval(timer));
    return clients;
}

test("Connections and Topics in a real browser", { skip: !existsSync(chromium) && "no chromium", timeout: 200_000 }, async (t) => {
    const node = await Node.start(t);
    const clients = await plant(node);
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page();
    await enter(page, node, { name: "tester", password: "a long sentence" });
    const row = (id) => page.locator("table.clients tbody tr", { has: page.getByRole("button", { name: id, exact: true }) });

    await t.test("clients are listed, found and sorted, and the numbers move", async () => {
        await page.getByRole("link", { name: "Connections" }).click();
        await row("press-00").waitFor();
        assert.equal(await page.locator("table.clients tbody tr").count(), 14);
        await page.getByRole("button", { name: "In", exact: true }).click();
        await until(async () => (await page.locator("table.clients tbody tr th button").first().innerText()) === "press-07", "the busiest comes first");
        assert.match(await row("press-07").innerText(), /\/s/);
        await page.selectOption("[name=sort]", "lost");
        await until(async () => (await page.locator("table.clients tbody tr th button").first().innerText()) === "viewer", "who lost most comes first");
        await page.getByRole("searchbox").fill("PRESS-1");
        await until(async () => (await page.locator("table.clients tbody tr").count()) === 2, "two are found");
        await page.getByRole("searchbox").fill("nobody");
        await page.locator(".empty").waitFor();
        await page.getByRole("button", { name: "Clear" }).click();
        await page.selectOption("[name=state]", "sleeping");
        await row(hostile).waitFor();
        await page.selectOption("[name=state]", "");
        await chrome.shoot(page, "connections");
    });

    await t.test("a client's details are told by keyboard, and it is ended after a question", async () => {
        await row(hostile).getByRole("button").focus();
        await page.keyboard.press("Enter");
        const drawer = page.locator("dialog.drawer");
        await drawer.getByText("orders/#").waitFor();
        assert.equal(await drawer.getByRole("heading", { level: 2 }).innerText(), hostile, "its name is inert");
        await page.keyboard.press("Escape");
        await drawer.waitFor({ state: "detached" });
        await row("press-03").getByRole("button").click();
        await drawer.getByText("Keep alive").waitFor();
        await chrome.shoot(page, "connection-detail");
        await drawer.getByRole("button", { name: "End connection…" }).click();
        const question = page.getByRole("dialog", { name: "End this client?" });
        await question.getByRole("button", { name: "Cancel" }).click();
        assert.ok(clients[3].connected);
        await drawer.getByRole("button", { name: "End connection…" }).click();
        const bye = new Promise((done) => clients[3].on("disconnect", (packet) => done(packet.reasonCode)));
        await question.getByRole("button", { name: "End", exact: true }).click();
        assert.equal(await bye, 0x98);
        await drawer.waitFor({ state: "detached" });
        await until(async () => (await row("press-03").count()) === 0, "it leaves the list");
        await page.selectOption("[name=state]", "gone");
        await row("press-03").waitFor();
        await page.selectOption("[name=state]", "");
        await page.locator(".node-losses summary").click();
        await page.getByText("publishes_refused_rights").waitFor();
    });

    await t.test("topics are a tree, payloads come in every view", async () => {
        await page.getByRole("link", { name: "Topics" }).click();
        await page.getByRole("button", { name: "Open line" }).click();
        await page.getByRole("button", { name: "Open 1", exact: true }).click();
        await page.locator(".level-name", { hasText: "state" }).first().click();
        const panel = page.locator(".topic-panel");
        await panel.locator("pre").waitFor();
        assert.equal(await panel.locator("pre").innerText(), "{\n  \"state\": \"Running\",\n  \"speed\": 812.5,\n  \"text\": \"<b>bold</b>\"\n}");
        await chrome.shoot(page, "topics");
        await panel.getByRole("button", { name: "Hex" }).click();
        assert.match(await panel.locator("pre").innerText(), /^0000 {2}7b 22 73/);
        await page.fill("[name=topic]", "line/2/state");
        await page.keyboard.press("Enter");
        await panel.getByText("ff 00 41").waitFor();
        assert.equal(await panel.getByRole("button", { name: "Text" }).count(), 0, "bytes are no text");
        await page.fill("[name=topic]", "no/such/topic");
        await page.keyboard.press("Enter");
        await panel.getByText("No message of this topic is known").waitFor();
        await page.getByRole("button", { name: "Open 7", exact: true }).click();
        await page.locator(".level-name", { hasText: "count" }).click();
        const value = () => panel.locator("pre").innerText();
        await panel.locator("pre").waitFor();
        const first = await value();
        await until(async () => (await value()) !== first, "the value moves");
    });

    await t.test("both work on a phone, in Chinese, in light", async () => {
        const state = await page.context().storageState();
        for (const [language, scheme, size, titles] of [["en-GB", "light", "laptop", ["Connections", "Topics"]], ["zh-CN", "dark", "phone", ["连接", "主题"]], ["zh-CN", "light", "phone", ["连接", "主题"]]]) {
            const here = await chrome.page({ size, language, scheme, state });
            for (const [at, path] of ["/connections", "/topics"].entries()) {
                await here.goto(node.url + path);
                await here.getByRole("heading", { level: 1, name: titles[at] }).waitFor();
                await here.locator(at === 0 ? "table.clients tbody tr" : ".level").first().waitFor();
                assert.equal(await sideways(here), 0, `${path} at ${size}`);
                if (at === 0) {
                    await here.locator("table.clients tbody button").first().click();
                    await here.locator("dialog.drawer .facts").waitFor();
                    await chrome.shoot(here, `connection-detail-${size}-${scheme}`);
                    assert.equal(await sideways(here), 0, `details at ${size}`);
                    await here.keyboard.press("Escape");
                } else {
                    await here.locator(".twist").first().click();
                    await here.locator(".branch .branch .level").first().waitFor();
                }
                if (language === "zh-CN") {
                    const words = await here.locator("main h1, main h2, main th, main label, main .lead").allInnerTexts();
                    assert.deepEqual(words.filter((text) => /^(Client|State|In|Out|Queue|Since|Sort|Every|Topics)\b/.test(text)), [], `${path} is translated`);
                }
                await chrome.shoot(here, `${path.slice(1)}-${size}-${scheme}`);
            }
            await here.context().close();
        }
    });

    // The one topic that was asked for and is not there.
    assert.deepEqual(chrome.complaints.filter((text) => !/\/topics: .*status of 404/.test(text)), []);
});
