// A client of the Handle System, written from the protocol's bytes alone: for scenario tests.
import assert from "node:assert/strict";
import { constants, createCipheriv, createDecipheriv, createDiffieHellman, createHash, createHmac, createPublicKey, getDiffieHellman, pbkdf2Sync, privateDecrypt, publicEncrypt, randomBytes, sign, verify } from "node:crypto";
import dgram from "node:dgram";
import net from "node:net";

export const op = { resolution: 1, siteInfo: 2, create: 100, remove: 101, addValue: 102, removeValue: 103, modifyValue: 104, list: 105, proof: 200, verify: 201, home: 300, listHomed: 302, sessionSetup: 400, sessionEnd: 401, sessionKey: 402, nextTransaction: 1000, passwordLogin: 2000, login: 2001 };
export const flag = { authoritative: 0x80000000, certify: 0x40000000, encrypt: 0x20000000, recursive: 0x10000000, continuous: 0x04000000, publicOnly: 0x01000000, digest: 0x00800000, overwrite: 0x00400000, mint: 0x00200000, doNotRefer: 0x00100000 };

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

/** HS_PUBKEY data of an RSA key as a key object. */
export function keyObject(bytes) {
    const in_ = new Reader(bytes);
    assert.equal(in_.text(), "RSA_PUB_KEY");
    in_.at += 2;
    const [e, n] = [in_.block(), in_.block()].map((number) => Buffer.from(number[0] === 0 ? number.subarray(1) : number).toString("base64url"));
    return createPublicKey({ key: { kty: "RSA", e, n }, format: "jwk" });
}

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
    if (bytes[2] & 0x40) return { encrypted: true, session: bytes.readUInt32BE(4), request: bytes.readUInt32BE(8), whole: bytes };
    const bodyLength = bytes.readUInt32BE(40);
    return {
        version: [bytes[0], bytes[1]], session: bytes.readUInt32BE(4), request: bytes.readUInt32BE(8), truncated: (bytes[2] & 0x20) !== 0,
        encrypted: (bytes[2] & 0x40) !== 0, whole: bytes, credential: bytes.subarray(48 + bodyLength),
        op: bytes.readUInt32BE(20), code: bytes.readUInt32BE(24), flags: bytes.readUInt32BE(28), serial: bytes.readUInt16BE(32), body: bytes.subarray(44, 44 + bodyLength), headerAndBody: bytes.subarray(20, 44 + bodyLength),
    };
}

