"""What `minicrt train` says and leaves behind besides numbers: header, summary, curves, a sample."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minicrt.data import Corpus, Vocabulary
    from minicrt.models import SegmentModel
    from minicrt.settings import Settings
    from minicrt.training import Trained

SAMPLE_TOKENS = 120
SAMPLE_TEMPERATURE = 0.8
SAMPLE_TOP_P = 0.9
CUTS = (("positions", "carried positions cut"), ("memory", "memory cut"), ("state", "both cut"))    # of summary.json


def print_header(model: "SegmentModel", corpus: "Corpus", settings: "Settings", folder: Path) -> None:
    import os

    from minicrt import engines, threads
    from minicrt.cli.machine import blas_libraries, describe
    from minicrt.data import unigram_perplexity
    from minicrt.training import BUDGETS

    training, sizes = settings.training, [part.size for part in (corpus.train, corpus.valid, corpus.test)]
    unigram = unigram_perplexity(corpus.train, corpus.valid, corpus.vocabulary.size)
    unit = "words" if corpus.level == "word" else "characters"
    budget = next(counted(getattr(training, key), key) for key in BUDGETS if getattr(training, key))
    number = min(threads.count(), training.threads or threads.count())
    libraries = [library | {"num_threads": number} for _, library in blas_libraries()]
    print(f"model     {model_line(model)}")
    print(f"corpus    {corpus.name}: {sizes[0]:,} {unit} to train on, {sizes[1]:,} to validate, {sizes[2]:,} to test; "
          f"vocabulary {corpus.vocabulary.size:,}; unigram perplexity {unigram:.1f}")
    print(f"training  {budget}, batch {training.batch}, segments of {model.config.segment_length}, gradients across "
          f"{counted(training.bptt_segments, 'segments')}, {training.optimizer}, "
          f"learning rate {training.learning_rate:g}, seed {training.seed}")
    print(f"machine   {os.cpu_count()} cores, {describe(libraries[0]) if libraries else 'no BLAS found'}, "
          f"engine {engines.name_of(model.engine)}")
    print(f"run       {folder}", flush=True)
    caution = model.caution(training.bptt_segments)
    if caution:
        print(f"caution   {caution}", flush=True)


def model_line(model: "SegmentModel") -> str:
    """`CRT, 2 layers, width 96, 4 heads, memory gru, positions recurrent, readout residual: 584,037 parameters`"""
    config = model.config
    words = [type(model).__name__]
    for key in ("layers", "width", "heads", "memory", "positions", "readout"):
        if hasattr(config, key):
            value = getattr(config, key)
            words.append(counted(value, key) if key in ("layers", "heads") else f"{key} {value}")
    return f"{', '.join(words)}: {sum(spec.size for spec in model.specs()):,} parameters"


def counted(number: float, things: str) -> str:
    """`1 layer`, `2 layers`"""
    return f"{number:g} {things.removesuffix('s') if number == 1 else things}"


def print_summary(trained: "Trained") -> None:
    summary = trained.summary
    if summary is None:
        return
    print("\n" + "\n".join(summary_lines(summary)))
    sample = trained.folder / "sample.txt"
    if sample.exists():
        print("\nsample\n" + textwrap.indent(sample.read_text(encoding="utf-8").rstrip(), "  "))
    print(f"\n{shown(trained.folder)}: summary.json, curves.png, sample.txt, checkpoint.safetensors")


def shown(path: Path) -> Path:
    """As it would be typed here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def summary_lines(summary: Mapping[str, Any]) -> list[str]:
    valid, test = summary["valid_perplexity"], summary["test_perplexity"]
    lines = [f"{summary['epochs']:.2f} epochs in {summary['seconds']:.0f} s, "
             f"{summary['tokens_per_second']:,.0f} tokens/s; the weights of step {summary['best_step']} are kept",
             f"valid perplexity  {valid:8.2f}   {against(valid, summary['unigram_perplexity'])}",
             f"test perplexity   {test:8.2f}   {against(test, summary['unigram_perplexity_test'])}",
             "", "what the carried state is worth (the same weights, parts of it reset at every segment):"]
    lines.append(f"  {'all carried':<24}{valid:8.2f}")
    carried = set(summary["state_carried"])
    for key, label in CUTS:
        cut = summary[f"valid_perplexity_{key}_cut"]
        there = bool(carried) if key == "state" else key in carried
        effect = f"{100 * (cut / valid - 1):+.1f} %" if there else "this model has none"
        lines.append(f"  {label:<24}{cut:8.2f}   {effect}")
    return lines


def against(perplexity: float, unigram: float) -> str:
    """The unigram model knows how frequent each token is and nothing else."""
    return f"{perplexity / unigram:.2f} of the unigram model's {unigram:.1f}"


def write_pictures_and_sample(trained: "Trained") -> None:
    """curves.png and sample.txt. A run whose files are there already keeps them."""
    from minicrt import plotting
    from minicrt.training import RunFolder

    folder, summary = RunFolder.open(trained.folder), trained.summary
    curves, sample = trained.folder / "curves.png", trained.folder / "sample.txt"
    if not curves.exists():
        title = f"{model_line(trained.model)}\non {trained.configuration['data']['corpus']}"
        unigram = summary["unigram_perplexity"] if summary else None
        plotting.learning_curves(folder.read_metrics(), unigram, title).savefig(curves)
    if not sample.exists():
        sample.write_text(sample_text(trained) + "\n", encoding="utf-8")


def sample_text(trained: "Trained") -> str:
    """A continuation of the corpus's usual opening, the same for the same weights and seed."""
    import numpy as np

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
    """The id of <unk>, which no reader wants to see, unless it is all there is."""
    return [vocabulary.tokens.index("<unk>")] if "<unk>" in vocabulary.tokens and vocabulary.size > 1 else []


def readable(vocabulary: "Vocabulary", ids: list[int]) -> str:
    """The text, its lines wrapped at 100 columns unless its tokens are characters."""
    text = vocabulary.join(ids)
    if vocabulary.tokenizer == "characters":
        return text.strip("\n")
    return "\n".join(textwrap.fill(line, 100, break_long_words=False, break_on_hyphens=False)
                     for line in text.strip("\n").split("\n"))
