#!/usr/bin/env python3
"""Small rules of style that a compiler does not know. Prints file:line: what; exits 1 on offence.

Words with one home, coroutine law 2 and 5, file sizes and names. Tests may use what they test.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# pattern -> folders where it is at home (relative to src/)
BANNED = {
    # Time and chance stand behind the interfaces of io and store.
    r"\bsystem_clock::now\b": ("io/",),
    r"\bsteady_clock::now\b": ("io/", "store/"),
    r"\brandom_device\b": ("store/",),
    r"\bstd::(jthread|thread)\b": ("io/", "store/"),
    r"\bstd::(mutex|shared_mutex|recursive_mutex)\b": ("io/", "store/"),
    r"\bstd::atomic\b": ("io/", "store/"),
    r"\bdetached\b": ("io/",),
    r"\bgetenv\b": ("app/",),
    r"\bstd::cout\b|\bprintf\(": ("app/", "base/check.cc"),
    r"^\s*throw\b": (),
    r"\bstd::regex\b": (),
}
BAD_NAMES = re.compile(r"(util|utils|common|helper|helpers|manager|impl|misc)(\.h|\.cc|/)")
AWAIT_INSIDE = re.compile(r"(\?|\(|,)\s*co_await|(EXPECT|ASSERT)_\w+\(.*co_await")
# g++ 12 destroys a capturing closure made inside a co_await expression twice: name it first. (Only
# references and `this` may be captured there; they have nothing to destroy.)
AWAITED_CLOSURE = re.compile(r"co_await\s.*\(\s*\[[^\]]*(=|\w\s*=|std::move)[^\]]*\]")
# g++ 12 keeps the array behind a braced list on the stack, not in the frame: it is gone after a wait.
LOOP_OVER_BRACES = re.compile(r"^(\s*)for \([^;]*[^:]:\s*\{")
AWAIT_ALLOWED = re.compile(r"(CO_TRY|CO_TRY_VOID|co_return|auto [\w]+ = |= )\(?.*co_await|^\s*\(void\)\(?co_await")
LINES_MAX = {".h": 350, ".cc": 600}  # look twice above 200 and 500


def waits_inside(lines, first):
    """Whether the loop that begins at index `first` awaits before its indentation ends."""
    depth = len(lines[first]) - len(lines[first].lstrip())
    for line in lines[first + 1:]:
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            return False
        if "co_await" in line.split("//")[0] or "CO_TRY" in line:
            return True
    return False


def offences_in(file):
    relative = file.relative_to(ROOT / "src").as_posix()
    is_test = "/tests/" in relative
    lines = file.read_text(encoding="utf-8").splitlines()
    if BAD_NAMES.search(relative):
        yield 1, "a name that says nothing"
    limit = 800 if is_test else LINES_MAX[file.suffix]
    if len(lines) > limit:
        yield 1, f"{len(lines)} lines: does it still hold one idea? (limit {limit})"
    for number, line in enumerate(lines, 1):
        code = line.split("//")[0]
        if len(line) > 140:
            yield number, "longer than 140 columns"
        if is_test:
            continue
        for pattern, homes in BANNED.items():
            if re.search(pattern, code) and not relative.startswith(homes or ("\0",)):
                yield number, f"'{re.search(pattern, code).group(0).strip()}' is not at home here"
        if AWAIT_INSIDE.search(code) and not AWAIT_ALLOWED.search(code):
            yield number, "co_await stands alone: auto x = co_await …;"
        if AWAITED_CLOSURE.search(code):
            yield number, "a closure that owns something is named before it is awaited"
        if LOOP_OVER_BRACES.search(code) and waits_inside(lines, number - 1):
            yield number, "the list a loop that waits goes over is named before it"
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            yield number, "a loose end"


def main():
    count = 0
    for file in sorted((ROOT / "src").rglob("*")):
        if file.suffix in (".h", ".cc"):
            for number, what in offences_in(file):
                print(f"{file.relative_to(ROOT)}:{number}: {what}")
                count += 1
    if count == 0:
        print("tidy: nothing to say")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
