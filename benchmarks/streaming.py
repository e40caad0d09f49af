"""One token after another at batch 1, float32: the scores of the next token, by each peer.

All keep the keys and values of the running segment: minicrt's Stream on NumPy, compiled, and compiled with quantised
weights, the same in PyTorch under inference_mode, eager and compiled, and what `minicrt export` writes in onnxruntime.
"weights-read" reads every weight in float32 once and does nothing else. The times are medians and percentiles of single
steps; the first step of a segment, which runs the memory's row as well, is among them.
"""

import sys

from benchmarks import peers, report
from benchmarks.side_by_side import compare, options

COLUMNS = {"size": "s", "peer": "s", "milliseconds": ".3f", "p99": ".3f", "p99.9": ".3f", "tokens_per_second": ",.0f",
           "fastest": "s", "peak_mib": ",.0f", "remark": "s"}
TOKENS_A_TURN = 500


def main() -> None:
    compare(options(sys.modules[__name__], peers.STREAMING, 5).parse_args(), "streaming", COLUMNS,
            lambda size: TOKENS_A_TURN)


if __name__ == "__main__":
    report.run(main)
