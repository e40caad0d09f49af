"""Chapter 00: the tour"""

import math

from minicrt.teach.exercise import Answer

EXERCISES = (
    Answer("00.eighth", {"loss": math.log(8), "perplexity": 8}, {
        3: "The natural logarithm of 8, and not that to base 2: nats, and not bits.",
        1 / 8: "Perplexity counts tokens: is it below 1?",
        math.log(1 / 8): "A loss is the mean of −ln p: which sign has it?"},
        hints=["Every token has the same p, so the mean is one number: −ln ⅛.",
               "Perplexity undoes the logarithm: e to the loss."]),
    Answer("00.two_pairs", {"accuracy": 1 / 2 + 1 / 2 * 1 / 8}, {
        1 / 2: "And where it names the other value: may that be right by accident?",
        1 / 8: "It knows more than nothing: the value is one of two that it saw."},
        hints=["Half of the time it names the right one of the two.",
               "The other half it names the other value. In how many cases of eight are the two the same?"]),
)
