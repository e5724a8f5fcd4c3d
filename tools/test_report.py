#!/usr/bin/env python3
"""Sums what the suites of `./dev test` left in a folder and ends with one plain line:

    N passed, M failed, K skipped

For each suite NAME the folder holds NAME.status, its exit code, and where it has them its results:
NAME.tap (node --test), NAME.json (vitest), NAME.xml/ (gtest, one file a program). A suite without
results counts as one test. A suite that ended badly without a failed test counts one failure more:
a program that crashed leaves no results. Exits 1 when anything failed or nothing ran.
"""
import json
import re
import sys
import xml.etree.ElementTree as xml
from pathlib import Path


class Count:
    """Passed, failed, skipped."""

    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed, self.failed, self.skipped = passed, failed, skipped

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def count_tap(text):
    """The totals that node's TAP ends with; cancelled tests did not pass."""
    total = {name: int(number) for name, number in re.findall(r"^# (\w+) (\d+)$", text, re.M)}
    return Count(total.get("pass", 0), total.get("fail", 0) + total.get("cancelled", 0),
                 total.get("skipped", 0) + total.get("todo", 0))


def count_vitest(text):
    about = json.loads(text)
    return Count(about["numPassedTests"], about["numFailedTests"],
                 about.get("numPendingTests", 0) + about.get("numTodoTests", 0))


def count_gtest(text):
    count = Count()
    for case in xml.fromstring(text).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed += 1
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            count.skipped += 1
        else:
            count.passed += 1
    return count


def count_suite(folder, name):
    """The suite's sum, or an error in words when its results cannot be read."""
    count, found = Count(), False
    sources = [(folder / f"{name}.tap", count_tap), (folder / f"{name}.json", count_vitest)]
    sources += [(file, count_gtest) for file in sorted((folder / f"{name}.xml").glob("*.xml"))]
    for file, counted in sources:
        if not file.exists():
            continue
        found = True
        try:
            count += counted(file.read_text(encoding="utf-8", errors="replace"))
        except (xml.ParseError, ValueError, KeyError) as problem:
            print(f"{file}: cannot be read: {problem}")
            count += Count(failed=1)
    is_bad = (folder / f"{name}.status").read_text().strip() != "0"
    if is_bad and count.failed == 0:
        count += Count(failed=1)
    elif not found:
        count += Count(passed=1)
    return count


def main(folder):
    folder = Path(folder)
    total = Count()
    for status in sorted(folder.glob("*.status"), key=lambda file: file.stat().st_mtime_ns):
        count = count_suite(folder, status.stem)
        print(f"  {status.stem:<24} {count}")
        total += count
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
