"""Chapter 14: video, how often each class is recognised and what it weighs"""

import numpy as np

from minicrt.teach.exercise import Answer, Exercise, Mistake, unequal
from minicrt.teach.solutions import video


def accuracy_inputs(rng):
    """Classes of unequal size, one of them without a video, and another never told"""
    K = int(rng.integers(4, 7))
    counts = np.concatenate([[0], 2 + rng.choice(9, K - 1, replace=False)])[rng.permutation(K)]
    labels = rng.permutation(np.repeat(np.arange(K), counts))
    predicted = np.where(rng.random(len(labels)) < 0.6, labels, rng.integers(0, K, len(labels)))
    never, other = rng.choice(np.flatnonzero(counts), 2, replace=False)
    return labels, np.where(predicted == never, other, predicted), K


def weighted_inputs(rng, scale=1.0):
    V, K = unequal(rng, 2, least=3, most=8)
    return rng.uniform(0.5, 2), scale * rng.standard_normal((V, K)), rng.integers(0, K, V), rng.uniform(0.2, 4, K)


ACCURACIES = Exercise(
    "accuracies", video.accuracies, accuracy_inputs, ["overall", "mean of classes"],
    hints=["One share for all videos, and one a class: of the videos that *are* of class k, how many are right?",
           "A class without a video has no share: leave it out, in the sum and in the number of terms.",
           "right = labels == predicted; right[labels == k].mean() for each k that occurs."],
    questions={
        "labels == k": "Of which videos is the share of a class: those that are of it, or those that were taken for "
                       "it?",
        "finite": "What is the mean of no numbers?",
        "np.mean(shares)": "How many classes have a video?",
        "mean of classes": "Of how many shares is it the mean, and of which videos is each?",
        "factor": "How many classes have a video?",
        "shape": "Two numbers.",
        "": "Take nine videos of class 0, one of class 1, and a model that always says 0."},
    mistakes=[
        Mistake({"np.mean(shares)": "overall"}, "all videos count alike in both",
                "Nine videos of one class and one of another: how much does the one count?"),
        Mistake({"np.mean(shares)": "np.sum(shares) / K"}, "a class without a video counts as one that is always wrong",
                "How many classes have a video?"),
        Mistake({"np.mean(shares)": "np.mean(shares + [1.0] * (K - len(shares)))"},
                "a class without a video counts as one that is always right", "How many classes have a video?"),
        Mistake({"of_class = labels == k": "of_class = predicted == k"},
                "it is asked how often a class was told rightly, and not how often it was recognised",
                "Of which videos is the share of a class: those that are of it, or those that were taken for it?"),
        Mistake({"of_class = labels == k": "of_class = predicted == k", "np.mean(shares)": "np.sum(shares) / K"},
                "it is asked how often a class was told rightly, and one never told counts as always wrong",
                "Of which videos is the share of a class: those that are of it, or those that were taken for it?"),
        Mistake({"np.mean(shares)": "np.median(shares)"}, "the middle share stands for their mean",
                "Does every class count in what you return?"),
        Mistake({"np.mean(shares)": "np.min(shares)"}, "the worst class stands for the mean",
                "Does every class count in what you return?")])

WEIGHTED = Exercise(
    "weighted_gradient", video.weighted_gradient, weighted_inputs, ["d_y"],
    hints=["Without weights it is chapter 01: what the model said, minus what was right.",
           "A video has the weight of its class, w[classes]: a factor for the whole row of y.",
           "What is divided by? The sum of the videos' weights, and d_loss comes from above.",
           "d_loss * w[classes][:, None] * (p - one_hot) / w[classes].sum()"],
    questions={
        "weight.sum()": "By what is the loss divided, when all weights are 2?",
        "weight[:, None]": "Does a weight belong to a video or to a column of the scores?",
        "p - one_hot": "The right class has too little probability: should its score go up or down?",
        "d_loss": "Who uses the loss afterwards, and what do they say of it?",
        "sign": "The right class has too little probability: should its score go up or down?",
        "factor": "Double all weights: what becomes of the loss, and of its gradient?",
        "shape": "A gradient has the shape of what it is the gradient of: y.",
        "": "Add up a row of your gradient: what must it be?"},
    mistakes=[
        Mistake({"/ weight.sum()": "/ len(y)"}, "it is divided by the number of videos, and not by their weights",
                "Double all weights: what becomes of the loss?"),
        Mistake({"/ weight.sum()": "/ w.sum()"}, "it is divided by the weights of the classes, and not of the videos",
                "Three videos of one class: how often is its weight in the sum?"),
        Mistake({" / weight.sum()": ""}, "it is not divided by anything", "Is the loss a sum or a mean?"),
        Mistake({"weight[:, None] * ": "", "/ weight.sum()": "/ len(y)"}, "all classes weigh the same",
                "Whose gradient is to be larger: that of a rare class or that of a frequent one?"),
        Mistake({"weight[:, None] * ": ""}, "the weights are in the divisor alone",
                "Whose gradient is to be larger: that of a rare class or that of a frequent one?"),
        Mistake({"weight[:, None] * (p - one_hot)": "w * (p - one_hot)"},
                "each column has a weight of its own, and the rows do not add up to 0",
                "Does a weight belong to a video or to a column of the scores?"),
        Mistake({"weight[:, None] * (p - one_hot)": "(p - w * one_hot)"},
                "the weight is at the right class alone, and not at the probabilities",
                "Add up a row of your gradient: what must it be?"),
        Mistake({"(p - one_hot)": "(one_hot - p)"}, "the sign is the other way round",
                "The right class has too little probability: should its score go up or down?"),
        Mistake({"(p - one_hot)": "(-one_hot / p)"},
                "it is the gradient of the probabilities: the softmax is passed over",
                "What stands between the scores and the probabilities?"),
        Mistake({"(p - one_hot)": "p"}, "the right classes play no part",
                "If the model is perfectly right, what should the gradient be?"),
        Mistake({"y.max(1, keepdims=True)": "y.max()", "e.sum(1, keepdims=True)": "e.sum(0, keepdims=True)"},
                "the probabilities of a class add up to 1, and not those of a video", "Which numbers compete?"),
        Mistake({"d_loss * ": ""}, "the upstream gradient is lost", "Who uses the loss afterwards?"),
        Mistake({"weight = w[classes]": "weight = 1 / w[classes]"}, "it is divided by the weights",
                "A class of weight 2: how often do its videos count?")])

EXERCISES = (
    Answer("14.weights", {"frequent": -1 / 12, "rare": -1 / 4}, {
        1 / 12: "At the score of the right class: which sign?", 1 / 4: "At the score of the right class: which sign?",
        -1 / 8: "Double all weights: what becomes of the loss? So what is divided by?",
        -3 / 8: "By what is divided: by the number of videos, or by their weights?"},
        hints=["p is ½ everywhere, so p − 1 = −½ at the right score.",
               "The weights of the four videos are 1, 1, 1 and 3: divide by 6."]),
    ACCURACIES, WEIGHTED)
