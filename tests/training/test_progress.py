import io
import logging
import re

import pytest

from minicrt.training import Bar, Lines, progress_for, train
from minicrt.training.fitted_bar import FittedBar
from minicrt.training.progress import Average, clock, evaluation_line, perplexity
from tests.training import tiny


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_a_bar_and_a_log_gets_lines():
    assert isinstance(progress_for(Terminal()), Bar)
    assert isinstance(progress_for(io.StringIO()), Lines)


@pytest.fixture(scope="module")
def corpus():
    return tiny.corpus()


def test_lines(tmp_path, corpus):
    stream = io.StringIO()
    train(tmp_path / "run", tiny.model(), corpus, tiny.config(), Lines(stream, seconds=0.0))
    lines = stream.getvalue().splitlines()
    assert "\r" not in stream.getvalue()
    assert sum(line.startswith("step 8, epoch 0.62: train perplexity") for line in lines) == 1
    steps = [line for line in lines if " of 30: loss " in line]
    assert len(steps) == 30 and all("tokens/s" in line for line in steps)
    assert [line.endswith("left") for line in steps] == [False, *[True] * 29]


def test_lines_are_rare(tmp_path, corpus):
    stream = io.StringIO()
    train(tmp_path / "run", tiny.model(), corpus, tiny.config(), Lines(stream, seconds=1000.0))
    assert len(stream.getvalue().splitlines()) == 4                        # the evaluations


def test_bar(tmp_path, corpus):
    stream = Terminal()
    train(tmp_path / "run", tiny.model(), corpus, tiny.config(), Bar(stream))
    text = stream.getvalue()
    assert "30/30" in text and "tokens/s" in text and "train perplexity" in text


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 130])
@pytest.mark.parametrize("total", [30, 265_600])
def test_the_bar_keeps_its_bar(monkeypatch, columns, total):
    monkeypatch.setattr(Average, "tokens_per_second", 12_345.0)
    bar = FittedBar(desc="training", total=total, file=io.StringIO(), ncols=columns)
    bar.average = Average()
    assert len(bar_within(str(bar))) >= 10
    bar.average.add(5.0, 1400)
    bar.update(20)
    line = str(bar)
    assert len(line) <= columns and len(bar_within(line)) >= 10
    assert ("perplexity 148.4, 12,345 tokens/s]" in line) == (columns >= 80)
    bar.close()


def test_the_first_step_says_nothing_of_the_time_left(monkeypatch):
    """Kernels are compiled in it: here it takes 100 seconds, and each of the others one."""
    now, terminal, lines, told = [0.0], Terminal(), io.StringIO(), []
    monkeypatch.setattr("time.time", lambda: now[0])
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    bar, log = Bar(terminal), Lines(lines, seconds=0.0)
    for progress in bar, log:
        progress.begin(0, 30)
    bar._bar._time = lambda: now[0]                          # tqdm took hold of the clock when it was imported
    bar._bar.start_t = bar._bar.last_print_t = 0.0
    for step, seconds in (1, 100), (2, 1), (3, 1):
        now[0] += seconds
        for progress in bar, log:
            progress.step(step, 5.0, 100)
        told.append(terminal.getvalue().rpartition("\r")[2])
    bar.end()
    told.append(terminal.getvalue().rstrip().rpartition("\r")[2])
    assert "1/30 [01:40<?," in told[0] and "3/30 [01:42<00:27," in told[2]
    assert "3/30 [01:42<00:27," in told[3]                   # what stays on the screen says it too
    first, _, third = lines.getvalue().splitlines()
    assert "left" not in first and third.endswith(f", {clock(27.0)} left")


def bar_within(line):
    return re.search(r"%\|(.*)\|", line)[1]


def test_a_bar_without_an_end_fits():
    bar = FittedBar(desc="training", total=None, file=io.StringIO(), ncols=80)
    bar.average = Average()
    bar.average.add(5.0, 1400)
    bar.update()
    assert len(str(bar)) <= 80 and str(bar).endswith("tokens/s]")
    bar.close()


def test_what_is_logged_stands_above_the_bar():
    """A kernel is compiled in the first step, and the package says so: on a line of its own, not within the bar's."""
    stream, log = Terminal(), logging.getLogger("minicrt")
    bar = Bar(stream)
    bar.begin(0, 30)
    log.warning("minicrt: compiling kernels")
    bar.step(1, 5.0, 100)
    with bar.task("validation", 3):
        pass
    bar.end()
    with bar.task("test", 3):
        log.warning("minicrt: compiling more")
    assert re.search(r"[\r\n]minicrt: compiling more\n", stream.getvalue())
    above, below = stream.getvalue().split("minicrt: compiling kernels\n")
    assert above.endswith(("\r", "\n")) and "1/30" in below
    assert log.propagate and not log.handlers


def test_the_line_of_an_evaluation_fits_a_terminal():
    record = {"step": 16_600, "epoch": 10.5, "train_loss": 9.21, "valid_loss": 9.21, "best": True, "seconds": 4000}
    assert len(evaluation_line(record)) <= 80


def test_a_caution_is_told(tmp_path, corpus):
    watcher = tiny.Meddler()
    model = tiny.model(readout="transformer")
    train(tmp_path / "run", model, corpus, tiny.config(steps=2, bptt_segments=1), watcher)
    assert watcher.said == [model.caution(1)]


def test_the_rate_leaves_out_what_is_not_training(monkeypatch):
    clock_times = iter([0.0, 1.0, 2.0, 40.0, 60.0, 61.0])                  # between 2 and 60 an evaluation
    monkeypatch.setattr("minicrt.training.progress.time.perf_counter", lambda: next(clock_times))
    average = Average()
    average.add(1.0, 100)
    average.add(1.0, 100)
    assert average.tokens_per_second == 100
    average.resume()
    assert average.tokens_per_second == 100          # what it was, as long as there is no step: a run ends like that
    average.resume()
    average.add(1.0, 300)
    assert average.tokens_per_second == 300


def test_numbers():
    assert clock(59.6) == "1:00" and clock(3600 + 61) == "1:01:01" and clock(5) == "0:05"
    assert perplexity(0.0) == "1.0" and perplexity(2000.0) == "e^2000"
