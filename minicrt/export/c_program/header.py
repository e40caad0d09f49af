"""model.h: what a program that uses the model sees of it"""

from minicrt import __version__
from minicrt.data.sensors import Framing
from minicrt.export.design import Design, summary

LONGEST = 80                                                 # characters of a name
HEADER = """\
/* {summary}.
   Made by minicrt {version}.

       static model_stream stream;                     all the memory that {what} takes, the stack aside
       model_start(&stream);
       if (model_step(&stream, {given}) == 0) {refusal}
           use(stream.{result});{meaning}

   A stream is plain data: a copy of it goes on from where it was copied. Any number of them can be at work.{more} */
#ifndef MODEL_H
#define MODEL_H

{sizes}
#define MODEL_WIDTH {D}
#define MODEL_LAYERS {L}
#define MODEL_ROWS {rows}                               /* of a segment: {what_rows} */

typedef struct {{
    int row;                                           /* of the running segment, the next to come */
    float keys[MODEL_LAYERS][MODEL_ROWS][MODEL_WIDTH];
    float values[MODEL_LAYERS][MODEL_ROWS][MODEL_WIDTH];
{state}
    {array};
}} model_stream;

void model_start(model_stream *s);                     /* a new {text} */
int model_step(model_stream *s, {argument});{gap}/* its next {given} */

#endif
"""
WORDS = {"what": "a text", "given": "token", "result": "logits", "argument": "int token", "text": "text",
         "refusal": "          -1: the token is not 0 to MODEL_VOCABULARY - 1", "gap": " " * 12,
         "meaning": " " * 25 + "the scores of the token that follows", "array": "float logits[MODEL_VOCABULARY]"}
READINGS = {"what": "a recording", "given": "reading", "argument": "const float *reading", "text": "recording",
            "refusal": "        -1: a number of the reading is too large", "gap": " ",
            "meaning": ""}


def header(made: Design) -> str:
    config, front = made.config, made.front
    kind = {**READINGS, **of_readings(made.framing)} if made.senses else {
        **WORDS, "sizes": f"#define MODEL_VOCABULARY {config.vocabulary}", "more": ""}
    return HEADER.format(summary=summary(made), version=__version__, D=config.width, L=config.layers, rows=made.rows,
                         state="\n".join(members(made)), **kind,
                         what_rows=(f"{front} of the memory, " if front else "")
                         + f"{config.segment_length if front else 'its'} {'readings' if made.senses else 'tokens'}")


def of_readings(framing: Framing) -> dict[str, str]:
    """What the numbers of a reading are, and what comes out"""
    inputs = ["A reading is MODEL_CHANNELS numbers, NAN where one is missing:",
              *(f"    {number}: {noted(name, unit)}" for number, (name, unit) in enumerate(
                  zip(framing.channels, framing.units)))]
    sizes = f"#define MODEL_CHANNELS {len(framing.channels)}"
    if framing.task == "classify":
        return {"result": "probabilities", "array": "float probabilities[MODEL_CLASSES]", "more": commented([
            *inputs, f"The probabilities are of {commentable(framing.target)}:",
            *(f"    {number}: {commentable(name)}" for number, name in enumerate(framing.classes))]),
            "sizes": f"{sizes}\n#define MODEL_CLASSES {len(framing.classes)}"}
    return {"result": "forecast", "array": "double forecast", "sizes": sizes, "more": commented([
        *inputs, f"The forecast is {noted(framing.target, framing.unit)}, {framing.horizon} readings later."])}


def noted(name: str, unit: str) -> str:
    return commentable(f"{name}, {unit}" if unit else name)


def commentable(text: str) -> str:
    """A name as it can stand in a comment: ASCII, on one line, not its end"""
    text = text.encode("unicode_escape").decode().replace("*/", "*|").replace("/*", "|*")
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def commented(lines: list[str]) -> str:
    return "\n\n" + "\n".join(f"   {line}" for line in lines)


def members(made: Design) -> list[str]:
    """Of the state between segments, and what is kept within one"""
    lines = []
    if made.recurrent_positions:
        lines.append((f"positions[{made.config.positions_width}]", "p"))
    if made.vectors:
        lines.append((f"memory[{made.vectors}][MODEL_WIDTH]", "h, at a segment's start m"))
    if made.reads:
        lines.append(("read[MODEL_WIDTH]", "m W_r"))
    if made.per_segment:
        lines.append(("sum[MODEL_WIDTH]", "of the segment's y"))
    return [f"    {f'float {name};':<50} /* {meaning} */" for name, meaning in lines]
