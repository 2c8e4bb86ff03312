"""Makes the zips and workbooks of the fixtures: `python3 tests/bad-submissions/make/workbooks.py`.

Standard library only, and every part written by hand, so that each file has just the one defect that it is about. Invented
values. The same script gives the same bytes.
"""

import io
import struct
import zipfile
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent
HEADERS = ["traject_id", "client_id", "startdatum", "einddatum", "eindreden", "stelsel", "minuten_direct", "minuten_bron", "geboortejaar", "geslacht"]
SESSION_HEADERS = ["traject_id", "datum", "minuten_direct", "minuten_indirect", "vorm"]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DATE, TEXT = 1, 2


def trajectories(count=20):
    """Rows of a clean table; dates as days since 1900-01-01 as Excel counts them."""
    return [
        [f"T{n:03}", f"C{n:03}", Date(45658 + n), Date(45658 + n + 100 + n * 7 % 40), "afgerond", "ZPM", 400 + n, "exact", 1950 + n, "mv"[n % 2]]
        for n in range(1, count + 1)
    ]


def sessions(count=20):
    return [[f"T{n:03}", Date(45690), 400 + n, 10, "f2f"] for n in range(1, count + 1)]


class Date(int):
    """A number that is shown as a date."""

    def iso(self):
        import datetime

        return (datetime.date(1899, 12, 30) + datetime.timedelta(int(self))).isoformat()


class Raw(str):
    """A cell as XML, with {ref} for its place."""


def letter(column):
    name = ""
    while column >= 0:
        name, column = chr(65 + column % 26) + name, column // 26 - 1
    return name


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cell(value, ref):
    if value is None:
        return ""
    if isinstance(value, Raw):
        return value.replace("{ref}", ref)
    if isinstance(value, Date):
        return f'<c r="{ref}" s="{DATE}"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{ref}"><v>{value}</v></c>'
    return f'<c r="{ref}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def sheet(rows, hidden=(), after="", row_numbers=None):
    """A sheet of rows; `hidden` holds row numbers, `after` is XML behind the cells."""
    numbers = row_numbers or range(1, len(rows) + 1)
    lines = []
    for number, row in zip(numbers, rows):
        cells = "".join(cell(value, f"{letter(column)}{number}") for column, value in enumerate(row))
        mark = ' hidden="1"' if number in hidden else ""
        lines.append(f'<row r="{number}"{mark}>{cells}</row>')
    return f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData>{after}</worksheet>'


def table(rows, headers=HEADERS, **options):
    return sheet([headers, *rows], **options)


STYLES = (
    f'<?xml version="1.0"?><styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="dd\\-mm\\-yyyy"/></numFmts>'
    '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="49"/></cellXfs></styleSheet>'
)


def parts(sheets, hidden=(), workbook="", extra=None):
    """The parts of a workbook of (name, XML) sheets."""
    names = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}"{" state=" + chr(34) + "hidden" + chr(34) if name in hidden else ""} r:id="rId{n}"/>'
        for n, (name, _) in enumerate(sheets, 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in range(1, len(sheets) + 1)
    )
    relations += f'<Relationship Id="rIdStyles" Type="{RELATIONS}/styles" Target="styles.xml"/>'
    made = {
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
        '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<?xml version="1.0"?><workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{workbook}<sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}">{relations}</Relationships>',
        "xl/styles.xml": STYLES,
    }
    for n, (_, xml) in enumerate(sheets, 1):
        made[f"xl/worksheets/sheet{n}.xml"] = xml
    made.update(extra or {})
    return made


