"""Times ingest, query and render on a generated country, each beside a peer in the same run.

Prints rates, peak memory and ratios. A claim in the README is one of these ratios. The machine may be shared and busy, so
ingest and its peers run three times in turn and the fastest of each counts, with its processor time beside it. Peers of ingest, on the same unpacked CSV files:
DuckDB reads them into Parquet with explicit types and store_rejects, without any other check; frictionless validates a
sample of the files against the same types. Peer of selecting: DuckDB with the same SQL on the same lake. Peer of render: the prebuilt Typst compiler makes the same PDFs from the same
templates and data, one after the other.
"""

import argparse
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib


def run(command, **options):
    """Runs a command; returns seconds, peak memory in MiB, seconds of processor time and its standard error."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as talk:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=talk, **options)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        talk.seek(0)
        text = talk.read().decode()
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 10):
        sys.exit(f"{' '.join(map(str, command))} ended with {code}:\n{text}")
    return seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime, text


def line(name, seconds, memory, work, unit):
    print(f"{name:34} {seconds:8.2f} s   {work / seconds:12,.0f} {unit}/s   {memory:7.0f} MiB peak")


TYPES = {"text": "VARCHAR", "code": "VARCHAR", "integer": "INTEGER", "decimal": "DOUBLE", "date": "DATE", "boolean": "VARCHAR"}
FRICTIONLESS_TYPES = {"text": "string", "code": "string", "integer": "integer", "decimal": "number", "date": "date", "boolean": "string"}


def tables():
    """Name and columns (header, type, codes) of every table of kibg."""
    for path in sorted(pathlib.Path("pipelines/kibg/submission").glob("*.toml")):
        table = tomllib.loads(path.read_text())
        yield table["name"], [(column["header"], column["type"], column.get("codes", [])) for column in table["column"]]


DUCKDB = r"""
import csv, glob, json, sys
import duckdb
inbox, out, threads, tables = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
connection = duckdb.connect()
connection.execute(f"SET threads TO {threads}")
rows = 0
for table, types in tables.items():
    # Explicit types need files of one kind together: the same columns, delimiter and notation of dates.
    kinds = {}
    for file in sorted(glob.glob(f"{inbox}/*/{table}.csv")):
        with open(file, encoding="utf-8-sig") as lines:
            header, first = lines.readline().strip(), lines.readline()
        delimiter = ";" if ";" in header else ","
        dates = [cell for name, cell in zip(header.split(delimiter), first.split(delimiter)) if types.get(name) == "DATE" and cell]
        notation = "%d-%m-%Y" if dates and dates[0][2] == "-" else "%Y-%m-%d"
        kinds.setdefault((header, delimiter, notation), []).append(file)
    for number, ((header, delimiter, notation), files) in enumerate(kinds.items()):
        columns = {name: types.get(name, "VARCHAR") for name in header.split(delimiter)}
        mark = "," if delimiter == ";" else "."
        connection.execute(
            f"COPY (SELECT * FROM read_csv({files!r}, auto_detect=false, header=true, delim='{delimiter}', quote='\"', filename=true, "
            f"columns={columns!r}, dateformat='{notation}', decimal_separator='{mark}', store_rejects=true, "
            f"rejects_table='rejects_{table}_{number}', rejects_scan='scan_{table}_{number}')) "
            f"TO '{out}/{table}-{number}.parquet' (FORMAT parquet)"
        )
        rows += connection.execute(f"SELECT count(*) FROM '{out}/{table}-{number}.parquet'").fetchone()[0]
print(rows, file=sys.stderr)
"""

FRICTIONLESS = """
import json, sys, time
from frictionless import Dialect, Resource, Schema, formats, validate
files, tables = json.loads(sys.argv[1]), json.loads(sys.argv[2])
rows, started = 0, time.perf_counter()
for table, path in files:
    with open(path, encoding="utf-8-sig") as lines:
        header, first = lines.readline().strip(), lines.readline()
    delimiter = ";" if ";" in header else ","
    fields = []
    for name, cell in zip(header.split(delimiter), first.split(delimiter)):
        field = {"name": name, **tables[table].get(name, {"type": "string"})}
        if field["type"] == "date":
            field["format"] = "%d-%m-%Y" if cell[2:3] == "-" else "%Y-%m-%d"
        fields.append(field)
    # An empty first date has the notation of the others.
    told = [field["format"] for field, cell in zip(fields, first.split(delimiter)) if "format" in field and cell]
    for field in fields:
        if "format" in field and told:
            field["format"] = told[0]
    control = formats.CsvControl(delimiter=delimiter)
    report = validate(Resource(path=path, schema=Schema.from_descriptor({"fields": fields}), dialect=Dialect(controls=[control])))
    rows += report.tasks[0].stats["rows"]
