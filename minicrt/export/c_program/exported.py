"""The files of a C program: model.h and model.c, and main.c and vocabulary.h, which stream a text through them"""

from minicrt.data import Vocabulary
from minicrt.export.c_program.header import header
from minicrt.export.c_program.parts import part
from minicrt.export.c_program.program import program
from minicrt.export.c_program.vocabulary_header import vocabulary_header
from minicrt.export.design import design
from minicrt.models import Parameters, SegmentModel


def export_c(model: SegmentModel, parameters: Parameters, vocabulary: Vocabulary) -> dict[str, str]:
    """C99, by the names of the files. model.h and model.c need nothing but libm: weights are constants in float32, all
    else that lasts is in a `model_stream`, and nothing is allocated. main.c and vocabulary.h show how they are used.

    Raises InputError for a model that cannot be exported, and where the three do not fit.
    """
    made = design(model, parameters, vocabulary)
    return {"model.h": header(made), "model.c": program(made), "vocabulary.h": vocabulary_header(vocabulary),
            "main.c": part("main")}
