"""Writes the first entries of the corpus, `corpus/<target>/seed-*`; the fuzzers add what reaches new code. All values are invented.

python3 tests/fuzz/seeds.py
"""

import io
import pathlib
import zipfile

CORPUS = pathlib.Path(__file__).parent / "corpus"
HEADER = "traject_id;client_id;startdatum;einddatum;eindreden;stelsel;minuten_direct;minuten_bron;geboortejaar;geslacht"
ROW = "T{0};C{0};2025-01-07;2025-05-06;afgerond;ZPM;540;exact;1980;v"


def table(rows=3, header=HEADER, row=ROW):
    return "\n".join([header, *(row.format(number) for number in range(rows))]) + "\n"


def passes_eleven(number):
    digits = [int(digit) for digit in f"{number:09}"]
    return (sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits)) - digits[8]) % 11 == 0


def packed(files):
    """A zip that is the same every time."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return memory.getvalue()


def workbook(sheet, extra=()):
    """An xlsx of one sheet, in raw XML."""
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override '
        'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/'
        'officeDocument/2006/relationships"><sheets><sheet name="trajecten" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
        **dict(extra),
    }
    return packed(parts)


def sheet(rows, dimension="A1:J4", after=""):
    cells = lambda number, row: "".join(f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>' for place, cell in enumerate(row.split(";")))
    body = "".join(f'<row r="{number}">{cells(number, row)}</row>' for number, row in enumerate(rows, 1))
    return (f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="{dimension}"/>'
            f"<sheetData>{body}{after}</sheetData></worksheet>")


def main():
    numbers = [number for number in range(123456000, 123457000) if passes_eleven(number)][:40]
    secret = HEADER + ";opmerking\n" + "".join(f"{ROW.format(place)};{number}\n" for place, number in enumerate(numbers))
    rows = [HEADER, *(ROW.format(number) for number in range(3))]
    doctype = '<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    seeds = {
        "csv": {
            "trajectories": b"\0" + table().encode(),
            "sessions": b"\1traject_id;datum;minuten_direct;minuten_indirect;vorm\nT1;2025-02-01;45;10;f2f\nT9;01-03-2025;1.200,5;;beeld\n",
            "measurements": b"\2traject_id,moment,datum,instrument,schaal,score\nT1,voor,2025-01-16,OQ45,totaal,\"70,5\"\n",
            "experiences": b"\3traject_id|datum|versie|schaal|score|rapportcijfer\n|2025-07-01|AKWA|rapportcijfer||8,5\n",
            "quotes": b"\0sep=;\n" + table().replace("T1", '"T""1"').replace("T2", '"T\n2').encode(),
            "windows-1252": b"\0" + table().replace("eindreden", "opleiding").replace("afgerond", "caf\u00e9").encode("windows-1252"),
            "utf-16": b"\0" + table().encode("utf-16"),
            "ragged": b"\0" + table().replace("ZPM;", "ZPM;;", 1).replace("540", "9:00").encode() + b";;;;;;;;;\nT9\n\xff\xfe\r\r\n",
            "citizen-numbers": b"\0" + secret.encode(),
            "names": b"\0" + table(30, HEADER + ";naam", ROW + ";persoon1234{0}").encode(),
            "dates": b"\0" + table().replace("2025-01-07", "45664").replace("2025-05-06", "31-02-25").encode(),
        },
        "archive": {
            "good": packed({"trajecten.csv": table(), "aanlevering.toml": 'schema = "kibg-1.0"\n'}),
            "above": packed({"../trajecten.csv": table()}),
            "nested": packed({"trajecten.csv": packed({"trajecten.csv": table()})}),
            "truncated": packed({"trajecten.csv": table()})[:-30],
            "zeros": packed({"trajecten.csv": "0" * (2 << 20)}),
            "two-folders": packed({"a/trajecten.csv": table(), "b/sessies.csv": "traject_id;datum;minuten_direct;vorm\nT1;2025-02-01;45;f2f\n"}),
        },
        "workbook": {
            "good": workbook(sheet(rows)),
            "far-cell": workbook(sheet(rows, "A1:XFD1048576", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
            "entities": workbook(doctype + sheet(rows)),
            "macro": workbook(sheet(rows), [("xl/vbaProject.bin", "x")]),
            "formula": workbook(sheet(rows, after='<row r="5"><c r="A5"><f>TODAY()</f></c><c r="B5" t="e"><v>#REF!</v></c></row>')),
            "truncated": workbook(sheet(rows))[:-40],
            "text": table().encode(),
        },
        "manifest": {
            "good": b'schema = "kibg-1.0"\nagb = "94012345"\nverslagjaar = 2025\nvolgnummer = 1\n[tabellen.trajecten]\nrijen = 2\n',
            "wrong": b'agb = "94099999"\nverslagjaar = 1999\n[tabellen.trajecten]\nrijen = -1\nsha256 = "00"\n',
            "no-toml": b"agb = \n[[[",
            "deep": b"a = " + b"[" * 200 + b"]" * 200,
        },
    }
    for target, entries in seeds.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in entries.items():
            (folder / f"seed-{name}").write_bytes(content)


if __name__ == "__main__":
    main()
