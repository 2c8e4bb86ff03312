"""Writes the fixtures of encodings, delimiters, headers and shapes of tables (catalogue 3.2). All values are invented.

python3 tests/bad-submissions/make/text.py
"""

import datetime
import pathlib
import shutil

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLEAN, REMARKS, REFUSED = "aangenomen", "aangenomen met opmerkingen", "niet aangenomen"
TRAJECTORIES, SESSIONS, MEASUREMENTS = "trajecten.csv", "sessies.csv", "rom.csv"
HEADER = "traject_id client_id startdatum einddatum eindreden stelsel minuten_direct minuten_bron geboortejaar geslacht".split()
REASONS = ["afgerond", "voortijdig_client", "doorverwezen_zwaarder"]


def day(year_day):
    return (datetime.date(2025, 1, 1) + datetime.timedelta(days=year_day)).isoformat()


def trajectories(count=20):
    """Rows of a clean table, the header first."""
    rows = [HEADER]
    for n in range(1, count + 1):
        end = n % 60 + 80 + 7 * (n % 13)
        minutes = str(300 + 17 * (n % 11) + n % 7)
        rows.append([f"T{n:03}", f"C{n:03}", day(n % 60), day(end), REASONS[n % 7 % 3], "ZPM", minutes, "exact", str(1950 + n % 50), "vm"[n % 2]])
    return rows


def measurements(count=12, respondent="client"):
    """One score before and one after, for so many trajectories."""
    rows = ["traject_id moment datum instrument schaal score respondent".split()]
    for n in range(1, count + 1):
        end = n % 60 + 80 + 7 * (n % 13)
        rows.append([f"T{n:03}", "voor", day(n % 60 + 2), "OQ45", "totaal", str(70 + n % 9), respondent])
        rows.append([f"T{n:03}", "na", day(end - 2), "OQ45", "totaal", str(48 + n % 11), respondent])
    return rows


def text(rows, delimiter=";", end="\n"):
    return "".join(delimiter.join(row) + end for row in rows)


def finding(code, file="", row=None, header=""):
    return code, file, row, header


