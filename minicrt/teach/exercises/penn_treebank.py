"""Chapter 08: Penn Treebank"""

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import penn_treebank


def perplexity_inputs(rng):
    B, T = unequal(rng, 2, least=3)
    targets = rng.integers(0, 50, (B, T))
    targets[-1, -int(rng.integers(1, T)):] = -1              # the end of the last row is padding
    return rng.gamma(3.0, 1.0, (B, T)), targets


def surprisal_inputs(rng):
    T, V = unequal(rng, 2, least=3)
    return 2 * rng.standard_normal((T, V)), rng.integers(0, V, T)


def segment_inputs(rng):
    B, N, T = unequal(rng, 3)
    over = 0 if rng.random() < 0.2 else B * T - 1            # with one token more there would be one segment more
    return rng.permutation(B * N * T + 1 + over), B, T


def place_inputs(rng):
    N, T = unequal(rng, 2, least=3)
    return (rng.gamma(3.0, 1.0, (N, T)),)


PERPLEXITY = Exercise(
    "perplexity", penn_treebank.perplexity, perplexity_inputs, ["perplexity"],
    hints=["First the sum of the losses that count, then how many there are, then the mean, and e to it last.",
           "targets >= 0 is True where a token is scored; a sum over it counts.",
           "np.exp(losses[targets >= 0].mean())"],
    questions={
        "np.where(scored, losses, 0)": "Which places are padding, and what do they add to the sum?",
        "scored.sum()": "How many tokens share the sum?",
        "np.exp(total / scored.sum())": "All tokens have p = 1/8: is it 8?",
        "function": "All tokens have p = 1/8: is it 8?",
        "factor": "How many tokens share the sum?",
        "": "All tokens have p = 1/8: is it 8, however many of them there are?"},
    mistakes=[
        Mistake({"total / scored.sum()": "(np.where(scored, losses, 0).sum(1) / scored.sum(1)).mean()"},
                "it is a mean of the rows' means, and some have fewer tokens", "How much does each token count?"),
        Mistake({"return np.exp(total / scored.sum())":
                 "return np.exp(np.where(scored, losses, 0).sum(1) / scored.sum(1)).mean()"},
                "each row has a perplexity of its own, and their mean is taken",
                "Which comes first, the mean or the power?"),
        Mistake({"targets >= 0": "targets > 0"}, "token 0 is left out as well",
                "Which number marks what is not scored?"),
        Mistake({"np.where(scored, losses, 0)": "losses", "scored.sum()": "losses.size"},
                "what is not scored is counted as well", "What stands in the target where a row has ended?"),
        Mistake({"scored.sum()": "losses.size"}, "it is divided by the number of places, scored or not",
                "How many tokens share the sum?"),
        Mistake({"np.where(scored, losses, 0)": "losses"}, "padding adds to the sum",
                "Which places are padding, and what do they add to the sum?"),
        Mistake({"np.exp(": "np.exp2("}, "it is a power of 2, and these losses are in nats",
                "With which logarithm was the loss taken?"),
        Mistake({"total / scored.sum()": "total"}, "a sum stands for the mean",
                "Read the text twice: is a model then more perplexed?"),
        Mistake({"np.where(scored, losses, 0)": "np.where(scored, np.exp(losses), 0)",
                 "np.exp(total / scored.sum())": "total / scored.sum()"},
                "it is the mean of powers, not the power of a mean", "Which comes first, the mean or the power?")])

