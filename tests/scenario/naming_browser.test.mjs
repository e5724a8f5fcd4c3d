// The naming pages in a real browser: applying without an account, giving a prefix, registering one by one and in bulk,
// the public page with its proof and label, certificates of prefixes and their renewal, suspending, statistics; hostile
// values, a phone, Chinese; what an enterprise's node says about applying.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { enter, openBrowser, sideways } from "../browser/browser.mjs";
import { Node, until } from "../node.mjs";

const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";
const hostile = "<img src=x onerror=alert(1)>";
const company = "Harbour <b>Cranes</b>";
const prefix = "88.101.7", handle = `${prefix}/EXC-0042`;

test("naming pages in a real browser", { skip: !existsSync(chromium) && "no chromium", timeout: 300_000 }, async (t) => {
    const node = await Node.start(t, { sets: ["node.role=secondary", "handle.prefix=88.101", "handle.listen=127.0.0.1:0"] });
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page();  // who runs the node
    const visitor = await chrome.page({ size: "phone", scheme: "light" });  // anybody
    const dialog = page.getByRole("dialog");
    const look = (handleOf) => visitor.goto(`${node.url}/h/${handleOf}`);
    const nav = (name) => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).click();
    await enter(page, node);
    let status;

    await t.test("a company applies without an account; the address to follow it is shown once", async () => {
        await nav("Applications");
        await page.locator(".empty").waitFor();
        await visitor.goto(`${node.url}/apply`);
        await visitor.fill("[name=company]", company);
        await visitor.fill("[name=contact]", "Li Wei");
        await visitor.fill("[name=email]", "li@example.com");
        await visitor.fill("[name=purpose]", "cranes and their parts");
        await visitor.fill("[name=wanted]", prefix);
        await visitor.fill("[name=expected]", "20000");
        await chrome.shoot(visitor, "naming-apply");
        await visitor.getByRole("button", { name: "Send application" }).click();
        status = await visitor.getByTestId("ticket").innerText();
        await visitor.getByRole("link", { name: "See how it stands" }).click();
        await visitor.getByText("Waiting for a decision").waitFor();
        assert.equal(visitor.url(), status);
        assert.ok(!(await visitor.locator("main").innerText()).includes(status));
        await visitor.goto(`${status}x`);
        await visitor.getByRole("alert").filter({ hasText: "There is no application of this address." }).waitFor();
    });

    await t.test("it is approved with a note, and gets its prefix with a quota", async () => {
        await page.reload();
        await page.getByRole("button", { name: company }).click();
        await page.getByRole("button", { name: "Approve", exact: true }).click();
        await dialog.last().locator("[name=reason]").fill("Licence checked.");
        await dialog.last().getByRole("button", { name: "Approve" }).click();
        await page.getByRole("button", { name: "Give prefix" }).click();
        assert.equal(await dialog.last().locator("[name=prefix]").inputValue(), prefix);
        await dialog.last().locator("[name=quota]").fill("5003");
        await dialog.last().getByRole("button", { name: "Give prefix" }).click();
        await page.locator(".drawer").getByRole("link", { name: prefix }).click();
        await page.getByRole("heading", { name: prefix, level: 1 }).waitFor();
        await page.getByText("0 of 5,003").waitFor();
        await page.locator(".steps").getByText("prefix given").waitFor();
        await chrome.shoot(page, "naming-prefix");
        await visitor.goto(status);
        await visitor.getByText(`${prefix} is yours.`, { exact: false }).waitFor();
        await visitor.getByText("Licence checked.").waitFor();
        assert.equal(await visitor.locator("main b", { hasText: /^Cranes$/ }).count(), 0, "a company's name is text");
    });

    await t.test("an identifier is made, its values get their readers, what is no JSON is said", async () => {
        await page.getByRole("link", { name: "Show identifiers" }).click();
        await page.locator(".empty").waitFor();
        await page.getByRole("button", { name: "New identifier" }).first().click();
        await page.keyboard.type("EXC-0042");  // the first field has the focus
        await dialog.locator("[name=url]").fill("https://cranes.example.com/exc/42");
        await dialog.getByRole("button", { name: "New identifier" }).click();
        await page.getByRole("heading", { name: handle, level: 1 }).waitFor();
        const add = async (type, data, read) => {
            await page.getByRole("button", { name: "Add value" }).click();
            await dialog.locator("[name=type]").fill(type);
            await dialog.locator("[name=data]").fill(data);
            if (read) await dialog.locator(`[name=read][value=${read}]`).check();
            await dialog.getByRole("button", { name: "Save" }).click();
        };
        await add("JSON", '{"name": "Excavator 42", "mass_kg": ');
        await dialog.getByRole("alert").filter({ hasText: "This is not JSON yet." }).waitFor();
        await dialog.locator("[name=data]").fill('{"name": "Excavator 42", "mass_kg": 21500}');
        await dialog.getByRole("button", { name: "Save" }).click();
        await dialog.waitFor({ state: "detached" });
        await add("DESC", hostile);
        await dialog.waitFor({ state: "detached" });
        await add("COST", "88100000", "admin");
        await page.locator(".read-admin", { hasText: "COST" }).waitFor();
        const read = await node.api(`naming/identifiers/${handle}`);
        assert.deepEqual(read.values.filter((value) => value.type !== "HS_ADMIN").map((value) => [value.index, value.type, value.read]), [[1, "URL", "public"], [2, "JSON", "public"], [3, "DESC", "public"], [4, "COST", "admin"]]);
        await chrome.shoot(page, "naming-identifier");
        await page.getByRole("button", { name: "Remove: 3 DESC" }).click();
        await dialog.getByRole("button", { name: "Cancel" }).click();
        assert.equal(await page.locator(".value-list tbody tr").count(), 5);
    });

    await t.test("anybody sees what is public, who vouches, the way the question went, and a label", async () => {
        await node.api(`naming/sign/${handle}`, { method: "POST" });
        await look(handle);
        await visitor.locator(".answer-found").waitFor();
        const text = await visitor.locator("main").innerText();
        assert.match(text, /Excavator 42/);
        assert.match(text, /21,500 kg/);
        assert.match(text, /1 more value is not public/);
        assert.ok(!text.includes("88100000"));
        assert.ok(text.includes(hostile) && await visitor.locator("main img:not(.label)").count() === 0);
        assert.equal(await visitor.getByRole("link", { name: "Open cranes.example.com" }).getAttribute("href"), "https://cranes.example.com/exc/42");
        assert.ok(text.includes(company), "who vouches");
        assert.ok(await visitor.locator(".hop:not(.hop-you)").count() >= 1);
        const signed = visitor.locator("section", { has: visitor.getByRole("heading", { name: "Signed values" }) });
        assert.match(await signed.innerText(), /signed, checked\s+by 88\.101\.7[\s\S]*trusted key: checked up to here/);
        assert.equal(await visitor.locator(".value-signed .signature-valid").count(), 2, "the address and the description; data is shown by its members");
        await until(() => visitor.locator("img.label").evaluate((image) => image.naturalWidth > 0), "the label is drawn");
        assert.equal(await sideways(visitor), 0);
        await chrome.shoot(visitor, "naming-public");
    });

    await t.test("signed in, the same page shows what its administrators may see", async () => {
        await page.goto(`${node.url}/h/${handle}`);
        await page.getByText("88100000").waitFor();
        await chrome.shoot(page, "naming-public-wide");
        await page.getByRole("link", { name: "Console" }).click();
    });

    await t.test("an unknown name says what to compare and whom to ask; what is none says how one looks", async () => {
        for (let times = 0; times < 3; times += 1) await look(`${prefix}/EXC-OO42`);
        const note = visitor.getByRole("alert");
        await note.waitFor();
        assert.match(await note.innerText(), /Compare every character/);
        assert.ok((await note.innerText()).includes(company));
        await visitor.locator("[name=handle]").fill("nonsense");
        await visitor.locator("[name=handle]").press("Enter");
        await visitor.getByRole("alert").filter({ hasText: "An identifier is PREFIX/NAME" }).waitFor();
        await visitor.locator("[name=handle]").fill(`  ${handle.toLowerCase()} `);
        await visitor.locator("[name=handle]").press("Enter");
        await visitor.locator(".answer-found").waitFor();
    });

    await t.test("a node that does not answer, and one that has enough, say what to do", async () => {
        await visitor.route("**/api/v1/naming/resolve/**", (route) => route.abort());
        await look(handle);
        await visitor.getByRole("alert").filter({ hasText: "This node does not answer." }).waitFor();
        await visitor.unroute("**/api/v1/naming/resolve/**");
        await visitor.route("**/api/v1/naming/resolve/**", (route) => route.fulfill({ status: 429, headers: { "retry-after": "7" }, contentType: "application/problem+json", body: "{}" }));
        await visitor.getByRole("button", { name: "Try again" }).click();
        await visitor.getByText("Wait 7 s").waitFor();
        await visitor.unroute("**/api/v1/naming/resolve/**");
        await visitor.getByRole("button", { name: "Try again" }).click();
        await visitor.locator(".answer-found").waitFor();
    });

    await t.test("a series of thousands, in slices, with a receipt for each row; the quota refuses what is too much", async () => {
        await nav("Many at once");
        await page.fill("[name=pattern]", "S-#####");
        await page.fill("[name=count]", "5010");
        await page.fill("[name=url]", "https://cranes.example.com/s/{number}");
        await page.locator(".rows-preview", { hasText: `"${prefix}/S-00001"` }).waitFor();
        await page.getByRole("button", { name: "Start" }).click();
        await page.getByRole("heading", { name: "Done", level: 2 }).waitFor({ timeout: 120_000 });
        const made = page.locator(".bulk-progress dl div");
        assert.equal(await made.filter({ hasText: "made" }).locator("dd").innerText(), "5,002");
        assert.equal(await made.filter({ hasText: "refused" }).locator("dd").innerText(), "8");
        await chrome.shoot(page, "naming-bulk");
        const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save receipts" }).click()]);
        const receipts = readFileSync(await file.path(), "utf8").trim().split("\n").map((line) => JSON.parse(line));
        assert.equal(receipts.length, 5010);
        assert.deepEqual(receipts.map((one) => one.row), Array.from({ length: 5010 }, (_, row) => row + 1));
        const last = receipts.findLast((one) => one.status === "made");
        assert.equal((await node.api(`naming/identifiers/${last.handle}`)).values[0].data, `https://cranes.example.com/s/${last.row}`);
        await page.getByRole("button", { name: "Another job" }).click();
        await page.getByRole("button", { name: "Refused rows 8" }).click();
        await page.locator(".refused-rows li").first().waitFor();
        assert.equal(await page.locator(".refused-rows li").count(), 8);
        await page.keyboard.press("Escape");
    });

    await t.test("a table from a file; the same file again does nothing twice; a broken line is named", async () => {
        await node.api(`naming/prefixes/${prefix}`, { method: "PATCH", body: { quota: null } });
        const table = Buffer.from(`suffix,URL,desc\r\nT1,https://cranes.example.com/t1,"one, ""two"""\r\nT2,,plain\r\n`);
        for (const [round, counted] of [["made", /2/], ["made", /2/]]) {
            await page.getByRole("button", { name: "File", exact: true }).click();
            await page.setInputFiles("[name=file]", { name: "table.csv", mimeType: "text/csv", buffer: table });
            await page.getByRole("button", { name: "Start" }).click();
            await page.getByRole("heading", { name: "Done", level: 2 }).waitFor();
            assert.match(await page.locator(".bulk-progress dl div").filter({ hasText: round }).locator("dd").innerText(), counted);
            await page.getByRole("button", { name: "Another job" }).click();
        }
        assert.equal((await node.api(`naming/identifiers/${prefix}/T1`)).values[1].data, 'one, "two"');
        await page.getByRole("button", { name: "File", exact: true }).click();
        await page.setInputFiles("[name=file]", { name: "broken.ndjson", mimeType: "application/x-ndjson", buffer: Buffer.from(`{"handle":"${prefix}/T3","values":[]}\n{"handle":\n`) });
        await page.getByRole("button", { name: "Start" }).click();
        await page.getByRole("heading", { name: "Done", level: 2 }).waitFor();
        await page.locator(".refusals li", { hasText: "Row 2" }).waitFor();
        await page.getByRole("button", { name: "Another job" }).click();
    });

    await t.test("the list is searched, chosen from, and gives a sheet of labels", async () => {
        await nav("Identifiers");
        await page.locator("[name=prefix]").selectOption(prefix);
        await page.locator("[name=q]").fill("S-0001");
        await until(async () => (await page.locator(".names tbody tr").count()) === 10, "ten names begin so");
        await page.getByRole("checkbox", { name: "Choose all shown for labels" }).check();
        await page.getByRole("link", { name: "Labels (10)" }).click();
        await page.locator(".label-sheet li").nth(9).waitFor();
        await page.getByText("10 labels, 1 A4 sheet").waitFor();
        await chrome.shoot(page, "naming-labels");
    });

    await t.test("a prefix kept here was certified by itself; it is renewed for another time, and only when that is said", async () => {
        const read = async () => (await node.api(`naming/prefixes/${prefix}`)).certificate;
        const days = (one) => Math.round((Date.parse(one.until) - Date.parse(one.since)) / 86_400_000);
        const panel = page.locator("section.panel", { has: page.locator("#certificate") });
        await nav("Prefixes");
        await page.getByRole("link", { name: prefix, exact: true }).click();
        await panel.getByText("Valid", { exact: true }).waitFor();
        const first = await read();
        assert.deepEqual([first.state, first.issuer, first.key], ["valid", "400:0.NA/88.101", (await node.api("naming")).key]);
        const renew = async (length, action) => {
            await panel.getByRole("button", { name: "Renew" }).click();
            await dialog.getByText("This node keeps the prefix and signs with its own key.").waitFor();
            assert.equal(await dialog.locator("[name=compared]").count(), 0, "there is nobody to compare with");
            await dialog.locator("[name=life]").selectOption(String(length));
            await dialog.getByRole("button", { name: action }).click();
            await dialog.waitFor({ state: "detached" });
        };
        await renew(365, "Cancel");
        assert.deepEqual(await read(), first);
        for (const length of [365, 3650]) {
            await renew(length, "Issue certificate");
            const now = await read();
            assert.deepEqual([now.state, now.key, days(now)], ["valid", first.key, length]);
            await until(async () => (await panel.innerText()).includes(String(new Date(now.until).getUTCFullYear())), "the page shows the new end");
            await panel.getByText("Renewed by itself from", { exact: false }).waitFor();
        }
        await chrome.shoot(page, "naming-certificate");
    });

    await t.test("a company's node that does not answer: its key is pasted, compared, and only then certified", async () => {
        const applied = await node.api("naming/applications", { method: "POST", body: { company: "Quay Pumps", contact: "c", email: "c@example.com", purpose: "pumps", wanted: "88.101.9", hosting: "own_node", address: "127.0.0.1:9" } });
        for (const step of ["approve", "allocate"]) await node.api(`naming/applications/${applied.id}/${step}`, { method: "POST", body: {} });
        await page.goto(`${node.url}/prefixes/88.101.9`);
        await page.getByRole("button", { name: "Issue certificate" }).click();
        await dialog.getByText("could not be asked for its key", { exact: false }).waitFor({ timeout: 60_000 });
        const done = dialog.getByRole("button", { name: "Issue certificate" });
        await dialog.locator("[name=public_key]").fill('{"kty":"RSA"');
        await dialog.getByText("There is no key in this.", { exact: false }).waitFor();
        await dialog.locator("[name=compared]").check();
        assert.ok(await done.isDisabled(), "no key");
        await dialog.locator("[name=public_key]").fill(await (await fetch(`${node.url}/api/site`)).text());
        await dialog.locator("[name=compared]").uncheck();
        assert.ok(await done.isDisabled(), "not compared");
        await dialog.locator("[name=compared]").check();
        await done.click();
        await dialog.waitFor({ state: "detached" });
        await page.locator(".fingerprint").first().waitFor();
        assert.equal((await node.api("naming/prefixes/88.101.9")).certificate.key, (await node.api("naming")).key);
    });

    await t.test("suspended: nothing resolves and the page says whom to ask; resumed: it does again", async () => {
        await nav("Prefixes");
        await page.getByRole("link", { name: prefix, exact: true }).click();
        await page.getByRole("button", { name: "Suspend" }).click();
        await dialog.locator("[name=reason]").fill("names of another company's goods");
        await dialog.getByRole("button", { name: "Suspend" }).click();
        await page.getByRole("button", { name: "Resume" }).waitFor();
        await look(handle);
        await visitor.locator(".answer-suspended").waitFor();
        assert.ok((await visitor.getByRole("alert").innerText()).includes(company));
        await chrome.shoot(visitor, "naming-suspended");
        await page.getByRole("button", { name: "Resume" }).click();
        await dialog.locator("[name=reason]").fill("put right");
        await dialog.getByRole("button", { name: "Resume" }).click();
        await page.getByRole("button", { name: "Suspend" }).waitFor();
        await look(handle);
        await visitor.locator(".answer-found").waitFor();
        await page.locator(".steps li", { hasText: "resumed" }).waitFor();
    });

    await t.test("statistics count what was resolved, and name what was asked for in vain", async () => {
        await nav("Statistics");
        await page.locator(".missing", { hasText: `${prefix}/EXC-OO42` }).waitFor({ timeout: 60_000 });
        await page.locator(".bars .bar-resolved").first().waitFor();
        const registered = page.locator(".tiles div").filter({ hasText: "Registered" }).locator("dd");
        await until(async () => Number((await registered.getAttribute("title")).replaceAll(",", "")) >= 5005, "what was registered is counted", 60_000);
        await chrome.shoot(page, "naming-statistics");
    });

    await t.test("on a phone, in Chinese, every page keeps its width", async () => {
        await page.setViewportSize({ width: 390, height: 844 });
        await page.getByRole("button", { name: "中文" }).click();
        for (const [path, heading] of [["identifiers", "标识"], [`identifiers/${handle}`, handle], ["bulk", "批量赋码"], ["prefixes", "前缀"], [`prefixes/${prefix}`, prefix], ["applications", "申请"], ["naming", "标识统计"], ["labels", "标签"], ["apply", "申请标识前缀"], [`h/${handle}`, handle]]) {
            await page.goto(`${node.url}/${path}`);
            await page.getByRole("heading", { name: heading, level: 1, exact: true }).waitFor();
            await page.locator(".loading").waitFor({ state: "detached" });
            assert.equal(await sideways(page), 0, path);
        }
    });

    await t.test("a revoked prefix is typed out first; deleted names are gone", async () => {
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.goto(`${node.url}/identifiers/${handle}`);
        await page.getByRole("button", { name: "English" }).click();
        await page.getByRole("button", { name: "Delete…" }).click();
        await dialog.locator("[name=confirm]").fill("EXC-0042");
        assert.ok(await dialog.getByRole("button", { name: "Delete" }).isDisabled());
        await dialog.locator("[name=confirm]").fill(handle);
        await dialog.getByRole("button", { name: "Delete" }).click();
        await page.getByRole("heading", { name: "Identifiers", level: 1 }).waitFor();
        await node.api(`naming/identifiers/${handle}`, { expect: 404 });
        await page.goto(`${node.url}/prefixes/${prefix}`);
        await page.getByRole("button", { name: "Revoke…" }).click();
        await dialog.locator("[name=reason]").fill("the company is no more");
        assert.ok(await dialog.getByRole("button", { name: "Revoke" }).isDisabled());
        await dialog.locator("[name=confirm]").fill(prefix);
        await dialog.getByRole("button", { name: "Revoke" }).click();
        await page.locator(".sign-text", { hasText: "Revoked" }).waitFor();
        assert.equal((await node.api(`naming/prefixes/${prefix}`)).state, "revoked");
    });

    assert.deepEqual(chrome.complaints.filter((text) => !/status of (404|422|429)|ERR_FAILED/.test(text)), []);
});

