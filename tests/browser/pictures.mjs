// The pictures of README, docs/howto/fleet.md and docs/howto/custom-production.md that show the console, from a real
// `lineshaft demo` with machines that sew beside it, and its pages in Chromium (about seven minutes):
//   node tests/browser/pictures.mjs docs/images
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Node, sleep, until } from "../node.mjs";
import { Machines, design, digitised, known, place } from "../sewing.mjs";
import { enter, openBrowser } from "./browser.mjs";

const to = process.argv[2];
assert.ok(to, "where to? node tests/browser/pictures.mjs FOLDER");
const ends = [];
const owner = { after: (end) => ends.unshift(end) };

const node = new Node(owner, { command: "demo", args: ["--seed", "7"], sets: ["handle.listen=127.0.0.1:0", "handle.prefix=88.101.7", "node.name=lineshaft"] });
try {
    await node.start();
    await until(async () => (await node.api("fleet/map")).machines.filter((row) => row[3] !== null).length >= 24, "24 machines with a place", 60_000);
    const machines = new Machines(owner, node, { machines: 4, speed: 6, frame: 20, "breaks-every": 2600, operator: 60, report: 200, seed: 7 });
    await known(node, 4);
    for (const [index, name] of ["Tajima 1", "Tajima 2", "Barudan 1", "Brother 1"].entries()) {
        await node.api(`machines/${encodeURIComponent(machines.id(index + 1))}`, { method: "PATCH", body: { adopted: true, name, kind: "embroidery" } });
    }
    await askForMachines();
    await placeOrders();
    const chrome = await openBrowser();
    ends.unshift(() => chrome.browser.close());
    await take(chrome);
    assert.deepEqual(chrome.complaints, []);
} finally {
    for (const end of ends) await end();
}

async function askForMachines() {
    const sites = Object.fromEntries((await node.api("fleet/sites")).items.map((one) => [one.name, one.id]));
    const types = new Set((await node.api("fleet/machines?limit=100")).items.map((one) => one.type));
    const asked = [
        ["Clear the slope", "Nansha Port", "bulldozer", 6], ["Level the yard", "Cotai Resort", "bulldozer", 2], ["Haul to the quarry", "Cuiheng New Town", "dump truck", 4],
        ["Move spoil", "Qianhai Tower", "dump truck", 3], ["Foundation A", "Qianhai Tower", "excavator", 3], ["Foundation B", "Cotai Resort", "excavator", 5],
        ["Trench along the quay", "Nansha Port", "excavator", 3], ["Night pour", "Cuiheng New Town", "mobile crane", 4], ["Lift the pumps", "Songshan Lake Park", "mobile crane", 3],
        ["Load gravel", "Songshan Lake Park", "wheel loader", 3], ["Clear the ramp", "Tung Chung Extension", "wheel loader", 4],
    ];
    for (const [title, site, type, hours] of asked) {
        if (!types.has(type) || !sites[site]) continue;
        await node.api("fleet/requests", { method: "POST", body: { title, site: sites[site], type, duration_s: hours * 3600, priority: 50 } });
    }
    await node.api("fleet/requests", { method: "POST", body: { title: "Rush: repair the dam", site: sites["Qianhai Tower"], type: "excavator", duration_s: 7200, priority: 90, rush: true } });
    await until(async () => (await node.api("fleet/plan")).routes.some((route) => route.calls.length > 0), "a plan in force", 60_000);
}

