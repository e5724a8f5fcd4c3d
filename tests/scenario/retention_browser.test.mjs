// The page of how long tags are kept: empty, a class added, what would be removed said before it is, order, space; a viewer; phone and Chinese.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { enter, openBrowser, sideways } from "../browser/browser.mjs";
import { Node, until } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";
const password = "a long enough password";

test("how long tags are kept, in a real browser", { skip: !existsSync(chromium) && "no chromium", timeout: 200_000 }, async (t) => {
    const node = await Node.start(t);
    const body = Array.from({ length: 50 }, (_, second) => ({ ts: Date.now() - second * 1000, values: { vib_x: second, temperature: 20 } }));
    assert.equal((await node.fetch("telemetry/press-1", { method: "POST", body })).status, 204);
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page();
    const dialog = page.getByRole("dialog");
    await enter(page, node, { password });
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Kept data" }).click();

    await t.test("an empty page says that everything is kept", async () => {
        await page.getByRole("heading", { name: "Everything is kept for ever" }).waitFor();
        await chrome.shoot(page, "retention-empty");
    });

    const addClass = async (name, tags, fields) => {
        await page.getByRole("button", { name: "Add class" }).click();
        await page.keyboard.type(name);  // the first field has the focus
        await dialog.locator("[name=tags]").fill(tags);
        for (const [field, value] of Object.entries(fields))
            await (field === "resolution" ? dialog.locator("[name=resolution]").selectOption(value) : dialog.locator(`[name=${field}]`).fill(value));
        await dialog.getByRole("button", { name: "Done" }).click();
        await dialog.waitFor({ state: "detached" });
    };

    await t.test("a class is only a draft until it is saved, and what it removes is said before", async () => {
        await addClass("vibration", "vib*", { keep_days: "90", resolution: "60", full_days: "7" });
        await page.getByText("every sample for 7 days, then one a minute").waitFor();
        assert.deepEqual((await node.api("retention")).classes, []);
        await page.getByRole("button", { name: "Save…" }).click();
        await dialog.getByText("Samples are removed for good", { exact: false }).waitFor();
        await chrome.shoot(page, "retention-save");
        await dialog.getByRole("button", { name: "Save and remove" }).click();
        await dialog.waitFor({ state: "detached" });
        const kept = (await node.api("retention")).classes;
        assert.deepEqual(kept.map((one) => [one.name, one.tags, one.keep_days, one.full_days, one.resolution_s]), [["vibration", ["vib*"], 90, 7, 60]]);
    });

    await t.test("the space each class takes is counted, with all other tags last", async () => {
        await page.locator(".space-keys li", { hasText: "vibration" }).waitFor({ timeout: 60_000 });
        await page.getByRole("row", { name: /All other tags/ }).waitFor();
        await chrome.shoot(page, "retention");
    });

    await t.test("keeping longer removes nothing and says so; what clashes is said in the form", async () => {
        await page.getByRole("button", { name: "Change: vibration" }).click();
        await dialog.locator("[name=full_days]").fill("90");
        await dialog.getByRole("button", { name: "Done" }).click();
        await dialog.getByText("Fewer days than it is kept.").waitFor();
        await dialog.locator("[name=full_days]").fill("7");
        await dialog.locator("[name=keep_days]").fill("400");
        await dialog.getByRole("button", { name: "Done" }).click();
        await page.getByRole("button", { name: "Save…" }).click();
        await dialog.getByText("Nothing is removed by this.").waitFor();
        await dialog.getByRole("button", { name: "Save", exact: true }).click();
        await until(async () => (await node.api("retention")).classes[0].keep_days === 400, "it is kept longer");
    });

    await t.test("the order counts; a draft can be thrown away", async () => {
        await addClass("all", "*", { keep_days: "1000" });
        await page.getByRole("button", { name: "Move all up" }).click();
        assert.deepEqual(await page.locator(".classes tbody th").allInnerTexts(), ["all", "vibration"]);
        await page.getByRole("button", { name: "Discard" }).click();
        await page.getByRole("row", { name: /All other tags/ }).waitFor();
        assert.equal((await node.api("retention")).classes.length, 1);
    });

    await t.test("what the node refuses is said, and the draft stays", async () => {
        await page.route("**/api/v1/retention", (route) => route.request().method() === "PUT"
            ? route.fulfill({ status: 409, contentType: "application/problem+json", body: "{}" }) : route.continue());
        await page.getByRole("button", { name: "Remove: vibration" }).click();
        await page.getByRole("button", { name: "Save…" }).click();
        await dialog.getByRole("button", { name: "Save", exact: true }).click();
        await dialog.getByRole("alert").filter({ hasText: "Somebody else changes this" }).waitFor();
        await page.unroute("**/api/v1/retention");
        await dialog.getByRole("button", { name: "Save", exact: true }).click();
        await until(async () => (await node.api("retention")).classes.length === 0, "the class is gone");
        await dialog.waitFor({ state: "detached" });
    });

    await t.test("a viewer sees it and changes nothing; phone and Chinese", async () => {
        await node.api("retention", { method: "PUT", body: { classes: [{ name: "vibration", tags: ["vib*", "*.rms"], machines: ["press-*"], keep_days: 90 }] } });
        await node.api("people", { method: "POST", body: { name: "viv", role: "viewer", password } });
        const other = await chrome.page({ size: "phone", language: "zh-CN", scheme: "light" });
        await other.goto(node.url);
        await other.fill("[name=name]", "viv");
        await other.fill("[name=password]", password);
        await other.click("form button.primary");
        await other.locator(".live-open").waitFor();
        await other.goto(`${node.url}/retention`);
        await other.getByRole("heading", { name: "数据保留" }).waitFor();
        await other.getByText("vib*, *.rms").waitFor();
        assert.equal(await other.getByRole("button", { name: "添加类别" }).count(), 0);
        assert.equal(await sideways(other), 0);
        await chrome.shoot(other, "retention-phone");
    });

    assert.deepEqual(chrome.complaints.filter((text) => !/status of 409/.test(text)), []);
});
