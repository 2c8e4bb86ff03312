"""Runs the SQL of all indicators of a pipeline in DuckDB on a batch, for years: a second engine that must select the same units.

    python tests/duckdb-selects.py BATCH PIPELINE FIRST_YEAR YEAR

Writes CSV: indicator, provider_id, n, sum, of the last year; the seconds of selecting all years go to standard error. Views are computed
once, for all years. The one thing that the engines write differently is a date as a number of days.
"""

import json
import pathlib
import re
import sys
import time
import tomllib

import duckdb

TABLES = ("trajectory", "session", "measurement", "experience")


def translated(sql):
    """A date as a number: CAST(x AS INT) of DataFusion, where x is the name of a date or the first of two."""
    return re.sub(r"CAST\(((?:\w+\.)?(?:date|\w+_date|\w+_start)|COALESCE\([^()]*\)) AS INT\)", r"(\1 - DATE '1970-01-01')", sql)


def prepare(connection, batch, pipeline, year):
    for table in TABLES:
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{batch}/lake/{table}/*/*.parquet', hive_partitioning=true)")
    connection.execute("CREATE TABLE instrument_scale(instrument VARCHAR, scale VARCHAR, minimum DOUBLE, maximum DOUBLE, effect BOOLEAN, higher_is_better BOOLEAN)")
    for instrument in tomllib.loads((pipeline / "instruments.toml").read_text())["instrument"]:
        for scale in instrument["scale"]:
            row = (instrument["code"], scale["name"].lower(), scale["minimum"], scale["maximum"], bool(scale.get("effect")), scale["direction"] == "higher")
            connection.execute("INSERT INTO instrument_scale VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.execute("CREATE TABLE instrument_norm(instrument VARCHAR, scale VARCHAR, n BIGINT, mean DOUBLE, sd DOUBLE, reliable_change DOUBLE, cut_off DOUBLE, moderate_from DOUBLE, high_from DOUBLE)")
    for norm in json.loads((batch / "results" / str(year) / "reference.json").read_text())["norms"]:
        row = tuple(norm[name] for name in ("instrument", "scale", "n", "mean", "sd", "reliable_change", "cut_off", "moderate_from", "high_from"))
        connection.execute("INSERT INTO instrument_norm VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    indicators = [(folder.name, (folder / "indicator.sql").read_text()) for folder in sorted((pipeline / "indicators").iterdir())]
    views = {file.stem: file.read_text() for file in sorted((pipeline / "views").glob("*.sql"))}
    everything = [sql for _, sql in indicators] + list(views.values())
    for name, sql in views.items():
        uses = sum(re.search(rf"\b{name}\b", other) is not None for other in everything)
        connection.execute(f"CREATE {'TABLE' if uses > 1 else 'VIEW'} {name} AS {translated(sql)}")
    return indicators


def main():
    batch, pipeline, first, last = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    connection = duckdb.connect()
    connection.execute("SET threads TO 2")
    started = time.perf_counter()
    indicators = prepare(connection, batch, pipeline, last)
    print("indicator,provider_id,n,sum")
    for year in range(first, last + 1):
        for name, sql in indicators:
            sql = translated(sql).replace("$year", str(year)).replace("$first_client_year", str(year - 1))
            sql = sql.replace("$period_start", f"DATE '{year}-01-01'").replace("$period_end", f"DATE '{year}-12-31'")
            connection.execute(f"CREATE OR REPLACE TABLE selected AS {sql}")
            if year == last:
                columns = [column[0] for column in connection.execute("SELECT * FROM selected LIMIT 0").description]
                value = "CAST(met AS DOUBLE)" if "met" in columns else "value"
                totals = f"SELECT provider_id, count({value}), sum({value}) FROM selected GROUP BY provider_id HAVING count({value}) > 0 ORDER BY provider_id"
                for provider, n, total in connection.execute(totals).fetchall():
                    print(f"{name},{provider},{n},{total!r}")
    print(f"{time.perf_counter() - started:.3f}", file=sys.stderr)


main()