def zipped(entries, stored=(), modes=None):
    """A zip with a fixed date in every entry."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in entries.items() if isinstance(entries, dict) else entries:
            entry = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            entry.external_attr = (modes or {}).get(name, 0o100644) << 16
            entry.create_system = 3
            archive.writestr(entry, content)
    return out.getvalue()


def workbook(sheets, **options):
    return zipped(parts(sheets, **options))


def csv(rows, headers=HEADERS):
    show = lambda value: value.iso() if isinstance(value, Date) else str(value)
    return "".join(";".join(map(show, row)) + "\n" for row in [headers, *rows])


def write(fixture, name, content):
    folder = FIXTURES / fixture
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


CLEAN = csv(trajectories())
BOOK = workbook([("trajecten", table(trajectories()))])


def changed(row, column, value, rows=None):
    """Clean rows with one cell replaced; `row` counts as Excel does."""
    rows = rows or trajectories()
    rows[row - 2][HEADERS.index(column)] = value
    return rows


def one(fixture, rows, **options):
    write(fixture, "submission.xlsx", workbook([("trajecten", table(rows))], **options))


def overlapping():
    """Two entries of the directory that both are the first file."""
    data = bytearray(zipped({"trajecten.csv": CLEAN, "sessies.csv": csv(sessions(), SESSION_HEADERS)}))
    second = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, second + 42, 0)
    return bytes(data)


def ole(name):
    """The first sectors of an OLE container whose directory names one stream."""
    wide = name.encode("utf-16-le")
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    root, stream = bytearray(128), bytearray(128)
    root[: len("Root Entry") * 2] = "Root Entry".encode("utf-16-le")
    stream[: len(wide)] = wide
    return bytes(header) + bytes(root) + bytes(stream) + bytes(256)


def container():
    """3.1: packing and files."""
    for kind, name in [("traversal", "../trajecten.csv"), ("absolute", "/trajecten.csv"), ("drive-letter", "C:trajecten.csv"), ("backslash", "..\\trajecten.csv")]:
        write(f"E001-{kind}", "submission.zip", zipped({name: CLEAN}))
    for kind, mode in [("symlink", 0o120777), ("device", 0o020644), ("fifo", 0o010644)]:
        write(f"E002-{kind}", "submission.zip", zipped({"trajecten.csv": CLEAN, "sessies.csv": "/etc/hostname"}, modes={"sessies.csv": mode}))
    write("E003-zip-bomb", "submission.zip", zipped({"trajecten.csv": CLEAN + "\n" * (3 << 20)}))
    bomb = table(trajectories(), after=" " * (3 << 20))
    write("E003-workbook-bomb", "submission.xlsx", workbook([("trajecten", bomb)]))
    write("E004-too-many-entries", "submission.zip", zipped({"trajecten.csv": CLEAN, **{f"{n}.csv": "" for n in range(64)}}, stored=[f"{n}.csv" for n in range(64)]))
    write("E004-overlapping-entries", "submission.zip", overlapping())
    write("E005-zip-in-zip", "submission.zip", zipped({"trajecten.csv": CLEAN, "sessies.zip": zipped({"sessies.csv": csv(sessions(), SESSION_HEADERS)})}))
    write("E005-gzip-in-folder", "trajecten.csv", CLEAN)
    write("E005-gzip-in-folder", "sessies.csv.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")
    whole = zipped({"trajecten.csv": CLEAN})
    write("E006-truncated-zip", "submission.zip", whole[: len(whole) // 2])
    stored = bytearray(zipped({"trajecten.csv": CLEAN}, stored=["trajecten.csv"]))
    stored[60] ^= 1
    write("E006-wrong-checksum", "submission.zip", bytes(stored))
    write("E006-truncated-workbook", "submission.xlsx", BOOK[: len(BOOK) // 2])
    write("E006-broken-sheet", "submission.xlsx", workbook([("trajecten", table(trajectories())[:-40])]))
    unfinished = table(trajectories()).split('<row r="12">')[0]
    write("E006-sheet-without-end", "submission.xlsx", workbook([("trajecten", unfinished)]))
    write("E006-rows-out-of-order", "submission.xlsx", workbook([("trajecten", sheet([HEADERS, *trajectories()], row_numbers=[1, *range(21, 1, -1)]))]))
    locked = bytearray(whole)
    locked[6] |= 1
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    write("E007-password-on-zip", "submission.zip", bytes(locked))
    write("E007-password-on-workbook", "submission.xlsx", ole("EncryptedPackage"))
    write("E008-empty-file", "trajecten.csv", "")
    write("E008-mark-only", "trajecten.csv", b"\xef\xbb\xbf")
    write("E009-csv-named-xlsx", "trajecten.xlsx", CLEAN)
    write("E009-html-named-xls", "trajecten.xls", "<html><table><tr><td>traject_id</td></tr></table></html>\n")
    write("E009-workbook-named-csv", "trajecten.csv", BOOK)
    write("E009-workbook-named-zip", "submission.zip", BOOK)
    write("E009-zip-named-xlsx", "submission.xlsx", whole)
    kinds = {
        "pdf": b"%PDF-1.7\n%%EOF\n",
        "docx": zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"}),
        "sav": b"$FL2@(#) SPSS DATA FILE" + bytes(40),
        "accdb": b"\x00\x01\x00\x00Standard ACE DB\x00" + bytes(40),
        "xls": ole("Workbook"),
        "xlsb": zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": bytes(16)}),
        "ods": zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<content/>"}, stored=["mimetype"]),
    }
    for kind, content in kinds.items():
        write(f"E010-{kind}", "trajecten.csv", CLEAN)
        write(f"E010-{kind}", f"sessies.{kind}", content)
    write("E011-unknown-file", "trajecten.csv", CLEAN)
    write("E011-unknown-file", "lijst.csv", "a;b\n1;2\n")
    write("E011-workbook-without-table", "submission.xlsx", workbook([("Blad1", sheet([["a", "b"], [1, 2]]))]))
    write("E012-two-files", "trajecten.csv", CLEAN)
    write("E012-two-files", "behandeltrajecten.csv", CLEAN)
    write("E012-workbook-beside-file", "submission.zip", zipped({"trajecten.csv": CLEAN, "trajecten.xlsx": BOOK}))
    write("E013-workbook-without-trajectories", "submission.xlsx", workbook([("sessies", table(sessions(), SESSION_HEADERS))]))
    far = trajectories() + [[Raw('<c r="XFD1048576"><v>1</v></c>')]]
    write("E014-last-cell", "submission.xlsx", workbook([("trajecten", sheet([HEADERS, *far], row_numbers=[*range(1, 22), 1048576]))]))
    write("E014-wide-and-long", "submission.xlsx", workbook([("trajecten", sheet([HEADERS, *far[:-1], [Raw('<c r="J600000"><v>1</v></c>')]], row_numbers=[*range(1, 22), 600000]))]))
    macros = parts([("trajecten", table(trajectories()))], extra={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})
    write("E015-macro-workbook", "submission.xlsm", zipped(macros))
    write("E015-macros-in-xlsx", "submission.xlsx", zipped(macros))
    link = f'<?xml version="1.0"?><externalLink xmlns="{MAIN}"><externalBook/></externalLink>'
    one("E016-external-link", trajectories(), extra={"xl/externalLinks/externalLink1.xml": link})
    dde = f'<?xml version="1.0"?><externalLink xmlns="{MAIN}"><ddeLink ddeService="cmd" ddeTopic="/C calc"/></externalLink>'
    one("E016-dynamic-data", trajectories(), extra={"xl/externalLinks/externalLink1.xml": dde})
    one("E016-embedded-object", trajectories(), extra={"xl/embeddings/oleObject1.bin": ole("Package")})
    write("E017-case", "submission.zip", zipped([("trajecten.csv", CLEAN), ("Trajecten.csv", CLEAN)]))
    write("E017-accents", "submission.zip", zipped([("trajecten.csv", CLEAN), ("cli\u00ebnt.txt", "x"), ("clie\u0308nt.txt", "x")]))
    entity = table(trajectories()).replace("<worksheet", '<!DOCTYPE x [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><worksheet')
    write("E018-entities", "submission.xlsx", workbook([("trajecten", entity)]))
    write("E018-entities-in-utf-16", "submission.xlsx", workbook([("trajecten", entity.replace("UTF-8", "UTF-16").encode("utf-16"))]))
    noise = {"__MACOSX/._trajecten.csv": "x", ".DS_Store": "x", "Thumbs.db": "x", "~$trajecten.xlsx": "x"}
    write("N801-files-of-the-system", "submission.zip", zipped({"trajecten.csv": CLEAN, **noise}))


def sheets():
    """3.2: what only workbooks have."""
    rows = trajectories()
    write("E116-two-sheets", "submission.xlsx", workbook([("trajecten", table(rows)), ("Trajecten (2)", table(rows))]))
    below = [HEADERS, *rows, [], SESSION_HEADERS, *sessions()]
    write("E116-second-table-below", "submission.xlsx", workbook([("trajecten", sheet(below))]))
    beside = [left + [None] + right for left, right in zip([HEADERS, *rows], [SESSION_HEADERS, *sessions()])]
    write("E116-second-table-beside", "submission.xlsx", workbook([("trajecten", sheet(beside))]))
    write("E117-merged-cells", "submission.xlsx", workbook([("trajecten", table(rows, after='<mergeCells count="1"><mergeCell ref="H5:H7"/></mergeCells>'))]))
    formula = '<c r="{ref}"><f>1+1</f></c>'
    one("E118-minutes-without-value", changed(5, "minuten_direct", Raw(formula)))
    one("E118-key-without-value", changed(5, "traject_id", Raw('<c r="{ref}" t="str"><f>A4</f></c>')))
    one("E118-date-without-value", changed(5, "startdatum", Raw(formula)))
    one("E119-error-in-minutes", changed(5, "minuten_direct", Raw('<c r="{ref}" t="e"><f>A1/0</f><v>#DIV/0!</v></c>')))
    one("E119-error-in-key", changed(5, "traject_id", Raw('<c r="{ref}" t="e"><v>#REF!</v></c>')))
    one("E119-not-available", changed(5, "minuten_direct", Raw('<c r="{ref}" t="e"><v>#N/A</v></c>')))
    write("E119-error-as-text", "trajecten.csv", csv(changed(5, "minuten_direct", "#DEEL/0!", changed(6, "minuten_bron", "#VERW!"))))
    one("N815-formula", changed(5, "minuten_direct", Raw('<c r="{ref}"><f>400+5</f><v>405</v></c>')))
    one("W707-formula-of-the-day", changed(5, "einddatum", Raw(f'<c r="{{ref}}" s="{DATE}"><f>TODAY()</f><v>45800</v></c>')))
    early = lambda rows: [[Date(value - 1462) if isinstance(value, Date) else value for value in row] for row in rows]
    one("N816-days-from-1904", early(rows), workbook='<workbookPr date1904="1"/>')
    later = '<workbookPr date1904="1"/><extLst><ext><x15:workbookPr xmlns:x15="urn:x" chartTrackingRefBase="1"/></ext></extLst>'
    one("N816-second-properties", early(rows), workbook=later)
    one("N817-number-as-text", changed(5, "minuten_direct", "405"))
    one("N817-text-as-number", [[1000 + n, *row[1:]] for n, row in enumerate(rows)])
    write("W705-hidden-sheet", "submission.xlsx", workbook([("trajecten", table(rows)), ("sessies", table(sessions(), SESSION_HEADERS))], hidden=["sessies"]))
    write("W705-hidden-rows", "submission.xlsx", workbook([("trajecten", table(rows, hidden=[4, 5, 6]))]))
    chosen = '<autoFilter ref="A1:J21"><filterColumn colId="9"><filters><filter val="v"/></filters></filterColumn></autoFilter>'
    write("W705-active-filter", "submission.xlsx", workbook([("trajecten", table(rows, hidden=[3, 5, 7], after=chosen))]))
    write("W706-sheet-without-rows", "submission.xlsx", workbook([("trajecten", table(rows)), ("rom", sheet([["traject_id", "moment", "datum", "instrument", "schaal", "score"]]))]))
    write("W703-cells-beside-the-table", "submission.xlsx", workbook([("trajecten", table([row + [None, "let op"] if n == 3 else row for n, row in enumerate(rows)]))]))
    above = [["Uitvoer van het EPD"], [], HEADERS, *rows]
    write("N808-lines-above-in-workbook", "submission.xlsx", workbook([("trajecten", sheet(above, after='<mergeCells><mergeCell ref="A1:D1"/></mergeCells>'))]))
    write("N812-sheet-known-by-headers", "submission.xlsx", workbook([("Blad1", table(rows)), ("Blad2", table(sessions(), SESSION_HEADERS))]))
    write("N813-blank-rows-in-workbook", "submission.xlsx", workbook([("trajecten", sheet([HEADERS, *rows[:5], *rows[5:]], row_numbers=[*range(1, 7), *range(8, 23)]))]))
    person = (
        '<?xml version="1.0"?><cp:coreProperties xmlns:cp="urn:cp" xmlns:dc="urn:dc"><dc:creator>A. Verzonnen</dc:creator>'
        "<cp:lastModifiedBy>B. Bedacht</cp:lastModifiedBy></cp:coreProperties>"
    )
    one("E608-author-of-workbook", rows, extra={"docProps/core.xml": person})


if __name__ == "__main__":
    container()
    sheets()
