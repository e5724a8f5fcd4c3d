"""tools/links.py finds what leads nowhere and leaves the rest alone."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import links  # noqa: E402

PAGE = """# The page
## Part two — with `code`
[good](other.md) [part](#part-two--with-code) [far](https://example.org/x) ![later](docs/benchmarks.md)
[gone](missing.md) [no part](other.md#nothing) [out](../../etc/passwd)
`[code](nowhere.md)`
```
[fenced](nowhere.md)
```
"""


class Links(unittest.TestCase):
    def test_says_what_leads_nowhere_and_on_which_line(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            (root / "page.md").write_text(PAGE, encoding="utf-8")
            (root / "other.md").write_text("# Other\n", encoding="utf-8")
            with mock.patch.object(links, "ROOT", root), \
                    mock.patch.object(links, "pages", lambda: [root / "page.md", root / "other.md"]):
                found = list(links.offences())
        self.assertEqual(found, ["page.md:4: missing.md does not exist",
                                 "page.md:4: other.md#nothing: no such heading",
                                 "page.md:4: ../../etc/passwd leads out of the repository"])


if __name__ == "__main__":
    unittest.main()
