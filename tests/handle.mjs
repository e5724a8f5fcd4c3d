// A client of the Handle System, written from the protocol's bytes alone: for scenario tests.
import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync, randomBytes, sign } from "node:crypto";
import dgram from "node:dgram";
import net from "node:net";

export const op = { resolution: 1, siteInfo: 2, create: 100, remove: 101, addValue: 102, removeValue: 103, modifyValue: 104, list: 105, proof: 200, verify: 201, home: 300, nextTransaction: 1000 };
export const flag = { authoritative: 0x80000000, recursive: 0x10000000, continuous: 0x04000000, publicOnly: 0x01000000, digest: 0x00800000, overwrite: 0x00400000, mint: 0x00200000, doNotRefer: 0x00100000 };

export const u16 = (number) => { const out = Buffer.alloc(2); out.writeUInt16BE(number); return out; };
export const u32 = (number) => { const out = Buffer.alloc(4); out.writeUInt32BE(number >>> 0); return out; };
export const block = (bytes) => Buffer.concat([u32(Buffer.byteLength(bytes)), Buffer.from(bytes)]);
const list = (items, write) => Buffer.concat([u32(items.length), ...items.map(write)]);

export const value = ({ index, type = "URL", data = "", permissions = 0x0e, ttl = 86400 }) =>
    Buffer.concat([u32(index), u32(0), Buffer.from([0]), u32(ttl), Buffer.from([permissions]), block(type), block(data), u32(0)]);
export const adminData = (rights, handle, index) => Buffer.concat([u16(rights), block(handle), u32(index)]);
export const rsaKey = (jwk) => {
    const number = (text) => { const raw = Buffer.from(text, "base64url"); return raw[0] & 0x80 ? Buffer.concat([Buffer.alloc(1), raw]) : raw; };
    return Buffer.concat([block("RSA_PUB_KEY"), u16(0), block(number(jwk.e)), block(number(jwk.n)), Buffer.alloc(4)]);
};

export const bodies = {
    resolve: (handle, indexes = [], types = []) => Buffer.concat([block(handle), list(indexes, u32), list(types, block)]),
    values: (handle, values) => Buffer.concat([block(handle), list(values, value)]),
    indexes: (handle, indexes) => Buffer.concat([block(handle), list(indexes, u32)]),
    handle: (handle) => block(handle),
};

/** A whole message: envelope, header, body, empty credential. */
export function message(opCode, body, { version = [2, 11], suggested = [2, 11], session = 0, request = randomBytes(4).readUInt32BE(), flags = 0x19000000, serial = 0xffff, expires = Math.floor(Date.now() / 1000) + 43200 } = {}) {
    const header = Buffer.concat([u32(opCode), u32(0), u32(flags), u16(serial), u16(0), u32(expires), u32(body.length)]);
    const length = header.length + body.length + 4;
    const envelope = Buffer.concat([Buffer.from([...version, suggested[0], suggested[1]]), u32(session), u32(request), u32(0), u32(length)]);
    return Object.assign(Buffer.concat([envelope, header, body, u32(0)]), { request });
}

export function parse(bytes) {
    assert.ok(bytes.length >= 44, "an answer has an envelope and a header");
    const length = bytes.readUInt32BE(16);
    assert.equal(bytes.length, 20 + length, "the envelope's length");
    const bodyLength = bytes.readUInt32BE(40);
    return {
        version: [bytes[0], bytes[1]], session: bytes.readUInt32BE(4), request: bytes.readUInt32BE(8), truncated: (bytes[2] & 0x20) !== 0,
        op: bytes.readUInt32BE(20), code: bytes.readUInt32BE(24), flags: bytes.readUInt32BE(28), serial: bytes.readUInt16BE(32), body: bytes.subarray(44, 44 + bodyLength), headerAndBody: bytes.subarray(20, 44 + bodyLength),
    };
}

class Reader {
    constructor(bytes) { this.bytes = bytes; this.at = 0; }
    u8() { return this.bytes[this.at++]; }
    u32() { this.at += 4; return this.bytes.readUInt32BE(this.at - 4); }
    block() { const size = this.u32(); this.at += size; return this.bytes.subarray(this.at - size, this.at); }
    text() { return this.block().toString(); }
    many(read) { return Array.from({ length: this.u32() }, () => read()); }
    value() {
        const out = { index: this.u32(), timestamp: this.u32(), ttlType: this.u8(), ttl: this.u32(), permissions: this.u8(), type: this.text(), data: this.block() };
        this.many(() => [this.text(), this.u32()]);
        return out;
    }
}
export const readValues = (body) => { const in_ = new Reader(body); return { handle: in_.text(), values: in_.many(() => in_.value()) }; };
export const readNames = (body) => { const in_ = new Reader(body); return in_.many(() => in_.text()); };
export const readText = (body) => new Reader(body).text();
export const readReferral = (body) => { const in_ = new Reader(body); return { handle: in_.text(), values: in_.at < body.length ? in_.many(() => in_.value()) : [] }; };
export const readChallenge = (body) => { assert.equal(body[0], 3); return { digest: body.subarray(1, 33), nonce: body.subarray(37, 37 + body.readUInt32BE(33)) }; };

