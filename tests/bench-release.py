"""Times the release of a million and of ten million trajectories, beside the same grouping in DuckDB and beside what ARX is known to take.

    python tests/bench-release.py --spiegel <spiegel> --speed <example speed of the crate release> [--rows 1000000,10000000]

A release is everything from selected rows to a folder that was verified: four rungs of the ladder, the table measures with its suppression
and audits, the privacy report, Parquet, and the public checks. DuckDB does the part that it can: it counts rows, clients and groups of owners
of every class on one rung, as the rules need them. And DuckDB and `spiegel query` answer the same question on the released table.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

# Seconds of ARX 3.9.2 (Flash) that the release specification gives, measured on another machine: its search for a node, and nothing after it.
ARX = {120_000: 3.1, 1_200_000: 4.7}
# What is asked: seconds and MiB, on two cores.
ASKED = {1_000_000: (10, None), 10_000_000: (120, 8192)}

CLASSES = """
import duckdb, sys, time
file, threads, released = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"SET threads TO {threads}")
codes = "region, diagnosis_group, age_band, sex, minutes_band, duration_band"
begin = time.perf_counter()
found = connection.execute(f'''
    WITH of_owner AS (SELECT {codes}, owner, count(*) AS n, count(DISTINCT client) AS clients FROM '{file}' GROUP BY ALL)
    SELECT {codes}, sum(n), sum(clients), count(*), sum(n) - max(n), sum(clients) - max(clients) FROM of_owner GROUP BY {codes}
''').fetchall()
classes = time.perf_counter() - begin
begin = time.perf_counter()
connection.execute(f"SELECT region, sex, rom_category, count(*) FROM '{released}/data/trajectories/*.parquet' GROUP BY ALL").fetchall()
print(len(found), classes, time.perf_counter() - begin)
"""


def run(command, **options):
    """Runs a command; returns what it printed, seconds, peak memory in MiB and seconds of processor time."""
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, **options)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        if os.waitstatus_to_exitcode(status):
            sys.exit(f"{' '.join(map(str, command))} ended with {os.waitstatus_to_exitcode(status)}")
        said.seek(0)
        return said.read().decode(), seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--spiegel", required=True)
    parser.add_argument("--speed", required=True)
    parser.add_argument("--rows", default="1000000,10000000")
    options = parser.parse_args()
    print("Release of one year of an invented country, from selected rows to a verified folder\n")
    for rows in map(int, options.rows.split(",")):
        with tempfile.TemporaryDirectory() as scratch:
            # Alone for its memory and processor time; the rows for the peer are written by another run.
            said, _, peak, busy = run([options.speed, str(rows), f"{scratch}/alone", "without-rows"])
            found = json.loads(said)
            seconds = found["read_seconds"] + found["publish_seconds"]
            wanted, memory = ASKED.get(rows, (None, None))
            asked = f" (asked {wanted} s{f', {memory / 1024:.0f} GiB' if memory else ''})" if wanted else ""
            print(f"{rows:>12,} rows: {seconds:7.1f} s, {rows / seconds:,.0f} rows/s, {peak:,.0f} MiB peak{asked}")
            print(f"               {found['read_seconds']:.1f} s into records, {found['publish_seconds']:.1f} s to classes, measures, files and checks; "
                  f"{busy:.1f} s of processor time with making the rows; {found['classes']:,} classes, {100 * found['process_star_share']:.1f} % partly withheld")
            run([options.speed, str(rows), f"{scratch}/rows"])
            released = pathlib.Path(scratch, "rows/lake/releases/1.0.0")
            said, _, memory, _ = run([sys.executable, "-c", CLASSES, f"{scratch}/rows/rows.parquet", str(os.cpu_count()), str(released)])
            classes, theirs, reading = said.split()
            print(f"  peer: DuckDB counts the {int(classes):,} classes of one rung in {float(theirs):.1f} s, {memory:,.0f} MiB; "
                  f"all of a release takes {seconds / float(theirs):.1f} times as long")
            sql = "SELECT region, sex, rom_category, count(*) FROM trajectories GROUP BY region, sex, rom_category"
            _, own, _, _ = run([options.spiegel, "query", "--release-dir", str(released.parent.parent), sql], stderr=subprocess.DEVNULL)
            print(f"  asking the released table: spiegel query {own:.2f} s with starting, DuckDB {float(reading):.2f} s without")
    known = ", ".join(f"{rows:,} rows {seconds} s" for rows, seconds in ARX.items())
    print(f"\n  ARX (Flash), another machine, as the release specification gives it: {known}; the search for a node alone")


if __name__ == "__main__":
    main()
