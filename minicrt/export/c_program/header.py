"""model.h: what a program that uses the model sees of it"""

from minicrt import __version__
from minicrt.export.design import Design, summary

HEADER = """\
/* {summary}.
   Made by minicrt {version}.

       static model_stream stream;                     all the memory that a text takes, the stack aside
       model_start(&stream);
       if (model_step(&stream, token) == 0)            -1: the token is not 0 to MODEL_VOCABULARY - 1
           use(stream.logits);                         the scores of the token that follows

   A stream is plain data: a copy of it goes on from where it was copied. Any number of them can be at work. */
#ifndef MODEL_H
#define MODEL_H

#define MODEL_VOCABULARY {V}
#define MODEL_WIDTH {D}
#define MODEL_LAYERS {L}
#define MODEL_ROWS {rows}                               /* of a segment: {what_rows} */

typedef struct {{
    int row;                                           /* of the running segment, the next to come */
    float keys[MODEL_LAYERS][MODEL_ROWS][MODEL_WIDTH];
    float values[MODEL_LAYERS][MODEL_ROWS][MODEL_WIDTH];
{state}
    float logits[MODEL_VOCABULARY];
}} model_stream;

void model_start(model_stream *s);                     /* a new text */
int model_step(model_stream *s, int token);            /* its next token */

#endif
"""


def header(made: Design) -> str:
    config, front = made.config, made.front
    return HEADER.format(summary=summary(made), version=__version__, V=config.vocabulary, D=config.width,
                         L=config.layers, rows=made.rows, state="\n".join(members(made)),
                         what_rows=f"{front} of the memory, {config.segment_length} tokens" if front else "its tokens")


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