async function placeOrders() {
    await node.api("prices", { method: "PUT", body: { currency: "CNY", setup_minor: 800, thousand_stitches_minor: 150, colour_minor: 100, piece_min_minor: 300, machine_hour_minor: 6000, thread_km_minor: 900 } });
    const sewn = async (body) => digitised(node, await node.api("designs", { method: "POST", body, expect: [201, 202] }));
    const text = (words, more = {}) => sewn({ name: words, artwork: { text: words, height_mm: 18, font: "script", colour: "#1a0a94", ...more } });
    const leaf = await sewn({ name: "Leaf", artwork: { svg: readFileSync(new URL("../golden/artwork/logo.svg", import.meta.url), "utf8"), width_mm: 80 } });
    const asked = [
        [await text("Ben"), 1, "Ben O."], [await text("Lotte", { colour: "#e0108a" }), 1, "Lotte B."], [await text("春天", { font: "sans", colour: "#0a7010", height_mm: 22 }), 1, "Wang Fang"], [await design(node, "Rose"), 1, "Café Rose"],
        [await text("FC Hafen", { font: "sans", colour: "#0a6010", height_mm: 25 }), 4, "FC Hafen e.V."], [await text("Anna & Paul"), 2, "Anna Vogel"], [await text("Mia"), 3, "Mia K."], [leaf, 2, "Haus am See"], [leaf, 3, "Gärtnerei Blum"],
        [await text("Emil", { font: "serif", colour: "#e0a040" }), 1, "Emil R."], [await text("Frida", { colour: "#e0108a" }), 3, "Café Frida"],
    ];
    const orders = [];
    for (const [one, quantity, name] of asked) orders.push(await place(node, one, { quantity, customer: { name } }));
    await node.api(`orders/${orders.at(-2).id}/hold`, { method: "POST", body: { why: "waits for its cap" } });
    await node.api(`orders/${orders.at(-1).id}/refuse`, { method: "POST", body: { why: "the customer withdrew it" } });
}

async function take(chrome) {
    const page = await chrome.page();
    const shoot = async (of, name) => {
        const path = join(to, `${name}.png`);
        await of.screenshot({ path });
        assert.ok(statSync(path).size < 300_000, `${path} is ${statSync(path).size} bytes`);
    };
    await enter(page, node, { name: "Anna Vogel" });
    await page.goto(`${node.url}/fleet`);
    await page.locator(".mapside .rows li").first().waitFor();
    await page.locator(".geo-pad").focus();
    await page.keyboard.press("0");
    await sleep(2500);  // the flight of the map
    await shoot(page, "fleet-map");
    await page.goto(`${node.url}/fleet/plan`);
    await page.locator(".gantt .bar").first().waitFor();
    await sleep(2500);
    await shoot(page, "fleet-plan");

    const done = async () => (await node.api("orders?state=done")).items.length;
    await until(async () => (await done()) >= 3, "some orders are done", 240_000);
    await page.goto(`${node.url}/orders`);
    await page.locator(".lane-done .order-card").first().waitFor();
    await sleep(1500);
    await shoot(page, "custom-board");
    const light = await chrome.page({ scheme: "light", state: await page.context().storageState() });
    await light.goto(`${node.url}/queues`);
    await light.locator(".queue-lane").first().waitFor();
    await sleep(1500);
    await shoot(light, "custom-queues");
    const state = await page.context().storageState();
    const wide = await chrome.browser.newContext({ viewport: { width: 1440, height: 1000 }, locale: "en-GB", colorScheme: "dark", timezoneId: "Asia/Shanghai", storageState: state });
    const machine = await wide.newPage();
    await sleep(240_000);  // so that the trend has a shape, and a thread has broken
    await machine.goto(`${node.url}/machines/${encodeURIComponent("hall:embroidery:embroidery-1")}`);
    await machine.locator("table.tags tbody tr").first().waitFor();
    await sleep(3000);
    await shoot(machine, "machine");
    const wall = await chrome.browser.newContext({ viewport: { width: 1920, height: 1080 }, locale: "en-GB", colorScheme: "dark", timezoneId: "Asia/Shanghai", storageState: state });
    const screen = await wall.newPage();
    await screen.goto(`${node.url}/screen`);
    await sleep(45_000);  // so that the rates have a line
    await shoot(screen, "console");

    await until(async () => (await node.api("stops")).items.length > 0, "a machine stood", 240_000);
    await page.goto(`${node.url}/performance`);
    await page.locator(".oee summary").first().click();
    await page.locator(".formulas", { hasText: "APT / PBT" }).first().waitFor();
    await shoot(page, "custom-performance");
}
