// The broker over its real socket: what outlives a kill, and other people's clients.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { test } from "node:test";
import { Node, until } from "../node.mjs";

const texts = (client) => client.received.map((one) => one.text);

for (const protocolVersion of [4, 5]) {
    const name = protocolVersion === 4 ? "3.1.1" : "5.0";
    const durable = (clientId) => ({ clientId, clean: false, protocolVersion, ...(protocolVersion === 5 && { properties: { sessionExpiryInterval: 3600 } }) });

    test(`${name}: a sleeping session and retained messages survive kill -9, nothing is doubled`, async (t) => {
        const node = await Node.start(t);
        const sleeper = await node.mqtt(durable("sleeper"));
        await sleeper.subscribeAsync("work/#", { qos: 2 });
        await sleeper.endAsync();
        const writer = await node.mqtt({ protocolVersion });
        const wanted = [];
        for (let i = 0; i < 200; ++i) {
            const qos = 1 + (i % 2);
            wanted.push(`message ${i}`);
            await writer.publishAsync(`work/${i % 5}`, `message ${i}`, { qos });
        }
        await writer.publishAsync("state/line", "running", { qos: 1, retain: true });
        await writer.publishAsync("state/gone", "x", { qos: 1, retain: true });
        await writer.publishAsync("state/gone", "", { qos: 1, retain: true });
        await node.kill();
        await node.start();
        const again = node.watch((await import("mqtt")).default.connect(node.mqttOptions(durable("sleeper"))));
        let sessionPresent;
        again.on("connect", (packet) => (sessionPresent = packet.sessionPresent));
        await until(() => again.received.length >= wanted.length, () => `${again.received.length} of ${wanted.length} arrived`);
        assert.equal(sessionPresent, true);
        const reader = await node.mqtt({ protocolVersion });
        await reader.subscribeAsync("state/#", { qos: 1 });
        await until(() => reader.received.length > 0, "the retained message");
        await reader.subscribeAsync("nothing", { qos: 1 });
        assert.deepEqual(reader.received.map((one) => [one.topic, one.text, one.packet.retain]), [["state/line", "running", true]]);
        assert.deepEqual(texts(again).sort(), wanted.sort(), "each once");
    });

    test(`${name}: QoS 2 is not doubled over kills in the middle of delivery`, async (t) => {
        const node = await Node.start(t);
        const { default: mqtt } = await import("mqtt");
        const connect = () => node.watch(mqtt.connect(node.mqttOptions({ ...durable("reader"), incomingStore: store })));
        const store = new mqtt.Store({ clean: false });
        const arrived = [];
        let reader = connect();
        reader.on("message", (_, payload) => arrived.push(payload.toString()));
        await reader.subscribeAsync("exact", { qos: 2 });
        const writer = await node.mqtt({ protocolVersion });
        const acknowledged = [];
        for (let i = 0; i < 300; ++i) writer.publishAsync("exact", `m${i}`, { qos: 2 }).then(() => acknowledged.push(`m${i}`), () => {});
        await until(() => arrived.length > 50, "some arrive");
        await node.kill();
        await reader.closed;
        await node.start();
        reader = connect();
        reader.on("message", (_, payload) => arrived.push(payload.toString()));
        await until(() => acknowledged.every((one) => arrived.includes(one)), () => `${arrived.length} arrived, ${acknowledged.length} acknowledged`);
        assert.equal(new Set(arrived).size, arrived.length, "none twice");
    });

    test(`${name}: wills, take-over and unsubscribing`, async (t) => {
        const node = await Node.start(t);
        const watcher = await node.mqtt({ protocolVersion });
        await watcher.subscribeAsync(["last/words", "other"], { qos: 1 });
        const will = { topic: "last/words", payload: "gone", qos: 1, retain: false };
        const polite = await node.mqtt({ protocolVersion, will: { ...will, payload: "never said" } });
        await polite.endAsync();
        const rude = await node.mqtt({ protocolVersion, will });
        rude.stream.destroy();
        await until(() => texts(watcher).includes("gone"), "the will");
        const first = await node.mqtt({ protocolVersion, clientId: "same" });
        const reason = new Promise((done) => first.on("disconnect", (packet) => done(packet.reasonCode)));
        const second = await node.mqtt({ protocolVersion, clientId: "same" });
        await first.closed;
        if (protocolVersion === 5) assert.equal(await reason, 0x8e);
        assert.ok(second.connected);
        await watcher.unsubscribeAsync("other");
        await second.publishAsync("other", "not heard", { qos: 1 });
        await second.publishAsync("last/words", "heard", { qos: 1 });
        await until(() => texts(watcher).includes("heard"), "what is still subscribed");
        assert.deepEqual(texts(watcher), ["gone", "heard"]);
    });

    test(`${name}: a shared subscription gives each message to one of its members`, async (t) => {
        const node = await Node.start(t);
        const members = await Promise.all([1, 2, 3].map(() => node.mqtt({ protocolVersion })));
        for (const member of members) await member.subscribeAsync("$share/team/jobs/#", { qos: 1 });
        const plain = await node.mqtt({ protocolVersion });
        await plain.subscribeAsync("jobs/#", { qos: 1 });
        const writer = await node.mqtt({ protocolVersion });
        const wanted = Array.from({ length: 90 }, (_, i) => `job ${i}`);
        await Promise.all(wanted.map((text) => writer.publishAsync("jobs/new", text, { qos: 1 })));
        await until(() => members.reduce((sum, one) => sum + one.received.length, 0) >= 90 && plain.received.length >= 90, "all of them");
        assert.deepEqual(members.flatMap(texts).sort(), wanted.sort());
        assert.ok(members.every((one) => one.received.length > 0), `${members.map((one) => one.received.length)}`);
        assert.equal(plain.received.length, 90);
    });
}

