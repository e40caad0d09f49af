"""`minicrt eval`: the perplexity of a run's weights, as trained or with parts of the state cut."""

import argparse
from typing import TYPE_CHECKING, Any

from minicrt.cli.parser import add_engine, at_least
from minicrt.errors import CheckpointError, ConfigurationError
from minicrt.files import expanded

if TYPE_CHECKING:
    from numpy import ndarray as Array

    from minicrt.data import TokenStream
    from minicrt.training import Evaluation, Trained

SIZED_ON = 200                                               # segments of the training text

DESCRIPTION = """\
Score a part of the corpus with the best weights of a run. Every prediction counts once; the state is
carried from segment to segment, except what --cut resets at every segment."""


def add(commands: Any) -> None:
    parser = commands.add_parser("eval", help="perplexity of a run, as trained or with its memory cut",
                                 description=DESCRIPTION)
    parser.add_argument("run_folder", type=expanded, metavar="RUN", help="a run folder, or a checkpoint file")
    parser.add_argument("--split", choices=("valid", "test", "train"), default="valid", help="(default: valid)")
    parser.add_argument("--cut", metavar="memory|positions|state",
                        help="reset the memory, the carried positions, or both, at every segment")
    parser.add_argument("--segment-length", type=at_least(1), metavar="T", help="(default: as trained)")
    parser.add_argument("--batch", type=at_least(1), metavar="B", help="(default: as in training)")
    parser.add_argument("--dynamic", action="store_true", help="dynamic evaluation: after each segment, a step on it; "
                        "not comparable with static figures")
    parser.add_argument("--learning-rate", type=float, metavar="ETA", help="of --dynamic (default: 5e-5)")
    parser.add_argument("--decay", type=float, metavar="LAMBDA", help="of --dynamic, back to the trained weights "
                        "(default: 2e-3)")
    parser.add_argument("--data-dir", type=expanded, metavar="DIR", help="where the corpus is looked for first")
    add_engine(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from minicrt.data import TokenStream, load_corpus, unigram_perplexity
    from minicrt.training import cut_entries, evaluate, load_run, progress_for

    refuse_half_a_choice(arguments)
    trained = load_run(arguments.run_folder)
    cut_entries(trained.model, arguments.cut)                # a cut that there is not, before the corpus is read
    data = trained.configuration["data"]
    corpus = load_corpus(data["corpus"], data["level"], arguments.data_dir)
    if corpus.vocabulary != trained.vocabulary:
        raise CheckpointError(f"the corpus {data['corpus']!r} has another vocabulary than the run was trained with; "
                              "put that corpus back")
    batch = arguments.batch or (1 if arguments.dynamic else 0) or trained.training.evaluation_batch
    length = arguments.segment_length or trained.model.config.segment_length
    part = getattr(corpus, arguments.split)
    stream = TokenStream(part, batch, length, f"the part {arguments.split!r} of {corpus.name}")
    if arguments.dynamic:
        result = dynamic(arguments, trained, corpus.train, stream)
    else:
        with progress_for().task(arguments.split, len(stream)) as advance:
            result = evaluate(trained.model, trained.parameters, stream, arguments.cut, advance)
    unigram = unigram_perplexity(corpus.train, part, corpus.vocabulary.size)
    carried = ", ".join(sorted(result.carried)) or "nothing"
    kind = ", dynamic," if arguments.dynamic else ""
    print(f"{arguments.split} perplexity{kind} {result.perplexity:.3f}   ({result.loss:.4f} nats per token; "
          f"unigram model {unigram:.1f})")
    print(f"{result.tokens:,} tokens of {corpus.name} scored, batch {batch}, segments of {length}, "
          f"carried: {carried}; weights of step {trained.step}")


def refuse_half_a_choice(arguments: argparse.Namespace) -> None:
    if arguments.dynamic and arguments.cut:
        raise ConfigurationError("eval got --dynamic and --cut, expected one of them")
    if not arguments.dynamic and (arguments.learning_rate is not None or arguments.decay is not None):
        raise ConfigurationError("--learning-rate and --decay belong to --dynamic; give that as well, or leave them "
                                 "out")


def dynamic(arguments: argparse.Namespace, trained: "Trained", text: "Array", stream: "TokenStream") -> "Evaluation":
    """Dynamic evaluation, the sizes of the gradients measured on the training text by the run's own batch."""
    from minicrt.data import TokenStream
    from minicrt.training import DynamicConfig, dynamic_evaluate, gradient_sizes, progress_for

    chosen = {key: value for key, value in (("learning_rate", arguments.learning_rate), ("decay", arguments.decay))
              if value is not None}
    config = DynamicConfig(**chosen)
    train = TokenStream(text, trained.training.batch, stream.segment_length, "the training part")
    segments = min(SIZED_ON, len(train))
    with progress_for().task("sizes of gradients", segments) as advance:
        sizes = gradient_sizes(trained.model, trained.parameters, train, segments, advance)
    with progress_for().task(arguments.split, len(stream)) as advance:
        return dynamic_evaluate(trained.model, trained.parameters, stream, sizes, config, advance)
