// Custom production in a real browser: a customer orders on a phone, follows the needle, gets a certificate; the workshop sees it all.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { enter, openBrowser, sideways } from "../browser/browser.mjs";
import { Node, binary, until } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";
const leaf = readFileSync(new URL("../golden/artwork/logo.svg", import.meta.url), "utf8");
const machineId = "sewing:hall:m1";
const hostile = "<img src=x onerror=alert(1)>";

/** One machine of `lineshaft sim embroidery`, sixty times as fast as life; it ends with the test. */
async function startMachine(t, node) {
    const tokenFile = join(node.folder, "machine-token");
    writeFileSync(tokenFile, node.token({ machine: "sewing:hall" }), { mode: 0o600 });
    const words = { speed: 60, frame: 20, "breaks-every": 900, operator: 90, report: 50, seed: 7, hoop: 320 };
    const child = spawn(binary, ["sim", "embroidery", "--mqtt", `127.0.0.1:${node.mqttPort}`, "--http", node.addresses.http, "--token-file", tokenFile, "--ends-with-parent",
        ...Object.entries(words).flatMap(([name, value]) => [`--${name}`, String(value)])]);
    let log = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => { log = (log + piece).slice(-20_000); });
    t.after(() => child.kill("SIGKILL"));
    await until(async () => (await node.api("sewing-machines")).items.some((one) => one.machine === machineId), () => `the machine can sew: ${log}`);
}

