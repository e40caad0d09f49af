"""`minicrt eval`: the perplexity of a run's weights, as trained or with parts of the state cut."""

import argparse
from pathlib import Path
from typing import Any

from minicrt.cli.parser import add_engine, at_least
from minicrt.errors import CheckpointError

DESCRIPTION = """\
Score a part of the corpus with the best weights of a run. Every prediction counts once; the state is
carried from segment to segment, except what --cut resets at every segment."""


def add(commands: Any) -> None:
    parser = commands.add_parser("eval", help="perplexity of a run, as trained or with its memory cut",
                                 description=DESCRIPTION)
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a run folder, or a checkpoint file")
    parser.add_argument("--split", choices=("valid", "test", "train"), default="valid", help="(default: valid)")
    parser.add_argument("--cut", choices=("memory", "positions", "state"),
                        help="reset the memory, the carried positions, or both, at every segment")
    parser.add_argument("--segment-length", type=at_least(1), metavar="T", help="(default: as trained)")
    parser.add_argument("--batch", type=at_least(1), metavar="B", help="(default: as in training)")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where the corpus is looked for first")
    add_engine(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from minicrt.data import TokenStream, load_corpus, unigram_perplexity
    from minicrt.training import cut_entries, evaluate, load_run, progress_for

    trained = load_run(arguments.run_folder)
    data = trained.configuration["data"]
    corpus = load_corpus(data["corpus"], data["level"], arguments.data_dir)
    if corpus.vocabulary != trained.vocabulary:
        raise CheckpointError(f"the corpus {data['corpus']!r} has another vocabulary than the run was trained with; "
                              "put that corpus back")
    batch = arguments.batch or trained.training.evaluation_batch
    length = arguments.segment_length or trained.model.config.segment_length
    part = getattr(corpus, arguments.split)
    stream = TokenStream(part, batch, length, f"the part {arguments.split!r} of {corpus.name}")
    cut = cut_entries(trained.model, arguments.cut) if arguments.cut else frozenset()
    with progress_for().task(arguments.split, len(stream)) as advance:
        result = evaluate(trained.model, trained.parameters, stream, cut, advance)
    unigram = unigram_perplexity(corpus.train, part, corpus.vocabulary.size)
    carried = ", ".join(sorted(result.carried)) or "nothing"
    print(f"{arguments.split} perplexity {result.perplexity:.3f}   ({result.loss:.4f} nats per token; "
          f"unigram model {unigram:.1f})")
    print(f"{result.tokens:,} tokens of {corpus.name} scored, batch {batch}, segments of {length}, "
          f"carried: {carried}; weights of step {trained.step}")
