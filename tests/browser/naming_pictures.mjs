// The pictures of docs/howto/naming-operator.md, from a real `lineshaft demo naming` and its pages in Chromium:
//   node tests/browser/naming_pictures.mjs docs/images
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askUdp, bodies, message, op } from "../handle.mjs";
import { binary, run, until } from "../node.mjs";
import { openBrowser } from "./browser.mjs";

const to = process.argv[2];
assert.ok(to, "where to? node tests/browser/naming_pictures.mjs FOLDER");
const folder = mkdtempSync(join(tmpdir(), "lineshaft-pictures-"));
const ready = join(folder, "ready");
const demo = spawn(binary, ["demo", "--data", join(folder, "data"), "--ready-file", ready, "naming"], { stdio: "ignore" });
try {
    await until(() => { assert.equal(demo.exitCode, null); return existsSync(ready); }, "the chain is up", 120_000);
    await take(Object.fromEntries(readFileSync(ready, "utf8").trim().split("\n").map((line) => { const [name, handle, http] = line.split(" "); return [name, { handle, http }]; })));
} finally {
    demo.kill("SIGTERM");
    await new Promise((done) => (demo.exitCode === null ? demo.once("exit", done) : done()));
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
}

function door(nodes, name) {
    const made = run(["token", "create", "--data", join(folder, "data", name), "--role", "admin", "--name", "pictures"]);
    assert.equal(made.code, 0, made.err);
    return async (method, path, body) => {
        const answer = await fetch(`http://${nodes[name].http}/api/v1/naming/${path}`, { method, headers: { authorization: `Bearer ${made.out.trim()}`, "content-type": "application/json" }, body: body && JSON.stringify(body) });
        const text = await answer.text();
        assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
        return text && JSON.parse(text);
    };
}

async function take(nodes) {
    const east = door(nodes, "secondary-101"), cranes = door(nodes, "enterprise-101-7");
    await cranes("PATCH", "identifiers/88.101.7/EXC-0042", { set: [
        { index: 1, type: "URL", data: "https://cranes.example.com/exc/42" },
        { index: 2, type: "DESC", data: "Wheel loader 42" },
        { index: 3, type: "JSON", data: { mass_kg: 21910, year: 2024, engine: { maker: "Yuchai", power_kw: 112.5 }, tests: ["load", "noise"] } },
        { index: 4, type: "EMAIL", data: "service@cranes.example.com" },
        { index: 5, type: "COST", data: "88100", read: "admin" },
    ] });
    const companies = [["Ring Road Plant Hire", "88.101.9", 5_000], ["Delta Valves", "88.101.10", 20_000], ["Old Foundry", "88.101.11", 1_000]];
    for (const [company, wanted, quota] of companies) {
        const applied = await east("POST", "applications", { company, contact: "Li Wei", email: "li@example.com", purpose: "machines and their parts", wanted });
        await east("POST", `applications/${applied.id}/approve`, { reason: "Licence checked." });
        await east("POST", `applications/${applied.id}/allocate`, { quota });
    }
    await east("PATCH", "prefixes/88.101.9", { template: `<namespace>
  <template delimiter="@">
    <foreach>
      <if value="type" test="equals" expression="URL">
        <value data="\${data}?part=\${extension}"/>
      </if>
    </foreach>
  </template>
</namespace>` });
    for (let at = 0; at < 60; ++at) await east("PUT", `identifiers/88.101.10/VALVE-${at}`, { values: [{ type: "URL", data: `https://valves.example.com/${at}` }] });

    const chrome = await openBrowser();
    try {
        const shoot = (page, name) => page.screenshot({ path: join(to, `${name}.png`), fullPage: true });
        const visitor = await chrome.page();
        // Asked once before, so that the picture shows the usual times and not the first ones.
        await visitor.goto(`http://${nodes["secondary-102"].http}/h/88.101.8/EXC-0042`);
        await visitor.locator(".answer-found").waitFor();
        await visitor.goto(`http://${nodes["secondary-102"].http}/h/88.101.7/EXC-0042`);
        await visitor.locator(".answer-found").waitFor();
        await visitor.getByRole("heading", { name: "Signed values" }).waitFor();
        await until(() => visitor.locator("img.label").evaluate((image) => image.naturalWidth > 0), "the label is drawn");
        await shoot(visitor, "naming-public");

        const page = await chrome.page();
        const url = `http://${nodes["secondary-101"].http}`;
        const secret = /^secret (\S+)$/m.exec(readFileSync(join(folder, "data", "secondary-101.ready"), "utf8"))[1];
        await page.goto(`${url}/#setup=${encodeURIComponent(secret)}`);
        await page.fill("[name=name]", "Ada Li");
        await page.fill("[name=password]", "a long enough password");
        await page.click("form button.primary");
        await page.locator(".live-open").waitFor();
        await page.goto(`${url}/bulk`);
        await page.locator("[name=prefix]").selectOption("88.101.9");
        await page.fill("[name=pattern]", "EXC-####");
        await page.fill("[name=count]", "5004");
        await page.fill("[name=url]", "https://hire.example.com/exc/{number}");
        await page.getByRole("button", { name: "Start" }).click();
        await page.getByRole("heading", { name: "Done", level: 2 }).waitFor({ timeout: 300_000 });
        await shoot(page, "naming-bulk");
        await page.goto(`${url}/prefixes/88.101.9`);
        await page.locator(".steps").getByText("prefix given").waitFor();
        await page.getByText("5,000 of 5,000").waitFor();
        await shoot(page, "naming-prefix");

        const port = Number(nodes["secondary-101"].handle.split(":").pop());
        const ask = (name) => askUdp(port, message(op.resolution, bodies.resolve(name)));
        for (let at = 1; at <= 1_200; ++at) await ask(`88.101.9/EXC-${String((at * 37) % 5_000 + 1).padStart(4, "0")}`);
        for (let at = 0; at < 420; ++at) await ask(`88.101.10/VALVE-${at % 60}`);
        for (const [name, times] of [["88.101.9/EXC-OO42", 23], ["88.101.10/VALVE-99", 9], ["88.101.9/EXC-9999", 4]]) for (let at = 0; at < times; ++at) await ask(name);
        await page.goto(`${url}/naming`);
        await page.locator(".missing", { hasText: "88.101.9/EXC-OO42" }).waitFor({ timeout: 60_000 });
        await page.locator(".bars .bar-resolved").first().waitFor();
        await shoot(page, "naming-statistics");
        assert.deepEqual(chrome.complaints, []);
    } finally {
        await chrome.browser.close();
    }
}
