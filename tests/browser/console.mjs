// The console in a real browser against a real node with the demo plant.
//   LINESHAFT_URL     where the node serves its console, such as http://127.0.0.1:8080
//   LINESHAFT_SECRET  its one-time admin secret, or LINESHAFT_TOKEN, an admin's token
//   LINESHAFT_SHOTS   a folder for screenshots (optional)
// Run: node --test tests/browser/console.mjs
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { downwards, openBrowser, sideways } from "./browser.mjs";
import { hostile, startMachine } from "./machine.mjs";

const url = process.env.LINESHAFT_URL;
assert.ok(url, "LINESHAFT_URL says where the node is");
const origin = new URL(url).origin;
const person = { name: `tester-${randomBytes(3).toString("hex")}`, password: randomBytes(12).toString("hex") };

let chrome, page, state, machine, node;

/** The API as the signed-in person, from outside the page. */
async function api(method, path, body) {
    const answer = await page.context().request.fetch(`${origin}/api/v1${path}`, {
        method, data: body, headers: { Origin: origin },
    });
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
    return answer.status() === 204 ? null : answer.json();
}

const machinePath = (id) => `${origin}/machines/${encodeURIComponent(id)}`;
const row = (tag) => page.locator("table.tags tbody tr", { has: page.getByRole("rowheader", { name: tag, exact: true }) });
const reading = (tag) => row(tag).locator(".reading").innerText();

before(async () => {
    chrome = await openBrowser();
    page = await chrome.page();
});

after(async () => {
    await machine?.stop();
    await chrome?.browser.close();
});

test("the first person signs in", async () => {
    const { LINESHAFT_SECRET: secret, LINESHAFT_TOKEN: token } = process.env;
    if (secret) {
        await page.goto(`${origin}/#setup=${encodeURIComponent(secret)}`);
        await page.fill("[name=name]", person.name);
        assert.equal(await page.inputValue("[name=secret]"), secret, "the secret is taken from the address");
        assert.ok(!page.url().includes(secret), "and removed from it");
        await chrome.shoot(page, "setup");
        await page.fill("[name=password]", person.password);
        await page.click("form button.primary");
    } else {
        assert.ok(token, "LINESHAFT_SECRET or LINESHAFT_TOKEN lets the test in");
        const made = await fetch(`${origin}/api/v1/people`, {
            method: "POST", headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
            body: JSON.stringify({ ...person, role: "admin" }),
        });
        assert.ok(made.ok, `POST /people: ${made.status}`);
        await page.goto(origin);
        await page.fill("[name=name]", person.name);
        await page.fill("[name=password]", "not the password");
        await page.click("form button.primary");
        await page.getByRole("alert").waitFor();
        await page.fill("[name=password]", person.password);
        await chrome.shoot(page, "sign-in");
        await page.click("form button.primary");
    }
    await page.getByRole("heading", { name: "Machines", level: 1 }).waitFor();
    await page.locator(".live-open").waitFor();
    state = await page.context().storageState();
    node = await api("GET", "/node");
});

test("the demo plant's machines are listed and found", async () => {
    await page.locator("table.machines tbody tr").first().waitFor();
    const all = await page.locator("table.machines tbody tr").count();
    assert.ok(all >= 5, `${all} machines`);
    await page.getByRole("searchbox").fill("no such machine anywhere");
    await page.locator(".empty").waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.locator("table.machines tbody tr").first().waitFor();
});

