#!/usr/bin/env python3
"""Checks that every relative link of every Markdown page in the repository leads somewhere.

Prints page:line: what, and exits 1 if one does not. A link is [text](target), ![text](target) or a reference definition;
#fragments must name a heading of their page. Code blocks and inline code are not looked at.
Targets in LATER are made by a build or a measurement and may be missing.
"""
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
LATER = {"docs/images/console.png", "docs/benchmarks.md"}
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\s*\[[^\]]+\]:\s*(\S+)")
CODE = re.compile(r"`[^`]*`")


def pages():
    """Markdown files that are tracked or new, without what .gitignore names."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                            cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted({ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()})


def prose(page):
    """(line number, text) outside of fenced blocks, inline code removed."""
    fence = None
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~"):
            fence = None if fence == mark else fence or mark
        elif fence is None:
            yield number, CODE.sub("", line)


def anchor(heading):
    """The fragment GitHub makes of a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def anchors(page):
    return {anchor(re.sub(r"`", "", line.lstrip("#"))) for line in page.read_text(encoding="utf-8").splitlines()
            if line.startswith("#")}


def offence(page, target):
    """What is wrong with `target` on `page`, or None."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    path, _, fragment = unquote(target).partition("#")
    place = page if not path else (ROOT / path.lstrip("/") if path.startswith("/") else page.parent / path).resolve()
    if not place.is_relative_to(ROOT):
        return f"{target} leads out of the repository"
    if not place.exists():
        return None if place.relative_to(ROOT).as_posix() in LATER else f"{target} does not exist"
    if fragment and place.suffix == ".md" and fragment not in anchors(place):
        return f"{target}: no such heading"
    return None


def offences():
    for page in pages():
        for number, line in prose(page):
            for found in LINK.finditer(line):
                wrong = offence(page, found.group(1) or found.group(2))
                if wrong:
                    yield f"{page.relative_to(ROOT).as_posix()}:{number}: {wrong}"


if __name__ == "__main__":
    bad = list(offences())
    print("\n".join(bad) if bad else f"links: every link of {len(pages())} pages leads somewhere")
    sys.exit(1 if bad else 0)
