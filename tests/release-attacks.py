"""Attacks a release with everything that somebody could know, and prints one line for each attack; exit code 1 when one succeeds.

    python tests/release-attacks.py <folder of a release> <private.csv> <register.csv> [--other <folder of another release>]
    python tests/release-attacks.py <folder of a release> <private.csv> <register.csv> --break <how> --into <folder>

private.csv holds the exact trajectories of the years (`spiegel query --batch`), the register the owners of providers: more than any attacker has.
Nothing here uses the program that made the release; bands are read from their codes.

linkage       everybody's exact data are looked up: how many clients share what is found
insider       every group of owners takes its own rows out of every class: how many clients of how many others are left
homogeneity   a sensitive value that is as good as certain in a class, also for a group of owners that takes its own rows out
minimality    what the withheld rows of a class are: more than one combination, and as many clients as a class has
margins       sums over classes against rows without codes, and cells of measures against classes: nobody is left between them
differencing  against another release: classes that differ by a handful
forensics     values of dictionaries that no row has, metadata, order of rows, and any private identifier in the bytes of any file

--break writes a copy that an attack must succeed on, so that it is known to see something.
"""

import argparse
import json
import pathlib
import shutil
import sys

import pandas
import pyarrow
import pyarrow.parquet

QUASI = ["region", "diagnosis_group", "age_band", "sex", "minutes_band", "duration_band"]
LANDSDEEL = {
    **dict.fromkeys(["Groningen", "Friesland", "Fryslân", "Drenthe"], "noord"), **dict.fromkeys(["Overijssel", "Flevoland", "Gelderland"], "oost"),
    **dict.fromkeys(["Utrecht", "Noord-Holland", "Zuid-Holland", "Zeeland"], "west"), **dict.fromkeys(["Noord-Brabant", "Limburg"], "zuid"),
}
STAR = "*"
ABSENT = ["unknown_privacy", "onbekend"]


class Succeeds(Exception):
    """An attack succeeds."""


def need(holds, message):
    if not holds:
        raise Succeeds(message)


def bounds(code):
    """Of a band: `18-24`, `75+`."""
    if code.endswith("+"):
        return float(code[:-1]), float("inf")
    low, high = code.split("-")
    return float(low), float(high)


def banded(values, codes):
    """The code of each number; what lies in no band, or is not known, is withheld."""
    found = pandas.Series(STAR, index=values.index)
    for code in codes:
        low, high = bounds(code)
        found[(values >= low) & (values <= high)] = code
    return found