class Reader {
    constructor(bytes) { this.bytes = bytes; this.at = 0; }
    u8() { return this.bytes[this.at++]; }
    u32() { this.at += 4; return this.bytes.readUInt32BE(this.at - 4); }
    u64() { this.at += 8; return Number(this.bytes.readBigUInt64BE(this.at - 8)); }
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

/** Asks as Handle.Net's mirrors do: the answer, and all that stands behind it until the connection ends. */
export async function pull(port, question, proof) {
    const socket = net.connect(port, "127.0.0.1");
    let in_ = Buffer.alloc(0), has_ended = false, wake = () => {};
    socket.on("error", () => {});
    socket.on("data", (bytes) => { in_ = Buffer.concat([in_, bytes]); wake(); });
    socket.on("close", () => { has_ended = true; wake(); });
    const more = () => new Promise((resolve) => { wake = resolve; });
    const next = async () => {
        while (in_.length < 20 || in_.length < 20 + in_.readUInt32BE(16)) { assert.ok(!has_ended, "an answer comes before the connection ends"); await more(); }
        const size = 20 + in_.readUInt32BE(16);
        const answer = parse(in_.subarray(0, size));
        in_ = in_.subarray(size);
        return answer;
    };
    socket.write(question);
    let answer = await next();
    if (answer.code === 402) {
        socket.write(message(op.proof, proof(readChallenge(answer.body)), { session: answer.session, flags: 0x19000000 | flag.certify }));
        answer = await next();
    }
    while (answer.code === 1 && !has_ended) await more();
    socket.destroy();
    return { answer, stream: in_ };
}

/** The blocks of such a stream, their signatures checked with `key`. */
class Blocks {
    constructor(bytes, key) {
        this.in = new Reader(bytes);
        this.key = key;
        assert.equal(this.in.u32(), 0, "signed blocks");
        this.hash = this.in.text();
    }
    next(read) {
        const from = this.in.at;
        const out = read(this.in);
        const block_ = this.in.bytes.subarray(from, this.in.at);
        assert.ok(verify(this.hash === "SHA-256" ? "sha256" : "sha1", block_, this.key, this.in.block()), "the block's signature");
        return out;
    }
    atEnd() { assert.equal(this.in.at, this.in.bytes.length, "nothing behind the end"); }
}
const wrappedValues = (in_) => in_.many(() => new Reader(in_.block()).value());

/** What 1001 is answered with: {format, status, hash, queue, records, until}. */
export function readTransactions(bytes, key) {
    const blocks = new Blocks(bytes, key);
    const out = { hash: blocks.hash, records: [], ...blocks.next((in_) => ({ format: in_.u32(), status: in_.u32() })) };
    for (let has_ended = false; !has_ended;) {
        blocks.next((in_) => {
            const record = in_.u8();
            if (record === 0) { has_ended = true; if (out.format === 1) out.until = in_.u64(); return; }
            if (record === 2) { out.queue = in_.text(); return; }
            if (record === 3) { out.until = in_.u64(); return; }
            assert.equal(record, 1);
            const one = { number: in_.u64(), handle: in_.text(), action: in_.u8(), date: in_.u64() };
            if (one.action === 1 || one.action === 3) one.values = wrappedValues(in_);
            out.records.push(one);
        });
    }
    blocks.atEnd();
    return out;
}

/** What 1002 is answered with: {position, handles, prefixes}. */
export function readDump(bytes, key) {
    const blocks = new Blocks(bytes, key);
    const out = { handles: [], prefixes: [] };
    assert.equal(blocks.next((in_) => in_.u32()), 2, "the format");
    while (blocks.in.bytes[blocks.in.at] !== 0xff) {
        blocks.next((in_) => {
            const record = in_.u8();
            if (record === 0) out.position = { date: in_.u64(), transaction: in_.u64() };
            else if (record === 1) out.handles.push({ handle: in_.text(), values: wrappedValues(in_) });
            else { assert.equal(record, 2); out.prefixes.push(in_.text()); }
        });
    }
    blocks.in.at += 1;
    blocks.atEnd();
    return out;
}

/** The credential of a message: {counter, type, algorithm, signature}; null when it has none. */
export function readCredential(answer) {
    if (answer.credential.length === 0) return null;
    const in_ = new Reader(answer.credential);
    in_.at = 4;
    in_.text();
    const out = { counter: in_.u32(), type: in_.text() };
    in_.u32();
    return { ...out, algorithm: in_.text(), signature: in_.block() };
}

/** What signatures of versions 2.8 and later cover. */
const covered = (bytes, counter) => Buffer.concat([bytes.subarray(0, 2), Buffer.from([bytes[2] & 0x1f, bytes[3]]), bytes.subarray(4, 12), u32(counter), bytes.subarray(20, 44 + bytes.readUInt32BE(40))]);

/** Whether `answer` is signed by the key that `keyBytes` (HS_PUBKEY data) holds. */
export function isSignedBy(answer, keyBytes) {
    const credential = readCredential(answer);
    if (!credential || credential.type !== "HS_SIGNED" || credential.algorithm !== "SHA-256") return false;
    return verify("sha256", covered(answer.whole, credential.counter), keyObject(keyBytes), credential.signature);
}

/** A session over a connection: Diffie-Hellman, the server's key, the client's, or one in a handle. */
export class Session {
    /** `mode` 4, 2, 1 or 3; `privateKey` of the last two, `handle` and `index` where it is kept. */
    static async open(connection, mode, { privateKey, publicKey, handle = "", index = 0, timeout = 0, flags = 0x19000000, group } = {}) {
        const out = new Session(connection);
        const head = Buffer.concat([u16(mode), u32(timeout), block(""), u32(0)]);
        const number = (raw) => (raw[0] & 0x80 ? Buffer.concat([Buffer.alloc(1), raw]) : raw);
        let dh, body = head;
        if (mode === 4) {
            dh = group ?? createDiffieHellman(getDiffieHellman("modp14").getPrime(), Buffer.from([2]));
            dh.generateKeys();
            body = Buffer.concat([head, block(Buffer.concat([block("DH_PUB_KEY"), u16(0), block(number(dh.getPublicKey())), block(number(dh.getPrime())), block(dh.getGenerator())]))]);
        } else if (mode === 1) {
            body = Buffer.concat([head, block(publicKey)]);
        } else if (mode === 3) {
            body = Buffer.concat([head, block(handle), u32(index)]);
        }
        const answer = await connection.ask(message(op.sessionSetup, Buffer.concat([body, Buffer.alloc(2)]), { flags }));
        out.setup = answer;
        if (answer.code !== 1) return out;
        out.id = answer.session;
        const in_ = new Reader(answer.body);
        in_.at = 2;
        const data = in_.block();
        if (mode === 4) {
            assert.equal(data.readUInt32BE(0), 3, "AES");
            const theirs = new Reader(data.subarray(4));
            assert.equal(theirs.text(), "DH_PUB_KEY");
            theirs.at += 2;
            let secret = dh.computeSecret(theirs.block());
            while (secret[0] === 0) secret = secret.subarray(1);
            out.key = secret.subarray(0, 16);
        } else if (mode === 2) {
            out.key = randomBytes(16);
            const sealed = publicEncrypt({ key: keyObject(data), padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([u32(3), out.key]));
            const taken = await connection.ask(message(op.sessionKey, block(sealed), { session: out.id }));
            assert.equal(taken.code, 1, taken.body?.toString());
        } else {
            out.key = unpad(privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, data)).subarray(4);
        }
        return out;
    }
    constructor(connection) { this.connection = connection; this.counter = 0; }

