"""readings.h: what the numbers are called, and how a program reads them"""

from minicrt.data.sensors import Framing
from minicrt.export.c_program.parts import part
from minicrt.export.c_program.vocabulary_header import literal

READINGS = """\
/* The names of what goes in and comes out, and how lines of numbers are read. */
#ifndef READINGS_H
#define READINGS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "model.h"

{names}

{read}
{show}
#endif
"""


def readings_header(framing: Framing) -> str:
    names = [strings("channels[MODEL_CHANNELS]", framing.channels)]
    if framing.task == "classify":
        names.append(strings("classes[MODEL_CLASSES]", framing.classes))
    return READINGS.format(names="\n\n".join(names), read=part("read_reading"),
                           show=part("print_class" if framing.task == "classify" else "print_forecast"))


def strings(name: str, texts: tuple[str, ...]) -> str:
    lines = ",\n".join(f"    {literal(text)}" for text in texts)
    return f"static const char *const {name} = {{\n{lines}\n}};"
