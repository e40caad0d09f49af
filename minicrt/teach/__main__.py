"""`python -m minicrt.teach`: looks whether all is there that the course needs; exit code 1 if something is missing"""

import argparse
import sys

from minicrt.teach.environment import report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m minicrt.teach", description="Look whether all is there that the course "
                                     "needs.")
    parser.parse_args(arguments)
    text, ready = report()
    print(text)
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main())