SURPRISAL = Exercise(
    "surprisal_bits", penn_treebank.surprisal_bits, surprisal_inputs, ["bits"],
    hints=["Softmax in each row, pick the target's entry, then the logarithm to base 2 with its sign.",
           "p[np.arange(len(targets)), targets] picks one entry a row.",
           "−log p is the logarithm of the row's sum less the target's score; ln x / ln 2 = log2 x."],
    questions={
        "log_p[np.arange(len(targets)), targets]": "Whose probability is asked for, that of the word which came?",
        "np.log(2)": "A word that had p = 1/2: is it worth one bit?",
        "np.exp(shifted).sum(-1, keepdims=True)": "Over what do the probabilities add up to 1?",
        "sign": "Can a surprisal be below 0?",
        "factor": "A word that had p = 1/2: is it worth one bit?",
        "axis": "Over what do the probabilities add up to 1?",
        "": "Two words with equal scores: is each worth one bit?"},
    mistakes=[
        Mistake({"-right / np.log(2)": "-right"}, "it is in nats", "A word that had p = 1/2: is it worth one bit?"),
        Mistake({"shifted = logits - logits.max(-1, keepdims=True)": "shifted = logits",
                 ".sum(-1, keepdims=True))": ".sum())"}, "all rows together share one sum",
                "The words of one place: do their probabilities add up to 1?"),
        Mistake({"- np.log(np.exp": "- np.log2(np.exp", "-right / np.log(2)": "-right"},
                "the score is in nats, and the logarithm of the sum in bits",
                "Two numbers are subtracted: have they the same unit?"),
        Mistake({"/ np.log(2)": "* np.log(2)"}, "from nats to bits it goes the other way",
                "Is a bit more than a nat, or less?"),
        Mistake({".sum(-1, keepdims=True))": ".sum(0, keepdims=True))"},
                "the probabilities add up to 1 over the places, not over the words",
                "One row holds the scores of what?"),
        Mistake({"logits.max(-1, keepdims=True)": "logits.max(0)",
                 ".sum(-1, keepdims=True))": ".sum(0, keepdims=True))"},
                "the probabilities add up to 1 over the places, not over the words",
                "One row holds the scores of what?"),
        Mistake({"log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))": "log_p = shifted"},
                "nothing divides by the sum over the words", "Add up 2 to the minus bits over all words: is it 1?"),
        Mistake({"return -right / np.log(2)": "return np.exp(right)"}, "it is the probability, not the surprisal",
                "Does a rare word surprise more, or less?"),
        Mistake({"log_p[np.arange(len(targets)), targets]": "log_p.max(-1)"},
                "it is that of the likeliest word, not of the one that came",
                "Whose probability is asked for?")])

SEGMENTS = Exercise(
    "cut_into_segments", penn_treebank.cut_into_segments, segment_inputs, ["inputs", "targets"],
    hints=["First how many segments each row has, then the rows: B long pieces of the text, one below the other.",
           "tokens[:B * N * T].reshape(B, N, T) is row by row; the answer counts segments first.",
           "swapaxes(0, 1) puts the segments in front. Targets: the same of tokens[1:]."],
    questions={
        "tokens[1:B * N * T + 1]": "What is to be predicted at the last place of a segment?",
        "(len(tokens) - 1)": "The last token read needs a target, too: how many can be read at most?",
        "shape": "Which comes first in the answer, the segment or the row? How many segments fit, if the last token "
                 "that is read needs a target, too?",
        "other": "Which of the two is read, and which is predicted?",
        "": "Number the tokens 0, 1, 2, …: where does row 0 stand in segment 1?"},
    mistakes=[
        Mistake({"tokens[:B * N * T].reshape(B, N, T)": "tokens[:B * N * T].reshape(N, B, T).swapaxes(0, 1)",
                 "tokens[1:B * N * T + 1].reshape(B, N, T)":
                 "tokens[1:B * N * T + 1].reshape(N, B, T).swapaxes(0, 1)"},
                "a row goes on in the row below it and not in its own next segment",
                "Row 0 hands its memory to row 0 of the next segment: is that the text which follows?"),
        Mistake({"tokens[:B * N * T].reshape(B, N, T)":
                 "tokens[:(len(tokens) - 1) // B * B].reshape(B, -1)[:, :N * T].reshape(B, N, T)",
                 "tokens[1:B * N * T + 1].reshape(B, N, T)":
                 "tokens[1:(len(tokens) - 1) // B * B + 1].reshape(B, -1)[:, :N * T].reshape(B, N, T)"},
                "each row leaves something out at its end, and not the text at its own",
                "Row 0 reads its last segment: does row 1 begin with the token after it?"),
        Mistake({"tokens[1:B * N * T + 1]": "tokens[:B * N * T]"}, "what is to be predicted is what was just read",
                "Which token follows the one at place 0?"),
        Mistake({"y = tokens[1:B * N * T + 1].reshape(B, N, T)": "y = np.roll(x, -1, axis=2)"},
                "the last target of a segment is taken from the segment's own beginning",
                "What is to be predicted at the last place of a segment?"),
        Mistake({"y = tokens[1:B * N * T + 1].reshape(B, N, T)":
                 "y = np.roll(x.reshape(B, N * T), -1, axis=1).reshape(B, N, T)"},
                "the last target of a row is taken from the row's own beginning",
                "Row 0 ends with its last segment: which token comes next in the text?"),
        Mistake({"return x.swapaxes(0, 1), y.swapaxes(0, 1)": "return y.swapaxes(0, 1), x.swapaxes(0, 1)"},
                "inputs and targets are exchanged", "Which of the two is read, and which is predicted?")])

