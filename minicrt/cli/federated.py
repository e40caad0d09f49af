"""`minicrt federated`: clients train on their own texts, by Flower, and a server brings together what they learn."""

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minicrt import presets
from minicrt.cli.numbering import numbered_folder
from minicrt.cli.parser import add_engine, seed
from minicrt.cli.train import saying_how_to_resume
from minicrt.errors import ConfigurationError
from minicrt.files import expanded

if TYPE_CHECKING:
    from minicrt.data import Corpus
    from minicrt.federated import FederatedConfig
    from minicrt.models import SegmentModel
    from minicrt.training import Trained, TrainingConfig

DESCRIPTION = """\
Train one model on the texts of several clients that keep them: in each round the weights go to every client,
each trains them on its own part, and Flower's strategy makes the next weights of what comes back. A simulation
on this machine; what a client would send in earnest is what it sends here. Needs the extra `federated`."""

EXAMPLES = """\
examples:
  minicrt federated
  minicrt federated --corpus ptb --preset small --clients 8 --rounds 20 --split by-article
  minicrt federated --strategy fedprox --proximal-mu 0.001 --local-epochs 2
  minicrt federated --update-bits 8
  minicrt federated --clip-update 1 --noise 0.5              (differential privacy, with its epsilon)
  minicrt federated --clients 2 --app my-app                 (a Flower app, for flwr run; trains nothing)
  minicrt federated --resume runs/python-docs-federated-001"""

# Each key of FederatedConfig is an option: its type and what help says of it.
OPTIONS: dict[str, tuple[Any, str]] = {
    "clients": (int, "how many the training text is cut up for (default: 8)"),
    "rounds": (int, "how often the weights are sent out (default: 20)"),
    "local_epochs": (float, "passes of a client through its text in a round (default: 1)"),
    "moments": (("new", "kept"), "of a client's AdamW: new in every round, or kept from the last (default: new)"),
    "split": (("by-article", "iid"), "by-article: each has a stretch of the text; iid: lines are dealt out at random "
                                     "(default: by-article)"),
    "strategy": (("fedavg", "fedprox", "fedadam"), "how what comes back is brought together (default: fedavg)"),
    "proximal_mu": (float, "of fedprox: mu in mu/2 |w - w_0|^2 (default: 0.01)"),
    "server_learning_rate": (float, "of fedadam (default: 0.002)"),
    "update_bits": (int, "what a client sends: its weights, or with 8 their change in so many bits (default: 32)"),
    "clip_update": (float, "the largest norm of a client's change, for differential privacy (default: 0, none)"),
    "noise": (float, "the deviation of noise on the sum of the changes, in parts of --clip-update (default: 0)"),
    "timeout": (float, "seconds that a round waits for its clients (default: 600)")}


def add(commands: Any) -> None:
    parser = commands.add_parser("federated", help="train on the texts of several clients that keep them, by Flower",
                                 description=DESCRIPTION, epilog=EXAMPLES)
    for key, (kind, text) in OPTIONS.items():
        typed: dict[str, Any] = {"choices": kind} if isinstance(kind, tuple) else {"type": kind, "metavar": "N"}
        parser.add_argument(f"--{key.replace('_', '-')}", help=text, **typed)
    parser.add_argument("--backend", choices=("ray", "process"),
                        help="ray: clients in processes of their own; process: one after the other in this one "
                             "(default: process)")
    parser.add_argument("--app", type=expanded, metavar="DIR",
                        help="train nothing; write a Flower app with these settings, a new folder for flwr run, whose "
                             "server makes the run folder --out (default: DIR-run)")
    parser.add_argument("--preset", metavar="NAME", help=f"{', '.join(presets.names())} (default: tiny)")
    parser.add_argument("--corpus", metavar="NAME|PATH", help="as of minicrt train")
    parser.add_argument("--data-dir", type=expanded, metavar="DIR", help="where corpora are looked for first")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                        help="change one key of the preset, as of minicrt train; of its budget nothing holds here")
    parser.add_argument("--seed", type=seed, help="of the first weights, the split and dropout (default: 0)")
    add_engine(parser)
    parser.add_argument("--out", type=expanded, metavar="DIR", help="the run folder, a new or an empty one")
    parser.add_argument("--resume", type=expanded, metavar="DIR", help="go on with a federated run that was stopped")
    parser.add_argument("--quiet", action="store_true", help="no progress, only the summary")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    from minicrt.cli import report
    from minicrt.federated import resume_federated

    if arguments.resume is None:
        made = settings_of(arguments)
        if arguments.app is None:
            report.print_results(train_afresh(arguments, *made))
        else:
            write_app(arguments, *made)
        return
    given = [f"--{key.replace('_', '-')}" for key in (*OPTIONS, "app", "preset", "corpus", "seed", "out")
             if getattr(arguments, key) is not None] + [f"--set {text}" for text in arguments.set]
    if given:
        raise ConfigurationError(f"--resume goes on with the settings of the run, got {' and '.join(given)} as well; "
                                 "leave that out, or start another run")
    with saying_how_to_resume(arguments, arguments.resume):
        report.print_results(resume_federated(arguments.resume, arguments.data_dir, not arguments.quiet,
                                              arguments.backend))