test("5.0: properties, user properties and expiry reach the other side", async (t) => {
    const node = await Node.start(t);
    const [reader, writer] = [await node.mqtt(), await node.mqtt()];
    await reader.subscribeAsync("p", { qos: 1, properties: { subscriptionIdentifier: 7 } });
    const properties = { contentType: "text/plain", responseTopic: "r", correlationData: Buffer.from("c"), userProperties: { a: ["1", "2"] }, messageExpiryInterval: 60, payloadFormatIndicator: true };
    await writer.publishAsync("p", "x", { qos: 1, properties });
    await until(() => reader.received.length, "it");
    const got = reader.received[0].packet.properties;
    assert.equal(got.contentType, "text/plain");
    assert.equal(got.responseTopic, "r");
    assert.deepEqual({ ...got.userProperties }, { a: ["1", "2"] });
    assert.equal(got.subscriptionIdentifier, 7);
    assert.ok(got.messageExpiryInterval <= 60 && got.messageExpiryInterval > 50);
});

const hasMosquitto = spawnSync("mosquitto_pub", ["--help"]).error === undefined;

test("mosquitto_pub and mosquitto_sub, both versions, every QoS", { skip: !hasMosquitto && "mosquitto-clients are not installed" }, async (t) => {
    const node = await Node.start(t);
    const common = (version) => ["-h", "127.0.0.1", "-p", `${node.mqttPort}`, "-u", "test", "-P", node.admin(), "-V", version];
    const publish = (version, ...args) => {
        const done = spawnSync("mosquitto_pub", [...common(version), ...args], { encoding: "utf8", timeout: 40_000 });
        assert.equal(done.status, 0, `mosquitto_pub ${version} ${args.join(" ")}: ${done.stderr}`);
    };
    const subscribe = (version, ...args) => {
        const child = spawn("mosquitto_sub", [...common(version), "-W", "60", ...args]);
        t.after(() => child.kill("SIGKILL"));
        const heard = { out: "", over: new Promise((done) => child.on("close", done)) };  // not "exit": what it said may come behind that
        child.stdout.on("data", (piece) => (heard.out += piece));
        child.stderr.on("data", (piece) => (heard.out += piece));
        return heard;
    };
    const subscriptions = async () => (await node.metrics()).mqtt_subscriptions;
    let asleep = 0;
    for (const version of ["mqttv311", "mqttv5"]) {
        for (const qos of ["0", "1", "2"]) {
            const topic = `interop/${version}/${qos}`;
            await until(async () => (await subscriptions()) === asleep, "those before are gone");
            const heard = subscribe(version, "-t", topic, "-q", qos, "-C", "3", "-v");
            await until(async () => (await subscriptions()) > asleep, () => `it subscribes: ${heard.out}`);
            for (const text of ["a", "b", "c"]) publish(version, "-t", topic, "-m", text, "-q", qos);
            assert.equal(await heard.over, 0);
            assert.deepEqual(heard.out.split("\n").filter((line) => line.startsWith(topic)), ["a", "b", "c"].map((text) => `${topic} ${text}`));
            publish(version, "-t", `${topic}/kept`, "-m", "kept", "-q", qos, "-r");
            const kept = subscribe(version, "-t", `${topic}/kept`, "-q", qos, "-C", "1");
            assert.equal(await kept.over, 0);
            assert.equal(kept.out, "kept\n");
        }
        const durable = ["-i", `durable-${version}`, "-c", "-q", "1", "-t", `durable/${version}`, ...(version === "mqttv5" ? ["-x", "3600"] : [])];
        assert.equal(await subscribe(version, ...durable, "-E").over, 0, "subscribe and leave");
        publish(version, "-t", `durable/${version}`, "-m", "while away", "-q", "1");
        const woken = subscribe(version, ...durable, "-C", "1");
        assert.equal(await woken.over, 0);
        assert.equal(woken.out, "while away\n");
        asleep += 1;
    }
    const refused = spawnSync("mosquitto_pub", [...common("mqttv311").slice(0, 4), "-u", "x", "-P", "wrong", "-t", "a", "-m", "b"], { encoding: "utf8", timeout: 10_000 });
    assert.notEqual(refused.status, 0);
});