    /** The message as the session sends it: signed, and encrypted when asked to be. */
    wrap(question, { encrypt = false, sign: signs = true, counter = ++this.counter } = {}) {
        const plain = Buffer.from(question.subarray(0, question.length - 4));
        plain.writeUInt32BE(this.id, 4);
        const mac = createHmac("sha256", this.key).update(covered(plain, counter)).digest();
        const section = Buffer.concat([block("HMAC-SHA256"), block(mac)]);
        const credential = signs ? Buffer.concat([Buffer.alloc(4), block(""), u32(counter), block("HS_MAC"), block(section)]) : Buffer.alloc(0);
        let payload = Buffer.concat([plain.subarray(20), block(credential)]);
        if (encrypt) {
            const iv = randomBytes(16);
            const cipher = createCipheriv("aes-128-cbc", this.key, iv);
            payload = Buffer.concat([iv, cipher.update(payload), cipher.final()]);
            plain[2] |= 0x40;
        }
        plain.writeUInt32BE(payload.length, 16);
        return Object.assign(Buffer.concat([plain.subarray(0, 20), payload]), { request: question.request });
    }
    /** The answer as it was meant; its MAC checked. */
    unwrap(answer, counter = this.counter) {
        if (answer.encrypted) {
            const decipher = createDecipheriv("aes-128-cbc", this.key, answer.whole.subarray(20, 36));
            const plain = Buffer.concat([decipher.update(answer.whole.subarray(36)), decipher.final()]);
            const envelope = Buffer.from(answer.whole.subarray(0, 20));
            envelope[2] &= 0xbf;
            envelope.writeUInt32BE(plain.length, 16);
            answer = { ...parse(Buffer.concat([envelope, plain])), wasEncrypted: true };
        }
        const credential = readCredential(answer);
        if (credential) {
            assert.equal(credential.type, "HS_MAC");
            assert.equal(credential.counter, counter);
            assert.deepEqual(credential.signature, createHmac("sha256", this.key).update(covered(answer.whole, counter)).digest());
        }
        return { ...answer, wasSigned: credential !== null };
    }
    async ask(question, options) {
        const wrapped = this.wrap(question, options);
        const counter = options?.counter ?? this.counter;
        return this.unwrap(await this.connection.ask(wrapped), counter);
    }
}
const unpad = (block_) => { assert.equal(block_[1], 2); return block_.subarray(block_.indexOf(0, 2) + 1); };

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
