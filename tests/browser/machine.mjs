// A machine made for the test: hostile in name and tags, polite in MQTT. It obeys commands.
import mqtt from "mqtt";

export const hostile = {
    id: "<img src=x onerror=alert(1)>",
    textTag: "<script>alert(2)</script>",
    text: "<b onclick=alert(3)>x</b>{a|b}${1}",
};

/** Signs in with the machine's own token, tells the last two hours, then speaks twice a second. */
export async function startMachine({ host, port, name, token, id }) {
    const client = await mqtt.connectAsync({ host, port, username: name, password: token, protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 10_000 });
    const topic = `lineshaft/v1/${id}`;
    let setpoint = 40;
    const commands = [];
    const values = (at) => ({
        temperature: Math.round((60 + 15 * Math.sin(at / 9000)) * 100) / 100, setpoint, running: Math.floor(at / 30_000) % 2 === 0,
        state: Math.floor(at / 60_000) % 3 === 0 ? "Idle" : "Running", [hostile.textTag]: hostile.text,
    });
    const tell = () => client.publishAsync(`${topic}/telemetry`, JSON.stringify({ ts: Date.now(), values: values(Date.now()) }), { qos: 1 });
    client.on("message", (_, payload) => {
        const command = JSON.parse(payload.toString());
        commands.push(command);
        if ("setpoint" in (command.values ?? {})) setpoint = command.values.setpoint;
        void tell();
    });
    await client.subscribeAsync(`${topic}/command`, { qos: 1 });
    const history = [];
    for (let at = Date.now() - 7_200_000; at < Date.now(); at += 5000) history.push({ ts: at, values: values(at) });
    for (let i = 0; i < history.length; i += 200) {
        await client.publishAsync(`${topic}/telemetry`, JSON.stringify(history.slice(i, i + 200)), { qos: 1 });
    }
    await tell();
    const timer = setInterval(() => tell().catch(() => {}), 500);
    return {
        commands,
        async stop() {
            clearInterval(timer);
            await client.endAsync();
        },
    };
}
