"""The paper's claims beside what was measured here: test perplexity on PTB, and forward operations"""

import statistics
from collections.abc import Callable, Sequence
from typing import Any

Cells = Sequence[dict[str, Any]]
LENGTHS = (17, 35, 70, 150)


def claims(cells: Cells) -> str:
    """A table: what the paper says, its figures, ours, and whether it holds.

    A comparison of two models holds, or does not, when the difference of their means is more than twice its standard
    error (over seeds; where one has a single seed, the other's deviation stands for both); otherwise, and with one seed
    each, it is undecided.
    """
    c, t = Figures(cells, "crt-gru"), Figures(cells, "transformer")
    n, xl = Figures(cells, "crt-ncgru"), Figures(cells, "transformer-xl")
    bare, memory = Figures(cells, "crt-none-reset"), Figures(cells, "crt-gru-reset")
    positions = Figures(cells, "crt-none-carried")
    rows = [
        ("CRT(70) is under Transformer(70)", "58.3, 67.0", f"{c[70]}, {t[70]}", under(c, 70, t, 70)),
        ("CRT at half the segment is not worse than the full-length Transformer", "",
         f"CRT(35) {c[35]}, Transformer(70) {t[70]}", under(c, 35, t, 70)),
        ("and at a quarter", "", f"CRT(17) {c[17]}, Transformer(70) {t[70]}", under(c, 17, t, 70)),
        ("near Transformer-XL", "within 1 to 2, WikiText-103",
         each(xl, lambda T: f"CRT {c[T]}, with NC-GRU {n[T]}, Transformer-XL {xl[T]}"),
         near(c, n, xl)),
        ("fewer operations than Transformer-XL", "up to 5e9 fewer",
         "per token " + each(xl, lambda T: f"{c.mega(T):.2f} and {xl.mega(T):.2f} MFLOP"),
         each(xl, lambda T: fewer(c.mega(T), xl.mega(T))) + "; 5e9 does not follow from the formulas"),
        ("shorter segments cost less than a long Transformer", "",
         f"per segment {c.mega(35) * 35:.0f} (CRT, T=35) and {t.mega(70) * 70:.0f} (Transformer, T=70) MFLOP; "
         f"per token {c.mega(35):.2f} and {t.mega(70):.2f}",
         f"per segment {fewer(c.mega(35) * 35, t.mega(70) * 70)}; per token {fewer(c.mega(35), t.mega(70))}"),
        ("memory helps", "", "positions reset; " + each(bare, lambda T: f"without {bare[T]}, with {memory[T]}"),
         each(bare, lambda T: under(memory, T, bare, T))),
        ("recurrent positions help", "", "no memory; " + each(bare, lambda T: (
            f"Transformer (learned) {t[T]}, recurrent {bare[T]}, recurrent and carried {positions[T]}")),
         each(bare, lambda T: under(positions, T, t, T))),
        ("both together are best", "", each(bare, lambda T: (
            f"both {c[T]}, memory alone {memory[T]}, carried positions alone {positions[T]}")),
         "against memory alone; " + each(bare, lambda T: under(c, T, memory, T))),
        ("NC-GRU or GRU", "both are used", each(n, lambda T: f"NC-GRU {n[T]}, GRU {c[T]}"),
         "NC-GRU is under GRU; " + each(n, lambda T: under(n, T, c, T))),
        ("WikiText-103, Toyota Smarthome", "", "", "cannot be tested here: data and compute"),
    ]
    lines = [("the paper says", "theirs", "ours", ""), ("---",) * 4, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


class Figures:
    """The test perplexities of one model, by segment length."""

    def __init__(self, cells: Cells, label: str):
        self.cells = [cell for cell in cells if cell["label"] == label]

    def of(self, length: int) -> list[float]:
        return [cell["summary"]["test_perplexity"] for cell in self.cells
                if cell["summary"]["segment_length"] == length]

    def mean(self, length: int) -> float:
        return statistics.mean(self.of(length))

    def mega(self, length: int) -> float:
        """Millions of forward operations a token"""
        return next(cell["flops_per_token"] for cell in self.cells
                    if cell["summary"]["segment_length"] == length) / 1e6

    def __getitem__(self, length: int) -> str:
        of = self.of(length)
        return (f"{statistics.mean(of):.1f}" if of else "–") + (f" ± {statistics.stdev(of):.1f}" if len(of) > 1 else "")


def each(figures: Figures, say: Callable[[int], str]) -> str:
    """What there is to say at each segment length that was measured."""
    return "; ".join(f"T={T}: {say(T)}" for T in LENGTHS if figures.of(T))


def under(a: Figures, a_length: int, b: Figures, b_length: int) -> str:
    """Whether a's perplexity is under b's."""
    ours, other = a.of(a_length), b.of(b_length)
    if not ours or not other:
        return "not measured"
    difference = statistics.mean(other) - statistics.mean(ours)
    deviations = [statistics.stdev(of) for of in (ours, other) if len(of) > 1]
    if not deviations:
        return f"undecided (difference {difference:.1f}, one seed each)"
    error = max(deviations) * (1 / len(ours) + 1 / len(other)) ** 0.5
    seeds = "" if len(deviations) == 2 else ", one side one seed"
    if abs(difference) <= 2 * error:
        return f"undecided (difference {difference:.1f}, standard error {error:.1f}{seeds})"
    return f"{'holds' if difference > 0 else 'does not hold'}, by {abs(difference):.1f}{seeds}"


def fewer(ours: float, theirs: float) -> str:
    """Whether our operations are fewer than theirs: by a hundredth at least."""
    share = 1 - ours / theirs
    if abs(share) < 0.01:
        return f"about the same ({-100 * share:+.1f} %)"
    return f"{'holds' if share > 0 else 'does not hold'}, by {100 * abs(share):.0f} %"


def near(gru: Figures, ncgru: Figures, xl: Figures) -> str:
    gaps = [f"{gru.mean(T) - xl.mean(T):+.1f}" + (f" ({ncgru.mean(T) - xl.mean(T):+.1f})" if ncgru.of(T) else "")
            for T in LENGTHS if xl.of(T)]
    return f"on PTB the CRT's distance is {', '.join(gaps)} (with NC-GRU in brackets)"
