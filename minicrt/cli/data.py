"""`minicrt data`: which corpora are here, and how to get the others."""

import argparse
from typing import Any

from minicrt.files import expanded

DESCRIPTION = """\
Show which corpora are found and where, or download one. A corpus is looked for in --data-dir, in
$MINICRT_DATA and in the user's cache folder, as ptb/ptb.train.txt and so on. Its tokens are counted
in the files, whose SHA-256 are compared with those of the published ones. Nothing is ever downloaded
unless `data get` asks for it."""


def add(commands: Any) -> None:
    parser = commands.add_parser("data", help="list the corpora, download one", description=DESCRIPTION)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    listing = actions.add_parser("list", help="the corpora, found or not",
                                 description="List the corpora: where they are, or what to do to have them.")
    listing.add_argument("--data-dir", type=expanded, metavar="DIR", help="where corpora are looked for first")
    listing.set_defaults(run=run_list)
    getting = actions.add_parser("get", help="download a corpus, verified by SHA-256",
                                 description="Download a corpus. An interrupted download goes on where it stopped.")
    getting.add_argument("name", metavar="NAME", help="the corpus: ptb")
    getting.add_argument("--data-dir", type=expanded, metavar="DIR",
                         help="the data folder (default: $MINICRT_DATA, or else the user's cache folder)")
    getting.set_defaults(run=run_get)


def run_list(arguments: argparse.Namespace) -> None:
    from minicrt.data import catalogue

    corpora = catalogue(arguments.data_dir)
    name_width, size_width = (max(len(getattr(corpus, field)) for corpus in corpora) for field in ("name", "size"))
    for corpus in corpora:
        where = f"found: {corpus.where}" if corpus.found else f"not found: {corpus.how}"
        print(f"{corpus.name:<{name_width}}  {corpus.size:<{size_width}}  {where}")
        if corpus.differs:
            print(f"{'':<{name_width}}  another {corpus.name}: {corpus.differs}")
    print(f"{'a file':<{name_width}}  any text: minicrt train --corpus FILE --level word|character")
    print(f"{'a folder':<{name_width}}  with a train, a valid (or dev) and a test text: minicrt train --corpus FOLDER")


def run_get(arguments: argparse.Namespace) -> None:
    from minicrt.data import get

    get(arguments.name, arguments.data_dir, report=print)
