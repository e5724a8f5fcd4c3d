// Nodes on a slow disk: what waits for the disk and what does not can then be told apart, and must not overtake each other.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const source = resolve(dirname(fileURLToPath(import.meta.url)), "slow_disk.c");

/** The environment of a node on such a disk; null where there is no compiler to make it. `mode`: "even" or "hiccup". */
export function slowDisk(t, mode = "even") {
    const folder = mkdtempSync(join(tmpdir(), "lineshaft-slow-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const library = join(folder, "slow_disk.so");
    for (const compiler of ["cc", "gcc-12", "clang-19"]) {
        const made = spawnSync(compiler, ["-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], { encoding: "utf8" });
        if (made.error) continue;
        if (made.status !== 0) throw new Error(made.stderr);
        return { LD_PRELOAD: library, SLOW_DISK: mode };
    }
    return null;
}
