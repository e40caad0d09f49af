"""`python -m minicrt.teach`: looks whether all is there that the course needs; exit code 1 if something is missing"""

import sys

from minicrt.teach.environment import report


def main() -> int:
    text, ready = report()
    print(text)
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main())
