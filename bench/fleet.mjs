// What a fleet costs. Without a word: a map of machines beyond their ingest: 10,000 machines that report every 10 s over MQTT, first without
// saying where they are, then saying it, with 200 sites drawn and one map open. Prints the node's processor time of both, per message,
// reckoned to the asked rate: a loaded machine sends fewer, and each costs the same.
//     ./dev bench fleet [map] [--machines 10000] [--seconds 12] [--browser]
// plan: 1,000 machines and 1,000 open jobs; an event posted, until its answer with the new plan, by parts.
//     ./dev bench fleet plan [--machines 1000] [--requests 1000] [--events 30]
import { readFileSync } from "node:fs";
import { Node, sleep, until } from "../tests/node.mjs";

const words = process.argv.slice(2);
const number = (name, usual) => (words.includes(`--${name}`) ? Number(words[words.indexOf(`--${name}`) + 1]) : usual);
const cleanup = [];
const node = await Node.start({ after: (work) => cleanup.push(work) });
node.admin();
const ticks = () => {
    const fields = readFileSync(`/proc/${node.child.pid}/stat`, "utf8").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
};
const load = () => readFileSync("/proc/loadavg", "utf8").split(" ")[0];
const client = await node.mqtt();
const post = (body) => ({ method: "POST", body });
const at_share = (all, share) => all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(share * all.length))];
const table = (path, rows) => fetch(`${node.url}/api/v1/fleet/${path}`, { method: "POST", body: rows.join("\n"), headers: { authorization: `Bearer ${node.admin()}`, "content-type": "text/csv" } }).then((answer) => answer.json());

async function tellPlaces(machines, at) {
    for (let i = 0; i < machines; i += 500) {
        const batch = [];
        for (let k = i; k < Math.min(machines, i + 500); k++) batch.push(client.publishAsync(`lineshaft/v1/m-${k}/telemetry`, JSON.stringify({ values: { lat: at[k][0], lon: at[k][1], rpm: 900 } }), { qos: 1 }));
        await Promise.all(batch);
    }
    await until(async () => (await node.api("fleet/map")).machines.filter((row) => row[3] !== null).length >= machines, "all on the map", 120_000);
}

const place = (i, spread) => [22.2 + spread * ((i * 7919) % 1000) / 1000, 113.5 + spread * ((i * 104_729) % 1000) / 1000];

async function map() {
    const machines = number("machines", 10_000), seconds = number("seconds", 12), period_s = 10;
    const at = Array.from({ length: machines }, (_, i) => place(i, 0.6));
    async function round(says_where, duration_s, speed = 1) {
        const began = performance.now(), before = ticks(), total = Math.round((machines * duration_s) / period_s);
        for (let sent = 0; sent < total;) {
            const due = Math.min(total, sent + 400, Math.ceil(((performance.now() - began) / 1000) * speed * (machines / period_s)));
            const batch = [];
            for (; sent < due; sent++) {
                const i = sent % machines, where = at[i];
                where[0] += (Math.random() - 0.5) * 1e-3;
                const values = { [says_where ? "lat" : "y"]: where[0], [says_where ? "lon" : "x"]: where[1], speed_kmh: 12, load_percent: (i + sent) % 90, engine_hours: 1000 + sent / 1e5, fuel_percent: 50, state: "working", fault_code: "" };
                batch.push(client.publishAsync(`lineshaft/v1/m${says_where ? "" : "x"}-${i}/telemetry`, JSON.stringify({ ts: Date.now(), values }), { qos: 1 }));
            }
            await Promise.all(batch);
            await sleep(20);
        }
        const wall = (performance.now() - began) / 1000, cpu = ticks() - before;
        return { wall, cpu, share: (100 * cpu / total) * (machines / period_s) };
    }
    const drawn = Array.from({ length: 200 }, (_, i) => {
        const [lat, lon] = [22.22 + 0.04 * (i % 14), 113.52 + 0.04 * Math.floor(i / 14)];
        return node.api("fleet/sites", post({ name: `S${i}`, time_zone: "UTC", border: [[lat, lon], [lat + 0.01, lon], [lat + 0.012, lon + 0.01], [lat, lon + 0.011]] }));
    });
    await Promise.all(drawn);
    await round(false, period_s, 10);  // every machine is known
    const plain = await round(false, seconds);
    await round(true, period_s, 10);
    await until(async () => (await node.api("fleet/map")).machines.length === machines, "all on the map", 120_000);
    const stream = new AbortController();
    let bytes = 0;
    const reading = node.fetch("fleet/live", { signal: stream.signal }).then(async (answer) => { for await (const piece of answer.body) bytes += piece.length; }).catch(() => {});
    const mapped = await round(true, seconds);
    stream.abort();
    await reading;
    const began = performance.now();
    const text = await (await node.fetch("fleet/map")).text();
    const took = performance.now() - began;
    console.log(`${machines} machines every ${period_s} s, 8 tags, 200 sites, one live map, load ${load()}: ingest ${plain.share.toFixed(1)} % of a core (${plain.wall.toFixed(0)} s), with the fleet ${mapped.share.toFixed(1)} % (${mapped.wall.toFixed(0)} s): ${(mapped.share - plain.share).toFixed(1)} % beyond ingest`);
    console.log(`map of all: ${(text.length / 1024).toFixed(0)} KiB in ${took.toFixed(0)} ms; live stream ${(bytes / mapped.wall / 1024).toFixed(0)} KiB/s`);
    if (words.includes("--browser")) await look();
}