PLACES = Exercise(
    "loss_by_place", penn_treebank.loss_by_place, place_inputs, ["mean", "error"],
    hints=["All segments are averaged, and no places: what is left has T entries.",
           "The standard deviation says how far single losses lie apart; their mean is sharper by the root of N.",
           "losses.std(0, ddof=1) / np.sqrt(N)"],
    questions={
        "np.sqrt(variance / N)": "With four times as many segments, how much shorter is the bar of the mean?",
        "(N - 1)": "The mean was taken from the same N numbers: how many are free?",
        "N": "What is averaged, segments or places?",
        "factor": "With four times as many segments, how much shorter is the bar of the mean?",
        "function": "In which unit is an error, in nats or in their square?",
        "axis": "What is averaged, segments or places?",
        "shape": "What is averaged, segments or places?",
        "": "All losses of a place are the same: is its error 0?"},
    mistakes=[
        Mistake({"np.sqrt(variance / N)": "np.sqrt(variance)"},
                "that is how far single losses lie apart, not how sure their mean is",
                "With four times as many segments, how much shorter is the bar of the mean?"),
        Mistake({"/ (N - 1)": "/ N"}, "the mean that is taken off was made of the same numbers",
                "With a single segment, what is known of the spread?"),
        Mistake({"np.sqrt(variance / N)": "variance / N"}, "the error is left squared",
                "In which unit is an error, in nats or in their square?"),
        Mistake({"np.sqrt(variance / N)": "np.sqrt(variance / T)"}, "it is divided by the places, not by the segments",
                "How many losses does one mean hold?"),
        Mistake({"np.sqrt(variance / N)": "np.sqrt(variance) / N"}, "the number of segments stands outside of the root",
                "With four times as many segments, how much shorter is the bar of the mean?")])

EXERCISES = (
    Answer("08.perplexity", {"bits": 2.0, "perplexity": 4.0}, {
        14 / 3: "Is perplexity a mean of 1/p? Take the mean of the logarithms first.",
        24 / 7: "Is perplexity one over the mean of p? Take the mean of the logarithms first.",
        1.386294: "That is in nats. How often is 1 halved to give ¼?"},
        hints=["−log2 of ½, ¼ and ⅛ is 1, 2 and 3.", "Perplexity undoes the logarithm: 2 to the mean of the bits."]),
    Answer("08.segment", {"first token": 6, "second token": 7}, {
        (8, 9): "If segment 1 is cut into rows first, no row reads on. Where did row 2 stop in segment 1?",
        (4, 5): "That is where row 2 begins: its segment 1.",
        (5, 6): "The last token is only a target. How many are read, and how many by each row?",
        (7, 8): "The last token is only a target. How many are read, and how many by each row?",
        (10, 11): "The rows are counted from 1, as in the table above.",
        (2, 3): "The rows are counted from 1, as in the table above."},
        hints=["Twelve tokens are read in three rows: each row reads four of them in a row.",
               "Row 2 reads 4, 5, 6, 7."]),
    Answer("08.cost", {"operations (millions)": 1.28, "bytes": 512}, {
        0.64: "A multiplication and an addition are two operations.", 128: "Numbers, not bytes: how long is a float32?",
        256: "How many vectors cross a boundary? The positions have a state, too."},
        hints=["The scores are a vector of D times a matrix of D rows and V columns.",
               "Two vectors of D numbers, each of four bytes."]),
    PERPLEXITY, SURPRISAL, SEGMENTS, PLACES)