print(rows, time.perf_counter() - started, file=sys.stderr)
"""


def duckdb_reads(inbox, out):
    """The peer of ingest: every CSV into Parquet with explicit types; rows that do not fit go to a table of rejects."""
    types = {name: {header: TYPES[kind] for header, kind, _ in columns} for name, columns in tables()}
    out.mkdir(exist_ok=True)
    seconds, memory, processor, talk = run([sys.executable, "-c", DUCKDB, str(inbox), str(out), str(os.cpu_count()), json.dumps(types)])
    return seconds, memory, int(talk.split()[-1]), processor


def frictionless_reads(inbox, rows_wanted):
    """The peer of the checks: types and codes of a sample of the files; answers also the rows it has read."""
    fields = {
        name: {header: {"type": FRICTIONLESS_TYPES[kind], **({"constraints": {"enum": codes}} if codes else {})} for header, kind, codes in columns}
        for name, columns in tables()
    }
    files, rows = [], 0
    for folder in sorted(path for path in inbox.iterdir() if path.is_dir()):
        for path in sorted(folder.glob("*.csv")):
            files.append((path.stem, str(path.resolve())))
            rows += path.read_bytes().count(b"\n") - 1
        if rows >= rows_wanted:
            break
    script = "from frictionless import system\nsystem.trusted = True\n" + FRICTIONLESS
    _, memory, _, talk = run([sys.executable, "-c", script, json.dumps(files), json.dumps(fields)])
    # Its own clock: loading takes longer than many of these files.
    read, seconds = talk.split()[-2:]
    return float(seconds), memory, talk, int(read)


def fastest(times, *works):
    """Runs these works in turn, so many times; the fastest run of each."""
    best = [None] * len(works)
    for _ in range(times):
        for place, work in enumerate(works):
            answer = work()
            if best[place] is None or answer[0] < best[place][0]:
                best[place] = answer
    return best


# Start, end, reason, minutes and sex: each with one thing wrong.
WRONG = ["2025-02-31;2025-05-06;afgerond;540;v", "2025-01-07;2024-12-31;afgerond;540;v", "2025-01-07;2025-05-06;afgernd;540;v",
         "2025-01-07;2025-05-06;afgerond;negen;v", "2025-01-07;2025-05-06;afgerond;540;X9"]


def broken(inbox, rows):
    """One submission whose every row has one error."""
    folder = inbox / "KIBG_94000001_2025_01"
    folder.mkdir(parents=True)
    with open(folder / "trajecten.csv", "w", encoding="utf-8") as file:
        file.write("traject_id;client_id;startdatum;einddatum;eindreden;minuten_direct;geslacht;stelsel;minuten_bron;geboortejaar\n")
        for row in range(rows):
            file.write(f"T{row};C{row};{WRONG[row % len(WRONG)]};ZPM;exact;1980\n")


def unpack(inbox):
    """DuckDB reads no zips: unpacking is not counted in its time."""
    for archive in sorted(inbox.glob("*.zip")):
        shutil.unpack_archive(archive, inbox / archive.stem)
        archive.unlink()


def with_trend_from(first, scratch):
    """The year file of 2025 in a copy of the pipeline, with a trend over all years of the country."""
    pipeline = scratch / "pipelines" / "kibg"
    shutil.copytree("pipelines/kibg", pipeline)
    shutil.copytree("report-templates", scratch / "report-templates")
    year_file = pipeline / "years" / "2025.toml"
    year_file.write_text(re.sub(r"trend_from = \d+", f"trend_from = {first}", year_file.read_text()))
    return year_file


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--spiegel", required=True)
    parser.add_argument("--selects", required=True, help="the example of spiegel-query that selects alone")
    parser.add_argument("--providers", type=int, default=1000, help="fewer than some hundreds measure what starting costs")
    parser.add_argument("--years", type=int, default=1)
    parser.add_argument("--times", type=int, default=3, help="runs of ingest and its peers; the fastest counts")
    parser.add_argument("--sample-rows", type=int, default=20_000, help="rows that frictionless gets")
    parser.add_argument("--errors", type=int, default=1_000_000, help="rows of the file with an error in every row")
    parser.add_argument("--ingest-only", action="store_true", help="stop before results and reports")
    options = parser.parse_args()
    spiegel = os.path.abspath(options.spiegel)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        country, key = scratch / "country", scratch / "key"
        key.write_text("5a" * 32 + "\n")
        first = 2026 - options.years
        run([spiegel, "sample", "--providers", str(options.providers), "--years", str(options.years),
             "--first-year", str(first), "--out", str(country)])
        inbox = country / "inbox"
        unpack(inbox)
        print(f"{options.providers} providers, {options.years} years, {os.cpu_count()} cores\n")

        runs = itertools.count()

        def ours():
            """All years into a fresh batch: what is written again costs more than what is new."""
            batch = scratch / f"batch-{next(runs)}"
            seconds = memory = processor = 0.0
            for year in range(first, 2026):
                year_file = f"pipelines/kibg/years/{year}.toml"
                one, peak, busy, _ = run([spiegel, "ingest", year_file, "--inbox", str(inbox), "--batch", str(batch), "--key", str(key), "--no-feedback"])
                seconds, memory, processor = seconds + one, max(memory, peak), processor + busy
            return seconds, memory, processor, batch

        own, duckdb, frictionless = fastest(
            options.times,
            ours,
            lambda: duckdb_reads(inbox, scratch / f"duckdb-{next(runs)}"),
            lambda: frictionless_reads(inbox, options.sample_rows),
        )
        batch = own[3]
        rows = 0
        for receipt in batch.glob("receipts/*/*/ontvangst.json"):
            rows += sum(table["rows"] for table in json.loads(receipt.read_text())["tables"])
        line("ingest, every check on", own[0], own[1], rows, "rows")
        print(f"  {rows / own[0] / os.cpu_count():,.0f} rows/s per core, {rows / own[2]:,.0f} per second of processor time; {rows:,} rows in {sum(1 for _ in inbox.glob('*/*.csv')):,} files")
        line("  peer: DuckDB, types and rejects", duckdb[0], duckdb[1], rows, "rows")
        print(f"    {duckdb[2] / duckdb[3]:,.0f} per second of processor time; {duckdb[2]:,} rows read, told the delimiter and the notation of dates of every file")
        line("  peer: frictionless, types, codes", frictionless[0], frictionless[1], frictionless[3], "rows")
        print(f"    on {frictionless[3]:,} of the rows; all of them would take {frictionless[0] / frictionless[3] * rows:,.0f} s at that rate, on one core")
        print(f"  ratio: {duckdb[0] / own[0]:.2f} times DuckDB's speed ({duckdb[3] / own[2]:.2f} by processor time), {frictionless[0] / frictionless[3] * rows / own[0]:,.0f} times that of frictionless\n")

        errors = scratch / "errors"
        broken(errors, options.errors)

        def all_wrong():
            batch = scratch / f"batch-{next(runs)}"
            return run([spiegel, "ingest", "pipelines/kibg/years/2025.toml", "--inbox", str(errors), "--batch", str(batch), "--key", str(key), "--no-feedback"])

        seconds, memory, processor, _ = fastest(options.times, all_wrong)[0]
        line("one file, an error in every row", seconds, memory, options.errors, "rows")
        print(f"  {processor:.1f} s of processor time\n")
        if options.ingest_only:
            return

        year_file = with_trend_from(first, scratch)
        pipeline = year_file.parent.parent
        selects = [options.selects, str(batch), str(year_file), str(first)]
        seconds, memory, _, talk = run([spiegel, "benchmark", str(year_file), "--batch", str(batch)])
        line("benchmark, positions and texts", seconds, memory, options.providers, "providers")
        # What each part took stands below the summary.
        for told in talk.splitlines():
            if told.strip().startswith("in "):
                print(f"  {told.strip()}")
        select = lambda: (lambda answer: (float(answer[3].split()[-1]), *answer[1:]))(run(selects))
        peer = lambda: (lambda answer: (float(answer[3].split()[-1]), *answer[1:]))(
            run([sys.executable, "tests/duckdb-selects.py", str(batch), str(pipeline), str(first), "2025"]))
        own, duckdb = fastest(options.times, select, peer)
        line("select: norms, views, indicators", own[0], own[1], rows, "rows")
        line("  peer: DuckDB, the same SQL", duckdb[0], duckdb[1], rows, "rows")
        print(f"  ratio: {duckdb[0] / own[0]:.2f} times DuckDB's speed; ours also estimates the norms, and sorts and sums the values of each provider\n")

        year_file = str(year_file)
        seconds, memory, *_ = run([spiegel, "report", year_file, "--batch", str(batch)])
        reports = sorted(batch.glob("reports/2025/*/v1/report.json"))
        pdfs = sorted(batch.glob("reports/2025/*/v1/*.pdf"))
        pages = sum(json.loads((pdf.parent / "rendered.json").read_text())["pages"] for pdf in pdfs)
        line("report, UA-1 and A-3a", seconds, memory, len(pdfs), "reports")
        print(f"  {pages / len(pdfs):.1f} pages and {sum(pdf.stat().st_size for pdf in pdfs) / len(pdfs) / 1024:.0f} KiB each, "
              f"{pages / seconds:.0f} pages/s")
        external(spiegel, year_file, batch, reports, seconds / len(pdfs))
        seconds, memory, *_ = run([spiegel, "report", year_file, "--batch", str(batch)])
        line("report again, nothing changed", seconds, memory, len(pdfs), "reports")


def external(spiegel, year_file, batch, reports, own):
    """The peer of render: the typst command, one process per report, when it is installed."""
    typst = shutil.which("typst") or os.path.expanduser("~/.spiegel-typst/bin/typst")
    if not os.path.exists(typst):
        print("  peer: the typst command is not installed (make typst-cli)\n")
        return
    some = reports[:20]
    providers = [part for report in some for part in ("--provider", report.parent.parent.name)]
    seconds, memory, *_ = run([spiegel, "report", year_file, "--batch", str(batch), "--typst-cli", typst, *providers])
    line("  peer: a typst process each", seconds, memory, len(some), "reports")
    print(f"  ratio: {seconds / len(some) / own:.1f} times the speed of a typst process each\n")


if __name__ == "__main__":
    main()