/** Asks over UDP and puts the datagrams of the answer together; gives all that came when cut. */
export function askUdp(port, question, { wait = 10_000 } = {}) {
    return new Promise((resolve, reject) => {
        const socket = dgram.createSocket("udp4");
        const pieces = [];
        const timer = setTimeout(() => { socket.close(); reject(new Error(`no answer over UDP; ${pieces.length} pieces`)); }, wait);
        const done = (out) => { clearTimeout(timer); socket.close(); resolve(out); };
        socket.on("message", (bytes) => {
            if (bytes[2] & 0x20) return done({ truncated: true, bytes });
            pieces[bytes.readUInt32BE(12)] = bytes.subarray(20);
            const whole = Buffer.concat(pieces.filter(Boolean));
            if (whole.length >= bytes.readUInt32BE(16)) done({ ...parse(Buffer.concat([bytes.subarray(0, 20), whole])), datagrams: pieces.length });
        });
        for (let at = 20, number = 0; at < question.length; at += 492, ++number) {
            const envelope = Buffer.from(question.subarray(0, 20));
            envelope.writeUInt32BE(number, 12);
            socket.send(Buffer.concat([envelope, question.subarray(at, at + 492)]), port, "127.0.0.1");
        }
    });
}

/** A TCP connection that stays: ask() matches answers by request id, all() waits for a whole list. */
export class Connection {
    static async open(port) {
        const socket = net.connect(port, "127.0.0.1");
        await new Promise((resolve, reject) => { socket.once("connect", resolve); socket.once("error", reject); });
        return new Connection(socket);
    }
    constructor(socket) {
        this.socket = socket;
        this.waiting = new Map();
        this.closed = new Promise((resolve) => socket.once("close", resolve));
        let in_ = Buffer.alloc(0);
        socket.on("error", () => {});
        socket.on("data", (bytes) => {
            in_ = Buffer.concat([in_, bytes]);
            while (in_.length >= 20 && in_.length >= 20 + in_.readUInt32BE(16)) {
                const size = 20 + in_.readUInt32BE(16);
                const answer = parse(in_.subarray(0, size));
                in_ = in_.subarray(size);
                this.waiting.get(answer.request)?.(answer);
            }
        });
        socket.once("close", () => { for (const answer of this.waiting.values()) answer(null); });
    }
    ask(question) {
        return new Promise((resolve) => { this.waiting.set(question.request, resolve); this.socket.write(question); });
    }
    all(question) {
        return new Promise((resolve) => {
            const answers = [];
            this.waiting.set(question.request, (answer) => { answers.push(answer); if (!answer || (answer.flags & flag.continuous) === 0) resolve(answers); });
            this.socket.write(question);
        });
    }
    close() { this.socket.destroy(); }
}

/** Proofs for a challenge. */
export const proofs = {
    secret: (handle, index, secret, { iterations = 10000 } = {}) => ({ digest, nonce }) => {
        const salt = randomBytes(16);
        const key = pbkdf2Sync(secret, salt, Math.min(iterations, 200000), 20, "sha1");
        const mac = createHmac("sha1", key).update(nonce).update(digest).digest();
        return Buffer.concat([block("HS_SECKEY"), block(handle), u32(index), block(Buffer.concat([Buffer.from([0x22]), block(salt), u32(iterations), u32(160), block(mac)]))]);
    },
    key: (handle, index, privateKey, { hash = "SHA-256" } = {}) => ({ digest, nonce }) => {
        const signature = sign(hash === "SHA-256" ? "sha256" : "sha1", Buffer.concat([nonce, digest]), privateKey);
        return Buffer.concat([block("HS_PUBKEY"), block(handle), u32(index), block(Buffer.concat([block(hash), block(signature)]))]);
    },
};

/** Asks, proves when asked to, gives the last answer. `ask`: question -> answer. */
export async function askWithProof(ask, question, proof) {
    const challenged = await ask(question);
    if (challenged.code !== 402) return challenged;
    const challenge = readChallenge(challenged.body);
    assert.deepEqual(challenge.digest, createHash("sha256").update(parse(question).headerAndBody).digest(), "the digest is our request's");
    assert.notEqual(challenged.session, 0);
    return ask(message(op.proof, proof(challenge), { session: challenged.session }));
}
