// An empty node's first page, followed to its end by somebody who copies what it says into a terminal.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { openBrowser, sideways } from "../browser/browser.mjs";
import { Node } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";

test("the tour of an empty node leads from nothing to a chart", { skip: !existsSync(chromium) && "no chromium", timeout: 120_000 }, async (t) => {
    const node = await Node.start(t);
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page();
    await page.goto(`${node.url}/#setup=${encodeURIComponent(node.secret)}`);
    await page.fill("[name=name]", "ada");
    await page.fill("[name=password]", "a long enough password");
    await page.click("form button.primary");
    const tour = page.locator(".tour");
    await tour.waitFor();
    const done = () => tour.locator("li.done").count();
    assert.equal(await done(), 0);
    await chrome.shoot(page, "tour");

    for (const [name, options] of [["tour-phone-zh", { size: "phone", language: "zh-CN", scheme: "light" }], ["tour-phone", { size: "phone" }]]) {
        const other = await chrome.page({ ...options, state: await page.context().storageState() });
        await other.goto(node.url);
        await other.locator(".tour").waitFor();
        assert.equal(await sideways(other), 0, `${name} fits its window`);
        await chrome.shoot(other, name);
        await other.context().close();
    }

    const command = await tour.locator("pre").innerText();
    const token = node.token({ machine: "press-1", name: "press" });
    const sent = spawnSync("bash", ["-c", command.replace("-P TOKEN", `-P ${token}`)], { encoding: "utf8", timeout: 40_000 });
    assert.equal(sent.status, 0, `${command}\n${sent.stderr}`);
    await tour.getByRole("button", { name: "Adopt press-1" }).click();
    assert.equal(await done(), 2, "a token and a message");
    await page.fill("dialog[open] [name=name]", "Press 1");
    await page.click("dialog[open] button.primary");
    await tour.getByRole("link", { name: "Open Press 1" }).waitFor();
    assert.equal(await done(), 3);
    await chrome.shoot(page, "tour-adopted");
    await tour.getByRole("link", { name: "Open Press 1" }).click();
    await page.getByRole("heading", { name: "Press 1", level: 1 }).waitFor();
    await page.goto(node.url);
    await page.locator("table.machines tbody tr").first().waitFor();
    assert.equal(await tour.count(), 0, "whoever has finished it is not asked again");
    assert.deepEqual(chrome.complaints, []);
});
