"""One token after another at batch 1, float32: the scores of the next token and the new state, by each peer.

The baseline: a plain loop over the model's step (`SegmentModel.logits` on a segment of one token), the same in PyTorch
under inference_mode and in JAX under jit."""

import sys
from typing import Any

from benchmarks import peers, report, turns
from benchmarks.task import SIZES
from benchmarks.train_step import bars
from minicrt import threads

COLUMNS = {"size": "s", "peer": "s", "milliseconds": ".3f", "spread": ".3f", "tokens_per_second": ",.0f",
           "peak_mib": ",.0f", "remark": "s"}


def main() -> None:
    from tqdm import tqdm

    options = report.parser(sys.modules[__name__])
    options.add_argument("--sizes", type=report.one_of(list(SIZES)), default=list(SIZES), help="of 64,128,256")
    options.add_argument("--peers", type=report.one_of(peers.STREAMING), default=list(peers.STREAMING),
                         help=f"of {','.join(peers.STREAMING)}")
    options.add_argument("--rounds", type=report.positive, default=5, help="turns of each peer (default: 5)")
    arguments = options.parse_args()
    number = arguments.threads or threads.count()
    machine = report.print_machine(number)
    rows: list[dict[str, Any]] = []
    with tqdm(total=len(arguments.sizes) * len(arguments.peers) * arguments.rounds, disable=None, leave=False) as bar:
        for width in arguments.sizes:
            rows += turns.measured("streaming", arguments.peers, SIZES[width], number, arguments.rounds, 200, bar)
    print(f"\n{number} threads each\n\n{report.table(rows, COLUMNS)}")
    report.write(arguments.json, rows, machine, lambda: bars(rows, "tokens_per_second", "tokens per second"))


if __name__ == "__main__":
    report.run(main)
