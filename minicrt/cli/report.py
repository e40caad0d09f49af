"""What `minicrt train` says and leaves behind besides numbers: header, summary, curves, a sample."""

import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minicrt.errors import MinicrtError
from minicrt.files import read_regular

if TYPE_CHECKING:
    from minicrt.data import Corpus, Vocabulary
    from minicrt.models import SegmentModel
    from minicrt.training import Trained, TrainingConfig

SAMPLE_TOKENS = 120
SAMPLE_TEMPERATURE = 0.8
SAMPLE_TOP_P = 0.9
WORST = 1000                                     # times the unigram model's perplexity: no model that has learned
FILES = ("summary.json", "curves.png", "sample.txt", "checkpoint.safetensors")
SAMPLE_ERRORS = (MinicrtError, OSError, UnicodeError)
# matplotlib's: a broken installation or matplotlibrc, fonts, sizes; and the disk's.
DRAWING_ERRORS = (ArithmeticError, ImportError, LookupError, MemoryError, OSError, RuntimeError, ValueError)
CUTS = (("positions", "carried positions cut"), ("memory", "memory cut"), ("state", "both cut"))    # of summary.json


def print_header(model: "SegmentModel", corpus: "Corpus", training: "TrainingConfig", folder: Path) -> None:
    import os

    from minicrt import engines
    from minicrt.cli.machine import blas_libraries, describe
    from minicrt.data import cautions, unigram_perplexity, unknown_share
    from minicrt.parallel import threads
    from minicrt.parallel.ranks import started
    from minicrt.training import BUDGETS

    sizes = [part.size for part in (corpus.train, corpus.valid, corpus.test)]
    unigram = unigram_perplexity(corpus.train, corpus.valid, corpus.vocabulary.size)
    share = unknown_share(corpus.valid, corpus.vocabulary)
    unit = "words" if corpus.level == "word" else "characters"
    budget = next(counted(getattr(training, key), key) for key in BUDGETS if getattr(training, key))
    number = min(threads.count(), training.threads or threads.count())
    libraries = [library | {"num_threads": number} for _, library in blas_libraries()]
    print(f"model     {model_line(model)}")
    print(f"corpus    {corpus.name}: {sizes[0]:,} {unit} to train on, {sizes[1]:,} to validate, {sizes[2]:,} to test; "
          f"vocabulary {corpus.vocabulary.size:,}, {share_of_unknown(share)} in validation; "
          f"unigram perplexity {unigram:.1f}")
    print(f"training  {budget}, batch {training.batch}, segments of {model.config.segment_length}, gradients across "
          f"{counted(training.bptt_segments, 'segments')}, {training.optimizer}, "
          f"learning rate {training.learning_rate:g}, seed {training.seed}")
    print(f"machine   {os.cpu_count()} cores, {describe(libraries[0]) if libraries else 'no BLAS found'}, "
          f"engine {engines.name_of(model.engine)}{f', {started().size} ranks' if started().size > 1 else ''}")
    print(f"run       {folder}", flush=True)
    for caution in (*cautions(corpus), model.caution(training.bptt_segments)):
        if caution:
            print(f"caution   {caution}", flush=True)


def model_line(model: "SegmentModel") -> str:
    """`CRT, 2 layers, width 96, 4 heads, memory gru, positions recurrent, readout memory: 593,349 parameters`"""
    config = model.config
    words = [type(getattr(model, "encoder", model)).__name__]                    # of a SensorModel, what it is made of
    for key in ("layers", "width", "heads", "memory", "positions", "readout"):
        if hasattr(config, key):
            value = getattr(config, key)
            words.append(counted(value, key) if key in ("layers", "heads") else f"{key} {value}")
    return f"{', '.join(words)}: {model.size:,} parameters"


def counted(number: float, things: str) -> str:
    """`1 layer`, `2 layers`"""
    return f"{number:g} {things.removesuffix('s') if number == 1 else things}"


def print_results(trained: "Trained") -> None:
    """The figures, then a sample, then the curves: what may fail comes last, and is a warning."""
    if trained.summary is not None:
        print("\n" + "\n".join(summary_lines(trained.summary)), flush=True)
    sample = ""
    with a_warning_at_most("sample.txt", *SAMPLE_ERRORS):
        sample = sample_text(trained)
        update(trained.folder / "sample.txt", (sample + "\n").encode())
    if sample:
        print("\nsample\n" + textwrap.indent(sample.rstrip(), "  "), flush=True)
    with a_warning_at_most("curves.png", *DRAWING_ERRORS):
        write_curves(trained)
    print(f"\n{shown(trained.folder)}: {', '.join(name for name in FILES if (trained.folder / name).exists())}")


@contextmanager
def a_warning_at_most(name: str, *errors: type[Exception]) -> Iterator[None]:
    """A run has its results even if `name`, which shows them, cannot be made."""
    try:
        yield
    except errors as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        print(f"minicrt: warning: {name} could not be made: {reason}", file=sys.stderr, flush=True)


