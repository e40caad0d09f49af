"""How much of a text the vocabulary does not hold, and what to say when that is most of it."""

import numpy as np

from minicrt.data.corpora import Corpus
from minicrt.data.mapped import in_blocks
from minicrt.data.tokenizers import UNKNOWN
from minicrt.data.vocabulary import Vocabulary

MANY_UNKNOWN = 0.2
FEW_WORDS = 50


def unknown_share(ids: np.ndarray, vocabulary: Vocabulary) -> float:
    """The share of <unk> among `ids`, from 0 to 1."""
    if UNKNOWN not in vocabulary.tokens or not ids.size:
        return 0.0
    unknown = vocabulary.tokens.index(UNKNOWN)
    return sum(int(np.count_nonzero(block == unknown)) for block in in_blocks(ids)) / ids.size


def cautions(corpus: Corpus) -> list[str]:
    """What to know before figures on `corpus` are believed: a sentence each.

    Files that are not the published ones; what the corpus's remark says; more than a fifth of the validation part
    <unk>; fewer than 50 words; a text that was split into words before and is split again.
    """
    said = []
    if corpus.differences:
        said.append(f"this is another {corpus.name}, its figures are not comparable: {'; '.join(corpus.differences)}")
    if corpus.remark:
        said.append(corpus.remark)
    share = unknown_share(corpus.valid, corpus.vocabulary)
    instead = "" if corpus.level == "character" else "; --level character makes every character a token"
    if share > MANY_UNKNOWN:
        said.append(f"{100 * share:.0f} % of the validation part is <unk>, which is easy to predict and says nothing"
                    f"{instead}")
    elif corpus.level == "word" and corpus.vocabulary.size < FEW_WORDS:
        said.append(f"the vocabulary has only {corpus.vocabulary.size} words{instead}")
    if corpus.vocabulary.tokenizer == "punctuation" and {"<", "unk", ">"} <= set(corpus.vocabulary.tokens):
        said.append("the text has <unk> in it, as texts have that are split into words already, and here that is three "
                    "tokens; --tokenizer lines keeps their words")
    return said
