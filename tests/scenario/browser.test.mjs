// The console in a real browser, against a demo node whose machines stand at their sites.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Node, until } from "../node.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const chromium = process.env.LINESHAFT_CHROMIUM ?? "/usr/bin/chromium";
const shots = process.env.LINESHAFT_SHOTS ?? resolve(here, "../../build/shots");
const sites = [["Harbour East", 31.36, 121.59], ["Ring Road", 31.18, 121.43], ["Embroidery hall", 31.30, 120.60]];

/** Places the machines, unless the demo does that by itself. */
async function furnish(node, machines) {
    if ((await node.api("sites")).items.length > 0) return;
    const made = [];
    for (const [name, latitude, longitude] of sites) {
        made.push(await node.api("sites", { method: "POST", body: { name, latitude, longitude, time_zone: "Asia/Shanghai" } }));
    }
    for (const [i, machine] of machines.entries()) {
        if (i % 8 === 7) continue;  // some stay discovered
        const [site, kind] = machine.source === "sparkplug" ? [made[2], "embroidery"] : [made[i % 2], machine.id.split("-")[0]];
        await node.machine(machine.id, { method: "PATCH", body: { adopted: true, site: site.id, kind } });
    }
}

test("the console in a real browser", { skip: !existsSync(chromium) && "no chromium", timeout: 400_000 }, async (t) => {
    const node = await Node.start(t, { command: "demo" });
    const machines = await until(async () => {
        const { items } = await node.api("machines?limit=100");
        return items.length >= 31 && items;
    }, "the plant", 30_000);
    await furnish(node, machines);
    const child = spawn(process.execPath, ["--test", "--test-reporter=tap", resolve(here, "../browser/console.mjs")], {
        env: { ...process.env, NODE_TEST_CONTEXT: undefined, LINESHAFT_URL: node.url, LINESHAFT_SECRET: node.secret, LINESHAFT_SHOTS: shots },
        stdio: ["ignore", "pipe", "pipe"],
    });
    t.after(() => child.kill("SIGKILL"));
    let out = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (out += piece));
    const code = await new Promise((done) => child.once("exit", done));
    for (const [, state, name] of out.matchAll(/^(ok|not ok) \d+ - (.*)$/gm)) await t.test(name, () => assert.equal(state, "ok", out));
    assert.equal(code, 0, out);
});
