#!/usr/bin/env python3
"""What is in a built lineshaft: an SPDX 2.3 list on standard output.

sbom.py PROGRAM   the Debian packages whose libraries PROGRAM loads, those whose code is compiled into
it, and the npm packages whose code is in the console. Needs dpkg-query and ldd; nothing is fetched.
"""
import hashlib
import json
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Headers and static libraries: their code is in the program itself.
COMPILED_IN = ["libboost1.81-dev", "libboost-json1.81-dev", "libboost-url1.81-dev", "librocksdb-dev",
               "libcli11-dev", "libtomlplusplus-dev"]


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def version_of_program():
    found = re.search(r"project\(lineshaft VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    return found.group(1)


def loaded_packages(program):
    """Names of the packages that own the libraries `program` loads."""
    names = set()
    for path in re.findall(r"=> (/\S+)", output("ldd", str(program))):
        candidates = {path, str(Path(path).resolve()), path.removeprefix("/usr")}
        for line in output("dpkg-query", "-S", *sorted(candidates)).splitlines():
            names.add(line.split(": ")[0].split(",")[0].strip())
    return sorted(names)


def licence_of(package):
    """SPDX cannot be told from Debian's copyright files by a program; the short names they give are."""
    path = Path("/usr/share/doc") / package.split(":")[0] / "copyright"
    if not path.exists():
        return "NOASSERTION"
    found = re.findall(r"^License: *(\S.*)$", path.read_text(errors="replace"), re.M)
    return ", ".join(sorted(set(found))) or "NOASSERTION"


def debian(package, relation):
    fields = output("dpkg-query", "-W", "-f", "${Package}\t${Version}\t${source:Package}\t${Homepage}",
                    package).split("\t")
    if len(fields) < 4:
        return None
    name, version, source, homepage = fields
    return {"SPDXID": f"SPDXRef-deb-{re.sub('[^A-Za-z0-9.-]', '-', name)}", "name": name, "versionInfo": version,
            "supplier": "Organization: Debian", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "homepage": homepage or "NOASSERTION", "sourceInfo": f"Debian source package {source}, {relation}",
            "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION", "comment": f"licences named by its copyright file: {licence_of(package)}",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": f"pkg:deb/debian/{name}@{version}"}]}


def npm(path, facts):
    name = facts.get("name") or path.split("node_modules/")[-1]
    licence = facts.get("license", "NOASSERTION")
    package = {"SPDXID": f"SPDXRef-npm-{re.sub('[^A-Za-z0-9.-]', '-', name)}-{facts['version']}", "name": name,
               "versionInfo": facts["version"], "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
               "licenseConcluded": "NOASSERTION", "licenseDeclared": licence, "copyrightText": "NOASSERTION",
               "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                 "referenceLocator": f"pkg:npm/{name.replace('@', '%40')}@{facts['version']}"}]}
    return package


def npm_packages():
    """Of the console's lock file, what is not only for building it."""
    lock = ROOT / "web/package-lock.json"
    if not lock.exists():
        return []
    packages = json.loads(lock.read_text())["packages"]
    return [npm(path, facts) for path, facts in sorted(packages.items())
            if path and not facts.get("dev") and not facts.get("optional") and "version" in facts]


def document(program):
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    version = version_of_program()
    own = {"SPDXID": "SPDXRef-lineshaft", "name": "lineshaft", "versionInfo": version,
           "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "Apache-2.0",
           "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION", "primaryPackagePurpose": "APPLICATION",
           "checksums": [{"algorithm": "SHA256", "checksumValue": digest}]}
    linked = [one for one in (debian(name, "loaded") for name in loaded_packages(program)) if one]
    compiled = [one for one in (debian(name, "compiled in") for name in COMPILED_IN) if one]
    console = npm_packages()
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                  "relatedSpdxElement": own["SPDXID"]}]
    for kind, packages in (("DYNAMIC_LINK", linked), ("STATIC_LINK", compiled), ("CONTAINS", console)):
        relations += [{"spdxElementId": own["SPDXID"], "relationshipType": kind,
                       "relatedSpdxElement": one["SPDXID"]} for one in packages]
    created = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
            "name": f"lineshaft-{version}", "documentNamespace": f"https://lineshaft.example/spdx/{version}/{digest[:32]}",
            "creationInfo": {"created": created, "creators": ["Tool: lineshaft-sbom"]},
            "packages": [own, *linked, *compiled, *console], "relationships": relations}


def main():
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        sys.exit(__doc__)
    print(json.dumps(document(Path(sys.argv[1])), indent=1))


if __name__ == "__main__":
    main()