def shown(path: Path) -> Path:
    """As it would be typed here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def summary_lines(summary: Mapping[str, Any]) -> list[str]:
    valid, test = summary["valid_perplexity"], summary["test_perplexity"]
    lines = [f"{summary['epochs']:.2f} epochs in {summary['seconds']:.0f} s, "
             f"{summary['tokens_per_second']:,.0f} tokens/s; the weights of step {summary['best_step']} are kept",
             f"valid perplexity  {figure(valid)}   {against(valid, summary['unigram_perplexity'])}"
             f"{unknown_in(summary, 'valid')}",
             f"test perplexity   {figure(test)}   {against(test, summary['unigram_perplexity_test'])}"
             f"{unknown_in(summary, 'test')}",
             "", "what the carried state is worth (the same weights, parts of it reset at every segment):",
             f"  {'all carried':<24}{figure(valid)}"]
    if valid is None or valid > WORST * summary["unigram_perplexity"]:
        lines.insert(1, "the training has diverged: try a smaller learning_rate")
    carried = set(summary["state_carried"])
    for key, label in CUTS:
        cut = summary[f"valid_perplexity_{key}_cut"]
        there = bool(carried) if key == "state" else key in carried
        effect = difference(cut, valid) if there else "this model has none"
        lines.append(f"  {label:<24}{figure(cut)}   {effect}".rstrip())
    return lines


def figure(perplexity: float | None) -> str:
    """`   62.10`, `1.57e+103`; None is what a summary has for more than a float can hold."""
    if perplexity is None:
        return f"{'infinite':>8}"
    return f"{perplexity:8.2f}" if perplexity < 1e7 else f"{perplexity:8.3g}"


def difference(cut: float | None, valid: float | None) -> str:
    if cut is None or valid is None:
        return "" if cut is valid else "infinitely more"
    return f"{100 * (cut / valid - 1):+.1f} %"


def against(perplexity: float | None, unigram: float) -> str:
    """The unigram model knows how frequent each token is and nothing else."""
    if perplexity is None or perplexity > WORST * unigram:
        return f"the unigram model has {unigram:.1f}"
    return f"{perplexity / unigram:.2f} of the unigram model's {unigram:.1f}"


def unknown_in(summary: Mapping[str, Any], part: str) -> str:
    """The share of <unk> in a part of the corpus; nothing in the summary of an earlier version, which lacks it."""
    share = summary.get(f"{part}_unknown")
    return f"; {share_of_unknown(share)}" if isinstance(share, float) else ""


def share_of_unknown(share: float) -> str:
    """`5.3 % <unk>`"""
    return f"{100 * share:.1f} % <unk>"


def write_curves(trained: "Trained") -> None:
    from minicrt import plotting
    from minicrt.data.names import printable

    title = f"{model_line(trained.model)}\non {printable(trained.configuration['data']['corpus'])}"
    unigram = trained.summary["unigram_perplexity"] if trained.summary else None
    update(trained.folder / "curves.png", plotting.learning_curves(trained.metrics, unigram, title).png())


def update(path: Path, data: bytes) -> None:
    """A file that is as it should be stays; one that is torn or out of date is made again."""
    from minicrt.atomic import write_atomically

    with suppress(OSError):
        if read_regular(path) == data:
            return
    write_atomically(path, data)


def sample_text(trained: "Trained") -> str:
    """A continuation of the corpus's usual opening, the same for the same weights and seed."""
    import numpy as np

    from minicrt.cli.text import readable
    from minicrt.inference.generation import generate

    vocabulary = trained.vocabulary
    prompt = vocabulary.encode(opening(vocabulary))
    rng = np.random.default_rng([trained.training.seed, 2])
    ids = generate(trained.model, trained.parameters, prompt, SAMPLE_TOKENS, rng, SAMPLE_TEMPERATURE,
                   top_p=SAMPLE_TOP_P, exclude=unknown(vocabulary))
    return readable(vocabulary, [*prompt, *ids])


def opening(vocabulary: "Vocabulary") -> list[str]:
    """One token to begin a text with: the end of a line, or "the", or the most frequent token."""
    usual = ("\n", "<eos>", "the")
    return [next((token for token in usual if token in vocabulary.tokens),
                 next((token for token in vocabulary.tokens if token != "<unk>"), vocabulary.tokens[0]))]


def unknown(vocabulary: "Vocabulary") -> list[int]:
    """The id of <unk>, which no reader wants to see, unless there is nothing else to read."""
    readable_ones = any(token.strip() and token not in ("<unk>", "<eos>") for token in vocabulary.tokens)
    return [vocabulary.tokens.index("<unk>")] if "<unk>" in vocabulary.tokens and readable_ones else []
