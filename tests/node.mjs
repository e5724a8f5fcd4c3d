// Real nodes for the scenario tests: each has a fresh directory and ports of its own, and ends by its pid.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import mqtt from "mqtt";
export { mqtt };  // for bench/, which has no packages of its own

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
export const binary = resolve(process.env.LINESHAFT ?? join(root, "build/release/lineshaft"));
export const isLong = Boolean(process.env.LINESHAFT_LONG);

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Asks until the answer is truthy and gives it; fails with `what` when patience ends. */
export async function until(question, what, patience_ms = 40_000) {
    const end = Date.now() + patience_ms;
    for (;;) {
        const answer = await question();
        if (answer) return answer;
        assert.ok(Date.now() < end, `waited ${patience_ms} ms: ${typeof what === "function" ? what() : what}`);
        await sleep(25);
    }
}

/** Runs a command of the program to its end. */
export function run(args, { input, patience_ms = 60_000 } = {}) {
    const done = spawnSync(binary, args, { input, encoding: "utf8", timeout: patience_ms });
    if (done.error) throw done.error;
    return { code: done.status, out: done.stdout, err: done.stderr };
}

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** A node on a directory of its own. `t.after` stops it and removes what it wrote. */
export class Node {
    constructor(t, { sets = [], command = "serve", data, args = [], env = {} } = {}) {
        this.folder = mkdtempSync(join(tmpdir(), "lineshaft-test-"));
        this.data = data ?? join(this.folder, "data");
        this.sets = sets;
        this.command = command;
        this.args = args;
        this.env = env;  // beside this process' own
        this.clients = [];
        this.log = "";
        t?.after(() => this.remove());
    }

    static async start(t, options) {
        const node = new Node(t, options);
        await node.start();
        return node;
    }

