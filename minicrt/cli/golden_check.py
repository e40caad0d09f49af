"""`minicrt golden check`: compare what a port computed with the golden cases, and say what its mistake is."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minicrt.errors import ConformanceError
from minicrt.files import expanded

if TYPE_CHECKING:
    from minicrt.conformance.checking import CheckReport
    from minicrt.conformance.golden import GoldenCase
    from minicrt.conformance.golden.names import Names

EFFORT = 100_000    # tensors to compute with known mistakes, for all cases of a kind together: some seconds

DESCRIPTION = """\
Compare what a port computed with the golden cases in DIR, as `minicrt golden write DIR` left them. For each
case: which tensors differ and by how much, which goes wrong first, and what the mistake probably is.

THEIRS has a folder a case, THEIRS/CASE, with any of the case's tensors in tensors.safetensors, in
tensors.bin and case.json, or in a .npy file each ('/' in a name written '__'). Cases without a folder are
skipped. Exit code 0: all that was handed in agrees; 1: something differs; 2: the input is bad."""

EXAMPLES = """\
examples:
  minicrt golden check golden --against mine
  minicrt golden check golden --against mine --case gru --verbose
  minicrt golden check golden --against mine --names names.toml --html report.html

names.toml:
  [names]                        # ours = theirs, in every case
  d_x = "x.grad"
  [cases."gru"]                  # in this case alone
  h = "output" """


def add(commands: Any) -> None:
    parser = commands.add_parser("check", help="compare what a port computed with golden cases",
                                 description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("folder", type=expanded, metavar="DIR", help="the golden cases")
    parser.add_argument("--against", type=expanded, required=True, metavar="THEIRS", help="what the port computed")
    parser.add_argument("--names", type=expanded, metavar="MAP.toml", help="what the port calls the tensors")
    parser.add_argument("--case", action="extend", nargs="+", metavar="NAME", help="these cases alone (default: all "
                        "for which THEIRS has a folder)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of text")
    parser.add_argument("--html", type=expanded, metavar="PAGE", help="write a page with tables and error maps too")
    parser.add_argument("--verbose", action="store_true", help="list all tensors, not only those that differ")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from minicrt.cli.targets import check_new
    from minicrt.conformance.checking.report import as_json, text
    from minicrt.conformance.golden import files

    if arguments.html:
        check_new(arguments.html, "--html")
    golden = files.read(arguments.folder)
    names = names_of_theirs(arguments.names, golden) if arguments.names else None
    cases, skipped = chosen(arguments, golden)
    reports: list[CheckReport] = []
    for report in checked(cases, arguments.against, names):
        reports.append(report)
        if not arguments.json and (arguments.verbose or not report.ok):
            print(text(report, arguments.verbose) + "\n", flush=True)
    wrong = [report for report in reports if not report.ok]
    if arguments.html:
        from minicrt.atomic import write_atomically
        from minicrt.cli.targets import writing
        from minicrt.conformance.checking.page import page

        html = page(reports, arguments.against.as_posix())
        with writing(arguments.html, "--html"):
            write_atomically(arguments.html, html.encode("utf-8", "backslashreplace"))      # names of files are bytes
    if arguments.json:
        print(json.dumps({"ok": not wrong, "checked": len(reports), "wrong": len(wrong), "skipped": skipped,
                          "cases": [as_json(report) for report in reports]}, indent=1, allow_nan=False))
    else:
        print_summary(reports, skipped)
        print_names(reports, arguments.names, names)
    return 1 if wrong else 0


def chosen(arguments: argparse.Namespace, golden: "Mapping[str, GoldenCase]"
           ) -> "tuple[dict[str, GoldenCase], list[str]]":
    """The cases to check, and the names of those for which THEIRS has no folder."""
    from minicrt.conformance.checking.comparison import listed
    from minicrt.conformance.golden import hint

    if not arguments.against.is_dir():
        raise ConformanceError(f"--against got {arguments.against}, expected a folder with a folder a case")
    for name in arguments.case or ():
        if name not in golden:
            raise ConformanceError(f"--case got {name!r}, which is no case in {arguments.folder}"
                                   + hint(name, golden))
        if not (arguments.against / name).is_dir():
            raise ConformanceError(f"--case got {name!r}, but {arguments.against} has no folder {name}")
    wanted = list(dict.fromkeys(arguments.case)) if arguments.case else list(golden)
    found = {name: golden[name] for name in wanted if (arguments.against / name).is_dir()}
    if not found:
        there = sorted(path.name for path in arguments.against.iterdir())
        raise ConformanceError(f"{arguments.against} has a folder for none of the {len(wanted)} cases in "
                               f"{arguments.folder} ({listed(wanted)}); it holds {listed(there) or 'nothing'}")
    return found, [name for name in wanted if name not in found]


def names_of_theirs(path: Path, golden: "Mapping[str, GoldenCase]") -> "Names":
    """What the port calls the tensors. A name that leads to no case or to no tensor of any is an error."""
    from minicrt.conformance.checking.comparison import did_you_mean
    from minicrt.conformance.golden import hint
    from minicrt.conformance.golden.names import read_names

    names = read_names(path)
    tensors = {tensor.name for case in golden.values() for tensor in case.tensors}
    for name in names.cases:
        if name not in golden:
            raise ConformanceError(f"{path} has names for {name!r}, which is no case{hint(name, golden)}")
    for name in names.common:
        if name not in tensors:
            raise ConformanceError(f"{path} maps {name!r}, which is no tensor of any case{did_you_mean(name, tensors)}")
    return names


def checked(cases: "Mapping[str, GoldenCase]", against: Path, names: "Names | None") -> "Iterator[CheckReport]":
    """A report a case; a diagnosis may take seconds, so a bar shows how far it is where somebody watches."""
    from tqdm import tqdm

    from minicrt.conformance.checking import CheckReport, Experience, compare
    from minicrt.conformance.golden import files

    experience = {kind: Experience(effort_left=EFFORT) for kind in ("operation", "model")}
    theirs = {name: files.read_port(against / name, case, names) for name, case in cases.items()}
    with tqdm(cases.items(), desc="checking", unit=" cases", file=sys.stderr, disable=None, leave=False) as bar:
        for name, case in bar:
            bar.set_postfix_str(name)
            report = CheckReport(compare(case, theirs[name]), experience[case.kind])
            report.diagnosis                                 # noqa: B018 - here, under the bar, and kept
            bar.clear()
            yield report


def print_summary(reports: "list[CheckReport]", skipped: list[str]) -> None:
    from minicrt.conformance.checking.comparison import listed
    from minicrt.conformance.checking.report import counted

    wrong = [report.case.name for report in reports if not report.ok]
    rows = [row for report in reports for row in report.comparison.compared]
    differ = sum(row.wrong for row in rows)
    verdict = f"{len(wrong)} of {counted(len(reports), 'case')} wrong ({listed(wrong)})" if wrong else \
        f"{counted(len(reports), 'case')} right"
    print(f"{verdict}; {len(rows) - differ} of {counted(len(rows), 'tensor')} agree"
          + (f"; {len(skipped)} without a folder skipped" if skipped else ""))
    found = Counter(report.diagnosis.mistakes for report in reports if report.diagnosis.mistakes)
    for mistakes, number in found.most_common(4):
        if number > 1:
            print(f"{' and '.join(map(repr, mistakes))}: in {number} cases")
    if not wrong:
        notes = [f"{report.case.name}: {remark}" for report in reports for remark in report.comparison.remarks()]
        print("\n".join(f"note: {note}" for note in notes[:12]), end="\n" if notes else "")


def print_names(reports: "list[CheckReport]", path: Path | None, names: "Names | None") -> None:
    """Which of their tensors are none of ours, and which lines of the file for --names lead to nothing of theirs"""
    from minicrt.conformance.checking.comparison import did_you_mean, listed

    unknown = list(dict.fromkeys(name for report in reports for name in report.comparison.unknown))
    if unknown:
        one = len(unknown) == 1
        hint = f", and {path} has no line for {'it' if one else 'them'}" if path else \
            "; a file for --names says which of ours is meant (see `minicrt golden check --help`)"
        print(f"note: {listed(unknown)} {'is no tensor' if one else 'are no tensors'} of ours{hint}")
    rows = [row for report in reports for row in (*report.comparison.given, *report.comparison.computed)]
    missing = {row.name for row in rows} - {row.name for row in rows if row.present}
    for ours, theirs in names.common.items() if names else ():
        if ours in missing:
            print(f"note: {path} maps {ours} to {theirs}, which no case has{did_you_mean(theirs, unknown)}")
