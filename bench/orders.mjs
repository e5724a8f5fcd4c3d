// Custom production: from an order to the machine, from the needle to the page, and what two hundred machines cost.
// Question: order placed -> machine has the file (p50, p99); progress told -> server-sent event (p50, p99); share of one core for
// BENCH_MACHINES machines (200) that each tell their progress once a second.
import { readFileSync } from "node:fs";
import { Node, sleep, until } from "../tests/node.mjs";
import { Machines, design, follow } from "../tests/sewing.mjs";

const count = Number(process.env.BENCH_MACHINES ?? 200), orders = Number(process.env.BENCH_ORDERS ?? 100);
const after = [];
const t = { after: (work) => after.unshift(work), diagnostic: console.log };
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const show = (name, values) => {
    values.sort((a, b) => a - b);
    console.log(`${name}: p50 ${at(values, 0.5).toFixed(0)} ms, p99 ${at(values, 0.99).toFixed(0)} ms, worst ${values.at(-1).toFixed(0)} ms (${values.length})`);
};
const cpu_s = (pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
};

const node = await Node.start(t, { sets: [] });
try {
    node.admin();
    const one = await design(node, "Lineshaft", 20);
    new Machines(t, node, { machines: count, speed: 1, frame: 1, report: 1000 });
    await until(async () => (await node.api("sewing-machines")).items.length >= count, "the machines are known", 60_000);
    const events = await follow(t, node, "board/events");
    const placed = new Map();
    for (let index = 0; index < orders; ++index) {
        const began = performance.now();
        const order = await node.api("orders", { method: "POST", body: { design: one.id, quantity: 5, customer: { name: `c${index}` } }, expect: 201 });
        placed.set(order.id, { began, acknowledged: performance.now() });
        await sleep(50);
    }
    const loaded = () => events.filter(({ name, data }) => name === "job" && data.delivered_at);
    await until(() => new Set(loaded().map(({ data }) => data.order)).size >= orders, "every machine has its file", 60_000);
    const first = new Map();
    for (const event of loaded()) if (!first.has(event.data.order)) first.set(event.data.order, event.at);
    show("order placed -> acknowledged", [...placed.values()].map(({ began, acknowledged }) => acknowledged - began));
    show("order placed -> machine has the file", [...placed].map(([id, { began }]) => first.get(id) - began));
    for (let index = orders; index < count; ++index) await node.api("orders", { method: "POST", body: { design: one.id, quantity: 5, customer: { name: `c${index}` } }, expect: 201 });
    await until(() => new Set(loaded().map(({ data }) => data.order)).size >= count, "all machines sew", 90_000);
    await sleep(5_000);
    const from = events.length, began = performance.now(), used = cpu_s(node.child.pid), offset = Date.now() - performance.now();
    await sleep(20_000);
    const share = (cpu_s(node.child.pid) - used) / ((performance.now() - began) / 1000);
    const progress = events.slice(from).filter(({ name }) => name === "progress");
    show("progress told -> server-sent event", progress.map((event) => event.at + offset - Date.parse(event.data.at)));
    console.log(`${count} machines, ${(progress.length / 20).toFixed(0)} progress events a second: ${(share * 100).toFixed(1)} % of one core`);
} finally {
    for (const work of after) await work();
    process.exit(0);
}
