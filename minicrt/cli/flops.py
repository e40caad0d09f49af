"""`minicrt flops`: what every model costs, a token and a segment, before anything is trained."""

import argparse
from typing import TYPE_CHECKING, Any

from minicrt import presets
from minicrt.cli.parser import at_least
from minicrt.errors import ConfigurationError

if TYPE_CHECKING:
    from minicrt.settings import Settings

DESCRIPTION = """\
Operations, parameters and state of every model at the sizes of a preset. One multiply-add is two operations; batch 1,
dense attention, forward; the output over the vocabulary is counted, layer norm, softmax and elementwise work is not.
Kept: float32 activations that the backward pass of one segment of one stream needs, by the engine numpy.
Shorter segments cost less per segment; per token they hardly do: look at both columns."""


def add(commands: Any) -> None:
    parser = commands.add_parser("flops", help="operations, parameters and state of every model",
                                 description=DESCRIPTION)
    parser.add_argument("--preset", default="small", metavar="NAME",
                        help=f"{', '.join(presets.names())} (default: small)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as for train; with model=NAME "
                        "that model alone, part by part")
    parser.add_argument("--vocabulary", type=at_least(1), default=10_000, metavar="V", help="(default: 10000)")
    parser.add_argument("--segment-lengths", type=at_least(1), nargs="+", default=[17, 35, 70, 150], metavar="T",
                        help="(default: 17 35 70 150)")
    parser.set_defaults(run=run)


ALL = ({"model": "transformer"}, {"model": "transformer_xl"}, {"model": "rmt"}, {"model": "crt"},
       {"model": "crt", "memory_update": "per_segment"}, {"model": "crt", "memory": "none"},
       {"model": "recurrent", "cell": "gru"}, {"model": "recurrent", "cell": "lstm"},
       {"model": "linear_recurrent", "cell": "mingru"}, {"model": "linear_recurrent", "cell": "lru"},
       {"model": "s4d"}, {"model": "mamba"})


def run(arguments: argparse.Namespace) -> None:
    from minicrt import accounting
    from minicrt.settings import parse_assignments

    changes = parse_assignments(arguments.set)
    if "segment_length" in changes:
        raise ConfigurationError("flops got --set segment_length, expected --segment-lengths T ...")
    if "cell" in changes and "model" not in changes:
        raise ConfigurationError("flops got --set cell without a model, and two models have cells; add --set "
                                 "model=recurrent or model=linear_recurrent")
    chosen = ({},) if "model" in changes else ALL
    rows = [(kind, length, _made(arguments.preset, kind, length, changes))
            for kind in chosen for length in arguments.segment_lengths]
    left_out = dict.fromkeys(_name(kind) for kind, _, made in rows if made is None)
    sizes = [(kind, length, made) for kind, length, made in rows if made is not None]
    print(f"{'model':<40}{'T':>5}{'MFLOP/segment':>15}{'MFLOP/token':>13}{'training':>10}{'parameters':>13}"
          f"{'state, bytes':>14}{'kept, KiB':>11}")
    for kind, length, made in sizes:
        model = made.create_model(arguments.vocabulary)
        flops, training = accounting.segment_flops(model), accounting.training_flops(model)
        name = _name(kind or {"model": changes["model"]})
        print(f"{name:<40}{length:>5}{flops / 1e6:>15,.1f}{flops / length / 1e6:>13.3f}"
              f"{training / length / 1e6:>10.2f}{model.size:>13,}"
              f"{4 * accounting.state_values(model):>14,}{accounting.activation_bytes(model) / 1024:>11,.0f}")
        if not kind:
            for part, count in accounting.forward_flops(model).items():
                print(f"  {part:<43}{count / 1e6:>15,.1f}{count / length / 1e6:>13.3f}")
    if left_out:
        print(f"left out, since it does not go with --set: {', '.join(left_out)}")


def _name(kind: dict[str, Any]) -> str:
    return " ".join(map(str, kind.values()))


def _made(preset: str, kind: dict[str, Any], length: int, changes: dict[str, Any]) -> "Settings | None":
    """None for a CRT of this table that goes against what was asked for, which no row can then have."""
    from minicrt.settings import settings

    try:
        return settings(preset, {**_known(kind, changes), **kind, "segment_length": length})
    except ConfigurationError:
        if kind.keys() <= {"model", "cell"}:
            raise
        return None


def _known(kind: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The changes that this kind of model has a key for; a key that no model has goes on, to be refused."""
    from minicrt.configuration import field_types
    from minicrt.models import MODELS

    if not kind:
        return changes
    keys = set(field_types(MODELS[kind["model"]][1]))
    anywhere = {key for _, config in MODELS.values() for key in field_types(config)}
    return {key: value for key, value in changes.items() if key in keys or key not in anywhere}
