"""Writes pipelines/settings.md: every setting of a year file, of pipeline.toml and of indicator.toml, from the structs that read them.
With --check it changes nothing, and ends with 1 when the page is another one.

The comment of a field is the meaning of its setting; the structs are the only place where either is written."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "pipelines/settings.md"
SOURCES = ["pipeline.rs", "indicator.rs", "number.rs"]
FILES = [
    ("YearSpec", "years/<year>.toml", "One report year of a pipeline."),
    ("PipelineSpec", "pipeline.toml", "What holds for all years of a pipeline."),
    ("IndicatorSpec", "indicators/<id>/indicator.toml", "One indicator; what its SQL returns stands in README.md."),
]
ZERO = {"String": "empty", "bool": "`false`", "u64": "`0`", "u32": "`0`", "i32": "`0`", "f64": "`0`", "usize": "`0`"}
KINDS = {"String": "text", "bool": "true or false", "u64": "count", "u32": "count", "i32": "year or number", "f64": "number", "usize": "count", "NaiveDate": "date"}


def read():
    """Structs and enums by name: their comment, and their fields or variants with comment, attributes and type."""
    found, functions = {}, {}
    for name in SOURCES:
        text = (ROOT / "crates/model/src" / name).read_text()
        for function, value in re.findall(r"fn (\w+)\(\) -> \w+ \{\s*(\S+)\s*\}", text):
            functions[name, function] = value
        comment, attributes, current = [], [], None
        for line in text.splitlines():
            stripped = line.strip()
            if stripped.startswith("///"):
                comment.append(stripped[3:].strip())
            elif stripped.startswith("#["):
                attributes.append(stripped)
            elif start := re.match(r"pub (struct|enum) (\w+) \{", line):
                current = found[start[2]] = {"kind": start[1], "comment": " ".join(comment), "fields": [], "source": name, "attributes": attributes}
                comment, attributes = [], []
            elif line == "}":
                current, comment, attributes = None, [], []
            elif current and (field := re.match(r"pub (\w+): (.+),$", stripped)):
                current["fields"].append((field[1], field[2], " ".join(comment), " ".join(attributes)))
                comment, attributes = [], []
            elif current and current["kind"] == "enum" and (variant := re.match(r"(\w+)(,| \{)", stripped)):
                current["fields"].append((variant[1], "", " ".join(comment), " ".join(attributes)))
                comment, attributes = [], []
            elif stripped:
                comment, attributes = [], []
    return found, functions


def inner(kind):
    """The type inside Option, Vec or a map, and how it is repeated."""
    for wrapper, words in (("Option<", ""), ("Vec<", "list of ")):
        if kind.startswith(wrapper):
            name, more = inner(kind[len(wrapper):-1])
            return name, words + more
    if entries := re.match(r"BTreeMap<String, (.+)>$", kind):
        name, more = inner(entries[1])
        return name, "table of " + more
    if array := re.match(r"\[(.+); (\d+)\]$", kind):
        name, more = inner(array[1])
        return name, f"{array[2]} times {more}"
    return kind, ""


def snake(name):
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def value_of(variant):
    renamed = re.search(r'rename = "([^"]+)"', variant[3])
    return renamed[1] if renamed else snake(variant[0])


def describe(kind, types, opened):
    name, repeated = inner(kind)
    known = types.get(name)
    if known and known["kind"] == "enum" and not any("{" in one[1] for one in known["fields"]) and "tag" not in " ".join(known["attributes"]):
        return repeated + " or ".join(f'`"{value_of(one)}"`' for one in known["fields"])
    if known:
        opened.append(name)
        return f"{repeated}[{name}](#{name.lower()})"
    return repeated + KINDS.get(name, f"`{name}`")


def default(kind, attributes, source, types, functions):
    if named := re.search(r'default = "(\w+)"', attributes):
        return f"`{functions[source, named[1]]}`"
    if kind.startswith("Option<"):
        return "none"
    if "default" not in attributes:
        return "**required**"
    name, repeated = inner(kind)
    if repeated:
        return "empty"
    if name in ZERO:
        return ZERO[name]
    for variant in types.get(name, {"fields": []})["fields"]:
        if "#[default]" in variant[3]:
            return f'`"{value_of(variant)}"`'
    raise SystemExit(f"no default known for {kind}")


def cell(text):
    return text.replace("|", "\\|").replace("[`", "`").replace("`]", "`")


def section(name, title, lead, types, functions, level):
    known = types[name]
    lines = [f"{level} {title}", "", lead, "", "| setting | what | default | meaning |", "|---|---|---|---|"]
    opened = []
    for field, kind, comment, attributes in known["fields"]:
        renamed = re.search(r'rename = "([^"]+)"', attributes)
        if name == "IndicatorSpec" and field == "id":
            continue
        lines.append(f"| `{renamed[1] if renamed else field}` | {cell(describe(kind, types, opened))} | {default(kind, attributes, known['source'], types, functions)} | {cell(comment)} |")
    return [*lines, ""], opened


def page():
    types, functions = read()
    lines = [
        "# Settings",
        "",
        "Every key of the files of a pipeline that hold settings, with its default and what it does. Written by `python3 tests/settings-page.py`",
        "from the comments of the structs in `crates/model/src` that read them, and kept in step by a test; `spiegel explain --settings` prints it.",
        "A key that is not here is a mistake, and told with its line and the nearest name. Numbers in brackets, as in (decision 17), say where a",
        "choice was made. Files of submissions, checks, mappings, norms and release are described in README.md.",
        "",
    ]
    done = set()
    for name, file, lead in FILES:
        part, open_ = section(name, f"`{file}`", lead, types, functions, "##")
        lines += part
        while open_:
            one = open_.pop(0)
            if one in done:
                continue
            done.add(one)
            part, more = section(one, one, cell(types[one]["comment"]), types, functions, "###")
            lines += part
            open_ += more
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    made = page()
    if "--check" in sys.argv:
        if PAGE.read_text() != made:
            sys.exit("pipelines/settings.md is not what the structs say; run `python3 tests/settings-page.py`")
    else:
        PAGE.write_text(made)
