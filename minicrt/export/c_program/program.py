"""model.c: the equations of one model as C, with its weights behind them"""

from minicrt import __version__
from minicrt.export.c_program import functions
from minicrt.export.c_program.parts import part
from minicrt.export.c_program.tables import networks, tables
from minicrt.export.c_program.weights import Weights
from minicrt.export.design import Design, summary

INCLUDES = '#include <math.h>\n#include <string.h>\n#include "model.h"'


def program(made: Design) -> str:
    weights = Weights()
    constants = tables(made, weights)
    scores = part(f"scores_{made.bits}").replace("OUTPUT", made.output.replace(".", "_"))
    of_readings = {"": [], "forecast": ["reading", "forecast"], "classify": ["reading", "classes"]}[task(made)]
    pieces = [f"/* {summary(made)}. Made by minicrt {__version__}.\n\n{equations(made)} */", INCLUDES, sizes(made),
              "/* The weights; their numbers stand at the end. */\n" + weights.declarations(),
              *map(part, parts(made)), scores, constants, *map(part, of_readings), *functions.of_model(made),
              weights.definitions()]
    return "\n\n".join(piece.strip() for piece in pieces) + "\n"


def equations(made: Design) -> str:
    """Of one token, and of a segment's beginning; where there is more than one memory vector, h is each of them."""
    x = {"none": "x = e"}.get(made.config.positions, "x = e + row of a table")
    if made.recurrent_positions:
        x = f"p = {made.position_network.kind}(e, p),  x = e + p" + (" W_p" if functions.projects(made) else "")
    first = "A reading: e = [x, m] W + b,  " if made.senses else "A token:   e = sqrt(D) E[token],  "
    lines = [first + x,
             "           y = norm(blocks(x))" if made.pre_norm else "           y = blocks(x)"]
    if made.per_token:
        lines.append(f"           h = {made.writers[0].kind}(y, h)")
    what = {"": "logits", "forecast": "forecast", "classify": "scores of the classes"}[task(made)]
    lines.append(f"           {what} = z O^T + b,  z = {functions.z_of(made) if made.reads else 'y'}")
    if made.vectors:
        m = f"{made.writers[0].kind}(mean of the last segment's y, m)" if made.per_segment else "h"
        lines.append(f"A segment: begins with the memory m = {m}"
                     + (", whose rows go through the blocks first" if made.front else ""))
    lines.append("The steps (1) to (5) are those of minicrt's docs/spec.md, 2.2.")
    return "\n".join("   " + line for line in lines)


def sizes(made: Design) -> str:
    config = made.config
    found: list[tuple[str, str | int, str]] = ends(made) + [
        ("D", "MODEL_WIDTH", "width of a token's vector"),
        ("L", "MODEL_LAYERS", "blocks"), ("ROWS", "MODEL_ROWS", "of a segment"),
        ("K", config.width // config.heads, "width of a head"), ("F", config.inner, "inner width of the feed-forward")]
    if made.vectors:
        found.append(("M", made.vectors, "memory vectors"))
    if made.per_segment:
        found.append(("T", config.segment_length, "tokens of a segment"))
    if made.recurrent_positions:
        found.append(("P", config.positions_width, "width of the positions"))
    if networks(made):
        found.append(("WIDEST", max(network.width for network in networks(made)), "of the recurrent networks"))
    return "\n".join(f"{f'#define {name} {value}':<58} /* {meaning} */" for name, value, meaning in found)


def task(made: Design) -> str:
    return made.framing.task if made.senses else ""


def ends(made: Design) -> list[tuple[str, str | int, str]]:
    """The sizes of what goes in and comes out"""
    if not made.senses:
        return [("V", "MODEL_VOCABULARY", "tokens")]
    channels: tuple[str, str | int, str] = ("C", "MODEL_CHANNELS", "numbers of a reading")
    if made.framing.task == "classify":
        return [channels, ("V", "MODEL_CLASSES", "classes")]
    return [channels, ("V", 1, "forecast"), ("TARGET", made.framing.channel, "the channel that is forecast")]


def parts(made: Design) -> list[str]:
    """The functions that the model needs, each behind what it calls"""
    kinds = list(dict.fromkeys(network.kind for network in networks(made)))
    first = (["entry_4"] if made.bits == 4 else []) + ([] if made.senses else [f"embedding_{made.bits}"])
    first.append(f"linear_{made.bits}")
    if any(kind.endswith("_float_u") for kind in kinds):
        first.append("linear_float")
    if any(kind.startswith("ncgru") for kind in kinds):
        first.append("modrelu")
    return [*first, "add", "norm", made.config.activation, "attention", "block", f"block_{made.config.norm}",
            *(["sigmoid"] if set(kinds) - {"lru"} else []), *kinds]
