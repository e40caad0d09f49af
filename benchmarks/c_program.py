"""What the exported C program takes of a device: flash and RAM, as `size` finds them in what the compiler makes.

Flash is the code and the constants of model.c, libm and the text of the tokens aside. RAM is a model_stream and the
stack; the stack is at most the frames of all functions together (-fstack-usage). The weights are drawn: what is learned
changes no size. It takes gcc and size.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from minicrt.atomic import write_atomically
from minicrt.data import Vocabulary
from minicrt.export import export_c
from minicrt.models import create_model
from minicrt.quantisation import quantise
from minicrt.strict_json import to_json

COLUMNS = {"width": "d", "vocabulary": ",d", "bits": "d", "weights": ",d", "flash": ",d", "ram": ",d", "stream": ",d",
           "stack": ",d"}
STREAM = '#include "model.h"\nmodel_stream stream;\n'
GCC = ["gcc", "-std=c99", "-Os", "-c"]


def main() -> None:
    options = report.parser(sys.modules[__name__])
    options.add_argument("--widths", type=report.numbers, default=[64, 128], metavar="D,D", help="(default: 64,128)")
    options.add_argument("--vocabulary", type=report.positive, default=5000, help="(default: 5000)")
    arguments = options.parse_args()
    rows = [measured(width, arguments.vocabulary, bits) for width in arguments.widths for bits in (32, 8, 4)]
    print(subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0])
    print("bytes\n\n" + report.table(rows, COLUMNS))
    if arguments.json:
        write_atomically(arguments.json, (to_json([{**row, "command": report.command()} for row in rows], indent=1)
                                          + "\n").encode())


def measured(width: int, vocabulary: int, bits: int) -> dict[str, Any]:
    """Of a CRT in its default configuration, two layers, F = 4D, segments of 35"""
    model = create_model(vocabulary=vocabulary, width=width, layers=2, inner=4 * width, segment_length=35)
    parameters = model.initialize(np.random.default_rng(0))
    files = export_c(model, parameters if bits == 32 else quantise(parameters, bits),
                     Vocabulary(map(str, range(vocabulary))))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in {**files, "stream.c": STREAM}.items():
            (folder / file).write_text(text, encoding="utf-8")
        subprocess.run([*GCC, "-fstack-usage", "model.c"], cwd=folder, check=True)
        subprocess.run([*GCC, "stream.c"], cwd=folder, check=True)
        text, data, bss = sections(folder / "model.o")
        stream, stack = sections(folder / "stream.o")[2], frames(folder / "model.su")
    return {"width": width, "vocabulary": vocabulary, "bits": bits, "weights": model.size, "flash": text + data,
            "ram": stream + stack + bss, "stream": stream, "stack": stack}


def sections(file: Path) -> list[int]:
    """text, data and bss"""
    said = subprocess.run(["size", file], capture_output=True, text=True, check=True).stdout
    return [int(number) for number in said.splitlines()[1].split()[:3]]


def frames(file: Path) -> int:
    return sum(int(line.split("\t")[1]) for line in file.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    report.run(main)