def fixture(name, what, verdict, findings, files):
    """One folder: its files, and expected.toml with all that must be found."""
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    lines = [f"# {what}", f'verdict = "{verdict}"']
    for code, file, row, header in findings:
        lines += ["", "[[finding]]", f'code = "{code}"']
        lines += [f'file = "{file}"'] if file else []
        lines += [f"row = {row}"] if row else []
        lines += [f'header = "{header}"'] if header else []
    (folder / "expected.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for file, content in files.items():
        (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())


def one(name, what, verdict, findings, content):
    """A fixture of trajectories alone."""
    fixture(name, what, verdict, findings, {TRAJECTORIES: content})


def with_measurements(name, what, verdict, findings, content):
    fixture(name, what, verdict, findings, {TRAJECTORIES: text(trajectories()), MEASUREMENTS: content})


def encodings():
    clean = text(trajectories())
    dutch = text(measurements(respondent="cliënt"))
    one("N802-byte-order-mark", "UTF-8 with a byte-order mark.", CLEAN, [finding("N802", TRAJECTORIES)], clean.encode("utf-8-sig"))
    with_measurements("N803-windows-1252", "windows-1252 throughout.", CLEAN, [finding("N803", MEASUREMENTS)], dutch.encode("cp1252"))
    late = text(measurements()[:-1]) + text(measurements(respondent="reünie")[-1:])
    with_measurements("N803-late", "latin-1, with its only accent in the last row.", CLEAN, [finding("N803", MEASUREMENTS)], late.encode("latin-1"))
    for kind, codec, mark in [("le", "utf-16-le", b"\xff\xfe"), ("be", "utf-16-be", b"\xfe\xff")]:
        with_measurements(f"N804-utf-16-{kind}", "UTF-16 with a byte-order mark.", CLEAN, [finding("N804", MEASUREMENTS)], mark + dutch.encode(codec))
        with_measurements(f"N804-utf-16-{kind}-without-mark", "UTF-16 without a byte-order mark.", CLEAN, [finding("N804", MEASUREMENTS)], dutch.encode(codec))
    with_measurements("N804-utf-32-without-mark", "UTF-32 without a byte-order mark.", CLEAN, [finding("N804", MEASUREMENTS)], dutch.encode("utf-32-le"))
    foreign = text(measurements(respondent="клиент и его семья")).encode("utf-16-le")
    what = "UTF-16 without a byte-order mark, with more Cyrillic than the pattern allows."
    with_measurements("E101-pattern-does-not-fit", what, REFUSED, [finding("E101", MEASUREMENTS)], foreign)
    half = b"\xff\xfe" + dutch.encode("utf-16-le")[:-1]
    with_measurements("E101-half-a-letter", "UTF-16 that ends in the middle of a letter.", REFUSED, [finding("E101", MEASUREMENTS)], half)
    with_measurements("E102-utf-7", "UTF-7.", REFUSED, [finding("E102", MEASUREMENTS)], dutch.encode("utf-7"))
    with_measurements("E102-ebcdic", "EBCDIC.", REFUSED, [finding("E102", MEASUREMENTS)], dutch.encode("cp500"))
    japanese = text(measurements(respondent="患者")).encode("iso2022_jp")
    with_measurements("E102-iso-2022", "ISO-2022.", REFUSED, [finding("E102", MEASUREMENTS)], japanese)
    rows = trajectories(120)
    # One client comes back.
    rows[-1][1:4] = [rows[1][1], "2025-09-01", "2025-12-01"]
    rows[40][5] = "Z\0PM"
    one("E103-nul-in-one-row", "A NUL in one row of 120.", REMARKS, [finding("E103", TRAJECTORIES, 41)], text(rows))
    rows[41][5] = "\0ZPM"
    one("E103-nul-in-many-rows", "NULs in more than 1 % of the rows.", REFUSED, [finding("E103", TRAJECTORIES)], text(rows))
    mixed = dutch.encode().split(b"\n")
    mixed[7] = mixed[7].decode().encode("cp1252")
    findings = [finding("W701", MEASUREMENTS), finding("E104", MEASUREMENTS, 8)]
    with_measurements("E104-mixed-encodings", "UTF-8, with one row in windows-1252.", REMARKS, findings, b"\n".join(mixed))
    doubled = dutch.encode().decode("cp1252")
    with_measurements("W702-encoded-twice", "cliënt became cliÃ«nt.", REMARKS, [finding("W702", MEASUREMENTS, header="respondent")], doubled)


def cells_and_lines():
    rows = trajectories()
    ends = ["\r\n"] * 18 + ["\n", "\r", "\n"]
    one("N805-mixed-line-ends", "CR LF, LF and CR.", CLEAN, [finding("N805", TRAJECTORIES)], "".join(";".join(row) + end for row, end in zip(rows, ends)))
    rows = trajectories()
    rows[3][4] = "\u00a0afgerond "
    rows[4][4] = "voortijdig\u00ad_client\u200b"
    rows[5][0] = " T005"
    one("N806-spaces-and-invisible-signs", "No-break space, soft hyphen, zero-width space, spaces around.", CLEAN, [finding("N806", TRAJECTORIES)], text(rows))
    content = measurements()
    content[2][6] = " client  of  naaste "
    with_measurements("N806-double-spaces", "Double spaces within a value.", CLEAN, [finding("N806", MEASUREMENTS)], text(content))
    content = measurements()
    content[2][6] = '"client\nof naaste"'
    content[4][2] = "onbekend"
    findings = [finding("N809", MEASUREMENTS), finding("E201", MEASUREMENTS, 6, "datum")]
    what = "A line end within quotes; the wrong date of the fourth measurement stands on line 6."
    with_measurements("N809-line-end-in-a-value", what, REMARKS, findings, text(content))
    content = measurements()
    content[5][6] = "x" * (64 * 1024 + 1)
    with_measurements("E108-long-value", "A value of more than 64 KiB.", REMARKS, [finding("E108", MEASUREMENTS, 6)], text(content))
    content = text(measurements()).replace("T003;na", '"T003;na')
    with_measurements("E107-unclosed-quote", "A quote that never closes.", REFUSED, [finding("E107", MEASUREMENTS, 7)], content)
    rows = [[f'"{cell}"' for cell in row] for row in measurements()]
    rows[6][6] = '"client'
    what = "The quote that is missing in row 7 is found in row 8."
    with_measurements("E107-closed-by-a-later-quote", what, REFUSED, [finding("E107", MEASUREMENTS, 7)], text(rows))


def dialects():
    rows = trajectories()
    one("N807-separator-line", "sep=; on the first line.", CLEAN, [finding("N807", TRAJECTORIES)], "sep=;\n" + text(rows))
    one("N808-lines-above", "A title and an empty line above the header.", CLEAN, [finding("N808", TRAJECTORIES)], "Export EPD 12-01-2026\n\n" + text(rows))
    one("E105-colon", "Fields separated by a colon.", REFUSED, [finding("E105", TRAJECTORIES, 1)], text(rows, ":"))
    one("E105-spaces", "Fields separated by spaces, below a title.", REFUSED, [finding("E105", TRAJECTORIES, 2)], "Export EPD\n" + text(rows, " "))
    pasted = text(rows[:12]) + text(rows[:1] + rows[12:], ",")
    one("E106-two-files-pasted", "From row 13 on another file, with commas.", REFUSED, [finding("E106", TRAJECTORIES, 13)], pasted)
    one("E109-no-header", "The first row is data.", REFUSED, [finding("E109", TRAJECTORIES)], text(rows[1:]))
    fixture("N812-known-by-its-header", "The file name says nothing, the header does.", CLEAN, [finding("N812", "uitvoer.csv")], {"uitvoer.csv": text(rows)})


def headers():
    rows = trajectories()
    rows[0] = [*HEADER]
    rows[0][0], rows[0][1], rows[0][2] = "Traject-ID", "Cliëntnummer", "Begindatum"
    findings = [finding("N810", TRAJECTORIES, header=header) for header in rows[0][:3]]
    one("N810-other-headers", "Case, hyphen, diacritics and a synonym.", CLEAN, findings, text(rows))
    rows = [[*row, row[9]] for row in trajectories()]
    one("N810-doubled-and-equal", "The column geslacht twice, the same in every row.", CLEAN, [finding("N810", TRAJECTORIES, header="geslacht")], text(rows))
    rows[9][10] = "x"
    one("E111-double-header", "The column geslacht twice, different in one row.", REFUSED, [finding("E111", TRAJECTORIES, header="geslacht")], text(rows))
    rows[0] = [*HEADER, "sekse"]
    one("E112-two-headers-one-meaning", "geslacht and sekse.", REFUSED, [finding("E112", TRAJECTORIES, header="sekse")], text(rows))
    rows = [[*row, "A" if n else "afdeling"] for n, row in enumerate(trajectories())]
    one("W703-unknown-column", "A column that is not in the schema.", REMARKS, [finding("W703", TRAJECTORIES, header="afdeling")], text(rows))
    rows[0][-1] = ""
    one("W703-without-a-name", "A column with values and no header.", REMARKS, [finding("W703", TRAJECTORIES)], text(rows))
    rows = trajectories()
    content = text(rows[:1]) + text(rows[1:], end=";\n")
    one("N811-trailing-delimiter", "A delimiter too many at the end of the rows.", CLEAN, [finding("N811", TRAJECTORIES)], content)
    one("N811-empty-last-column", "A delimiter too many at the end of the rows and the header.", CLEAN, [finding("N811", TRAJECTORIES)], text(rows, end=";\n"))


def shapes():
    rows = trajectories()
    rows[8] = rows[8][:-1]
    one("E113-too-few-fields", "Row 9 lacks its last field.", REMARKS, [finding("E113", TRAJECTORIES, 9)], text(rows))
    content = measurements()
    content[6][5] = "51,5"
    with_measurements("E114-decimal-comma", "A decimal comma without quotes between commas.", REMARKS, [finding("E114", MEASUREMENTS, 7)], text(content, ","))
    content[6][6] = ""
    what = "The same before an empty field: 5 is no respondent."
    with_measurements("E114-decimal-comma-at-the-end", what, REMARKS, [finding("E114", MEASUREMENTS, 7)], text(content, ","))
    rows = trajectories()
    rows[5:5] = [[""], [""] * 10]
    one("N813-blank-rows", "An empty row and one of delimiters.", CLEAN, [finding("N813", TRAJECTORIES)], text(rows))
    rows = trajectories()
    one("N814-header-repeated", "The header again, between the rows.", CLEAN, [finding("N814", TRAJECTORIES)], text(rows[:9] + rows[:1] + rows[9:]))
    total = ["Totaal"] + [""] * 5 + ["6500"] + [""] * 3
    one("W704-totals", "A row of totals at the end.", REMARKS, [finding("W704", TRAJECTORIES, 22)], text([*rows, total]))
    findings = [finding("N813", TRAJECTORIES), finding("W704", TRAJECTORIES, 22)]
    one("W704-short-totals", "Totals with fewer fields than columns, and an empty row below.", REMARKS, findings, text([*rows, ["Totaal", "20"], [""]]))
    sessions = ["traject_id datum minuten_direct minuten_indirect vorm".split()]
    sessions += [[f"T{n:03}", day(n % 60 + 7), str(40 + n % 9), str(5 + n % 4), ["f2f", "beeld"][n % 2]] for n in range(1, 21)]
    without_minutes = [rows[0], *([*row[:6], "", *row[7:]] for row in rows[1:])]
    files = {TRAJECTORIES: text(without_minutes), SESSIONS: text([*sessions, ["Totaal", "", "878", "129", ""]])}
    fixture("W704-two-totals", "Totals of two columns.", REMARKS, [finding("W704", SESSIONS, 22)], files)
    one("E115-no-rows", "A header and nothing below it.", REFUSED, [finding("E115", TRAJECTORIES)], text(rows[:1]))
    with_measurements("W706-no-rows", "An optional table with a header and nothing below it.", REMARKS, [finding("W706", MEASUREMENTS)], text(measurements()[:1]))


if __name__ == "__main__":
    encodings()
    cells_and_lines()
    dialects()
    headers()
    shapes()