    /** Starts the process, on the same directory as before; resolves once it is ready. */
    async start(patience_ms = 60_000) {
        const ready = join(this.folder, "ready");
        rmSync(ready, { force: true });
        const settings = ["http.listen=127.0.0.1:0", "mqtt.listen=127.0.0.1:0", ...this.sets];
        const began = performance.now();
        this.child = spawn(binary, [
            this.command, "--data", this.data, "--ready-file", ready, ...this.args,
            ...settings.flatMap((one) => ["--set", one]),
        ], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...this.env } });
        const child = this.child;
        running.add(child);
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => { this.log = (this.log + piece).slice(-100_000); });
        this.ended = new Promise((done) => child.once("exit", (code, signal) => {
            running.delete(child);
            done({ code, signal });
        }));
        await until(() => {
            assert.equal(child.exitCode ?? child.signalCode, null, `the node ended at its start:\n${this.log}`);
            return existsSync(ready) && /^http /m.test(readFileSync(ready, "utf8"));
        }, () => `no ready file:\n${this.log}`, patience_ms);
        const lines = readFileSync(ready, "utf8").trim().split("\n").map((line) => line.split(" "));
        this.addresses = Object.fromEntries(lines);
        this.secret = this.addresses.secret ?? this.secret;
        this.url = `http://${this.addresses.http}`;
        this.mqttPort = Number(this.addresses.mqtt.split(":").pop());
        await until(async () => (await fetch(`${this.url}/readyz`).catch(() => null))?.status === 200, "/readyz", patience_ms);
        this.startMs = performance.now() - began;
    }

    async stop(signal = "SIGTERM") {
        this.child.kill(signal);
        const stuck = setTimeout(() => this.child.kill("SIGABRT"), 60_000);
        const ended = await this.ended;
        clearTimeout(stuck);
        return ended;
    }

    kill() { return this.stop("SIGKILL"); }

    async remove() {
        for (const client of this.clients) client.end(true);
        // A demo is asked politely, as it must end its plant.
        if (this.child && this.child.exitCode === null && this.child.signalCode === null) await this.stop(this.command === "demo" ? "SIGTERM" : "SIGKILL");
        rmSync(this.folder, { recursive: true, force: true });
    }

    /** A new token from the command line: { role } or { machine }, and a name. */
    token({ role, machine, name = `test ${role ?? machine}` }) {
        const made = run(["token", "create", "--data", this.data, ...(role ? ["--role", role] : ["--machine", machine]), "--name", name]);
        assert.equal(made.code, 0, `token create: ${made.err}`);
        assert.match(made.out, /^\S+\n$/, "the token alone on standard output");
        return made.out.trim();
    }

    admin() { return (this.adminToken ??= this.token({ role: "admin", name: "test admin" })); }

    fetch(path, { method = "GET", body, token = this.admin(), headers = {}, signal } = {}) {
        const all = { ...headers };
        if (token) all.authorization ??= `Bearer ${token}`;
        if (body !== undefined) all["content-type"] ??= "application/json";
        return fetch(path.startsWith("/") ? this.url + path : `${this.url}/api/v1/${path}`, {
            method, headers: all, signal, body: body === undefined ? undefined : JSON.stringify(body), redirect: "manual",
        });
    }

    /** The API's answer as an object; `expect` is the status it must have. */
    async api(path, { expect = [200, 201, 202, 204], ...options } = {}) {
        const answer = await this.fetch(path, options);
        const text = await answer.text();
        assert.ok([expect].flat().includes(answer.status), `${options.method ?? "GET"} ${path}: ${answer.status} ${text}`);
        return text === "" ? null : JSON.parse(text);
    }

    async metrics() {
        const page = await (await this.fetch("/metrics")).text();
        return Object.fromEntries([...page.matchAll(/^lineshaft_(\w+) ([-\d.e+]+)$/gm)].map(([, name, value]) => [name, Number(value)]));
    }

    /** A connected MQTT client; the node's removal ends it. */
    async mqtt(options = {}) {
        const died = this.ended.then(() => { throw new Error(`the node ended:\n${this.log}`); });
        const client = await Promise.race([mqtt.connectAsync(this.mqttOptions(options)), died]);
        this.watch(client);
        return client;
    }

    mqttOptions({ token, ...options } = {}) {
        return {
            host: "127.0.0.1", port: this.mqttPort, protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 30_000,
            username: "test", password: token ?? this.admin(), resubscribe: false, ...options,
        };
    }

    /** Tries to connect; gives the code of the refusal. */
    refusal(options) {
        return new Promise((done, failed) => {
            const client = mqtt.connect(this.mqttOptions(options));
            this.clients.push(client);
            client.on("connect", () => failed(new Error("the connection was accepted")));
            client.on("error", (error) => done(error.code));
        });
    }

    watch(client) {
        this.clients.push(client);
        client.received = [];
        client.on("message", (topic, payload, packet) => client.received.push({ topic, text: payload.toString(), packet, payload }));
        client.on("error", (error) => { client.lastError = error; });
        client.closed = new Promise((done) => client.once("close", done));
        return client;
    }

    async machine(id, options) { return this.api(`machines/${encodeURIComponent(id)}`, options); }

    /** The machine once `is` says yes to it (with its values by tag name). */
    machineWhen(id, is, what = id, patience_ms) {
        let last;
        return until(async () => {
            const answer = await this.fetch(`machines/${encodeURIComponent(id)}`);
            if (answer.status !== 200) return (last = `${answer.status}`, null);
            const machine = last = await answer.json();
            machine.byTag = Object.fromEntries(machine.values.map((value) => [value.name, value]));
            return is(machine) && machine;
        }, () => `${what}: ${JSON.stringify(last)}`, patience_ms);
    }

    /** Every stored sample of a tag, through all pages. */
    async samples(id, tag, query = {}) {
        const items = [];
        let cursor;
        do {
            const words = new URLSearchParams({ tag, limit: "1000", ...query, ...(cursor && { cursor }) });
            const page = await this.api(`machines/${encodeURIComponent(id)}/samples?${words}`);
            items.push(...page.items);
            cursor = page.next;
        } while (cursor);
        return items;
    }
}

export const telemetry = (id) => `lineshaft/v1/${id}/telemetry`;