test("an order placed in a browser is followed to its certificate", { skip: !existsSync(chromium) && "no chromium", timeout: 240_000 }, async (t) => {
    const node = await Node.start(t);
    node.admin();
    await startMachine(t, node);
    const link = await node.api("shop-links", { method: "POST", body: { name: "Website" } });
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const phone = await chrome.page({ size: "phone", language: "zh-CN", scheme: "light" });
    let order;

    await t.test("a link that is none says so", async () => {
        await phone.goto(`${node.url}/shop/nothing`);
        await phone.locator(".empty", { hasText: "此店铺链接无效" }).waitFor();
        chrome.complaints.length = 0;  // the browser complains of the 404 that was asked for
    });
    await t.test("a name is chosen, played, priced and ordered once, on a phone without signing in", async () => {
        await phone.goto(node.url + link.url);
        await phone.locator(".sewing-play").waitFor();
        await phone.fill("[name=text]", "木兰");
        await phone.locator("[name=cloth][value=navy]").check({ force: true });
        await phone.fill("[name=quantity]", "2");
        await phone.locator(".quote tfoot").waitFor();
        await phone.locator(".sewing-play").click();
        const told = () => phone.locator(".sewing-bar output").innerText().then((text) => Number(text.replace(/\D/g, "")));
        const first = await told();
        await until(async () => (await told()) !== first, "it is sewn on the screen");
        assert.equal(await sideways(phone), 0);
        await chrome.shoot(phone, "shop-phone");
        await phone.fill("[name=customer]", hostile);
        await phone.locator("button.place:enabled").dblclick();
        await phone.waitForURL(/\/order\/o-/);
        order = phone.url().split("/").pop();
        const all = await node.api("orders");
        assert.deepEqual(all.items.map((one) => [one.id, one.quantity, one.customer.name]), [[order, 2, hostile]]);
    });
    await t.test("the needle moves as the machine tells; a stop is told with its reason", async () => {
        await phone.locator(".meter").waitFor();
        await phone.locator(".note-warn", { hasText: "断线" }).waitFor();
        const share = () => phone.locator(".meter-bar").getAttribute("aria-valuenow").then(Number);
        const first = await share();
        await until(async () => (await share()) > first, "it goes on");
        assert.equal(await sideways(phone), 0);
        assert.equal(await phone.locator(".follow img").count(), 0, "names are texts");
        await chrome.shoot(phone, "follow-phone");
    });
    await t.test("at the end there is a certificate with every piece", async () => {
        await phone.locator(".follow-done a.primary").click({ timeout: 60_000 });
        await phone.locator(".deed .qr").waitFor();
        const now = await node.api(`orders/${order}`);
        assert.equal(now.state, "done");
        const rows = phone.locator(".deed-pieces tbody tr");
        assert.equal(await rows.count(), 2);
        const total = (2 * now.design.stitches).toLocaleString("en");
        assert.match((await phone.locator(".deed-facts").innerText()).replaceAll(",", ""), new RegExp(total.replaceAll(",", "")));
        const paper = await node.api(`orders/${order}/certificate`, { token: null });
        assert.equal(paper.stitches_total, 2 * now.design.stitches, "as many as the file has, for each piece");
        assert.equal(await sideways(phone), 0);
        await chrome.shoot(phone, "certificate-phone");
    });

    const page = await chrome.page({ language: "en-GB", scheme: "dark" });
    /** Says in the machine's settings whether it takes orders. */
    async function takesOrders(does) {
        await page.getByRole("link", { name: "Queues", exact: true }).click();
        await page.locator(".queue-lane").getByRole("button", { name: "Machine…" }).click();
        await page.locator("dialog [name=enabled]").setChecked(does);
        await page.locator("dialog").getByRole("button", { name: "Save" }).click();
        await page.locator(does ? ".queue-lane:not(.queue-off)" : ".queue-off").waitFor();
    }
    const card = page.locator(".order-card", { hasText: "leaf" });
    await t.test("an order no machine takes says why; it is held and released by keyboard", async () => {
        await enter(page, node, { name: "tester", password: "a long sentence" });
        await takesOrders(false);
        await page.getByRole("link", { name: "Orders", exact: true }).click();
        await page.locator(".lane-done .order-card").waitFor();
        await page.getByRole("link", { name: "New order" }).click();
        await page.locator(".sewing-play").waitFor();
        await page.locator("[name=kind][value=svg]").check({ force: true });
        await page.locator("[name=file]").setInputFiles({ name: "leaf.svg", mimeType: "image/svg+xml", buffer: Buffer.from(leaf) });
        await page.locator("[name=width]").fill("40");
        await page.locator(".thread-list li").nth(4).waitFor();
        await page.fill("[name=customer]", "Haus am See");
        await page.locator("button.place:enabled").click();
        await page.locator("dialog.drawer .drawer-facts").waitFor();
        await page.keyboard.press("Escape");
        await page.locator(".lane-new .order-card", { hasText: "leaf" }).locator(".order-why").waitFor();
        await card.focus();
        await page.keyboard.press("Enter");
        const drawer = page.locator("dialog.drawer");
        await drawer.getByRole("button", { name: "Hold", exact: true }).click();
        await drawer.locator(".state-held").waitFor();
        await page.locator(".lane-held .order-card").waitFor();
        await drawer.getByRole("button", { name: "Release", exact: true }).click();
        await drawer.locator(".state-held").waitFor({ state: "detached" });
        await page.keyboard.press("Escape");
        await drawer.waitFor({ state: "detached" });
        await chrome.shoot(page, "board");
        assert.equal(await sideways(page), 0);
    });
    await t.test("once a machine takes orders it is sewn, and the board shows it without asking", async () => {
        await takesOrders(true);
        await page.getByRole("link", { name: "Orders", exact: true }).click();
        await page.locator(".lane-done .order-card", { hasText: "leaf" }).waitFor({ timeout: 60_000 });
        assert.equal(await card.count(), 1);
    });
    await t.test("what is dragged is sewn first, held and released", async () => {
        const design = (await node.api("orders")).items.find((one) => one.customer.name === "Haus am See").design.id;
        const ordered = async (customer) => {
            const made = await node.api("orders", { method: "POST", body: { design, quantity: 1, customer: { name: customer } } });
            return { id: made.id, job: (await node.api(`orders/${made.id}`)).jobs[0].id };
        };
        const now = async ({ id }) => node.api(`orders/${id}`);
        const first = await ordered("first");
        await until(async () => (await now(first)).jobs[0].state === "Running", "the first one is sewn");
        await node.api(`job-orders/${first.job}/Pause`, { method: "POST", body: {} });
        await until(async () => (await now(first)).jobs[0].state === "Interrupted", "and waits");
        const second = await ordered("second"), third = await ordered("third");
        const waiting = async () => (await node.api("queues")).machines.find((one) => one.machine === machineId).queue;
        const inLine = async () => (await waiting()).map((one) => one.id).join();
        await until(async () => (await inLine()) === [second.job, third.job].join(), "equal jobs wait in the order they came");
        await page.getByRole("link", { name: "Queues", exact: true }).click();
        const stop = ({ job }) => page.locator(".queue-stop", { has: page.locator("small", { hasText: new RegExp(`^${job},`) }) });
        await stop(second).waitFor();
        await stop(third).locator(".queue-job").dragTo(stop(second));
        await until(async () => (await inLine()) === [third.job, second.job].join(), "the other one goes first");
        assert.deepEqual((await waiting()).map((one) => one.pinned), [true, false], "and no plan moves it");
        await page.getByRole("link", { name: "Orders", exact: true }).click();
        const cardOf = (lane) => page.locator(`.lane-${lane} .order-card[data-order="${second.id}"]`);
        await cardOf("planned").dragTo(page.locator(".lane-held"));
        await cardOf("held").waitFor();
        assert.equal((await now(second)).state, "held");
        await cardOf("held").dragTo(page.locator(".lane-planned"));
        await until(async () => (await now(second)).state !== "held", "and is released");
        await node.api(`job-orders/${first.job}/Resume`, { method: "POST", body: {} });
        await until(async () => (await Promise.all([first, second, third].map(now))).every((one) => one.state === "done"), "all are sewn", 90_000);
        assert.ok((await now(third)).done_at < (await now(second)).done_at, "as it was dragged");
    });
    await t.test("queues and performance show the machine and its figures", async () => {
        await page.getByRole("link", { name: "Queues", exact: true }).click();
        await page.locator(".queue-lane", { hasText: "320 × 320 mm" }).waitFor();
        await chrome.shoot(page, "queues");
        await page.getByRole("link", { name: "Performance", exact: true }).click();
        await page.locator(".oee summary").click();
        await page.locator(".formulas", { hasText: "APT / PBT" }).waitFor();
        await page.locator(".pareto", { hasText: "thread broken" }).waitFor();
        assert.equal(await sideways(page), 0);
        await chrome.shoot(page, "performance");
    });
    assert.deepEqual(chrome.complaints, []);
});
