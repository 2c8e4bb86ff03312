"""Times ingest, query and render on a generated country, each beside a peer in the same run.

Prints rates, peak memory and ratios. A claim in the README is one of these ratios. Peers: DuckDB reads the same CSV files
into Parquet without any check; the prebuilt Typst compiler makes the same PDFs from the same templates and data, one
after the other.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time


def run(command, **options):
    """Runs a command; returns seconds, peak memory in MiB and its standard error."""
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
    return seconds, usage.ru_maxrss / 1024, text


def line(name, seconds, memory, work, unit):
    print(f"{name:34} {seconds:8.2f} s   {work / seconds:12,.0f} {unit}/s   {memory:7.0f} MiB peak")


def duckdb_reads(inbox, out):
    """The peer of ingest: every CSV into Parquet, all columns as text or as DuckDB sees them, no check."""
    script = (
        "import duckdb, glob, os, sys\n"
        "inbox, out = sys.argv[1:]\n"
        "con = duckdb.connect()\n"
        "con.execute('SET threads TO 2')\n"
        "for table in ('trajecten', 'sessies', 'rom', 'cqi'):\n"
        "    files = sorted(glob.glob(f'{inbox}/*/{table}.csv'))\n"
        "    con.execute(f\"COPY (SELECT * FROM read_csv({files!r}, union_by_name=true, filename=true, all_varchar=true)) \"\n"
        "                f\"TO '{out}/{table}.parquet' (FORMAT parquet)\")\n"
    )
    return run([sys.executable, "-c", script, str(inbox), str(out)])


def unpack(inbox):
    """DuckDB reads no zips: unpacking is not counted in its time."""
    for archive in sorted(inbox.glob("*.zip")):
        shutil.unpack_archive(archive, inbox / archive.stem)
        archive.unlink()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--spiegel", required=True)
    parser.add_argument("--providers", type=int, default=400)
    parser.add_argument("--years", type=int, default=2)
    options = parser.parse_args()
    spiegel = os.path.abspath(options.spiegel)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        country, batch, key = scratch / "country", scratch / "batch", scratch / "key"
        key.write_text("5a" * 32 + "\n")
        first = 2026 - options.years
        run([spiegel, "sample", "--providers", str(options.providers), "--years", str(options.years),
             "--first-year", str(first), "--out", str(country)])
        inbox = country / "inbox"
        unpack(inbox)
        print(f"{options.providers} providers, {options.years} years, {os.cpu_count()} cores\n")

        seconds = memory = 0.0
        for year in range(first, 2026):
            year_file = f"pipelines/kibg/years/{year}.toml"
            one, peak, _ = run([spiegel, "ingest", year_file, "--inbox", str(inbox), "--batch", str(batch), "--key", str(key)])
            seconds, memory = seconds + one, max(memory, peak)
        rows = 0
        for receipt in batch.glob("receipts/*/*/ontvangst.json"):
            rows += sum(table["rows"] for table in json.loads(receipt.read_text())["tables"])
        line("ingest, every check on", seconds, memory, rows, "rows")
        ingest_seconds = seconds
        peer, peak, _ = duckdb_reads(inbox, scratch)
        line("  peer: DuckDB, no check", peer, peak, rows, "rows")
        print(f"  ratio: {peer / ingest_seconds:.2f} times DuckDB's speed\n")

        year_file = "pipelines/kibg/years/2025.toml"
        seconds, memory, _ = run([spiegel, "benchmark", year_file, "--batch", str(batch)])
        line("benchmark, positions and texts", seconds, memory, options.providers, "providers")
        print()

        seconds, memory, _ = run([spiegel, "report", year_file, "--batch", str(batch)])
        reports = sorted(batch.glob("reports/2025/*/v1/report.json"))
        pdfs = sorted(batch.glob("reports/2025/*/v1/*.pdf"))
        pages = sum(json.loads((pdf.parent / "rendered.json").read_text())["pages"] for pdf in pdfs)
        line("report, UA-1 and A-3a", seconds, memory, len(pdfs), "reports")
        print(f"  {pages / len(pdfs):.1f} pages and {sum(pdf.stat().st_size for pdf in pdfs) / len(pdfs) / 1024:.0f} KiB each, "
              f"{pages / seconds:.0f} pages/s")
        external(spiegel, year_file, batch, reports, seconds / len(pdfs))
        seconds, memory, _ = run([spiegel, "report", year_file, "--batch", str(batch)])
        line("report again, nothing changed", seconds, memory, len(pdfs), "reports")


def external(spiegel, year_file, batch, reports, own):
    """The peer of render: the typst command, one process per report, when it is installed."""
    typst = shutil.which("typst") or os.path.expanduser("~/.spiegel-typst/bin/typst")
    if not os.path.exists(typst):
        print("  peer: the typst command is not installed (make typst-cli)\n")
        return
    some = reports[:20]
    providers = [part for report in some for part in ("--provider", report.parent.parent.name)]
    seconds, memory, _ = run([spiegel, "report", year_file, "--batch", str(batch), "--typst-cli", typst, *providers])
    line("  peer: a typst process each", seconds, memory, len(some), "reports")
    print(f"  ratio: {seconds / len(some) / own:.1f} times the speed of a typst process each\n")


if __name__ == "__main__":
    main()
