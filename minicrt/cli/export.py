"""`minicrt export`: a trained model that leaves Python."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minicrt.cli import kinds
from minicrt.cli.targets import check_new, writing
from minicrt.files import expanded

if TYPE_CHECKING:
    from minicrt.training import Trained, TrainedSensors

DESCRIPTION = """\
Write a trained Transformer, or a CRT whose memory is vectors (memory_form=vector) that a GRU, an NC-GRU, a minGRU or
an LRU writes, of words with output=softmax or of sensor readings, for other programs: as an ONNX file of standard
operators, which any of its runtimes steps token by token or reading by reading, or as a C program that needs no
library and allocates nothing. Both keep the keys and values of the running segment and begin the next segment by
themselves. Nothing that is there is written over.

--format c makes a folder: model.h and model.c are the model, with its weights as constants; main.c is a program that
streams a text or readings through it, with the tokens' text in vocabulary.h, or the sensors' names in readings.h."""

EXAMPLES = """\
examples:
  minicrt export runs/ptb-001 --format onnx --out ptb.onnx
  minicrt export runs/ptb-001 --format c --out ptb-c"""


def add(commands: Any) -> None:
    parser = commands.add_parser("export", help="a trained model as an ONNX file or as a C program",
                                 description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("run_folder", type=expanded, metavar="RUN", help="a run folder, or a checkpoint file")
    parser.add_argument("--format", choices=tuple(WRITERS), required=True, help="onnx: a file, which takes the extra "
                        "`export`; c: a folder of C99, small weights as they are")
    parser.add_argument("--out", type=expanded, required=True, metavar="PATH", help="the file or folder to make")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from minicrt.training import load_either

    check_new(arguments.out, "--out")
    WRITERS[arguments.format](load_either(arguments.run_folder), arguments.out)


def write_onnx(trained: "Trained | TrainedSensors", out: Path) -> None:
    from minicrt.atomic import create_atomically
    from minicrt.export import export_onnx

    data = export_onnx(trained.model, trained.parameters, kinds.meaning(trained))
    with writing(out, "--out"):
        create_atomically(out, data)
    print(f"{out}   {len(data):,} bytes")


def write_c(trained: "Trained | TrainedSensors", out: Path) -> None:
    from minicrt.atomic import create_folder_atomically
    from minicrt.export import export_c

    texts = export_c(trained.model, trained.parameters, kinds.meaning(trained))
    files = {name: text.encode("utf-8") for name, text in texts.items()}
    with writing(out, "--out"):
        create_folder_atomically(out, files)
    for name, data in files.items():
        print(f"{out / name}   {len(data):,} bytes")
    print(f"to compile it: cc -std=c99 -O2 -o stream {out / 'main.c'} {out / 'model.c'} -lm")


WRITERS = {"onnx": write_onnx, "c": write_c}
