"""vocabulary.h: the text of the tokens, and how a program reads them"""

from minicrt.data import Vocabulary
from minicrt.data.tokenizers import UNKNOWN
from minicrt.export.c_program.parts import part

VOCABULARY = """\
/* The text of the model's tokens, and how they are read. What is none of them is read as number UNKNOWN. */
#ifndef VOCABULARY_H
#define VOCABULARY_H

#include <stdio.h>
#include <string.h>
#include "model.h"

#define UNKNOWN {unknown}

static const char *const vocabulary[MODEL_VOCABULARY] = {{
{tokens}
}};

static int token_of(const char *text)
{{
    for (int token = 0; token < MODEL_VOCABULARY; token++)
        if (strcmp(vocabulary[token], text) == 0)
            return token;
    return UNKNOWN;
}}

{read}
#endif
"""


def vocabulary_header(vocabulary: Vocabulary) -> str:
    unknown = vocabulary.tokens.index(UNKNOWN) if UNKNOWN in vocabulary.tokens else -1
    read = part("read_characters" if vocabulary.tokenizer == "characters" else "read_words")
    tokens = ",\n".join(f"    {literal(token)}" for token in vocabulary.tokens)
    return VOCABULARY.format(unknown=unknown, tokens=tokens, read=read)


def literal(text: str) -> str:
    """As a C string of ASCII: what else there is in octal, which ends by itself after three digits"""
    plain = {ord(character) for character in map(chr, range(32, 127)) if character not in '"\\?'}
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text.encode("utf-8")) + '"'
