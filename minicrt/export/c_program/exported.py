"""The files of a C program: model.h and model.c; main.c and a header, which stream a text or readings through them"""

from minicrt.data import Vocabulary
from minicrt.data.sensors import Framing
from minicrt.export.c_program.header import header
from minicrt.export.c_program.parts import part
from minicrt.export.c_program.program import program
from minicrt.export.c_program.readings_header import readings_header
from minicrt.export.c_program.vocabulary_header import vocabulary_header
from minicrt.export.design import design
from minicrt.models import Parameters, SegmentModel


def export_c(model: SegmentModel, parameters: Parameters, meaning: Vocabulary | Framing) -> dict[str, str]:
    """C99, by the names of the files. model.h and model.c need nothing but libm: weights are constants, in float32 or
    as small as those of a quantised run; all else that lasts is in a `model_stream`, and nothing is allocated. main.c
    and vocabulary.h show how they are used. Of a model of sensor readings `meaning` is the run's framing, and
    readings.h stands in place of vocabulary.h.

    Raises InputError for a model that cannot be exported, and where the three do not fit. The matrix u of a quantised
    NC-GRU is in float32, since its orthogonal blocks are made of numbers that are.
    """
    made = design(model, parameters, meaning)
    files = {"model.h": header(made), "model.c": program(made)}
    if made.senses:
        return {**files, "readings.h": readings_header(made.framing), "main.c": part("main_readings")}
    return {**files, "vocabulary.h": vocabulary_header(made.vocabulary), "main.c": part("main")}
