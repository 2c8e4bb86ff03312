"""Makes the archive that runs on a machine without Rust: the program with its pipelines, templates, fonts, manual pages, completions,
bill of materials and licences. The same program and the same files give the same bytes.

    python3 packaging/dist.py --program target/debug/spiegel --out dist
"""

import argparse
import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import dependencies

ROOT = dependencies.ROOT
# The C library and its loader: what every Linux machine of the same age or younger has.
ALLOWED_LIBRARIES = ("linux-vdso.so", "libc.so", "libm.so", "libgcc_s.so", "libpthread.so", "libdl.so", "librt.so", "ld-linux")
SHELLS = {"bash": "spiegel.bash", "zsh": "_spiegel", "fish": "spiegel.fish"}
README = """# spiegel {version}

Mirror reports: from submissions to a PDF for each provider. This folder runs as it is, from any place, on {target} with the GNU C
library {glibc} or newer; nothing has to be installed.

    bin/spiegel sample --providers 60 --years 3 --out country      a fictional country to try it on
    bin/spiegel key --out country.key                              a key for pseudonyms of clients
    bin/spiegel year pipelines/kibg/years/2025.toml --inbox country/inbox --batch batch --key country.key
    bin/spiegel status --batch batch                               who delivered, who has a report, and why not

| folder | what |
|---|---|
| `pipelines/` | what is delivered, checked, computed and said; to be changed without programming, see its README |
| `report-templates/` | the pages and their fonts |
| `man/` | manual pages: `man -l man/spiegel.1` |
| `completions/` | for bash, zsh and fish |
| `licences/` | the licences of everything inside; `sbom.cdx.json` is the bill of materials |

The program looks for a path such as `pipelines/kibg` in the folder where it is run, then in the folder that `SPIEGEL_HOME` names, else in
the folder of the program, the one above it (this one), and `share/spiegel` of that. So `bin/spiegel` can be run from anywhere.
"""


def command(*arguments, **options):
    made = subprocess.run([str(one) for one in arguments], capture_output=True, **options)
    if made.returncode:
        sys.exit(f"error: {' '.join(map(str, arguments))}: {made.stderr.decode(errors='replace').strip()}")
    return made.stdout


def libraries(program):
    """What the program loads at run time, and the newest version of the C library that it asks for."""
    loaded = [line.strip().split(" ")[0] for line in command("ldd", program).decode().splitlines()]
    other = [one for one in loaded if not os.path.basename(one).startswith(ALLOWED_LIBRARIES)]
    if other:
        sys.exit(f"error: {program} needs libraries besides the C library: {', '.join(other)}")
    words = command("objdump", "-T", program).decode(errors="replace").replace("(", " ").replace(")", " ").split()
    versions = {tuple(map(int, word[6:].split("."))) for word in words if word.startswith("GLIBC_") and word[6:].replace(".", "").isdigit()}
    return ".".join(map(str, max(versions)))


def copy(source, to):
    """Files as they lie in the repository; what an editor or a system left behind is not."""
    hidden = shutil.ignore_patterns(".*", "__pycache__", "*.pyc", "*~")
    shutil.copytree(source, to, ignore=hidden)


def fill(program, folder, version, target):
    (folder / "bin").mkdir(parents=True)
    binary = folder / "bin/spiegel"
    command("strip", "--strip-all", "-o", binary, program)
    glibc = libraries(binary)
    copy(ROOT / "pipelines", folder / "pipelines")
    copy(ROOT / "report-templates", folder / "report-templates")
    (folder / "README.md").write_text(README.format(version=version, target=target, glibc=glibc))
    for name in ("LICENSE-MIT", "LICENSE-APACHE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder / name)
    command(binary, "man", "--out", folder / "man")
    (folder / "completions").mkdir()
    for shell, name in SHELLS.items():
        (folder / "completions" / name).write_bytes(command(binary, "completions", shell))
    told = dependencies.metadata([])
    packages, all_packages = dependencies.shipped(told)
    dependencies.sbom(packages, all_packages, folder / "sbom.cdx.json")
    dependencies.licences(packages, folder / "licences")


def pack(folder, file):
    """A tar of sorted names without owner, time or the mask of whoever makes it."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in [folder, *sorted(folder.rglob("*"))]:
            entry = tar.gettarinfo(path, arcname=str(path.relative_to(folder.parent)))
            entry.uid = entry.gid = entry.mtime = 0
            entry.uname = entry.gname = ""
            entry.mode = 0o755 if entry.isdir() or path.parent.name == "bin" else 0o644
            with open(path, "rb") if entry.isfile() else io.BytesIO() as content:
                tar.addfile(entry, content if entry.isfile() else None)
    with open(file, "wb") as out, gzip.GzipFile(filename="", fileobj=out, mode="wb", compresslevel=6, mtime=0) as packed:
        packed.write(held.getbuffer())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    version = command(arguments.program, "--version").decode().split()[-1]
    target = dependencies.target()
    name = f"spiegel-{version}-{target}"
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / name
        fill(arguments.program, folder, version, target)
        file = arguments.out / f"{name}.tar.gz"
        draft = file.with_suffix(".part")
        pack(folder, draft)
        draft.replace(file)
    print(f"dist: {file} ({file.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
