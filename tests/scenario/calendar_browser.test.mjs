// A site's shifts set in a real browser, a tag's values by shift and day with how complete they are; phone and Chinese.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { enter, openBrowser, sideways } from "../browser/browser.mjs";
import { Node, until } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";
const hostile = "<img src=x onerror=alert(1)>";
const minute = 60_000, day = 86_400_000;

test("shifts and calendar values in a real browser", { skip: !existsSync(chromium) && "no chromium", timeout: 200_000 }, async (t) => {
    const node = await Node.start(t);
    const now = Math.floor(Date.now() / minute) * minute;
    // Four days of a value a minute; of the third day before today one in ten.
    const lines = [];
    for (let at = now - 4 * day; at <= now; at += minute) {
        const isThin = Math.floor(at / day) === Math.floor(now / day) - 3;
        if (!isThin || (at / minute) % 10 === 0) lines.push(`m,machine=press-1 n=${lines.length}i ${at / 1000}`);
    }
    const written = await fetch(`${node.url}/api/v2/write?precision=s`, { method: "POST", headers: { authorization: `Token ${node.admin()}` }, body: lines.join("\n") });
    assert.equal(written.status, 204);
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page();
    const dialog = page.getByRole("dialog");
    await enter(page, node);

    await t.test("a site gets its shifts, and the weekdays they are worked on", async () => {
        await page.goto(`${node.url}/sites`);
        await page.getByRole("button", { name: "Add site" }).first().click();
        await dialog.locator("[name=site_name]").fill("Hall 3");
        await dialog.locator("[name=time_zone]").fill("UTC");
        await dialog.locator(".site-calendar > summary").click();
        for (const [index, name] of ["early", "late", hostile].entries()) {
            await dialog.getByRole("button", { name: "Add a shift" }).click();
            await dialog.locator("[name=shift_name]").nth(index).fill(name);
        }
        const starts = dialog.locator("[name=shift_starts]");
        assert.deepEqual(await starts.evaluateAll((all) => all.map((one) => one.value)), ["06:00", "14:00", "22:00"]);
        await starts.nth(2).fill("14:00");
        await dialog.locator("form button.primary").click();
        await dialog.locator(".error", { hasText: "same time" }).waitFor();
        await starts.nth(2).fill("22:00");
        for (const weekday of ["Saturday", "Sunday"]) await dialog.locator(".shift-row").nth(1).getByRole("checkbox", { name: weekday }).uncheck({ force: true });
        await chrome.shoot(page, "site-shifts");
        await dialog.locator("form button.primary").click();
        await dialog.waitFor({ state: "detached" });
        await page.locator("tbody tr", { hasText: "early 06:00" }).waitFor();
        assert.equal(await page.locator("tbody img").count(), 0, "names are texts");
        const [site] = (await node.api("sites")).items;
        assert.deepEqual(site.shifts, [{ name: "early", starts: "06:00" }, { name: "late", starts: "14:00", weekdays: [1, 2, 3, 4, 5] }, { name: hostile, starts: "22:00" }]);
    });
    await t.test("a tag by day, with how complete each is; by shift only where there are shifts", async () => {
        await page.goto(`${node.url}/machines/press-1`);
        await page.locator(".periods > summary").click();
        await page.locator(".periods tbody tr").first().waitFor();
        const rows = page.locator(".periods tbody tr");
        const whole = rows.nth(1), thin = rows.nth(3);
        assert.match(await whole.innerText(), /100\s*%/);
        const share = Number(/([\d.]+)\s*%/.exec(await thin.innerText())[1]);
        assert.ok(share > 9 && share < 11, `${share} % of the day that has one in ten`);
        await page.getByRole("button", { name: "Shift", exact: true }).click();
        await page.locator(".periods .note-warn", { hasText: "no shifts" }).waitFor();
        chrome.complaints.length = 0;  // the browser complains of the 422 that was asked for
        const [site] = (await node.api("sites")).items;
        await node.api("machines/press-1", { method: "PATCH", body: { site: site.id, adopted: true } });
        await page.reload();
        await page.locator(".periods > summary").click();
        await page.getByRole("button", { name: "Shift", exact: true }).click();
        await page.locator(".periods tbody th", { hasText: "early" }).first().waitFor();
        assert.equal(await page.locator(".periods img").count(), 0, "names are texts");
        assert.equal(await sideways(page), 0);
        await chrome.shoot(page, "periods");
    });
    await t.test("on a phone in Chinese", async () => {
        const phone = await chrome.page({ size: "phone", language: "zh-CN", scheme: "light", state: await page.context().storageState() });
        await phone.goto(`${node.url}/machines/press-1`);
        await phone.locator(".periods > summary").click();
        await phone.getByRole("button", { name: "班次", exact: true }).click();
        await phone.locator(".periods tbody th", { hasText: "early" }).first().waitFor();
        assert.equal(await sideways(phone), 0);
        await phone.goto(`${node.url}/sites`);
        await phone.locator("tbody .actions button").first().click();
        await phone.locator(".shift-row").nth(2).waitFor();
        await until(async () => (await sideways(phone)) === 0, "the dialog fits");
        await chrome.shoot(phone, "site-shifts-phone");
    });
    assert.deepEqual(chrome.complaints, []);
});
