"""A text as a page whose words are coloured by surprisal; it loads nothing"""

import html
import math
from collections.abc import Iterable, Sequence

MOST = 16.0                                                  # bits, from which on the colour is the darkest
COLOUR = (201, 86, 12)                                       # over white, so that black text is read on all of it
STEPS = (0, 2, 4, 6, 8, 10, 12, 14, 16)                      # of the legend

PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.9 Georgia, serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #111 }}
h1 {{ font-size: 1.2rem }}
.text span, .legend span {{ padding: .12em .18em; border-radius: .2em; print-color-adjust: exact }}
.unknown {{ border-bottom: 2px dotted #111 }}
.legend, .facts {{ font: .9rem/1.6 sans-serif }}
</style></head><body>
<h1>{title}</h1>
<p class="facts">{facts}</p>
<p class="legend">surprisal in bits: {legend}</p>
<p class="text">{text}</p>
</body></html>
"""


def surprise_page(tokens: Sequence[str], known: Sequence[bool], surprisal: Sequence[float | None], title: str,
                  between: str = " ") -> str:
    """HTML of the text; a word's own figure shows where the pointer rests on it. `between` stands between tokens."""
    bits = [value for value in surprisal if value is not None]
    facts = "nothing is predicted: the text has one token" if not bits else (
        f"{len(bits):,} tokens predicted, {sum(bits) / len(bits):.2f} bits each: perplexity "
        f"{2 ** min(sum(bits) / len(bits), 1000):.1f}; {sum(not k for k in known):,} not in the "
        "vocabulary (dotted)")
    legend = " ".join(f'<span style="background: {colour(step)}">{step}{"+" if step == STEPS[-1] else ""}</span>'
                      for step in STEPS)
    return PAGE.format(title=html.escape(title), facts=facts, legend=legend,
                       text=between.join(words(tokens, known, surprisal)))


def words(tokens: Sequence[str], known: Sequence[bool], surprisal: Sequence[float | None]) -> Iterable[str]:
    for token, is_known, bits in zip(tokens, known, surprisal):
        if token in ("\n", "<eos>"):
            yield "<br>"
            continue
        says = "the first token is not predicted" if bits is None else f"{bits:.2f} bits"
        mark = "" if is_known else ' class="unknown"'
        yield f'<span{mark} title="{says}" style="background: {colour(bits or 0)}">{html.escape(token)}</span>'


def colour(bits: float) -> str:
    """White at 0 bits, COLOUR at MOST and more; three quarters of it, so that text stays readable"""
    share = 0.75 * min(max(bits if math.isfinite(bits) else MOST, 0), MOST) / MOST
    return "rgb({}, {}, {})".format(*(round(255 + share * (c - 255)) for c in COLOUR))
