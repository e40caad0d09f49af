"""The functions of a C program, a file each; a program has those that its model needs"""

from importlib.resources import files


def part(name: str) -> str:
    return (files(__name__) / f"{name}.c").read_text(encoding="utf-8")