/** The page in a browser without a graphics card: until the machines are drawn, and how many frames while it is dragged. */
async function look() {
    const { enter, openBrowser } = await import("../tests/browser/browser.mjs");
    const chrome = await openBrowser();
    cleanup.push(() => chrome.browser.close());
    const page = await chrome.page();
    await enter(page, node, { name: "tester", password: "a long sentence" });
    for (let i = 0; i < 2; i++) {
        const began = performance.now();
        await page.goto(`${node.url}/fleet`, { waitUntil: "commit" });
        await page.locator(".state-chip").first().waitFor();
        await page.waitForFunction(() => (document.querySelector(".geo-canvas")?.map?.frame_ms ?? 0) > 0, null, { polling: "raf" });
        console.log(`first useful paint ${i ? "again" : "cold"}: ${(performance.now() - began).toFixed(0)} ms; scripts ${await page.evaluate(() => Math.round(performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd))} ms`);
    }
    await drag(page, "pan");
    // The same while each machine reports every ten seconds.
    let is_over = false;
    const reports = (async () => {
        for (let i = 0; !is_over; i += 100) {
            const batch = Array.from({ length: 100 }, (_, k) => {
                const n = (i + k) % number("machines", 10_000), [lat, lon] = place(n, 0.6);
                return client.publishAsync(`lineshaft/v1/m-${n}/telemetry`, JSON.stringify({ ts: Date.now(), values: { lat: lat + 1e-4 * Math.random(), lon, speed_kmh: 12, load_percent: (i + k) % 90, state: "working" } }), { qos: 1 });
            });
            await Promise.all(batch);
            await sleep(95);
        }
    })();
    await sleep(1500);
    await drag(page, "pan while 1,000 machines a second report");
    is_over = true;
    await reports;
}

/** Drags the map for 240 frames; what a frame costs all of the browser's processes holds on a loaded machine too. */
async function drag(page, what) {
    const session = await page.context().browser().newBrowserCDPSession();
    const processor = async () => (await session.send("SystemInfo.getProcessInfo")).processInfo.reduce((sum, one) => sum + one.cpuTime, 0);
    const cpu = await processor();
    const frames = await page.evaluate(async () => {
        const pad = document.querySelector(".geo-pad"), box = pad.getBoundingClientRect();
        const send = (type, x, y) => pad.dispatchEvent(new PointerEvent(type, { pointerId: 1, isPrimary: true, button: 0, buttons: type === "pointerup" ? 0 : 1, bubbles: true, clientX: x, clientY: y }));
        const gaps = [], drawn = [], { map } = document.querySelector(".geo-canvas");
        let last = performance.now(), x = box.x + box.width / 2;
        const y = box.y + box.height / 2;
        send("pointerdown", x, y);
        await new Promise((done) => {
            const step = (now) => {
                gaps.push(now - last);
                drawn.push(map.frame_ms);
                last = now;
                x += 4 * Math.sign(Math.sin(gaps.length / 40));
                send("pointermove", x, y);
                if (gaps.length < 240) requestAnimationFrame(step);
                else done();
            };
            requestAnimationFrame(step);
        });
        send("pointerup", x, y);
        return { gaps: gaps.slice(10), drawn: drawn.slice(10) };
    });
    const each = (1000 * (await processor() - cpu)) / 240;
    const { gaps, drawn } = frames, mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
    console.log(`${what}: ${(1000 / mean).toFixed(0)} frames/s (between frames p50 ${at_share(gaps, 0.5).toFixed(1)} ms, p95 ${at_share(gaps, 0.95).toFixed(1)} ms); drawing one p50 ${at_share(drawn, 0.5).toFixed(1)} ms, p95 ${at_share(drawn, 0.95).toFixed(1)} ms; ${each.toFixed(1)} ms of the browser's processor a frame; load ${load()}`);
}

