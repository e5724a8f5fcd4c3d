// The Debian package and the program in it: what a node is made of and how it is locked in.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { binary, Node, run, until } from "../node.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

function folder(t) {
    const made = mkdtempSync(join(tmpdir(), "lineshaft-package-"));
    t.after(() => rmSync(made, { recursive: true, force: true }));
    return made;
}

function output(command, ...args) {
    const done = spawnSync(command, args, { encoding: "utf8", maxBuffer: 1 << 28 });
    if (done.error?.code === "ENOENT") return null;
    assert.equal(done.status, 0, `${command} ${args.join(" ")}: ${done.stderr}`);
    return done.stdout;
}

test("control 32: the program is position independent, its tables read-only, its stack guarded, FORTIFY_SOURCE 3", (t) => {
    const header = output("readelf", "--wide", "-h", "-l", "-d", binary);
    if (header === null) return t.skip("no readelf here");
    assert.match(header, /Type:\s+DYN/);
    assert.match(header, /FLAGS_1.*\bPIE\b/);
    assert.match(header, /FLAGS_1.*\bNOW\b|BIND_NOW/, "full RELRO");
    assert.match(header, /GNU_RELRO/);
    assert.match(header, /GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW /, "the stack is no code");
    assert.doesNotMatch(header, /TEXTREL/);
    const symbols = output("readelf", "--wide", "--dyn-syms", binary);
    assert.match(symbols, /__stack_chk_fail/);
    const checked = new Set([...symbols.matchAll(/__(\w+)_chk\b/g)].map(([, name]) => name));
    assert.ok(checked.size >= 3, `checked calls: ${[...checked].join(" ")}`);
    const commands = join(dirname(binary), "compile_commands.json");
    if (!existsSync(commands)) return t.diagnostic("no compile_commands.json beside the program");
    const ours = JSON.parse(readFileSync(commands, "utf8")).filter((one) => /\/src\/[^/]+\/(?!tests)/.test(one.file) && /\/src\//.test(one.file) && !/tests\//.test(one.file));
    assert.ok(ours.length > 100);
    for (const one of ours.filter((one) => one.file.endsWith(".cc"))) assert.ok(/-D_FORTIFY_SOURCE=3/.test(one.command) && /-fstack-protector-strong/.test(one.command) && /-fPIE/.test(one.command), one.file);
});

test("control 31: the unit runs without root and may write its own directory only", (t) => {
    const unit = readFileSync(join(root, "packaging/lineshaft.service"), "utf8");
    for (const line of ["User=lineshaft", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "StateDirectory=lineshaft", "CapabilityBoundingSet=", "Type=notify", "PrivateDevices=yes", "MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service"]) {
        assert.ok(unit.split("\n").includes(line), line);
    }
    assert.match(unit, /^MemoryMax=/m);
    const place = folder(t);
    writeFileSync(join(place, "lineshaft.service"), unit.replace("/usr/bin/lineshaft", "/bin/true"));
    const judged = spawnSync("systemd-analyze", ["security", "--offline=true", join(place, "lineshaft.service")], { encoding: "utf8" });
    if (judged.error || judged.status !== 0) return t.diagnostic("systemd-analyze cannot judge it here");
    const level = Number(/exposure level for lineshaft.service: ([\d.]+)/.exec(judged.stdout)[1]);
    t.diagnostic(`systemd-analyze security: ${level}`);
    assert.ok(level <= 2, `exposure ${level}`);
});

test("it tells the service manager when it is ready and when it stops", async (t) => {
    const socket = join(folder(t), "notify");
    // Node has no Unix datagram sockets: Python listens and writes down what it hears.
    const heard = `${socket}.heard`;
    const listener = spawn("python3", ["-c", "import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nwhile True:\n open(sys.argv[2],'ab').write(s.recv(4096)+b'\\n')", socket, heard]);
    t.after(() => listener.kill());
    await until(() => existsSync(socket), "the socket");
    process.env.NOTIFY_SOCKET = socket;
    t.after(() => delete process.env.NOTIFY_SOCKET);
    const node = await Node.start(t);
    await until(() => existsSync(heard) && /READY=1/.test(readFileSync(heard, "utf8")), "READY=1");
    await node.stop();
    await until(() => /STOPPING=1/.test(readFileSync(heard, "utf8")), "STOPPING=1");
});

test("control 35: the list of parts names the libraries and the console's packages", (t) => {
    if (!existsSync(join(root, "web/package-lock.json"))) return t.skip("no console here");
    const list = JSON.parse(output("python3", join(root, "tools/sbom.py"), binary));
    assert.equal(list.spdxVersion, "SPDX-2.3");
    const names = list.packages.map((one) => one.name);
    for (const wanted of ["lineshaft", "libssl3", "libsqlite3-0", "librocksdb-dev", "react", "echarts"]) assert.ok(names.includes(wanted), `${wanted} in ${names.join(" ")}`);
    const ids = list.packages.map((one) => one.SPDXID);
    assert.equal(new Set(ids).size, ids.length, "ids are unique");
    for (const one of list.relationships) assert.ok(one.relatedSpdxElement === "SPDXRef-DOCUMENT" || ids.includes(one.relatedSpdxElement));
    t.diagnostic(`${list.packages.length} packages`);
});

test("the package installs, its program runs with the packaged settings, removal leaves the data", async (t) => {
    const made = existsSync(join(root, "build/package")) ? readdirSync(join(root, "build/package")).filter((one) => one.endsWith(".deb")) : [];
    const isNew = made.length > 0 && statSync(join(root, "build/package", made[0])).mtimeMs >= statSync(join(root, "build/release/lineshaft")).mtimeMs;
    if (!isNew) output(join(root, "dev"), "package");
    const name = readdirSync(join(root, "build/package")).find((one) => one.endsWith(".deb"));
    const deb = join(root, "build/package", name);
    const about = output("dpkg-deb", "--info", deb);
    for (const part of [/Package: lineshaft/, /Depends: .*libssl3/, /Depends: .*libsqlite3-0/, /Depends: .*libc6/, /postinst/, /conffiles/]) assert.match(about, part);
    const place = join(folder(t), "root");
    for (const one of ["var/lib/dpkg/info", "var/lib/dpkg/updates", "etc", "var/lib", "usr/bin"]) mkdirSync(join(place, one), { recursive: true });
    writeFileSync(join(place, "var/lib/dpkg/status"), "");
    writeFileSync(join(place, "var/lib/dpkg/available"), "");
    const dpkg = (...args) => spawnSync("dpkg", [`--root=${place}`, "--force-script-chrootless", "--force-depends", "--force-not-root", "--log=/dev/null", ...args], { encoding: "utf8" });
    const installed = dpkg("-i", deb);
    assert.equal(installed.status, 0, installed.stderr);
    for (const [path, mode] of [["usr/bin/lineshaft", 0o755], ["etc/lineshaft/lineshaft.toml", 0o644], ["lib/systemd/system/lineshaft.service", 0o644], ["usr/lib/sysusers.d/lineshaft.conf", 0o644], ["usr/share/doc/lineshaft/sbom.spdx.json", 0o644]]) {
        assert.equal(statSync(join(place, path)).mode & 0o777, mode, path);
    }
    const passwd = join(place, "etc/passwd");
    if (existsSync(passwd)) assert.match(readFileSync(passwd, "utf8"), /^lineshaft:.*\/usr\/sbin\/nologin$/m);
    else t.diagnostic("no systemd-sysusers here: the user was not made");
    const program = join(place, "usr/bin/lineshaft");
    assert.equal(output(program, "version"), output(binary, "version"));
    const config = join(place, "etc/lineshaft/lineshaft.toml");
    assert.match(readFileSync(config, "utf8"), /listen = "127\.0\.0\.1:8080"/, "loopback only");
    const data = join(place, "var/lib/lineshaft");
    const ready = join(place, "ready");
    const child = spawn(program, ["serve", "--data", data, "--config", config, "--ready-file", ready, "--set", "http.listen=127.0.0.1:0", "--set", "mqtt.listen=127.0.0.1:0"], { stdio: "ignore" });
    t.after(() => child.kill("SIGKILL"));
    await until(() => existsSync(ready), "the packaged program is ready");
    child.kill("SIGTERM");
    await new Promise((done) => child.once("exit", done));
    writeFileSync(config, "[node]\nname = \"mine\"\n");
    const again = dpkg("-i", "--force-confold", deb);
    assert.equal(again.status, 0, again.stderr);
    assert.match(readFileSync(config, "utf8"), /mine/, "an upgrade keeps what people changed");
    const removed = dpkg("--purge", "lineshaft");
    assert.equal(removed.status, 0, removed.stderr);
    assert.ok(!existsSync(program));
    assert.ok(existsSync(join(data, "catalog.db")), "the data stays");
    assert.equal(run(["version"]).code, 0);
});
