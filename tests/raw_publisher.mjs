// A publisher that keeps a rate no full client library reaches beside the node on a small machine: MQTT 3.1.1, QoS 1,
// many packets a write. It notes how far the node has acknowledged; acknowledgements must come in order.
import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { sleep } from "./node.mjs";

const tick_ms = 2;

function text(value) {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}

function packet(first, ...parts) {
    const body = Buffer.concat(parts), length = [];
    let left = body.length;
    do { length.push((left & 127) | (left > 127 ? 128 : 0)); left >>= 7; } while (left > 0);
    return Buffer.concat([Buffer.from([first, ...length]), body]);
}

export const connectPacket = (clientId, token) =>
    packet(0x10, text("MQTT"), Buffer.from([4, 0xc2, 0, 60]), text(clientId), text("raw"), text(token));
export const publishPacket = (topic, id, payload) =>
    packet(0x32, text(topic), Buffer.from([id >> 8, id & 255]), Buffer.from(payload));

/**
 * Publishes `message(n)` = { topic, payload } for n = from, from + 1, … until `count` are acknowledged, the connection
 * ends, or `stop()`. `rate` a second (Infinity: as fast as the window lets it), at most `window` unacknowledged.
 * Afterwards `from`..`acked` were acknowledged; `sent` is one past the last that was written.
 */
export class RawPublisher {
    constructor({ port, token, clientId, message, from = 0, count = Infinity, rate = Infinity, window = 2_000 }) {
        Object.assign(this, { message, from, count, rate, window, sent: from, acked: from, isOver: false });
        this.socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
        this.socket.on("error", () => {});
        this.closed = new Promise((done) => this.socket.once("close", done)).then(() => { this.isOver = true; });
        this.socket.once("connect", () => this.socket.write(connectPacket(clientId, token)));
        let rest = Buffer.alloc(0);
        this.socket.on("data", (piece) => { rest = this.take(rest.length ? Buffer.concat([rest, piece]) : piece); });
    }

    take(bytes) {
        let at = 0;
        for (; at + 4 <= bytes.length; at += 4) {
            if (bytes[at] === 0x20) {
                assert.equal(bytes[at + 3], 0, "CONNACK");
                this.done = this.send();
                continue;
            }
            assert.equal(bytes[at], 0x40, "a PUBACK");
            assert.equal((bytes[at + 2] << 8) | bytes[at + 3], this.id(this.acked), "acknowledgements in order");
            ++this.acked;
        }
        return bytes.subarray(at);
    }

    id(n) { return (n % 65_535) + 1; }
    stop() { this.socket.destroy(); return this.closed; }

    async send() {
        const began = performance.now(), end = this.from + this.count;
        while (!this.isOver && this.acked < end) {
            const due = Math.min(end, this.from + Math.ceil((this.rate * (performance.now() - began)) / 1000), this.acked + this.window);
            const packets = [];
            for (; this.sent < due; ++this.sent) {
                const { topic, payload } = this.message(this.sent);
                packets.push(publishPacket(topic, this.id(this.sent), payload));
            }
            if (packets.length > 0) this.socket.write(Buffer.concat(packets));
            await (this.rate === Infinity ? new Promise(setImmediate) : sleep(tick_ms));
        }
        await this.stop();
    }
}
