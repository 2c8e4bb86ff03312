"""Looks at a release with other people's programs, and prints one line for each check; exit code 1 when one does not hold.

    python tests/release-verify.py <folder of a release> [--sample N]

readers       duckdb, polars, pyarrow, pandas and datafusion (and Spark, when it is installed) agree on counts and a group-by
anonymity     pyCANON and anonymity-api agree with a count of our own on k, l and alpha, and these hold to the manifest
metadata      frictionless and mlcroissant accept the metadata, and read the rows through them
intervals     bounds by linear programming (scipy, HiGHS) of withheld cells of the table measures: 10 persons wide or more
examples      the examples that this environment can run do run, in DuckDB, polars and DataFusion
"""

import argparse
import contextlib
import importlib.util
import io
import itertools
import json
import os
import pathlib
import subprocess
import sys

import anonymity_api.verify
import duckdb
import frictionless
import mlcroissant
import numpy
import pandas
import polars
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet
import scipy.optimize
import scipy.sparse
from datafusion import SessionContext
from pycanon import anonymity

QUASI = ["region", "diagnosis_group", "age_band", "sex", "minutes_band", "duration_band"]
SENSITIVE = ["incomplete", "back_in_care", "rom_category"]
SHOWN = ["region", "diagnosis_group", "age_band", "sex"]
DIMENSIONS = ["provider_class", *SHOWN]
# Families of measures whose numbers of trajectories the table trajectories has as well, and what is left out there.
UNKNOWN = {"trajectories": None, "incomplete_rate": ("incomplete", "onbekend"), "back_in_care_rate": ("back_in_care", "onbekend"),
           "rom_improved_rate": ("rom_category", "geen_paar")}


# Persons between the bounds of a withheld number, at least.
WIDTH = 10


class Wrong(Exception):
    """A check does not hold."""


def need(holds, message):
    if not holds:
        raise Wrong(message)


def readers(folder, manifest, _):
    group_by = {}
    counts = {}
    glob = str(folder / "data/trajectories/*.parquet")
    directory = str(folder / "data/trajectories")
    sql = "SELECT year, region, sex, count(*) AS n FROM {} GROUP BY year, region, sex"

    def keep(name, rows):
        group_by[name] = {(int(year), str(region), str(sex)): int(n) for year, region, sex, n in rows}
        counts[name] = sum(group_by[name].values())

    keep("duckdb", duckdb.sql(sql.format(f"'{glob}'")).fetchall())
    keep("polars", polars.scan_parquet(glob).group_by("year", "region", "sex").len().collect().rows())
    table = pyarrow.dataset.dataset(directory, format="parquet").to_table(columns=["year", "region", "sex"])
    grouped = table.group_by(["year", "region", "sex"]).aggregate([([], "count_all")]).to_pydict()
    keep("pyarrow", zip(grouped["year"], grouped["region"], grouped["sex"], grouped["count_all"]))
    keep("pandas", [(*key, n) for key, n in pandas.read_parquet(directory).groupby(["year", "region", "sex"]).size().items()])
    context = SessionContext()
    context.register_parquet("trajectories", directory)
    keep("datafusion", [tuple(row.values()) for batch in context.sql(sql.format("trajectories")).collect() for row in batch.to_pylist()])
    if importlib.util.find_spec("pyspark"):
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
        keep("spark", [tuple(row) for row in spark.read.parquet(directory).groupBy("year", "region", "sex").count().collect()])
        spark.stop()
    declared = sum(file["rows"] for table in manifest["tables"] if table["name"] == "trajectories" for file in table["files"])
    need(set(counts.values()) == {declared}, f"rows: the manifest says {declared}, and {counts}")
    need(all(rows == group_by["duckdb"] for rows in group_by.values()), "the group-bys differ")
    for table in manifest["tables"]:
        for file in table["files"]:
            path = str(folder / file["path"])
            seen = {"duckdb": duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchall()[0][0], "polars": polars.read_parquet(path).height,
                    "pyarrow": pyarrow.parquet.read_table(path).num_rows, "pandas": len(pandas.read_parquet(path))}
            need(set(seen.values()) == {file["rows"]}, f"{file['path']}: {seen}")
    return f"{', '.join(group_by)}: {declared} rows, {len(group_by['duckdb'])} groups"


def trajectories(folder):
    """Rows by year, as pandas."""
    rows = pandas.read_parquet(folder / "data/trajectories")
    return {year: part.drop(columns="year").reset_index(drop=True) for year, part in rows.groupby("year")}


