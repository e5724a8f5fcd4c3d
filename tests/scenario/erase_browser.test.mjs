// Erasing a machine in a real browser: who may, asked for in writing, watched to its end, by keyboard, with hostile names; phone and Chinese.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { enter, openBrowser, sideways } from "../browser/browser.mjs";
import { Node, until } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";
const hostile = "<img src=x onerror=alert(1)>";
const password = "a long enough password";

async function tell(node, machine, values) {
    const answer = await node.fetch(`telemetry/${encodeURIComponent(machine)}`, { method: "POST", body: [{ ts: Date.now(), values }] });
    assert.equal(answer.status, 204);
}

const machineIsThere = async (node, id) => (await node.fetch(`machines/${encodeURIComponent(id)}`)).status === 200;

test("erasing a machine in a real browser", { skip: !existsSync(chromium) && "no chromium", timeout: 200_000 }, async (t) => {
    const node = await Node.start(t);
    for (const machine of ["press-1", "press-2", "press-3", hostile]) await tell(node, machine, { speed: 40, recipe: "blue" });
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page();
    const dialog = page.getByRole("dialog");
    const erase = (name = "Erase…") => page.getByRole("button", { name, exact: true });
    const open = (machine, on = page) => on.goto(`${node.url}/machines/${encodeURIComponent(machine)}`);
    await enter(page, node, { password });

    await t.test("an engineer is not offered it", async () => {
        await node.api("people", { method: "POST", body: { name: "eng", role: "engineer", password } });
        const other = await chrome.page();
        await other.goto(node.url);
        await other.fill("[name=name]", "eng");
        await other.fill("[name=password]", password);
        await other.click("form button.primary");
        await other.locator(".live-open").waitFor();
        await open("press-1", other);
        await other.getByRole("button", { name: "Adopt" }).waitFor();
        assert.equal(await other.getByRole("button", { name: "Erase…" }).count(), 0);
        await other.context().close();
    });

    await t.test("what it does is said, and nothing happens until the name is typed exactly", async () => {
        await open("press-1");
        await erase().click();
        await dialog.getByText("This cannot be undone.", { exact: false }).waitFor();
        const forEver = dialog.getByRole("button", { name: "Erase for ever" });
        for (const nearly of ["", "press-2", "PRESS-1", "press-1 "]) {
            await dialog.locator("[name=confirm]").fill(nearly);
            assert.ok(await forEver.isDisabled(), `typed ${JSON.stringify(nearly)}`);
            await dialog.locator("[name=confirm]").press("Enter");
        }
        await chrome.shoot(page, "erase");
        await page.keyboard.press("Escape");
        await dialog.waitFor({ state: "detached" });
        assert.ok(await machineIsThere(node, "press-1"));
    });

    await t.test("by keyboard alone, to its end, and the page goes back to the machines", async () => {
        await erase().focus();
        await page.keyboard.press("Enter");
        await page.keyboard.type("press-1");  // the field has the focus
        await page.keyboard.press("Enter");
        await dialog.getByText("Done. No file of this node", { exact: false }).waitFor({ timeout: 60_000 });
        await chrome.shoot(page, "erase-done");
        assert.equal((await node.api("erasures")).items.find((one) => one.machine === "press-1")?.state, "done");
        assert.ok(!await machineIsThere(node, "press-1"));
        await dialog.getByRole("button", { name: "Close" }).last().click();
        await page.getByRole("heading", { name: "Machines", level: 1 }).waitFor();
        await page.getByRole("link", { name: "press-2" }).waitFor();
        assert.equal(await page.getByRole("link", { name: "press-1" }).count(), 0);
    });

    await t.test("it speaks again: a new machine, with nothing of before", async () => {
        await tell(node, "press-1", { speed: 41 });
        await page.getByRole("link", { name: "press-1" }).waitFor();
        await open("press-1");
        await page.getByRole("rowheader", { name: "speed" }).waitFor();
        assert.equal(await page.getByRole("rowheader", { name: "recipe" }).count(), 0);
    });

    await t.test("the page of a machine that is erased elsewhere says that it is gone", async () => {
        await node.api("machines/press-3", { method: "DELETE", expect: 202 });
        await open("press-3");
        await page.getByRole("alert").filter({ hasText: "This does not exist, or no longer does." }).waitFor();
        await page.getByRole("link", { name: "All machines" }).waitFor();
    });

    await t.test("what the node refuses is said, and the dialog stays", async () => {
        await page.route("**/api/v1/machines/press-2", (route) => route.request().method() === "DELETE"
            ? route.fulfill({ status: 409, contentType: "application/problem+json", body: JSON.stringify({ title: "Conflict", status: 409, detail: "An erasure of this machine is running." }) })
            : route.continue());
        await open("press-2");
        await erase().click();
        await dialog.locator("[name=confirm]").fill("press-2");
        await dialog.getByRole("button", { name: "Erase for ever" }).click();
        await dialog.getByRole("alert").filter({ hasText: "An erasure of this machine is running." }).waitFor();
        await page.unroute("**/api/v1/machines/press-2");
        await dialog.getByRole("button", { name: "Cancel" }).click();
        assert.ok(await machineIsThere(node, "press-2"));
    });

    await t.test("a hostile name, on a phone and in Chinese", async () => {
        await page.setViewportSize({ width: 390, height: 844 });
        await open(hostile);
        await page.getByRole("button", { name: "中文" }).click();
        await erase("彻底删除…").click();
        await dialog.locator("[name=confirm]").fill(hostile);
        assert.equal(await sideways(page), 0);
        await chrome.shoot(page, "erase-phone");
        await dialog.getByRole("button", { name: "永久删除" }).click();
        await until(async () => !await machineIsThere(node, hostile), "the machine leaves");
        await dialog.getByText("已完成。", { exact: false }).waitFor({ timeout: 60_000 });
        assert.equal(await page.locator("img").count(), 0);
    });

    assert.deepEqual(chrome.complaints.filter((text) => !/status of 404/.test(text)), []);
});
