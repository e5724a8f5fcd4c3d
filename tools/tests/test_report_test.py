"""python3 -m unittest discover tools/tests"""
import contextlib
import io
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import test_report  # noqa: E402

TAP = "TAP version 13\nok 1 - a\nnot ok 2 - b\n# tests 6\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 1\n"
GTEST = """<testsuites tests="4" failures="1"><testsuite name="S">
<testcase name="a" status="run"/><testcase name="b" status="run"><failure message="x"/></testcase>
<testcase name="c" status="notrun"/><testcase name="d" status="run"><skipped message=""/></testcase>
</testsuite></testsuites>"""
VITEST = '{"numPassedTests": 5, "numFailedTests": 0, "numPendingTests": 1, "numTodoTests": 0}'


class Report(unittest.TestCase):
    def report(self, files):
        with tempfile.TemporaryDirectory() as name:
            for path, text in files.items():
                file = Path(name) / path
                file.parent.mkdir(exist_ok=True)
                file.write_text(text)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                code = test_report.main(name)
            return code, out.getvalue().splitlines()

    def last(self, files):
        code, lines = self.report(files)
        return code, lines[-1]

    def test_sums(self):
        code, lines = self.report({"js.tap": TAP, "js.status": "1", "unit.xml/m.xml": GTEST, "unit.status": "8",
                                   "web.json": VITEST, "web.status": "0", "lint.status": "0"})
        self.assertEqual((code, lines[-1]), (1, "9 passed, 3 failed, 5 skipped"))
        self.assertEqual(sum(" passed, " in line and not line.startswith(" ") for line in lines), 1)

    def test_all_good(self):
        self.assertEqual(self.last({"web.json": VITEST, "web.status": "0"}), (0, "5 passed, 0 failed, 1 skipped"))

    def test_a_crash_without_results_is_a_failure(self):
        self.assertEqual(self.last({"unit.status": "139"}), (1, "0 passed, 1 failed, 0 skipped"))
        self.assertEqual(self.last({"web.json": VITEST, "web.status": "1"})[0], 1)

    def test_broken_results_are_a_failure(self):
        self.assertEqual(self.last({"unit.xml/a.xml": "<testsuites>", "unit.status": "0"})[0], 1)
        self.assertEqual(self.last({"web.json": "{", "web.status": "0"})[0], 1)

    def test_nothing_ran(self):
        self.assertEqual(self.last({}), (1, "0 passed, 0 failed, 0 skipped"))


if __name__ == "__main__":
    unittest.main()
