// A client that is measured from a process of its own, so that what a test does meanwhile does not delay it: it publishes
// evenly at QoS 1 and hears each message itself. What it says is telemetry, where the topic is one.
//   const pulse = await Pulse.start(node, { topic, token }); ... await pulse.mark(); ... await pulse.end();
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import mqtt from "mqtt";

const own = fileURLToPath(import.meta.url);

export class Pulse {
    static async start(node, { topic, token, every_ms = 5 }) {
        const pulse = new Pulse();
        // The token goes by standard input: no other process may read it.
        pulse.child = spawn(process.execPath, [own, "beat", String(node.mqttPort), topic, String(every_ms)], { stdio: ["pipe", "pipe", "inherit"] });
        node.clients.push({ end: () => pulse.child.kill() });
        pulse.lines = createInterface({ input: pulse.child.stdout })[Symbol.asyncIterator]();
        pulse.child.stdin.write(`${token}\n`);
        assert.equal((await pulse.lines.next()).value, "ready");
        return pulse;
    }

    /** What happened since the last call: { sent, acknowledged, heard, ack_p99_ms, heard_p99_ms }, counts from the start. */
    async mark(word = "mark") {
        this.child.stdin.write(`${word}\n`);
        const { value, done } = await this.lines.next();
        assert.ok(!done, "the measured client ended");
        return JSON.parse(value);
    }

    /** Waits until all that was acknowledged was heard, for as long as it takes; gives the counts. */
    async end() {
        const last = await this.mark("end");
        assert.ok(last.is_connected, "it was never disconnected");
        return last;
    }
}

async function beat(port, topic, every_ms) {
    const asked = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    const password = (await asked.next()).value;
    const options = { host: "127.0.0.1", port, protocolVersion: 5, reconnectPeriod: 0, username: "pulse", password };
    const [writer, reader] = [await mqtt.connectAsync({ ...options }), await mqtt.connectAsync({ ...options })];
    let acks = [], hears = [], sent = 0, acknowledged = 0, isOver = false;
    const heard = new Set();
    reader.on("message", (_, payload) => {
        const { number, at } = JSON.parse(payload.toString()).values;
        heard.add(number);
        hears.push(performance.now() - at);
    });
    await reader.subscribeAsync(topic, { qos: 1 });
    const p99 = (list) => list.sort((a, b) => a - b)[Math.max(0, Math.ceil(list.length * 0.99) - 1)] ?? null;
    const began = Date.now();
    const words = (number, at) => JSON.stringify({ ts: began + number * every_ms, values: { number, at } });
    const state = () => {
        const now = { sent, acknowledged, heard: heard.size, ack_p99_ms: p99(acks), heard_p99_ms: p99(hears), is_connected: writer.connected && reader.connected };
        [acks, hears] = [[], []];
        return now;
    };
    const publishing = (async () => {
        for (let due = performance.now(); !isOver; due += every_ms) {
            // What waits counts from the moment it was due.
            await new Promise((done) => setTimeout(done, Math.max(0, due - performance.now())));
            const at = due;
            void writer.publishAsync(topic, words(sent++, at), { qos: 1 }).then(() => { acknowledged += 1; acks.push(performance.now() - at); }, () => {});
        }
    })();
    console.log("ready");
    for await (const word of asked) {
        if (word === "end") {
            isOver = true;
            await publishing;
            while (writer.connected && reader.connected && (acknowledged < sent || heard.size < sent)) await new Promise((done) => setTimeout(done, 20));
            console.log(JSON.stringify(state()));
            break;
        }
        console.log(JSON.stringify(state()));
    }
    process.exit();
}

if (process.argv[1] === own && process.argv[2] === "beat") await beat(Number(process.argv[3]), process.argv[4], Number(process.argv[5]));