test("an enterprise's node says where to apply for its prefix, and with which address", { skip: !existsSync(chromium) && "no chromium", timeout: 120_000 }, async (t) => {
    const secondary = await Node.start(t, { sets: ["node.role=secondary", "handle.prefix=88.101", "handle.listen=127.0.0.1:0"] });
    const told = await secondary.fetch("/api/handles/0.NA/88.101?index=1", { method: "PUT", body: [{ index: 1, type: "URL", data: `${secondary.url}/` }] });
    assert.equal(told.status, 200, await told.text());
    const enterprise = await Node.start(t, { sets: ["node.role=enterprise", `handle.prefix=${prefix}`, "handle.listen=127.0.0.1:0", `handle.bootstrap=${secondary.addresses.handle}`] });
    const chrome = await openBrowser();
    t.after(() => chrome.browser.close());
    const page = await chrome.page({ size: "phone", scheme: "light" });
    await enter(page, enterprise);
    await page.goto(`${enterprise.url}/applications`);
    const form = page.getByRole("link", { name: "Application form of 88.101", exact: false });
    await form.waitFor();
    const steps = page.locator(".next-steps");
    assert.match(await steps.innerText(), new RegExp(`${prefix} was given by 88\\.101\\.`));
    assert.ok((await steps.innerText()).includes(`listens at ${enterprise.addresses.handle}`));
    assert.equal(await sideways(page), 0);
    await chrome.shoot(page, "naming-apply-above");
    await page.setViewportSize({ width: 1280, height: 800 });
    await chrome.shoot(page, "naming-apply-above-wide");
    await page.getByRole("button", { name: "中文" }).click();
    await page.getByRole("heading", { name: "本节点如何获得前缀" }).waitFor();
    await page.getByRole("link", { name: "88.101 的申请表", exact: false }).click();
    await page.waitForURL(`${secondary.url}/apply`);
    await page.locator("[name=company]").waitFor();
    assert.deepEqual(chrome.complaints, []);
});