class Attack:
    def __init__(self, folder, private, register, other):
        self.folder, self.other = folder, other
        self.manifest = json.loads((folder / "manifest.json").read_text())
        self.policy = self.manifest["policy"]
        self.released = pandas.read_parquet(folder / "data/trajectories")
        self.register = pandas.read_csv(register, dtype=str, keep_default_na=False)
        self.private = self.coded(pandas.read_csv(private, dtype={"provider_id": str, "client_key": str}))

    def coded(self, rows):
        """Everybody in the classes of the release, by what is known of them."""
        codebook = pandas.read_parquet(self.folder / "data/codebook/codebook.parquet")
        codebook = codebook[(codebook.table == "trajectories") & (codebook.code != "") & (codebook.code != STAR)]
        codes = {column: list(codebook[codebook.column == column].code) for column in QUASI}
        rows = rows[~(rows.age_at_start < 18)].merge(self.register[["agb", "group_id", "region"]], left_on="provider_id", right_on="agb", how="left")
        rows["owner"] = rows.group_id.where(rows.group_id.fillna("") != "", rows.provider_id)
        # Without a code for a part of the country, the whole column is withheld.
        has_region = set(self.released.region) - {STAR}
        rows["region"] = rows.region.map(LANDSDEEL).fillna("onbekend") if has_region else STAR
        known = rows.diagnosis_group.where(rows.diagnosis_group.isin(codes["diagnosis_group"]), "overig")
        # What is absent by law is not known.
        rows["diagnosis_group"] = known.where(rows.diagnosis_group.notna() & ~rows.diagnosis_group.isin(ABSENT), "onbekend")
        rows["age_band"] = banded(rows.age_at_start, codes["age_band"])
        rows["sex"] = rows.sex.where(rows.sex.isin(["v", "m"]), "x")
        rows["minutes_band"] = banded(rows.minutes.fillna(0), codes["minutes_band"])
        rows["duration_band"] = banded(rows.days, codes["duration_band"])
        exact = rows[["year", *QUASI]].copy()
        exact.columns = ["year", *[f"exact_{name}" for name in QUASI]]
        rows = pandas.concat([rows, exact.drop(columns="year")], axis=1)
        # Where is somebody? In the class of all codes when it is there, else where minutes and duration are withheld, else where all is.
        there = set(map(tuple, self.released[["year", *QUASI]].drop_duplicates().to_numpy()))
        place = []
        for row in rows[["year", *QUASI]].itertuples(index=False):
            for choice in (tuple(row), (*tuple(row)[:5], STAR, STAR)):
                if choice in there:
                    place.append(choice)
                    break
            else:
                place.append((row.year, *[STAR] * 6))
        rows["place"] = place
        return rows

    def linkage(self):
        released = self.released.groupby(["year", *QUASI]).size()
        own = self.private.groupby("place").size()
        wrong = [place for place in own.index if released.get(place, 0) != own[place]]
        need(not wrong and own.sum() == released.sum(), f"{len(wrong)} classes hold other rows than the persons who belong there")
        clients = self.private.drop_duplicates(["place", "provider_id", "client_key"]).groupby("place").size()
        need(clients.min() >= self.policy["k_clients"], "somebody is found among fewer clients than the policy says")
        return f"{len(self.private)} persons in {len(clients)} classes, never fewer than {self.policy['k_clients']} clients"

    def insider(self):
        by_owner = self.private.drop_duplicates(["place", "provider_id", "client_key"]).groupby(["place", "owner"]).size()
        of_class = by_owner.groupby("place")
        left = of_class.transform("sum") - by_owner
        need(left.min() >= self.policy["insider_rest_rows"], "a group of owners that takes its own out is left with a handful of clients")
        need((of_class.size() - 1).min() >= self.policy["insider_rest_groups"], "a group of owners is left with one other")
        return f"{len(by_owner)} groups of owners in classes"

    def homogeneity(self):
        alpha, said = self.policy["alpha"], []
        for column, values in self.policy["sensitive_values"].items():
            known = self.released[~self.released[column].isin(self.policy["unknown_values"].get(column, []))]
            shares = known.groupby(["year", *QUASI])[column].value_counts(normalize=True)
            shares = shares[shares.index.get_level_values(column).isin(values)]
            worst = 0.0 if shares.empty else float(shares.max())
            need(worst <= alpha + 1e-12, f"{column} is as good as certain in a class ({worst:.2f})")
            said.append(f"{column} {worst:.2f}")
        # Who knows its own rows: of what was registered as incomplete, which is known exactly.
        rows = self.private.assign(met=self.private.incomplete.astype(str).str.lower().eq("true"))
        every = rows.groupby("place").met.agg(["sum", "size"])
        own = rows.groupby(["place", "owner"]).met.agg(["sum", "size"])
        left = every.reindex(own.index.get_level_values("place")).to_numpy() - own.to_numpy()
        # Where nobody else is left, whoever was there is known; the attack of insiders says so.
        left = left[left[:, 1] > 0]
        rest = left[:, 0] / left[:, 1]
        need(rest.max() <= alpha + 1e-12, f"incomplete is as good as certain for a group of owners without its own ({rest.max():.2f})")
        return ", ".join(said) + f"; without any group of owners {rest.max():.2f}"

    def minimality(self):
        combinations = [f"exact_{name}" for name in QUASI]
        withheld = self.private[self.private.place.map(lambda place: place[5] == STAR)]
        if withheld.empty:
            return "nothing is withheld"
        # A pool of minutes and duration has these to choose from; the pool of everything also region, diagnosis, age and sex.
        pools = withheld.groupby("place")
        for place, rows in pools:
            kinds = len(rows.drop_duplicates(combinations))
            clients = len(rows.drop_duplicates(["provider_id", "client_key"]))
            need(kinds >= 2, "the withheld rows of a class are of one combination: it is known by elimination")
            need(clients >= self.policy["k_clients"], "fewer clients share what is withheld than a class must have")
        return f"{len(pools)} pools"

    def margins(self):
        totals = self.released.groupby("year").size()
        measures = pandas.read_parquet(self.folder / "data/measures")
        counts = measures[(measures.measure == "trajectories") & (measures.conf_status == "F") & (measures.provider_class == "totaal")]
        base = self.policy["round_base"]
        for cell in counts.itertuples():
            rows = self.released[self.released.year == cell.year]
            for column in ["region", "diagnosis_group", "age_band", "sex"]:
                code = getattr(cell, column)
                rows = rows if code == "totaal" else rows[rows[column] == code]
            # A cell that were made from other rows than the classes would tell about the difference.
            need(abs(len(rows) - cell.n_rounded) <= base / 2, f"a cell of {cell.dimension_set} differs from the classes by {abs(len(rows) - cell.n_rounded)} rows")
        suppression = pandas.read_parquet(self.folder / "data/suppression")
        for row in suppression.itertuples():
            rows = self.released[self.released.year == row.year]
            need(abs((rows[row.column] == STAR).mean() - row.starred_share) < 1e-4, f"the share withheld of {row.column} is that of other rows")
        need((self.private.groupby("year").size() == totals).all(), "rows are missing: what is not there can be computed")
        return f"{len(counts)} cells, {len(totals)} years"

    def differencing(self):
        if self.other is None:
            return "no other release"
        theirs = pandas.read_parquet(self.other / "data/trajectories")
        counts = [rows.groupby(["year", *QUASI]).size() for rows in (self.released, theirs)]
        both = set(self.released.year) & set(theirs.year)
        changed = counts[0].sub(counts[1], fill_value=0).abs()
        changed = changed[[year in both for year in changed.index.get_level_values("year")]]
        changed = changed[changed > 0]
        need(changed.empty or changed.min() >= self.policy["differencing_min"], f"{len(changed)} classes differ, some by fewer persons than a class has")
        return f"{len(changed)} classes differ"

    def forensics(self):
        private = [*self.private.client_key.dropna().unique(), *self.private.provider_id.unique(), *self.register.agb]
        # A short name can be an ordinary word.
        names = [name.encode() for name in self.register.name if len(name) >= 8]
        needles = {value.encode() for value in private if len(value) >= 8}
        widths = sorted({len(needle) for needle in needles})
        known = {"kibg.release", "kibg.table", "kibg.schema_version", "kibg.policy_sha256", "kibg.license", "kibg.citation"}
        files = 0
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            texts = [path.read_bytes()]
            if path.suffix == ".parquet":
                files += 1
                opened = pyarrow.parquet.ParquetFile(path)
                keys = {key.decode() for key in opened.metadata.metadata or {}} - {"ARROW:schema"}
                need(keys <= known, f"{path.name}: metadata {sorted(keys - known)}")
                columns = [field.name for field in opened.schema_arrow if "string" in str(field.type)]
                for group in range(opened.num_row_groups):
                    rows = pyarrow.parquet.ParquetFile(path, read_dictionary=columns).read_row_group(group, columns=columns)
                    for name in columns:
                        for chunk in rows.column(name).chunks:
                            unused = set(chunk.dictionary.to_pylist()) - set(chunk.to_pylist()) - {None}
                            need(not unused, f"{path.name}: {len(unused)} values of {name} that no row has")
                table = opened.read().to_pandas()
                ordered = table.sort_values(list(table.columns), kind="stable", na_position="first").reset_index(drop=True)
                need(ordered.equals(table), f"{path.name}: the order of the rows is another than that of their values")
                texts += ["\n".join(map(str, table[name].unique())).encode() for name in columns]
            for text in texts:
                need(not any(name in text for name in names), f"{path.name}: the name of a provider")
                need(not any(text[at:at + width] in needles for width in widths for at in range(max(0, len(text) - width + 1))), f"{path.name}: an identifier")
        return f"{files} files of rows, {len(needles)} identifiers, {len(names)} names"


