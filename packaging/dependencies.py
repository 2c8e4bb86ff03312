"""What the program is made of: checks the licences of its dependencies, and writes a bill of materials (CycloneDX) and the texts of
the licences. From `cargo metadata` and Cargo.lock alone, with Python's own library: cargo-deny and cargo-cyclonedx would each be
compiled for minutes to read the same two files.

    python3 packaging/dependencies.py check                every dependency has a licence that packaging/licences.toml allows
    python3 packaging/dependencies.py sbom FILE            bill of materials, without a clock: the same lock gives the same bytes
    python3 packaging/dependencies.py licences FOLDER      list.csv and the texts, a folder for each package
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "spiegel-cli"
TEXTS = re.compile(r"^(licen[cs]e|copying|notice|copyright|unlicense)", re.IGNORECASE)


def target():
    """The target triple that the toolchain builds for."""
    told = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    return next(line.split(": ")[1] for line in told.splitlines() if line.startswith("host: "))


def metadata(arguments):
    """`cargo metadata` for the target, or what a test gives in its place."""
    if "--metadata" in arguments:
        return json.loads(Path(arguments[arguments.index("--metadata") + 1]).read_text())
    command = ["cargo", "metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", target()]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"error: {' '.join(command)}: {made.stderr.strip()}")
    return json.loads(made.stdout)


def shipped(told):
    """Packages that are compiled into the program, by id; what only builds or tests it is left out. With what each depends on."""
    nodes = {node["id"]: node for node in told["resolve"]["nodes"]}
    packages = {package["id"]: package for package in told["packages"]}
    first = next(one["id"] for one in told["packages"] if one["name"] == PROGRAM)
    found, open_ = {}, [first]
    while open_:
        one = open_.pop()
        if one in found:
            continue
        uses = [dep["pkg"] for dep in nodes[one]["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])]
        found[one] = sorted(uses)
        open_.extend(uses)
    order = sorted(found, key=lambda one: (packages[one]["name"], packages[one]["version"]))
    return [(packages[one], found[one]) for one in order], packages


def is_own(package):
    return package["source"] is None


def expression(package, read):
    """The licence as SPDX; the old notation with a slash means a choice."""
    return (package["license"] or read.get(package["name"]) or "").replace("/", " OR ")


def allows(text, allowed):
    """Whether an SPDX expression can be satisfied with allowed licences alone: AND binds stronger than OR, WITH strongest."""
    words = re.findall(r"\(|\)|[^\s()]+", text)
    place = 0

    def one():
        nonlocal place
        if place >= len(words):
            raise ValueError(text)
        word = words[place]
        place += 1
        if word == "(":
            value = either()
            if place >= len(words) or words[place] != ")":
                raise ValueError(text)
            place += 1
            return value
        if word in (")", "OR", "AND", "WITH"):
            raise ValueError(text)
        if place + 1 < len(words) and words[place] == "WITH":
            word = f"{word} WITH {words[place + 1]}"
            place += 2
        return word in allowed

    def both():
        nonlocal place
        value = one()
        while place < len(words) and words[place] == "AND":
            place += 1
            value = one() and value
        return value

    def either():
        nonlocal place
        value = both()
        while place < len(words) and words[place] == "OR":
            place += 1
            value = both() or value
        return value

    value = either()
    if place != len(words):
        raise ValueError(text)
    return value


def policy():
    return tomllib.loads((ROOT / "packaging/licences.toml").read_text())


def check(packages):
    """Ends with every dependency that may not be handed out."""
    rules = policy()
    wrong = []
    for package in packages:
        text = expression(package, rules["read"])
        name = f"{package['name']} {package['version']}"
        try:
            if not text:
                wrong.append(f"{name}: no licence in its Cargo.toml; read its text, and name it under [read] in packaging/licences.toml")
            elif not allows(text, rules["allowed"]):
                wrong.append(f"{name}: {text} is not allowed by packaging/licences.toml; use another package, or decide there and say why")
        except ValueError:
            wrong.append(f"{name}: `{text}` is no SPDX expression; name its licence under [read] in packaging/licences.toml")
    if wrong:
        sys.exit("\n".join(f"error: {one}" for one in wrong))
    print(f"licences: {len(packages)} packages, all with a licence that is allowed")


def checksums():
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return {(one["name"], one["version"]): one.get("checksum") for one in lock["package"]}


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def sbom(shipped_packages, all_packages, file):
    """CycloneDX 1.6. It has no serial number and no time, so that the same sources give the same bytes."""
    sums, rules = checksums(), policy()
    components, dependencies, program = [], [], None
    for package, uses in shipped_packages:
        component = {
            "type": "application" if package["name"] == PROGRAM else "library",
            "bom-ref": purl(package),
            "name": package["name"],
            "version": package["version"],
            "description": " ".join((package["description"] or "").split()),
            "scope": "required",
            "licenses": [{"expression": expression(package, rules["read"])}],
            "purl": purl(package),
        }
        if sums.get((package["name"], package["version"])):
            component["hashes"] = [{"alg": "SHA-256", "content": sums[package["name"], package["version"]]}]
        if package["repository"]:
            component["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        if not component["description"]:
            del component["description"]
        dependencies.append({"ref": purl(package), "dependsOn": sorted(purl(all_packages[one]) for one in uses)})
        if package["name"] == PROGRAM:
            del component["scope"]
            program = component
        else:
            components.append(component)
    fonts = ROOT / "report-templates/spiegel/fonts"
    if fonts.is_dir():
        components.append({"type": "data", "bom-ref": "font:source-sans-3", "name": "Source Sans 3", "scope": "required", "licenses": [{"license": {"id": "OFL-1.1"}}]})
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": program},
        "components": components,
        "dependencies": dependencies,
    }
    Path(file).write_text(json.dumps(bill, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    print(f"sbom: {len(components)} components in {file}", file=sys.stderr)


def licences(shipped_packages, folder):
    """The texts that must go with the program, as each package carries them."""
    folder, rules, rows = Path(folder), policy(), []
    for package, _ in shipped_packages:
        if is_own(package):
            continue
        source = Path(package["manifest_path"]).parent
        texts = sorted(one for one in source.iterdir() if one.is_file() and TEXTS.match(one.name))
        named = source / (package.get("license_file") or "")
        if package.get("license_file") and named.is_file() and named not in texts:
            texts.append(named)
        own = folder / f"{package['name']}-{package['version']}"
        for text in texts:
            own.mkdir(parents=True, exist_ok=True)
            (own / text.name).write_bytes(text.read_bytes())
        # A package without a text of its own: the general texts beside the program hold, with the names of its authors.
        names = "; ".join(package["authors"])
        rows.append((package["name"], package["version"], expression(package, rules["read"]), package["repository"] or "", names, "" if texts else "no text in the package"))
    folder.mkdir(parents=True, exist_ok=True)
    cell = lambda text: '"' + text.replace('"', '""') + '"' if re.search(r'[",\n]', text) else text
    lines = [("package", "version", "licence", "source", "authors", "note"), *rows]
    (folder / "list.csv").write_text("".join(",".join(map(cell, row)) + "\n" for row in lines))
    print(f"licences: {len(rows)} packages in {folder}", file=sys.stderr)


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in ("check", "sbom", "licences"):
        sys.exit(__doc__)
    told = metadata(sys.argv)
    packages, all_packages = shipped(told)
    if sys.argv[1] == "check":
        # Also what only builds or tests it: nothing else may come in unseen.
        check([one for one in told["packages"] if not is_own(one)])
    elif sys.argv[1] == "sbom":
        sbom(packages, all_packages, sys.argv[2])
    else:
        licences(packages, sys.argv[2])


if __name__ == "__main__":
    main()
