// The demo plant: a node and thirty-one machines from one command.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Node, until } from "../node.mjs";

/** The processes whose parent is `pid`. */
function childrenOf(pid) {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((name) => {
        try {
            return Number(readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1].split(" ")[1]) === pid;
        } catch {
            return false;
        }
    }).map(Number);
}

const isAlive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };

test("the whole plant appears, moves, and ends with Ctrl-C", async (t) => {
    const node = await Node.start(t, { command: "demo", args: ["--seed", "7"] });
    const overview = await until(async () => {
        const seen = await node.api("overview");
        return seen.machines.total >= 31 && seen.machines.online >= 25 && seen;
    }, "31 machines", 30_000);
    assert.equal(overview.machines.total, 31);
    const { items } = await node.api("machines?limit=100");
    assert.equal(items.filter((one) => one.source === "sparkplug").length, 7, "an edge node and six embroidery machines");
    assert.equal(items.filter((one) => one.source === "json").length, 24, "the fleet");
    assert.ok(items.filter((one) => one.source === "json").every((one) => one.position), "every fleet machine says where it is");
    const stitching = items.find((one) => one.id.split(":").length === 3);
    const moving = await node.machineWhen(stitching.id, (one) => one.values.length >= 5);
    const before = JSON.stringify(moving.values);
    await until(async () => JSON.stringify((await node.machine(stitching.id)).values) !== before, "values move");
    await until(async () => (await node.api("overview")).rates.samples_per_s > 10, "rates");
    const plants = childrenOf(node.child.pid);
    assert.equal(plants.length, 1, "the plant is a process of its own");
    assert.deepEqual(await node.stop("SIGINT"), { code: 0, signal: null });
    await until(() => !isAlive(plants[0]), "the plant ends with the node");
});

test("a plant whose node was killed finds the next one, with the same token", async (t) => {
    const node = await Node.start(t, { command: "demo" });
    const total = async () => (await node.api("overview")).machines.total;
    await until(async () => (await total()) === 31, "31 machines", 30_000);
    const [plant] = childrenOf(node.child.pid);
    await node.kill();
    await until(() => !isAlive(plant) || childrenOf(1).includes(plant) || childrenOf(process.pid).includes(plant), "orphaned or gone");
    if (isAlive(plant)) process.kill(plant, "SIGTERM");
    await node.start();
    assert.equal(await total(), 31, "all of them are remembered");
    await until(async () => (await node.api("overview")).machines.online >= 25, "and connected", 30_000);
});
