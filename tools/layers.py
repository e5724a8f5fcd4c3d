#!/usr/bin/env python3
"""Checks every include under src/ against the floor plan in docs/architecture.md.

Includes go strictly down: a module may use modules on lower floors and itself. Third-party
headers stay in their home module. Prints each offence as file:line and exits 1 if there is one.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Third-party header prefix -> modules that may include it.
HOMES = {
    "boost/asio": {"io", "store", "history", "catalog", "trust", "twin", "gate/mqtt", "gate/telemetry",
                   "gate/sparkplug", "gate/handle", "identity", "api", "app", "app/sim"},
    "boost/beast": {"io"},
    "boost/json": {"api", "app", "query", "identity", "dispatch/fleet", "gate/aemp", "gate/telemetry", "gate/handle", "app/sim"},
    "zlib.h": {"io"},
    "qrencode.h": {"api"},
    "snappy": {"wire/remote_write"},
    "openssl/": {"io", "trust"},
    "rocksdb/": {"store"},
    "sqlite3": {"catalog", "query"},
    "pg_query": {"query"},
    "date/": {"calendar", "catalog"},
    "zstd": {"history"},
    "simdjson": {"wire/aemp", "gate/telemetry", "gate/thingsboard"},
    "spdlog/": {"base"},
    "xxhash": {"base"},
    "CLI/": {"app"},
    "toml++/": {"app"},
    "ft2build.h": {"stitch"},
    "freetype/": {"stitch"},
    "polyclipping/": {"stitch"},
    "boost/polygon": {"stitch"},
    "png.h": {"stitch"},
    "pugixml": {"stitch", "wire/aemp", "identity"},
    "re2/": {"identity"},
}


def floors():
    """module -> floor number, read from the ```floors block."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    block = re.search(r"```floors\n(.*?)```", text, re.S)
    if not block:
        sys.exit("docs/architecture.md has no ```floors block")
    plan = {"app/sim": 5}
    for line in block.group(1).splitlines():
        level, *modules = line.split()
        for module in modules:
            plan[module] = -1 if level == "ground" else int(level)
    return plan


def module_of(path, plan):
    """The longest planned module that `path` (relative to src/) lies in, or None."""
    parts = path.split("/")
    for count in range(len(parts) - 1, 0, -1):
        name = "/".join(parts[:count])
        if name in plan:
            return name
    return None


def offences():
    plan = floors()
    found = []
    for file in sorted((ROOT / "src").rglob("*")):
        if file.suffix not in (".h", ".cc"):
            continue
        relative = file.relative_to(ROOT / "src").as_posix()
        module = module_of(relative, plan)
        if module is None:
            found.append(f"src/{relative}:1: its module is not in the floor plan")
            continue
        is_test = "/tests/" in relative
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            include = re.match(r'\s*#include\s+["<]([^">]+)[">]', line)
            if not include:
                continue
            name = include.group(1)
            target = module_of(name, plan) if (ROOT / "src" / name).exists() else None
            if target and target != module and plan[target] >= plan[module]:
                found.append(f"src/{relative}:{number}: {module} (floor {plan[module]}) must not include "
                             f"{name} (floor {plan[target]})")
            for prefix, homes in HOMES.items():
                if not is_test and name.startswith(prefix) and module not in homes:
                    found.append(f"src/{relative}:{number}: {name} belongs to {', '.join(sorted(homes))}")
    return found


if __name__ == "__main__":
    bad = offences()
    print("\n".join(bad) if bad else "layers: every include goes down")
    sys.exit(1 if bad else 0)
