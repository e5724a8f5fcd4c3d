// ClickHouse as a peer of bench/compare.mjs: one wide table, as its own tests of this workload have it. It hears no line protocol, so
// a small server beside it turns each body of lines into one INSERT and passes the answer on; only ClickHouse's own process is measured.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { truckTable } from "./questions.mjs";

const fields = ["latitude", "longitude", "elevation", "velocity", "heading", "grade", "fuel_consumption", "fuel_state", "current_load", "status"];
const tags = ["device_version", "driver", "fleet", "fuel_capacity", "load_capacity", "machine", "model", "nominal_fuel_consumption"];

/** "readings,tag=… field=… ns", a line of the load program, as a row of the table. */
function rowOf(line) {
    const [series, values, at] = line.split(" ");
    const said = Object.fromEntries(series.split(",").slice(1).map((one) => one.split("=")));
    const told = Object.fromEntries(values.split(",").map((one) => one.split("=")));
    return [at.slice(0, -9), ...tags.map((tag) => said[tag]), ...fields.map((field) => told[field] ?? "\\N")].join("\t");
}

export function clickHouse(Peer, { begin_s, end_s, freePort }) {
    return class ClickHouse extends Peer {
        name = "ClickHouse";
        doors = ["--influx"];
        ready = "/ping";
        async command() {
            const users = join(this.folder, "users.xml"), config = join(this.folder, "config.xml");
            mkdirSync(join(this.folder, "data"), { recursive: true });
            this.tcp ??= await freePort();
            writeFileSync(users, "<yandex><profiles><default><max_memory_usage>4000000000</max_memory_usage></default></profiles><users><default><password></password>" +
                "<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users><quotas><default/></quotas></yandex>");
            writeFileSync(config, `<yandex><logger><level>error</level><log>${this.folder}/log</log><errorlog>${this.folder}/errors</errorlog></logger>` +
                `<http_port>${this.port}</http_port><tcp_port>${this.tcp}</tcp_port><listen_host>127.0.0.1</listen_host><path>${this.folder}/data/</path>` +
                `<tmp_path>${this.folder}/tmp/</tmp_path><users_config>${users}</users_config><default_profile>default</default_profile>` +
                "<default_database>default</default_database><timezone>UTC</timezone><mark_cache_size>536870912</mark_cache_size></yandex>");
            return ["clickhouse-server", `--config-file=${config}`];
        }
        async prepare() {
            const columns = ["time DateTime", ...tags.map((tag) => `${tag} String`), ...fields.map((field) => `${field} Nullable(Float64)`)];
            await this.tell(`CREATE TABLE IF NOT EXISTS readings (${columns.join(", ")}) ENGINE = MergeTree PARTITION BY toYYYYMM(time) ORDER BY (machine, time)`);
            this.door ??= await this.open();
        }
        /** Lines in, one INSERT out. */
        open() {
            const insert = `/?query=${encodeURIComponent("INSERT INTO readings FORMAT TabSeparated")}`;
            const door = createServer((asked, answer) => {
                const pieces = [];
                asked.on("data", (piece) => pieces.push(piece));
                asked.on("end", () => {
                    const rows = Buffer.concat(pieces).toString().split("\n").filter((line) => line !== "").map(rowOf).join("\n") + "\n";
                    const passed = request({ host: "127.0.0.1", port: this.port, path: insert, method: "POST" }, (told) => {
                        told.resume();
                        told.on("end", () => answer.writeHead(told.statusCode === 200 ? 204 : 500).end());
                    });
                    passed.on("error", () => answer.destroy());
                    passed.end(rows);
                });
            });
            return new Promise((done) => door.listen(0, "127.0.0.1", () => done(door)));
        }
        words() { return ["--path", "/", "--port", String(this.door.address().port)]; }
        async stop(signal) {
            await super.stop(signal);
            this.door?.close();
            this.door?.closeAllConnections();
            this.door = null;
        }
        tell(sql) { return this.ask("/", { method: "POST", body: sql }); }
        async settled() {
            await this.tell("OPTIMIZE TABLE readings FINAL");
            const active = await this.tell("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'readings'");
            return { chunks: null, all: Number(active) };
        }
        async count() {
            return Number(await this.tell(`SELECT ${fields.map((field) => `count(${field})`).join(" + ")} FROM readings`));
        }
        queries() {
            const minute = "toStartOfMinute(time) AS m";
            const some = Array.from({ length: 100 }, (_, index) => `'truck_${index}'`).join(",");
            const json = (sql) => () => this.tell(`${sql} FORMAT JSONCompact`);
            return {
                last: json("SELECT machine, argMax(velocity, time) FROM readings GROUP BY machine"),
                hour: json(`SELECT time, velocity FROM readings WHERE machine = 'truck_7' AND time >= ${begin_s + 600} AND time < ${begin_s + 4200}`),
                minute1: json(`SELECT ${minute}, avg(velocity) FROM readings WHERE machine = 'truck_7' GROUP BY m ORDER BY m`),
                minute100: json(`SELECT machine, ${minute}, avg(velocity) FROM readings WHERE machine IN (${some}) GROUP BY machine, m ORDER BY machine, m`),
                minuteEach: json(`SELECT machine, ${minute}, avg(velocity) FROM readings GROUP BY machine, m ORDER BY machine, m`),
                minuteAll: json(`SELECT ${minute}, avg(velocity) FROM readings GROUP BY m ORDER BY m`),
                fleet: json("SELECT fleet, max(velocity) FROM readings GROUP BY fleet"),
                ...Object.fromEntries(Object.entries(truckTable({ begin_s, end_s })).map(([name, sql]) => [name, json(sql)])),
            };
        }
    };
}
