"""The files of a C program: model.h and model.c, and main.c and vocabulary.h, which stream a text through them"""

from minicrt.data import Vocabulary
from minicrt.errors import InputError
from minicrt.export.c_program.header import header
from minicrt.export.c_program.parts import part
from minicrt.export.c_program.program import program
from minicrt.export.c_program.vocabulary_header import vocabulary_header
from minicrt.export.design import design
from minicrt.models import Parameters, SegmentModel


def export_c(model: SegmentModel, parameters: Parameters, vocabulary: Vocabulary) -> dict[str, str]:
    """C99, by the names of the files. model.h and model.c need nothing but libm: weights are constants, in float32 or
    as small as those of a quantised run; all else that lasts is in a `model_stream`, and nothing is allocated. main.c
    and vocabulary.h show how they are used.

    Raises InputError for a model that cannot be exported, and where the three do not fit. A quantised NC-GRU is one:
    its orthogonal matrices are made of float32 numbers, which have no small form.
    """
    made = design(model, parameters, vocabulary)
    if made.small and getattr(model.config, "memory", "") == "ncgru":
        raise InputError("a quantised run with memory 'ncgru' has no C program, since its orthogonal matrices have no "
                         "small form; export the run that it was made from")
    return {"model.h": header(made), "model.c": program(made), "vocabulary.h": vocabulary_header(vocabulary),
            "main.c": part("main")}
