// The page SQL in a real browser: an example, a chart, an error with its place, hostile names, a file; phone and Chinese.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { enter, openBrowser, sideways } from "../browser/browser.mjs";
import { Node } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";
const hostile = "<img src=x onerror=alert(1)>";
const pictures = process.env.LINESHAFT_PICTURES;  // a folder to look at them

async function tell(node, machine, values) {
    const answer = await node.fetch(`telemetry/${encodeURIComponent(machine)}`, { method: "POST", body: values });
    assert.equal(answer.status, 204);
}

test("SQL in a real browser", { skip: !existsSync(chromium) && "no chromium", timeout: 200_000 }, async (t) => {
    const node = await Node.start(t);
    const now = Date.now();
    for (const machine of ["press-1", "press-2", hostile])
        await tell(node, machine, Array.from({ length: 50 }, (_, minute) => ({ ts: now - minute * 60_000, speed: 500 + 100 * Math.sin(minute / 8 + machine.length), state: "Running" })));
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page();
    const look = async (name) => pictures && page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
    await enter(page, node, { name: "tester", password: "a long sentence" });
    await page.getByRole("link", { name: "SQL", exact: true }).click();
    await page.locator(".sql-tables").waitFor();
    await look("sql-empty");

    await t.test("an example runs and gives a table and a chart", async () => {
        await page.getByRole("button", { name: "Minutes of an hour" }).click();
        await page.getByRole("button", { name: "Run", exact: true }).click();
        await page.locator(".sql-chart polyline").first().waitFor();
        assert.equal(await page.locator(".sql-chart polyline").count(), 3);
        assert.equal(await page.locator(".sql-rows tbody tr").count(), 150);
        assert.match(await page.locator(".sql-summary").innerText(), /150 rows in/);
        await look("sql-chart");
    });
    await t.test("names of machines are texts", async () => {
        await page.fill("#sql-text", "SELECT DISTINCT machine, NULL AS nothing FROM samples ORDER BY 1");
        await page.locator("#sql-text").press("Control+Enter");
        await page.locator(".sql-null").nth(2).waitFor();  // the answer before it named that machine, too
        await page.locator(".sql-rows", { hasText: hostile }).waitFor();
        assert.equal(await page.locator(".sql-rows img").count(), 0);
        assert.equal(await page.locator(".sql-null").count(), 3);
    });
    await t.test("the answer is taken away as a file", async () => {
        const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download CSV" }).click()]);
        assert.equal(readFileSync(await file.path(), "utf8"), `machine,nothing\r\n${hostile},\r\npress-1,\r\npress-2,\r\n`);
    });
    await t.test("a mistake is named with its place", async () => {
        await page.fill("#sql-text", "SELECT machine,\n       speed\nFROM samples");
        await page.getByRole("button", { name: "Run", exact: true }).click();
        const note = page.locator(".note-error");
        await note.waitFor();
        assert.match(await note.innerText(), /column "speed" does not exist/);
        assert.match(await note.innerText(), /Line 2, column 8\. SQLSTATE 42703/);
        await look("sql-error");
    });
    await t.test("on a phone and in Chinese", async () => {
        await page.setViewportSize({ width: 390, height: 844 });
        await page.getByRole("button", { name: "中文" }).click();
        await page.getByRole("button", { name: "一小时内的分钟值" }).click();
        await page.getByRole("button", { name: "执行", exact: true }).click();
        await page.locator(".sql-chart polyline").first().waitFor();
        assert.equal(await sideways(page), 0);
        await look("sql-phone");
    });
});
