"""`minicrt eval`: the perplexity or the error of a run's weights, as trained or with parts of the state cut."""

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minicrt.cli import evaluate_sensors, evaluate_videos
from minicrt.cli.parser import add_engine, at_least
from minicrt.errors import ConfigurationError
from minicrt.files import expanded

if TYPE_CHECKING:
    from numpy import ndarray as Array

    from minicrt.data import Corpus, TokenStream
    from minicrt.training import Evaluation, Trained

SIZED_ON = 200                                               # segments of the training text

DESCRIPTION = """\
Score a part of the corpus, or another text, with the best weights of a run. Every prediction counts once; the state is
carried from segment to segment, except what --cut resets at every segment. Of a run on sensor readings it is the error
of the forecasts, or the perplexity of the classes and the share that is right; of a run on videos mean class accuracy
and accuracy."""


def add(commands: Any) -> None:
    parser = commands.add_parser("eval", help="perplexity of a run, as trained or with its memory cut",
                                 description=DESCRIPTION)
    parser.add_argument("run_folder", type=expanded, metavar="RUN", help="a run folder, or a checkpoint file")
    parser.add_argument("--split", choices=("valid", "test", "train"), help="(default: valid)")
    parser.add_argument("--corpus", metavar="NAME|PATH",
                        help="another text, scored with the run's vocabulary (all of a file; - is standard input), "
                             "other videos of the run's classes, or where the run's own corpus is now")
    parser.add_argument("--data", metavar="FILE", help="of a run on sensor readings: another recording, scored with "
                        "the run's scales (all of it), or where the run's own is now")
    parser.add_argument("--picture", type=expanded, metavar="PNG", help="of a run on sensor readings: make a picture "
                        "of its predictions beside what was read; of one on videos of the confusion matrix")
    parser.add_argument("--cut", metavar="memory|positions|state",
                        help="reset the memory, the carried positions, or both, at every segment, of "
                        "videos at every clip")
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
    from minicrt.training.sensor_run import is_sensor_run
    from minicrt.training.video_run import is_video_run

    refuse_half_a_choice(arguments)
    if is_sensor_run(arguments.run_folder):
        evaluate_sensors.run(arguments)
    elif is_video_run(arguments.run_folder):
        evaluate_videos.run(arguments)
    else:
        run_on_text(arguments)


def run_on_text(arguments: argparse.Namespace) -> None:
    from minicrt.data import evaluation_stream, largest_batch
    from minicrt.training import cut_entries, evaluate, load_run, progress_for

    given = [name for name in ("data", "picture") if getattr(arguments, name) is not None]
    if given:
        raise ConfigurationError(f"--{given[0]} is for runs on sensor readings, and {arguments.run_folder} is one on "
                                 "text; leave it out (--corpus gives another text)")
    trained = load_run(arguments.run_folder)
    if arguments.dynamic and trained.bits:
        raise ConfigurationError(f"--dynamic trains the weights, and those of {arguments.run_folder} are quantised; "
                                 "give the run that it was made from")
    cut_entries(trained.model, arguments.cut)                # a cut that there is not, before the corpus is read
    text = text_to_score(arguments, trained)
    length = arguments.segment_length or trained.model.config.segment_length
    batch = arguments.batch or (1 if arguments.dynamic else trained.training.evaluation_batch)
    if arguments.batch is None and not text.own:             # a text of any length is scored
        batch = min(batch, largest_batch(text.tokens.size, length) or 1)
    stream = evaluation_stream(text.tokens, batch, length, text.name, "--batch")
    if arguments.dynamic:
        training_text = text.corpus.train if text.own else own_corpus(arguments, trained).train
        result = dynamic(arguments, trained, training_text, stream)
    else:
        with progress_for().task(text.part or "text", len(stream)) as advance:
            result = evaluate(trained.model, trained.parameters, stream, arguments.cut, advance)
    print_result(arguments, trained, text, stream, result)


@dataclass(frozen=True)
class Text:
    """What is scored: `tokens` of `corpus`, which is the run's own or another; `part` is empty for the whole of it."""

    corpus: "Corpus"
    own: bool
    part: str

    @property
    def tokens(self) -> "Array":
        return getattr(self.corpus, self.part) if self.part else self.corpus.whole

    @property
    def name(self) -> str:
        return f"the part {self.part!r} of {self.corpus.name}" if self.part else self.corpus.name


def text_to_score(arguments: argparse.Namespace, trained: "Trained") -> Text:
    """A part of the run's corpus, of --corpus, or the whole of it: of another text in one file."""
    from minicrt.data import load_corpus
    from minicrt.training import is_corpus_of

    if arguments.corpus is None:
        return Text(own_corpus(arguments, trained), True, arguments.split or "valid")
    corpus = load_corpus(arguments.corpus, data_dir=arguments.data_dir, vocabulary=trained.vocabulary)
    own = is_corpus_of(corpus, trained.configuration["data"])
    if own or not corpus.undivided:
        return Text(corpus, own, arguments.split or "valid")
    if arguments.split is not None:
        raise ConfigurationError(f"--split got {arguments.split}, but {corpus.name} is one text and not the run's own: "
                                 "all of it is scored; leave --split out")
    return Text(corpus, False, "")


def own_corpus(arguments: argparse.Namespace, trained: "Trained") -> "Corpus":
    """The corpus of the run, from where its config.toml says that it is."""
    from minicrt.training import check_corpus, corpus_of_run

    data = trained.configuration["data"]
    corpus = corpus_of_run(data, arguments.data_dir)
    check_corpus(corpus, data)
    return corpus


def print_result(arguments: argparse.Namespace, trained: "Trained", text: Text, stream: "TokenStream",
                 result: "Evaluation") -> None:
    from minicrt.cli.report import share_of_unknown
    from minicrt.data import unigram_perplexity, unknown_share

    corpus, share = text.corpus, share_of_unknown(unknown_share(text.tokens, trained.vocabulary))
    if text.own:
        unigram = unigram_perplexity(corpus.train, text.tokens, corpus.vocabulary.size)
        facts = f"unigram model {unigram:.1f}; {share}"
    else:
        facts = f"{share}: unknown to the run's vocabulary"
    what = f"{text.part} perplexity".strip() + (", dynamic," if arguments.dynamic else "")
    carried = ", ".join(sorted(result.carried)) or "nothing"
    print(f"{what} {result.perplexity:.3f}   ({result.loss:.4f} nats per token; {facts})")
    print(f"{result.tokens:,} tokens of {corpus.name} scored, batch {stream.batch}, "
          f"segments of {stream.segment_length}, carried: {carried}; weights of step {trained.step}")


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