def write(table, path):
    """Rows as a file with nothing beside them."""
    pyarrow.parquet.write_table(table.replace_schema_metadata(None), path)


def plain(rows):
    return pyarrow.Table.from_pandas(rows, preserve_index=False)


def ordered(rows):
    return rows.sort_values(list(rows.columns), kind="stable").reset_index(drop=True)


class Break:
    """A copy of a release with one thing wrong in it, or beside it."""

    def __init__(self, attack, into):
        self.attack, self.into = attack, into
        shutil.copytree(attack.folder, into)
        self.file = sorted((into / "data/trajectories").glob("*.parquet"))[-1]
        self.rows = pyarrow.parquet.read_table(self.file).to_pandas()
        self.year = int(self.rows.year.iloc[0])

    def put(self, rows):
        write(plain(ordered(rows)), self.file)

    def tell(self, persons):
        """Gives these persons, who are withheld, their codes back; as many rows of their class change."""
        rows = self.rows.copy()
        for person in persons.itertuples():
            place = person.place[1:]
            at = rows.index[(rows[QUASI] == list(place)).all(axis=1)][0]
            rows.loc[at, QUASI] = [getattr(person, f"exact_{name}") for name in QUASI]
        self.put(rows)

    def withheld(self):
        """Persons by withheld combination, the rarest first."""
        is_withheld = self.attack.private.place.map(lambda place: place[5] == STAR)
        own = self.attack.private[(self.attack.private.year == self.year) & is_withheld]
        combinations = own.groupby([f"exact_{name}" for name in QUASI])
        return sorted((rows for _, rows in combinations), key=len)

    def linkage(self):
        self.tell(self.withheld()[0])

    def minimality(self):
        # Of the smallest pool all but one combination is told.
        pools = {}
        for rows in self.withheld():
            pools.setdefault(rows.place.iloc[0], []).append(rows)
        smallest = min(pools.values(), key=lambda pool: sum(map(len, pool)))
        self.tell(pandas.concat(smallest[:-1]))

    def homogeneity(self):
        rows = self.rows.copy()
        first = rows.groupby(QUASI).size().idxmin()
        rows.loc[(rows[QUASI] == list(first)).all(axis=1), "incomplete"] = "ja"
        self.put(rows)

    def margins(self):
        self.put(self.rows.iloc[3:])

    def dictionary(self):
        table = plain(self.rows)
        at = table.schema.get_field_index("sex")
        codes = table.column("sex").combine_chunks().dictionary_encode()
        ghost = pyarrow.DictionaryArray.from_arrays(codes.indices, pyarrow.concat_arrays([codes.dictionary, pyarrow.array(["y"])]))
        write(table.set_column(at, "sex", ghost), self.file)

    def metadata(self):
        pyarrow.parquet.write_table(plain(self.rows).replace_schema_metadata({"made_from": "inbox"}), self.file)

    def order(self):
        write(plain(self.rows.iloc[::-1]), self.file)

    def identifier(self):
        with open(self.into / "README.md", "a", encoding="utf-8") as readme:
            readme.write(f"\nThanks to {self.attack.register.agb.iloc[0]}.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("private", type=pathlib.Path)
    parser.add_argument("register", type=pathlib.Path)
    parser.add_argument("--other", type=pathlib.Path)
    parser.add_argument("--break", dest="how", choices=["linkage", "minimality", "homogeneity", "margins", "dictionary", "metadata", "order", "identifier"])
    parser.add_argument("--into", type=pathlib.Path)
    arguments = parser.parse_args()
    attack = Attack(arguments.folder, arguments.private, arguments.register, arguments.other)
    if arguments.how:
        getattr(Break(attack, arguments.into), arguments.how)()
        return 0
    failed = False
    for name in ["linkage", "insider", "homogeneity", "minimality", "margins", "differencing", "forensics"]:
        try:
            print(f"{name:12} withstood: {getattr(attack, name)()}", flush=True)
        except Succeeds as success:
            failed = True
            print(f"{name:12} SUCCEEDS: {success}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