def anonymous(folder, manifest, _):
    policy = manifest["policy"]
    said = []
    for year, rows in trajectories(folder).items():
        sizes = rows.groupby(QUASI).size()
        k = {"own": int(sizes.min()), "pycanon": anonymity.k_anonymity(rows, QUASI), "anonymity-api": anonymity_api.verify.k_anonymity(rows, QUASI)}
        need(len(set(k.values())) == 1, f"{year}: k is {k}")
        need(k["own"] >= policy["k_clients"], f"{year}: k is {k['own']}")
        for column in SENSITIVE:
            distinct = {"own": int(rows.groupby(QUASI)[column].nunique().min()), "pycanon": anonymity.l_diversity(rows, QUASI, [column]),
                        "anonymity-api": anonymity_api.verify.distinct_l_diversity(rows, QUASI, [column])}
            need(len(set(distinct.values())) == 1, f"{year}: l of {column} is {distinct}")
            need(distinct["own"] >= policy["l_distinct"].get(column, 1), f"{year}: l of {column} is {distinct['own']}")
            # pyCANON knows no values that say nothing: the largest share of any value, for both.
            share = float((rows.groupby([*QUASI, column]).size() / sizes).max())
            theirs, _ = anonymity.alpha_k_anonymity(rows, QUASI, [column])
            need(abs(share - float(theirs)) < 1e-9, f"{year}: alpha of {column} is {share} and {theirs}")
            known = rows[~rows[column].isin(policy["unknown_values"].get(column, []))]
            shares = known.groupby([*QUASI, column]).size() / known.groupby(QUASI).size()
            shares = shares[shares.index.get_level_values(column).isin(policy["sensitive_values"].get(column, []))]
            need(shares.empty or shares.max() <= policy["alpha"] + 1e-12, f"{year}: a sensitive value of {column} has a share of {shares.max():.3f}")
        said.append(f"{year}: k {k['own']}, {len(sizes)} classes")
    return "; ".join(said)


def metadata(folder, manifest, _):
    files = {file["path"]: file for table in manifest["tables"] for file in table["files"]}
    package = json.loads((folder / "datapackage.json").read_text())
    need({resource["path"] for resource in package["resources"]} == set(files), "datapackage.json has other files than the manifest")
    errors = frictionless.Package.metadata_validate(package)
    errors = [error.message for error in errors]
    need(not errors, f"frictionless: {errors}")
    for resource in package["resources"]:
        need(resource["hash"] == "sha256:" + files[resource["path"]]["sha256"], f"{resource['path']}: another hash")
        # The reference reader goes row by row through Parquet, for minutes; the rows go to it as they are, from a sample.
        rows = polars.read_parquet(folder / resource["path"]).head(2000)
        schema = frictionless.Schema.from_descriptor(resource["schema"])
        source = [rows.columns, *[list(row) for row in rows.rows()]]
        report = frictionless.Resource(data=source, schema=schema).validate()
        need(report.valid, f"{resource['path']}: {report.flatten(['fieldName', 'message'])[:3]}")
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    need(not dataset.metadata.issues.errors and not dataset.metadata.issues.warnings, f"mlcroissant: {dataset.metadata.issues.report()}")
    for record_set in dataset.metadata.record_sets:
        first = list(itertools.islice(iter(dataset.records(record_set.id)), 3))
        need(first and len(first[0]) == len(record_set.fields), f"mlcroissant reads no rows of {record_set.id}")
    need(dataset.metadata.version == manifest["release"], "croissant.json is of another version")
    catalogue = json.loads((folder / "dcat.jsonld").read_text())
    import rdflib

    triples = rdflib.Graph().parse(data=json.dumps(catalogue), format="json-ld")
    need(len(triples) > 30, "dcat.jsonld says nothing")
    return f"{len(package['resources'])} resources, {len(dataset.metadata.record_sets)} record sets, {len(triples)} triples"


def interval(constraints, target, width):
    """Between what a sum of unknowns lies. constraints: (places, low, high)."""
    rows, columns = zip(*[(row, column) for row, (places, _, _) in enumerate(constraints) for column in places])
    matrix = scipy.sparse.csr_matrix((numpy.ones(len(rows)), (rows, columns)), shape=(len(constraints), width))
    low, high = numpy.array([one[1] for one in constraints]), numpy.array([one[2] for one in constraints])
    cost = numpy.zeros(width)
    cost[list(target)] = 1.0
    bounds = []
    for sign in (1.0, -1.0):
        found = scipy.optimize.linprog(sign * cost, A_ub=scipy.sparse.vstack([matrix, -matrix]), b_ub=numpy.concatenate([high, -low]), method="highs")
        need(found.status in (0, 3), f"no table meets what is published: {found.message}")
        bounds.append(sign * found.fun if found.status == 0 else numpy.inf)
    return bounds


