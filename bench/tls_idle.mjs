// Question: what does an idle MQTT connection over TLS cost the node, in bytes resident? Connects
// COUNT clients (default 2,000; PLAIN=1 without TLS, CERTIFICATE=1 with a client certificate), each with one
// subscription, waits, and reads VmRSS.   node bench/tls_idle.mjs
import { mkdtempSync, readFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { Node, run } from "../tests/node.mjs";

const count = Number(process.env.COUNT ?? 2_000);
const isPlain = Boolean(process.env.PLAIN);
const node = await Node.start(null, { sets: ["mqtt.tls_listen=127.0.0.1:0"] });
const folder = mkdtempSync(join(tmpdir(), "lineshaft-tls-"));
const ca = run(["ca", "show", "--data", node.data]).out;
run(["ca", "issue", "--data", node.data, "--machine", "press", "--out", folder]);
const own = process.env.CERTIFICATE ? { cert: readFileSync(`${folder}/press.crt`), key: readFileSync(`${folder}/press.key`) } : {};
const token = node.token({ machine: "press" });
const port = isPlain ? node.mqttPort : Number(node.addresses.mqtts.split(":").pop());
const rss = () => Number(readFileSync(`/proc/${node.child.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) * 1024;

const text = (value) => { const bytes = Buffer.from(value); return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]); };
const packet = (type, body) => {
    const length = body.length < 128 ? [body.length] : [body.length % 128 | 128, body.length >> 7];
    return Buffer.concat([Buffer.from([type, ...length]), body]);
};
const connect = (id) => packet(0x10, Buffer.concat([text("MQTT"), Buffer.from([4, own.cert ? 0x02 : 0xc2, 0, 0]), text(id), ...(own.cert ? [] : [text("press"), text(token)])]));
const subscribe = packet(0x82, Buffer.concat([Buffer.from([0, 1]), text("lineshaft/v1/press/command"), Buffer.from([0])]));

const open = (index) => new Promise((done, failed) => {
    const socket = isPlain ? net.connect(port, "127.0.0.1") : tls.connect({ host: "127.0.0.1", port, servername: "localhost", ca, ...own });
    socket.on("error", failed);
    socket.once(isPlain ? "connect" : "secureConnect", () => socket.write(Buffer.concat([connect(`c${index}`), subscribe])));
    let got = 0;
    socket.on("data", (piece) => { if ((got += piece.length) >= 9) done(socket); });
});

const sockets = [];
for (let at = 0; at < 100; ++at) sockets.push(await open(at));   // what is paid once
const before = rss();
const began = performance.now();
for (let at = 100; at < 100 + count; at += 20) sockets.push(...await Promise.all(Array.from({ length: 20 }, (_, i) => open(at + i))));
const seconds = (performance.now() - began) / 1000;
await new Promise((go) => setTimeout(go, 2_000));
const after = rss();
console.log(JSON.stringify({ connections: count, kind: isPlain ? "plain" : own.cert ? "mutual TLS" : "TLS", bytes_per_connection: Math.round((after - before) / count), connects_per_s: Math.round(count / seconds) }));
for (const socket of sockets) socket.destroy();
await node.remove();
