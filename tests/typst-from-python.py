"""Takes the arguments of `typst compile` and hands them to the compiler in PyPI's package `typst`."""

import sys

import typst


def main(arguments: list[str]) -> int:
    if arguments[:1] != ["compile"]:
        print("only `compile` is known", file=sys.stderr)
        return 2
    options = {"--root": None, "--font-path": None, "--pdf-standard": None}
    files = []
    rest = iter(arguments[1:])
    for word in rest:
        if word in options:
            options[word] = next(rest)
        elif word != "--ignore-system-fonts":
            files.append(word)
    source, target = files
    try:
        typst.compile(
            source,
            output=target,
            root=options["--root"],
            font_paths=[options["--font-path"]],
            ignore_system_fonts=True,
            pdf_standards=options["--pdf-standard"].split(","),
        )
    except typst.TypstError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


sys.exit(main(sys.argv[1:]))