def intervals(folder, manifest, sample):
    measures = pandas.read_parquet(folder / "data/measures").sort_values(["year", "measure", "statistic", *DIMENSIONS])
    base = manifest["policy"]["round_base"]
    narrowest, checked, withheld, nearly_empty = numpy.inf, 0, 0, 0
    for year, rows in trajectories(folder).items():
        for measure, unknown in UNKNOWN.items():
            cells = measures[(measures.year == year) & (measures.measure == measure)]
            kinds = sorted(set(cells.provider_class) - {"totaal"})
            counted = rows if unknown is None else rows[rows[unknown[0]] != unknown[1]]
            classes = counted.groupby(SHOWN).size()
            atoms = {(kind, *codes): place for place, (kind, codes) in enumerate(itertools.product(kinds, classes.index))}
            inside = lambda cell: [place for atom, place in atoms.items()
                                   if all(code in ("totaal", own) for code, own in zip([getattr(cell, name) for name in DIMENSIONS], atom))]
            constraints = [([atoms[(kind, *codes)] for kind in kinds], n, n) for codes, n in classes.items()] if kinds else []
            for cell in cells[(cells.conf_status == "F") & (cells.provider_class != "totaal")].itertuples():
                constraints.append((inside(cell), max(cell.n_rounded - base // 2, 0), cell.n_rounded + base // 2))
            targets = list(cells[cells.conf_status.isin(["A", "G"]) & (cells.provider_class != "totaal") & (cells.obs_status != "M")].itertuples())
            withheld += len(targets)
            for cell in targets[:: max(1, -(-len(targets) // sample))]:
                places = inside(cell)
                if not places:
                    continue
                low, high = interval(constraints, places, len(atoms))
                checked += 1
                # Nobody at all may be known; that is nothing about anybody. A release does not tell such cells from those with a few.
                if low < 1e-6 and high - low < WIDTH:
                    nearly_empty += 1
                    continue
                narrowest = min(narrowest, high - low)
                need(high - low >= WIDTH - 1e-6, f"{year} {measure} {cell.dimension_set}: a withheld number lies between {low:.0f} and {high:.0f}")
    return f"{checked} of {withheld} withheld cells, the narrowest {narrowest:.0f} wide, {nearly_empty} (nearly) empty" if checked else "nothing is withheld that could be subtracted"


def examples(folder, manifest, _):
    before = os.getcwd()
    os.chdir(folder)
    try:
        connection = duckdb.connect()
        ran = 0
        for statement in duckdb.extract_statements(pathlib.Path("examples/duckdb.sql").read_text()):
            connection.execute(statement)
            ran += 1
        context = SessionContext()
        for name in ("datafusion.sql", "ballista.sql"):
            text = "\n".join(line for line in pathlib.Path("examples", name).read_text().splitlines() if not line.startswith("--"))
            for statement in filter(str.strip, text.split(";")):
                if name == "ballista.sql" and statement.strip().startswith("CREATE"):
                    continue
                need(context.sql(statement).collect() is not None, statement)
                ran += 1
        for name in ["polars_example.py", *(["spark.py"] if importlib.util.find_spec("pyspark") else [])]:
            done = subprocess.run([sys.executable, f"examples/{name}"], capture_output=True, text=True, check=False)
            need(done.returncode == 0, f"{name}: {done.stderr[-500:]}")
            ran += 1
    finally:
        os.chdir(before)
    return f"{ran} statements and programs"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--sample", type=int, default=200, help="withheld cells per measure and year whose interval is computed")
    arguments = arguments.parse_args()
    folder = arguments.folder.resolve()
    manifest = json.loads((folder / "manifest.json").read_text())
    failed = False
    for name, check in [("readers", readers), ("anonymity", anonymous), ("metadata", metadata), ("intervals", intervals), ("examples", examples)]:
        try:
            # Libraries talk; the lines of this program are its own.
            with contextlib.redirect_stdout(io.StringIO()):
                said = check(folder, manifest, arguments.sample)
            print(f"{name:10} passed: {said}", flush=True)
        # What a library cannot read is wrong as well.
        except Exception as wrong:
            failed = True
            what = "" if isinstance(wrong, Wrong) else f"{type(wrong).__name__}: "
            print(f"{name:10} FAILED: {what}{str(wrong).strip().splitlines()[0] if str(wrong).strip() else ''}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
