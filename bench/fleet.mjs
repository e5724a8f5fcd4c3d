// What a map of machines costs beyond their ingest: 10,000 machines that report every 10 s over MQTT, first without saying where
// they are, then saying it, with 200 sites drawn and one map open. Prints the node's processor time of both.
//     node bench/fleet.mjs [machines] [seconds]
import { readFileSync } from "node:fs";
import { Node, sleep, until } from "../tests/node.mjs";

const machines = Number(process.argv[2] ?? 10_000), seconds = Number(process.argv[3] ?? 40), period_s = 10;
const cleanup = [];
const node = await Node.start({ after: (work) => cleanup.push(work) });
node.admin();
const ticks = () => {
    const fields = readFileSync(`/proc/${node.child.pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
};
const client = await node.mqtt();
const at = Array.from({ length: machines }, (_, i) => [22.2 + 0.6 * ((i * 7919) % 1000) / 1000, 113.5 + 0.6 * ((i * 104_729) % 1000) / 1000]);
async function round(says_where, duration_s) {
    const began = performance.now(), before = ticks(), total = Math.round((machines * duration_s) / period_s);
    for (let sent = 0; sent < total;) {
        const due = Math.min(total, Math.ceil(((performance.now() - began) / 1000) * (machines / period_s)));
        const batch = [];
        for (; sent < due; sent++) {
            const i = sent % machines, place = at[i];
            place[0] += (Math.random() - 0.5) * 1e-3;
            const values = { [says_where ? "lat" : "y"]: place[0], [says_where ? "lon" : "x"]: place[1], speed_kmh: 12, load_percent: (i + sent) % 90, engine_hours: 1000 + sent / 1e5, fuel_percent: 50, state: "working", fault_code: "" };
            batch.push(client.publishAsync(`lineshaft/v1/m${says_where ? "" : "x"}-${i}/telemetry`, JSON.stringify({ ts: Date.now(), values }), { qos: 1 }));
        }
        await Promise.all(batch);
        await sleep(20);
    }
    const wall = (performance.now() - began) / 1000;
    return { wall, cpu: ticks() - before };
}
for (let i = 0; i < 200; i++) {
    const [lat, lon] = [22.22 + 0.04 * (i % 14), 113.52 + 0.04 * Math.floor(i / 14)];
    await node.api("fleet/sites", { method: "POST", body: { name: `S${i}`, time_zone: "UTC", border: [[lat, lon], [lat + 0.01, lon], [lat + 0.012, lon + 0.01], [lat, lon + 0.011]] } });
}
await round(false, 2 * period_s);  // every machine is known
const plain = await round(false, seconds);
await round(true, 2 * period_s);
await until(async () => (await node.api("fleet/map")).machines.length === machines, "all on the map", 60_000);
const stream = new AbortController();
let bytes = 0;
const reading = node.fetch("fleet/live", { signal: stream.signal }).then(async (answer) => { for await (const piece of answer.body) bytes += piece.length; }).catch(() => {});
const mapped = await round(true, seconds);
stream.abort();
await reading;
const share = (one) => (100 * one.cpu) / one.wall;
const began = performance.now();
const map = await (await node.fetch("fleet/map")).text();
console.log(`${machines} machines every ${period_s} s, 8 tags, 200 sites, one live map: ingest ${share(plain).toFixed(1)} % of a core, with the fleet ${share(mapped).toFixed(1)} %: ${(share(mapped) - share(plain)).toFixed(1)} % beyond ingest`);
console.log(`map of all: ${(map.length / 1024).toFixed(0)} KiB in ${(performance.now() - began).toFixed(0)} ms; live stream ${(bytes / mapped.wall / 1024).toFixed(0)} KiB/s`);
for (const work of cleanup) await work();
process.exit(0);
