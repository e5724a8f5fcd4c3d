"""What the list of parts says about one package."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import sbom  # noqa: E402


class Sbom(unittest.TestCase):
    def test_names_an_npm_package_as_its_purl(self):
        package = sbom.npm("node_modules/@types/x", {"version": "1.2.3", "license": "MIT"})
        self.assertEqual(package["name"], "@types/x")
        self.assertEqual(package["licenseDeclared"], "MIT")
        self.assertEqual(package["externalRefs"][0]["referenceLocator"], "pkg:npm/%40types/x@1.2.3")
        self.assertRegex(package["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")

    def test_knows_the_programs_version(self):
        self.assertRegex(sbom.version_of_program(), r"^\d+\.\d+\.\d+$")

    def test_a_package_that_is_not_there_has_no_entry(self):
        self.assertIsNone(sbom.debian("no-such-package-at-all", "loaded"))


if __name__ == "__main__":
    unittest.main()