test("a machine appears by itself and is adopted into a new site; its name is inert", async () => {
    const listener = node.listeners.find((each) => each.name === "mqtt");
    const [, host, port] = /^(.*):(\d+)$/.exec(listener.address);
    const { token } = await api("POST", "/tokens", { name: "hostile machine", machine: hostile.id });
    machine = await startMachine({ host: host === "0.0.0.0" ? new URL(url).hostname : host, port: Number(port), name: "hostile machine", token, id: hostile.id });
    await page.selectOption("[name=adoption]", "discovered");
    const found = page.locator("table.machines tbody tr", { hasText: hostile.id });
    await found.getByRole("button", { name: "Adopt" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("[name=name]").fill(`${hostile.id} adopted`);
    await dialog.locator("[name=kind]").fill("test stand");
    await dialog.locator("[name=site]").selectOption({ label: "New site…" });
    await dialog.locator("[name=site_name]").fill("<i>Test site</i>");
    await dialog.locator("[name=time_zone]").fill("Nowhere/Land");
    await dialog.getByRole("button", { name: "Adopt" }).click();
    await dialog.getByText("not an IANA time zone").waitFor();
    await dialog.locator("[name=time_zone]").fill("Asia/Shanghai");
    await chrome.shoot(page, "adopt");
    await dialog.getByRole("button", { name: "Adopt" }).click();
    await dialog.waitFor({ state: "detached" });
    const adopted = await api("GET", `/machines/${encodeURIComponent(hostile.id)}`);
    assert.equal(adopted.adopted, true);
    assert.equal(adopted.name, `${hostile.id} adopted`);
    assert.ok(adopted.site);
});

test("values change live, and times are in the site's zone", async () => {
    await page.goto(machinePath(hostile.id));
    await row("temperature").waitFor();
    const first = await reading("temperature");
    await page.waitForFunction((old) => {
        const cells = [...document.querySelectorAll("table.tags tbody tr")];
        const cell = cells.find((each) => each.querySelector("th")?.textContent === "temperature");
        return cell && cell.querySelector(".reading").textContent !== old;
    }, first);
    assert.equal(await reading(hostile.textTag), hostile.text);
    await page.getByText("Asia/Shanghai").first().waitFor();
    assert.equal(await page.evaluate(() => document.querySelectorAll("img, main script, main b[onclick]").length), 0);
});

test("zooming reads the trend again at the visible range", async () => {
    const asked = [];
    page.on("request", (request) => {
        const at = new URL(request.url());
        if (at.pathname.endsWith("/trend")) asked.push(at.searchParams);
    });
    const span = (query) => Date.parse(query.get("until")) - Date.parse(query.get("from"));
    await page.getByRole("button", { name: "1 h", exact: true }).click();
    await waitUntil(() => asked.some((query) => Number(query.get("columns")) > 300), "the hour is asked for");
    const chart = page.locator(".chart");
    await chart.scrollIntoViewIfNeeded();
    const box = await chart.boundingBox();
    asked.length = 0;
    await page.mouse.move(box.x + box.width * 0.4, box.y + 80);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 90, { steps: 5 });
    await page.mouse.up();
    await waitUntil(() => asked.some((query) => query.has("until")), "a drag asks again");
    const dragged = span(asked.findLast((query) => query.has("until")));
    assert.ok(dragged > 600_000 && dragged < 1_200_000, `a fifth of an hour and the margins: ${dragged} ms`);
    assert.ok(Math.abs(Number(asked[0].get("columns")) - box.width) < 150, "as many columns as pixels");
    asked.length = 0;
    await page.mouse.move(box.x + box.width * 0.5, box.y + 90);
    await page.mouse.wheel(0, -300);
    await waitUntil(() => asked.some((query) => span(query) < dragged), "the wheel asks again, closer");
    await chrome.shoot(page, "trend-zoomed");
    await chart.focus();
    asked.length = 0;
    await page.keyboard.press("ArrowLeft");
    await waitUntil(() => asked.length > 0, "a key pans");
    await page.getByRole("button", { name: "Back to range" }).click();
    await page.getByRole("checkbox", { name: `Plot ${hostile.textTag}` }).check();
    for (const range of ["1 min", "24 h", "30 d", "All"]) {
        asked.length = 0;
        await page.getByRole("button", { name: range, exact: true }).click();
        await waitUntil(() => asked.length > 0, `${range} is asked for`);
    }
    await page.getByRole("button", { name: "10 min", exact: true }).click();
});

test("a tag is written only after a second look, and the machine obeys", async () => {
    await row("setpoint").getByRole("button", { name: "Settings" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("[name=unit]").fill("°C");
    await dialog.locator("[name=low]").fill("0");
    await dialog.locator("[name=high]").fill("100");
    await dialog.locator("[name=writable]").check();
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await row("setpoint").getByRole("button", { name: "Set setpoint" }).click();
    await dialog.locator("[name=value]").fill("101");
    await dialog.getByRole("button", { name: "Review" }).click();
    await dialog.getByText("outside the allowed range").waitFor();
    await dialog.locator("[name=value]").fill("55");
    await dialog.getByRole("button", { name: "Review" }).click();
    const change = await dialog.locator(".change").innerText();
    assert.match(change, /40[^]*°C[^]*55[^]*°C/, "old and new value side by side");
    assert.match(await dialog.innerText(), /0 to 100 °C/);
    assert.ok((await dialog.innerText()).includes(hostile.id));
    assert.equal(machine.commands.length, 0, "nothing is sent before the confirmation");
    await chrome.shoot(page, "write");
    await dialog.getByRole("button", { name: "Send to machine" }).click();
    await dialog.getByText("The machine reports the new value").waitFor();
    assert.equal(machine.commands[0].values.setpoint, 55);
    await dialog.getByRole("button", { name: "Close" }).last().click();
});

test("a token made here works against the API until it is revoked", async () => {
    await page.getByRole("link", { name: "Tokens" }).click();
    await page.getByRole("button", { name: "Create token" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("[name=token_name]").fill("report's reader");
    await dialog.getByText("A role", { exact: true }).click();
    await dialog.locator("[name=token_role][value=viewer]").check();
    await dialog.getByRole("button", { name: "Create token" }).click();
    const token = await dialog.getByTestId("token").innerText();
    await dialog.locator("pre").waitFor();
    assert.ok((await dialog.locator("pre").innerText()).includes("'report'\\''s reader'"), "the example is quoted for a shell");
    await chrome.shoot(page, "token-once");
    const ask = () => fetch(`${origin}/api/v1/overview`, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal((await ask()).status, 200);
    await dialog.getByRole("button", { name: "I have copied it" }).click();
    await page.reload();
    assert.ok(!(await page.locator("main").innerText()).includes(token), "it is shown once");
    const line = page.locator("tbody tr", { hasText: "report's reader" });
    await line.getByRole("button", { name: "Revoke" }).click();
    await dialog.getByRole("button", { name: "Revoke" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal((await ask()).status, 401);
});

test("the large screen fits a wall and lives", async () => {
    const wall = await chrome.page({ size: "wall", scheme: "light", state });
    await wall.goto(`${origin}/screen`);
    await wall.locator(".count-big strong").waitFor();
    await wall.locator(".bars li").first().waitFor();
    await wall.locator(".map svg .site-name").first().waitFor();
    assert.ok(Number(await wall.locator(".count-big strong").innerText()) > 0);
    const rates = async () => (await wall.locator(".rate strong").allInnerTexts()).join();
    const first = await rates();
    await waitUntil(async () => (await rates()) !== first, "the rates move");
    assert.equal(await downwards(wall), 0);
    assert.equal(await sideways(wall), 0);
    assert.equal(await wall.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(13, 20, 25)", "dark on any system");
    await chrome.shoot(wall, "screen-wall");
    await wall.context().close();
});

test("every page works on a phone, in both languages, in dark and light", async () => {
    const pages = ["/screen", "/machines", `/machines/${encodeURIComponent(hostile.id)}`, "/sites", "/tokens", "/people"];
    for (const [language, scheme, heading] of [["en-GB", "light", "Machines"], ["zh-CN", "dark", "设备"]]) {
        for (const size of ["phone", "laptop"]) {
            const here = await chrome.page({ size, language, scheme, state });
            for (const path of pages) {
                await here.goto(origin + path);
                await here.locator("h1").first().waitFor();
                await here.waitForTimeout(path === "/screen" || path.includes("%3C") ? 1500 : 500);
                assert.equal(await sideways(here), 0, `${path} at ${size} in ${language}`);
                assert.equal(await here.evaluate(() => document.documentElement.lang.slice(0, 2)), language.slice(0, 2));
                if (path === "/machines") assert.equal(await here.locator("h1").innerText(), heading);
                if (language === "zh-CN" && !path.includes("%3C")) {
                    const words = await here.locator("h1, h2, thead th, nav a, main > header button").allInnerTexts();
                    const english = words.filter((text) => /^(Machines|Sites|Tokens|People|State|Name|Last|Add|Create)\b/.test(text));
                    assert.deepEqual(english, [], `${path} is translated`);
                }
                const name = path.includes("%3C") ? "machine" : path.slice(1);
                await chrome.shoot(here, `${name}-${size}-${language.slice(0, 2)}-${scheme}`);
            }
            await here.context().close();
        }
    }
});

test("the language is remembered", async () => {
    await page.getByRole("button", { name: "中文" }).click();
    await page.getByRole("heading", { name: "令牌" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "令牌" }).waitFor();
    await page.getByRole("button", { name: "English" }).click();
});

test("a lost stream shows, and comes back by itself", async () => {
    await page.goto(machinePath(hostile.id));
    await page.locator(".live-open").waitFor();
    await page.context().setOffline(true);
    await page.locator(".live-banner", { hasText: "interrupted" }).waitFor({ timeout: 30_000 });
    await chrome.shoot(page, "stream-lost");
    await page.context().setOffline(false);
    await page.locator(".live-open").waitFor({ timeout: 30_000 });
    await page.locator(".live-banner", { hasText: "interrupted" }).waitFor({ state: "hidden" });
});

test("signing out ends it", async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.goto(`${origin}/machines`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
});

test("no page complained: no script errors, no policy violations, no dialog boxes", () => {
    assert.deepEqual(chrome.complaints, []);
});

async function waitUntil(question, what, patience_ms = 40_000) {
    const end = Date.now() + patience_ms;
    while (!(await question())) {
        assert.ok(Date.now() < end, what);
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}