async function plan() {
    const machines = number("machines", 1000), requests = number("requests", 1000), events = number("events", 30), kinds = 5;
    const at = Array.from({ length: machines }, (_, i) => place(i, 1.5));
    await table("machines/import", ["machine,type,drives_itself", ...at.map((_, i) => `m-${i},kind ${i % kinds},yes`)]);
    await tellPlaces(machines, at);
    const sites = [];
    for (let i = 0; i < 50; i++) {
        const [lat, lon] = place(i * 13 + 5, 1.5);
        sites.push(await node.api("fleet/sites", post({ name: `Site ${i}`, time_zone: "UTC", border: [[lat, lon], [lat + 0.01, lon], [lat + 0.01, lon + 0.01], [lat, lon + 0.01]] })));
    }
    const hour = (n) => new Date(Date.now() + n * 3_600_000).toISOString();
    // Half of them at sites, half each at a place of its own.
    let made = 0;
    while (made < requests) {
        const batch = Array.from({ length: Math.min(50, requests - made) }, (_, k) => {
            const i = made + k, [latitude, longitude] = place(i * 31 + 7, 1.5);
            const from = (i * 17) % 6;
            return node.api("fleet/requests", post({ ...(i % 2 ? { site: sites[i % 50].id } : { position: { latitude, longitude } }), type: `kind ${i % kinds}`, duration_s: 1800 + (i * 613) % 10_000, windows: [{ from: hour(from), until: hour(from + 8) }], rent_cost: 500 + (i * 37) % 1500 }));
        });
        await Promise.all(batch);
        made += batch.length;
    }
    const first = await node.api("fleet/plan/proposals", post({ seconds: 5 }));
    await node.api(`fleet/plan/proposals/${first.id}/adopt`, post({}));
    const took = [], inside = [], parts = { prepare: [], search: [], explain: [] };
    let cpu = 0;
    for (let i = 0; i < events; i++) {
        const k = (i * 271) % machines, [latitude, longitude] = place(i * 97 + 3, 1.5);
        const event = [{ kind: "breakdown", machine: `m-${k}` }, { kind: "rush_job", request: { position: { latitude, longitude }, type: `kind ${i % kinds}`, duration_s: 3600, windows: [{ from: hour(0), until: hour(6) }], rent_cost: 900 } }, { kind: "late", machine: `m-${(k + 7) % machines}`, minutes: 45 }][i % 3];
        const began = performance.now(), before = ticks();
        const { decision } = await node.api("fleet/events", post(event));
        took.push(performance.now() - began);
        cpu += ticks() - before;
        if (!decision.was_adopted) console.log(`not adopted: ${decision.why}`);
        inside.push(decision.took_ms);
        for (const part in parts) parts[part].push(decision.parts_ms[part]);
    }
    const line = (all) => `p50 ${at_share(all, 0.5).toFixed(0)} ms, p99 ${at_share(all, 0.99).toFixed(0)} ms, worst ${Math.max(...all).toFixed(0)} ms`;
    console.log(`${machines} machines, ${requests} open jobs, ${events} events, load ${load()}: event posted to answered ${line(took)}; ${(1000 * cpu / events).toFixed(0)} ms of processor each`);
    console.log(`event to plan in force ${line(inside)}; prepare ${line(parts.prepare)}; search ${line(parts.search)}; explain and carry ${line(parts.explain)}`);
}

await (words[0] === "plan" ? plan() : map());
for (const work of cleanup.reverse()) await work();
process.exit(0);
