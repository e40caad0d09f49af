"""One token after another at batch 1, float32: the scores of the next token and the new state, by each peer.

The baseline: a plain loop over the model's step (`SegmentModel.logits` on a segment of one token), the same in PyTorch
under inference_mode and in JAX under jit."""

import sys

from benchmarks import peers, report
from benchmarks.side_by_side import compare

COLUMNS = {"size": "s", "peer": "s", "milliseconds": ".3f", "spread": ".3f", "tokens_per_second": ",.0f",
           "peak_mib": ",.0f", "remark": "s"}
TOKENS_A_TURN = 200


def main() -> None:
    compare(sys.modules[__name__], "streaming", peers.STREAMING, COLUMNS, 5, lambda size: TOKENS_A_TURN)


if __name__ == "__main__":
    report.run(main)
