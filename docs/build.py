"""Build the site: `python docs/build.py`, into build/site. It needs `pip install -e ".[docs]"` and no network.

A warning is an error. Exit code 1 if anything is wrong; the pages are written all the same.
"""

import argparse
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT / "build" / "site"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the site, without a network.")
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT, help="where to (default: build/site)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    options = parser.parse_args(arguments)
    folder = options.folder.resolve()
    made_by_us = (folder / ".doctrees").is_dir()             # there from the start, also where a build was stopped
    if folder.exists() and any(folder.iterdir()) and not made_by_us:
        parser.error(f"{options.folder} holds something else than a site; name another folder, or an empty one")
    try:
        from sphinx.cmd.build import build_main
    except ImportError as error:
        parser.error(f'{error}; the site needs: pip install -e ".[docs]"')
    if folder.exists():
        shutil.rmtree(folder)                                # a page that is no longer made does not stay behind
    code = build_main(["-q", "-W", "--keep-going", "-E", "-j", str(options.jobs), "-b", "html",
                       "-c", str(ROOT / "docs"), str(ROOT), str(folder)])
    if code == 0:
        print(f"{folder / 'index.html'}: {len(list(folder.rglob('*.html')))} pages")
    return 1 if code else 0


if __name__ == "__main__":
    raise SystemExit(main())
