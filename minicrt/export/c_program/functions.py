"""The functions of a C program that follow a model's settings: a segment begins, a token is read (docs/spec.md, 2.2)"""

from minicrt.export.design import Design

BLOCKS = """\
/* A row through all blocks */
static void blocks(model_stream *s, float *x)
{
    for (int l = 0; l < L; l++)
        block(&block_weights[l], x, s->keys[l], s->values[l], s->row);
    s->row++;
}"""
Lines = list[str]


def of_model(made: Design) -> Lines:
    functions = [[BLOCKS], begin_segment(made), readout(made) if made.reads else [], model_start(made),
                 model_step(made)]
    return ["\n".join(lines) for lines in functions if lines]


def begin_segment(made: Design) -> Lines:
    body = write_per_segment(made) if made.per_segment else []
    body += ["s->row = 0;"]
    if made.recurrent_positions and not made.config.position_carry:
        body += ["memset(s->positions, 0, sizeof s->positions);"]
    if made.reads:
        body += [noted("linear(s->read, s->memory[0], memory_read, 0, M * D, D);", "m W_r")]
    if made.front:
        row = "norm(x, s->memory[i], memory_norm_gain, memory_norm_bias);" if made.normed_memory \
            else "memcpy(x, s->memory[i], sizeof x);"
        body += ["for (int i = 0; i < M; i++) {", "    float x[D];", "", f"    {row}", "    blocks(s, x);", "}"]
    return function("static void begin_segment(model_stream *s)", body)


def write_per_segment(made: Design) -> Lines:
    kind = made.writers[0].kind
    return [noted("if (s->row == ROWS) {", f"m = {kind}(mean of y, m)"),
            "    for (int i = 0; i < D; i++)", "        s->sum[i] /= T;",
            "    for (int i = 0; i < M; i++)",
            f"        {kind}(&writers[i], s->memory[i], s->sum, D);",
            "    memset(s->sum, 0, sizeof s->sum);", "}"]


def z_of(made: Design) -> str:
    """What the outputs read, in words: `readout` computes it."""
    h = ("norm(h)" if made.normed_memory else "h") + (", the mean over memory vectors" if made.vectors > 1 else "")
    return "y + (1 + y) * m W_r" + (f" + {h}" if made.per_token else "")


def readout(made: Design) -> Lines:
    body = ["for (int k = 0; k < D; k++)", "    z[k] = y[k] + (1 + y[k]) * s->read[k];"]
    if made.per_token:
        h = ["float h[D];", "", "norm(h, s->memory[i], memory_norm_gain, memory_norm_bias);"] if made.normed_memory \
            else ["const float *h = s->memory[i];", ""]
        body += ["for (int i = 0; i < M; i++) {", *(f"    {line}" if line else "" for line in h),
                 "    for (int k = 0; k < D; k++)", f"        z[k] += h[k]{' / M' if made.vectors > 1 else ''};", "}"]
    return function("static void readout(float *z, const float *y, const model_stream *s)", body, f"z = {z_of(made)}")


def model_start(made: Design) -> Lines:
    body = ["memset(s, 0, sizeof *s);"]
    if made.vectors:
        body += ["memcpy(s->memory, memory_start, sizeof s->memory);"]
    return function("void model_start(model_stream *s)", [*body, "begin_segment(s);"])


def model_step(made: Design) -> Lines:
    z = "z" if made.reads else "y"
    declared = [f"float x[D], y[D]{', z[D]' if made.reads else ''}{', added[D]' if projects(made) else ''};", ""]
    if made.senses:
        head, given, last = "int model_step(model_stream *s, const float *reading)", "reading", f"predict(s, {z});"
        refused = ["for (int c = 0; c < C; c++)", "    if (isinf(scaled(reading, c)))", "        return -1;"]
    else:
        head, given, last = "int model_step(model_stream *s, int token)", "token", f"scores(s->logits, {z});"
        refused = ["if (token < 0 || token >= V)", "    return -1;"]
    body = [*declared, *refused, "if (s->row == ROWS)", "    begin_segment(s);",
            noted(f"embed(x, {given});", "e"), *positions(made), noted("blocks(s, x);", "(2, 3)"),
            "norm(y, x, norm_final_gain, norm_final_bias);" if made.pre_norm else "memcpy(y, x, sizeof y);"]
    if made.per_token:
        kind = made.writers[0].kind
        body += ["for (int i = 0; i < M; i++)",
                 noted(f"    {kind}(&writers[i], s->memory[i], y, D);", f"(4)  h = {kind}(y, h)")]
    if made.per_segment:
        body += ["add(s->sum, y);"]
    if made.reads:
        body += [noted("readout(z, y, s);", "(5)")]
    return function(head, [*body, last, "return 0;"])


def positions(made: Design) -> Lines:
    if made.position_table is not None:
        row = "(s->row - M)" if made.front else "s->row"
        return [noted(f"add(x, positions_table + {row} * D);", "(1)  x = e + row of a table")]
    if not made.recurrent_positions:
        return []
    kind = made.position_network.kind
    run = noted(f"{kind}(&position_network, s->positions, x, P);", f"(1)  p = {kind}(e, p)")
    if projects(made):
        return [run, "linear(added, s->positions, positions_w_out, 0, P, D);", noted("add(x, added);", "x = e + p W_p")]
    return [run, noted("add(x, s->positions);", "x = e + p")]


def projects(made: Design) -> bool:
    return "positions.w_out" in made.parameters


def noted(line: str, note: str) -> str:
    return f"{line:<54} /* {note} */" if len(line) < 54 else f"{line}  /* {note} */"


def function(head: str, body: Lines, note: str = "") -> Lines:
    return [*([f"/* {note} */"] if note else []), head, "{", *(f"    {line}" if line else "" for line in body), "}"]
