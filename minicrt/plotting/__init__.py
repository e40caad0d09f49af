"""Every figure that the command line and the notebooks draw.

Each function returns a matplotlib Figure (`tokens_by_surprisal` HTML) and leaves pyplot and its global state alone, so
that it needs no display and nothing has to be closed: `figure.savefig("curves.png")`, or let a notebook show it.
Titles, tokens and labels are drawn as they are written, `$` included. matplotlib is slow to import; import this package
where a figure is drawn. Figures are at most 1,200 pixels wide, and can be read in print and by the colour-blind.
"""

from minicrt.picture import Picture
from minicrt.plotting.classes import confusion_map
from minicrt.plotting.frames import film_strip
from minicrt.plotting.lines import by_group, lines
from minicrt.plotting.maps import attention_map, gradient_error, vector_over_time
from minicrt.plotting.remembering import loss_by_place, memory_trajectory, recall_by_distance
from minicrt.plotting.roofline import roofline
from minicrt.plotting.runs import comparison, cut_bars, learning_curves
from minicrt.plotting.sensors import class_probabilities, forecast, sensor_curves
from minicrt.plotting.style import BLUE, GREEN, GREY, ORANGE
from minicrt.plotting.videos import patch_attention, video_curves
from minicrt.plotting.words import ColouredText, tokens_by_surprisal

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "ColouredText", "Picture", "attention_map", "by_group",
           "class_probabilities", "comparison", "confusion_map", "cut_bars", "film_strip", "forecast", "gradient_error",
           "learning_curves", "lines", "loss_by_place", "memory_trajectory", "patch_attention", "recall_by_distance",
           "roofline", "sensor_curves", "tokens_by_surprisal", "vector_over_time", "video_curves"]
