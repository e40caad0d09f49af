"""What is left to say when a run is over: summary.json."""

import math
import os
import platform
from typing import Any, Protocol

import numpy as np

from minicrt import engines
from minicrt.data import Corpus, TokenStream, unigram_perplexity, unknown_share
from minicrt.errors import TrainingError
from minicrt.models import SegmentModel
from minicrt.parallel import threads
from minicrt.training.configuration import TrainingConfig
from minicrt.training.evaluation import CUTS, Cut, Evaluation, cut_entries
from minicrt.training.progress import Progress
from minicrt.training.state import TrainingState

Array = np.ndarray


class Finished(Protocol):
    """What the summary needs to know of a trainer that has taken its last step, beside its state."""

    model: SegmentModel
    corpus: Corpus
    config: TrainingConfig
    progress: Progress
    steps_an_epoch: float
    valid_stream: TokenStream
    test_stream: TokenStream

    def evaluate_stream(self, name: str, stream: TokenStream, flat: Array, cut: Cut | None = None) -> Evaluation: ...

    def seconds(self) -> float: ...

    def tokens_per_second(self) -> float: ...


def machine() -> str:
    """The kind of machine, without its name."""
    return (f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
            f"NumPy {np.__version__}")


def summarize(state: TrainingState, trainer: Finished) -> dict[str, Any]:
    """The final figures of the best weights, with everything that has to be known to compare them.

    `valid_perplexity_<cut>_cut`: the same weights, with the memory, the carried positions, or both dropped at every
    segment boundary. A cut that has nothing to drop gives the uncut figure. The weights were the best where the loss
    was finite, on validation; a loss that is not finite elsewhere makes a perplexity of infinity and is told of.
    `<part>_unknown`: the share of <unk> in the part. `corpus_differences`: how its files differ from the published;
    `corpus_remark`: what else has to be known of figures on it.
    """
    position, config, corpus, flat = state.position, trainer.config, trainer.corpus, state.kept
    valid = trainer.evaluate_stream("validation", trainer.valid_stream, flat)
    cuts = {}
    for what in CUTS:
        cuts[f"valid_perplexity_{what}_cut"] = (
            _perplexity(trainer, f"validation, {what} cut", trainer.valid_stream, flat, what)
            if cut_entries(trainer.model, what) & valid.carried else valid.perplexity)
    return {
        "valid_perplexity": valid.perplexity,
        "test_perplexity": _perplexity(trainer, "test", trainer.test_stream, flat),
        **cuts,
        "unigram_perplexity": unigram_perplexity(corpus.train, corpus.valid, corpus.vocabulary.size),
        "unigram_perplexity_test": unigram_perplexity(corpus.train, corpus.test, corpus.vocabulary.size),
        "tokens_per_second": trainer.tokens_per_second(),
        "parameters": state.parameters.size,
        "seconds": trainer.seconds(),
        "epochs": position.step / trainer.steps_an_epoch,
        "steps": position.step,
        "best_step": position.best_step,
        "seed": config.seed,
        "corpus": corpus.name,
        "level": corpus.level,
        "tokenizer": corpus.vocabulary.tokenizer,
        "corpus_differences": list(corpus.differences),
        "corpus_remark": corpus.remark,
        "valid_unknown": unknown_share(corpus.valid, corpus.vocabulary),
        "test_unknown": unknown_share(corpus.test, corpus.vocabulary),
        "valid_tokens": valid.tokens,
        "test_tokens": trainer.test_stream.predictions,
        "batch": config.batch,
        "bptt_segments": config.bptt_segments,
        "evaluation_batch": config.evaluation_batch,
        "segment_length": trainer.model.config.segment_length,
        "state_carried": sorted(valid.carried),
        "precision": config.precision,
        "engine": engines.name_of(trainer.model.engine),
        "threads": threads.count(),
        "machine": machine(),
    }


def _perplexity(trainer: Finished, name: str, stream: TokenStream, flat: Array, cut: Cut | None = None) -> float:
    try:
        return trainer.evaluate_stream(name, stream, flat, cut).perplexity
    except TrainingError as error:
        trainer.progress.say(f"{name}: {error}")
        return math.inf
