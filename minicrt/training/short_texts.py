"""A batch that a short text can fill."""

import dataclasses
from collections.abc import Collection, Mapping, Set

from minicrt.arguments import check_kind, check_whole
from minicrt.data import Corpus, largest_batch
from minicrt.training.configuration import TrainingConfig


def fitted(config: TrainingConfig, corpus: Corpus, segment_length: int, fixed: Collection[str] = ()) -> TrainingConfig:
    """`config` with `batch` and `evaluation_batch` as small as `corpus` needs: a row holds a segment or more.

    Where the validation or the test part is shorter than one segment, it is scored in one row. Keys in `fixed` stay as
    they are, and so does a batch that no size helps: the trainer then says what is wrong.
    """
    check_kind("config", config, TrainingConfig, "a TrainingConfig")
    check_kind("corpus", corpus, Corpus, "a corpus; load one with minicrt.load_corpus")
    check_kind("fixed", fixed, (Mapping, Set, tuple, list), "the names of keys")
    check_whole("segment_length", segment_length, 1)
    scored = min(corpus.valid.size, corpus.test.size)
    batch, evaluation_batch = config.batch, config.evaluation_batch
    if "batch" not in fixed:
        batch = min(batch, largest_batch(corpus.train.size, segment_length) or batch)
    if "evaluation_batch" not in fixed:
        evaluation_batch = min(evaluation_batch, largest_batch(scored, segment_length) or 1)
    return dataclasses.replace(config, batch=batch, evaluation_batch=evaluation_batch)
