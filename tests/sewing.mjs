// Machines that sew beside a real node, and what the orders' scenario tests share.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { binary, until } from "./node.mjs";

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** `lineshaft sim embroidery` beside the node; ends with the test. */
export class Machines {
    constructor(t, node, options = {}) {
        Object.assign(this, { t, node, options: { speed: 2000, frame: 5, "breaks-every": 0, report: 50, seed: 7, ...options } });
        this.name = `${this.options.node ?? "hall"}`;
        this.tokenFile = join(node.folder, `token-${this.name}`);
        const token = node.token({ machine: `sewing:${this.name}`, name: `machines ${this.name}` });
        writeFileSync(this.tokenFile, token, { mode: 0o600 });
        t.after(() => this.stop("SIGKILL"));
        this.start();
    }
    start() {
        const words = Object.entries(this.options).flatMap(([name, value]) => [`--${name}`, String(value)]);
        this.log = "";
        this.child = spawn(binary, ["sim", "embroidery", "--mqtt", `127.0.0.1:${this.node.mqttPort}`, "--http", this.node.addresses.http, "--token-file", this.tokenFile, ...words]);
        running.add(this.child);
        for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", (piece) => { this.log = (this.log + piece).slice(-20_000); });
        this.ended = new Promise((done) => this.child.once("exit", () => (running.delete(this.child), done())));
    }
    async stop(signal = "SIGTERM") {
        if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
        await this.ended;
    }
    id(index = 1) { return `sewing:${this.name}:m${index}`; }
}

export const known = (node, count = 1) => until(async () => (await node.api("sewing-machines")).items.length >= count, "the machines are known");

/** What a POST of a design was answered (201, or 202 after two seconds), once it is no longer being worked on. */
export const digitised = (node, made, path = `designs/${made.id}`, options = {}) => until(async () => {
    const now = made.state === "working" ? await node.api(path, options) : made;
    return now.state !== "working" && now;
}, "the design is digitised", 60_000);

export async function design(node, text = "Rose", height_mm = 12) {
    const made = await node.api("designs", { method: "POST", body: { name: text, artwork: { text, height_mm } }, expect: [201, 202] });
    const one = await digitised(node, made);
    assert.equal(one.state, "ready", one.why);
    return one;
}
export const place = (node, one, more = {}, headers = {}) =>
    node.api("orders", { method: "POST", body: { design: one.id, quantity: 1, customer: { name: "Mei" }, ...more }, headers, expect: 201 });

/** The order once `is` says yes to it. */
export function orderWhen(node, id, is, what, patience_ms = 40_000) {
    let last;
    return until(async () => {
        last = await node.api(`orders/${id}`);
        return is(last) && last;
    }, () => `${what}: ${JSON.stringify(last)}`, patience_ms);
}
export const isDone = (order) => order.state === "done";

/** Server-sent events of a path, gathered until the test ends. */
export async function follow(t, node, path, token) {
    const stop = new AbortController();
    t.after(() => stop.abort());
    const answer = await node.fetch(path, { token, signal: stop.signal });
    assert.equal(answer.status, 200);
    const events = [];
    (async () => {
        let rest = "";
        for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
            rest += piece;
            for (let end; (end = rest.indexOf("\n\n")) >= 0; rest = rest.slice(end + 2)) {
                const lines = rest.slice(0, end).split("\n");
                const name = lines.find((line) => line.startsWith("event: "))?.slice(7);
                if (name) events.push({ name, at: performance.now(), data: JSON.parse(lines.find((line) => line.startsWith("data: ")).slice(6)) });
            }
        }
    })().catch(() => {});
    return events;
}
