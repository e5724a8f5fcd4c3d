// The page Certificates in a real browser: leave to enrol, the commands it shows pasted into a shell, revoked.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openBrowser, sideways } from "../browser/browser.mjs";
import { Node, run } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";

test("Certificates in a real browser", { skip: !existsSync(chromium) && "no chromium", timeout: 200_000 }, async (t) => {
    const node = await Node.start(t, { sets: ["https.listen=127.0.0.1:0"] });
    const origin = `https://localhost:${node.addresses.https.split(":").pop()}`;
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page();
    await page.goto(`${origin}/#setup=${encodeURIComponent(node.secret)}`);
    await page.fill("[name=name]", "ada");
    await page.fill("[name=password]", "a long enough password");
    await page.click("form button.primary");
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Certificates" }).click();
    await page.getByRole("heading", { name: "Certificates", level: 1 }).waitFor();
    const dialog = page.getByRole("dialog");

    await t.test("an empty page explains the next step", async () => {
        await page.locator(".empty").waitFor();
        assert.equal(await page.locator("table.list").count(), 0);
        await chrome.shoot(page, "certificates-empty");
    });

    await t.test("a name that is none is refused with its reason", async () => {
        await page.getByRole("button", { name: "Enrol a machine" }).click();
        await dialog.locator("[name=machine]").fill("press/1");
        await dialog.getByRole("button", { name: "Enrol a machine" }).click();
        await dialog.getByRole("alert").waitFor();
    });

    await t.test("the commands it shows get a certificate; the token is shown once", async () => {
        await dialog.locator("[name=machine]").fill("press-1");
        await dialog.getByRole("button", { name: "Enrol a machine" }).click();
        const token = await dialog.getByTestId("enrolment").innerText();
        const command = await dialog.locator("pre").innerText();
        assert.ok(command.includes(token));
        await chrome.shoot(page, "certificates-enrol");
        const folder = join(node.folder, "machine");
        mkdirSync(folder);
        writeFileSync(join(folder, "ca.crt"), run(["ca", "show", "--data", node.data]).out);
        const pasted = spawnSync("bash", ["-e", "-o", "pipefail", "-c", command], { cwd: folder, encoding: "utf8", timeout: 30_000 });
        assert.equal(pasted.status, 0, `${command}\n${pasted.stderr}`);
        const verified = spawnSync("openssl", ["verify", "-CAfile", "ca.crt", "machine.crt"], { cwd: folder, encoding: "utf8" });
        assert.match(verified.stdout, /machine\.crt: OK/, verified.stderr);
        await dialog.getByRole("button", { name: "I have copied it" }).click();
        await page.reload();
        await page.locator("tbody tr", { hasText: "press-1" }).getByText("Live", { exact: true }).waitFor();
        assert.ok(!(await page.locator("main").innerText()).includes(token));
        await chrome.shoot(page, "certificates");
    });

    await t.test("the authority's fingerprint is the one the command line shows", async () => {
        const shown = (await page.locator("section .secret").innerText()).replaceAll(":", "").toLowerCase();
        const pem = run(["ca", "show", "--data", node.data]).out;
        const asked = spawnSync("openssl", ["x509", "-noout", "-fingerprint", "-sha256"], { input: pem, encoding: "utf8" });
        assert.equal(shown, asked.stdout.split("=")[1].trim().replaceAll(":", "").toLowerCase());
    });

    await t.test("it fits a phone, in both languages, dark and light", async () => {
        const state = await page.context().storageState();
        for (const [language, scheme, heading] of [["en-GB", "light", "Certificates"], ["zh-CN", "dark", "证书"]]) {
            const phone = await chrome.page({ size: "phone", language, scheme, state });
            await phone.goto(`${origin}/certificates`);
            await phone.locator("tbody tr").first().waitFor();
            assert.equal(await phone.locator("h1").innerText(), heading);
            assert.equal(await sideways(phone), 0, language);
            await chrome.shoot(phone, `certificates-phone-${language.slice(0, 2)}-${scheme}`);
            await phone.context().close();
        }
    });

    await t.test("revoked after a question, by keyboard", async () => {
        const line = page.locator("tbody tr", { hasText: "press-1" });
        await line.getByRole("button", { name: "Revoke" }).press("Enter");
        await dialog.waitFor();
        await page.keyboard.press("Escape");
        await dialog.waitFor({ state: "detached" });
        await line.getByText("Live", { exact: true }).waitFor();
        await line.getByRole("button", { name: "Revoke" }).press("Enter");
        await dialog.getByRole("button", { name: "Revoke" }).press("Enter");
        await dialog.waitFor({ state: "detached" });
        await line.getByText("Revoked", { exact: true }).waitFor();
        assert.equal(await line.getByRole("button", { name: "Revoke" }).count(), 0);
    });
    assert.deepEqual(chrome.complaints.filter((one) => !/422/.test(one)), []);
});