def settings_of(arguments: argparse.Namespace) -> tuple["SegmentModel", "Corpus", "FederatedConfig", "TrainingConfig"]:
    from minicrt.federated import FederatedConfig
    from minicrt.federated.run import OF_ONE_TRAINING, check_flower, rounds_of
    from minicrt.settings import parse_assignments, settings
    from minicrt.training import BUDGETS, fitted

    check_flower()
    federated = FederatedConfig(**{key: getattr(arguments, key) for key in OPTIONS
                                   if getattr(arguments, key) is not None})
    changes = parse_assignments(arguments.set)
    for key in ("corpus", "seed", "threads"):
        value = getattr(arguments, key)
        if value is not None and key in changes:
            raise ConfigurationError(f"--set {key} and --{key} are both given, expected one of them")
        changes |= {} if value is None else {key: value}
    budget = [key for key in BUDGETS if key in changes]
    if budget:
        raise ConfigurationError(f"--set {budget[0]} says nothing here; say --rounds and --local-epochs")
    of_one = [key for key in OF_ONE_TRAINING if key in changes]
    if of_one:
        raise ConfigurationError(f"--set {of_one[0]} says nothing here, where a step is a round; leave it out")
    chosen = settings("tiny" if arguments.preset is None else arguments.preset, changes)
    corpus = chosen.load_corpus(arguments.data_dir)
    model = chosen.create_model(corpus.vocabulary.size)
    training = rounds_of(fitted(chosen.training, corpus, model.config.segment_length, changes), federated)
    return model, corpus, federated, training


def write_app(arguments: argparse.Namespace, model: "SegmentModel", corpus: "Corpus", federated: "FederatedConfig",
              training: "TrainingConfig") -> None:
    from minicrt.federated import write_app

    if arguments.backend is not None:
        raise ConfigurationError("--app and --backend are both given; where an app's clients run is said to flwr")
    folder = write_app(arguments.app, model, corpus, federated, training, arguments.out, arguments.data_dir)
    print(f"{folder}: a Flower app of {federated.clients} clients and {federated.rounds} rounds\n"
          f"flwr run {folder} local --stream --federation-config num-supernodes={federated.clients}")


def train_afresh(arguments: argparse.Namespace, model: "SegmentModel", corpus: "Corpus", federated: "FederatedConfig",
                 training: "TrainingConfig") -> "Trained":
    from minicrt.cli import report
    from minicrt.data.names import folder_name
    from minicrt.federated import train_federated

    numbered = numbered_folder(Path("runs"), f"{folder_name(Path(corpus.name).stem)}-federated")
    with nullcontext(arguments.out) if arguments.out is not None else numbered as folder:
        report.print_header(model, corpus, training, folder)
        print(f"clients   {federated.clients}, {federated.split}, {federated.local_epochs:g} passes a round, "
              f"{federated.strategy}; a step is a round", flush=True)
        with saying_how_to_resume(arguments, folder):
            return train_federated(folder, model, corpus, federated, training, not arguments.quiet, arguments.backend)
