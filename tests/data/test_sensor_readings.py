"""CSV and NPZ files of readings: what is read, and what is refused in one line that names the place"""

import gzip
import io
import zipfile

import numpy as np
import pytest

from minicrt.data.sensors import read_readings
from minicrt.errors import DataError

PLAIN = "flow [l/min],pressure (bar)\n1.5,2\n-3e-1,\nNaN,4\n"


def written(folder, text, name="pump.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(path, *words, labels=None):
    with pytest.raises(DataError) as caught:
        read_readings(path, labels)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 400 and all(word in message for word in words), message


def arrays(folder, **content):
    np.savez(folder / "pump.npz", **content)
    return folder / "pump.npz"


@pytest.mark.parametrize("text", [PLAIN, PLAIN.replace(",", ";"), PLAIN.replace(",", "\t"), "\ufeff" + PLAIN,
                                  PLAIN.replace("\n", "\r\n"), "# made by hand, in May\n" + PLAIN + "\n",
                                  PLAIN.replace("NaN", " n/a ")])
def test_a_table(tmp_path, text):
    readings = read_readings(written(tmp_path, text))
    assert readings.names == ("flow", "pressure") and readings.units == ("l/min", "bar")
    np.testing.assert_array_equal(readings.values, [[1.5, 2], [-0.3, np.nan], [np.nan, 4]])
    assert readings.rate is None and readings.labels is None and readings.name == "pump.csv"
    assert repr(readings) == "<Readings pump.csv: 3 of 2 channels, 33.3 % missing: flow, pressure>"


def test_a_packed_file_and_quoted_names(tmp_path):
    path = tmp_path / "pump.csv.gz"
    path.write_bytes(gzip.compress(b'"flow, total","b"\n1,2\n'))
    assert read_readings(path).names == ("flow, total", "b")


@pytest.mark.parametrize("column, rate", [
    ("time [s]\n0\n0.25\n0.5", 4), ("time [ms]\n0\n250\n500\n1000", 4), ("timestamp\n2026-01-01T00:00:00\n"
     "2026-01-01T00:00:30\n2026-01-01T00:01:00", 1 / 30), ("t\n0\n\n2\n3", 1), ("time\n5", None)])
def test_a_column_of_times_is_the_rate_and_no_channel(tmp_path, column, rate):
    lines = column.split("\n")
    readings = read_readings(written(tmp_path, "\n".join(["x," + lines[0], *(f"1,{line}" for line in lines[1:])])))
    assert readings.names == ("x",) and readings.rate == (rate if rate is None else pytest.approx(rate))


def test_a_column_of_classes(tmp_path):
    path = written(tmp_path, "x,state\n1,on\n2,\n3,off\n")
    readings = read_readings(path, labels="state")
    assert readings.names == ("x",) and readings.labels.tolist() == ["on", "", "off"]
    refused(path, "line 2: state is 'on', expected a number, or nothing where it is missing")


@pytest.mark.parametrize("text, words", [
    ("a,b\n1,2\n1,two\n", ("line 3: b is 'two', expected a number",)),
    ("# note\n\na,b\n1,2\n1\n", ("line 5: 1 cells, the header has 2",)),
    ("a,b\n1,inf\n", ("line 2: b is infinite",)), ("a,b\n1,1e400\n", ("line 2: b is infinite",)),
    ("a,b\n1,2\n1,-1e39\n", ("line 3: b is '-1e39', beyond 3.4e+38, where float32 ends, expected a number",)),
    ("a,b\n1_0,2\n1,\uff11\n1,\u0663\n", ("line 2: a is '1_0', expected a number", "line 3: b is '\uff11'", "line 4")),
    ("time,a\n1,1\n1_0,1\n", ("line 3: time is '1_0', expected seconds",)),
    ("time,a\n1,1\ninf,1\n", ("line 3: time is infinite",)),
    ("a\n" + "x\n" * 9, ("line 2: a is 'x'", "line 4", "and 6 more bad rows")),
    ("a,a\n1,2\n", ("two columns are called 'a'",)), ("a,\n1,2\n", ("column 2 has no name",)),
    ("a,b\n", ("a header and no readings",)), ("# nothing\n", ("no header",)), ("", ("empty",)),
    ("time\n1\n2\n", ("no column of readings",)), ("time,a\n2,1\n1,1\n", ("the times do not ascend",)),
    ("time,a\nnoon,1\n", ("line 2: time is 'noon', expected seconds",))])
def test_tables_that_are_none(tmp_path, text, words):
    refused(written(tmp_path, text), "pump.csv", *words)


def test_files_that_are_none(tmp_path):
    refused(tmp_path / "none.csv", "there is no file")
    refused(tmp_path, "cannot be read")
    refused(written(tmp_path, "a,b\n1,2\n", "pump.npz"), "no NPZ file of plain arrays")
    refused(written(tmp_path, "x,state\n1,on\n"), "no column 'mode'", labels="mode")


@pytest.mark.parametrize("name", ["pump.npz", "pump.npy", "pump.csv"])
def test_a_single_array_is_called_one_under_any_name(tmp_path, name):
    single = io.BytesIO()
    np.save(single, np.arange(4.0))
    (tmp_path / name).write_bytes(single.getvalue())
    refused(tmp_path / name, f"{name} is a single array (.npy); write it with numpy.savez")


def test_other_formats_are_told_which_are_read(tmp_path):
    path = tmp_path / "pump.mat"
    for content, words in {b"\1\0\2": "a binary file", b"PK\x03\x04": "a ZIP archive", b"a\xff\n1\n": "not UTF-8 text"
                           }.items():
        path.write_bytes(content)
        refused(path, words, "readings are read from CSV text, or from NPZ in a file named .npz")


def test_archives_of_something_else_and_damaged_ones_are_none(tmp_path):
    path = tmp_path / "pump.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "flow,pressure")
    refused(path, "no NPZ file of plain arrays: 'letter.txt' in it is none")
    np.savez_compressed(path, flow=np.random.default_rng(0).random(400))
    whole = path.read_bytes()
    for place in range(70, 300, 10):                         # in what is packed, and its head
        path.write_bytes(whole[:place] + b"\xff\xff\xff" + whole[place + 3:])
        refused(path, "no NPZ file of plain arrays")


def test_arrays_by_name(tmp_path):
    path = arrays(tmp_path, flow=np.array([1.5, np.nan]), state=np.array(["on", ""]), rate=50)
    readings = read_readings(path, labels="state")
    assert readings.names == ("flow",) and readings.rate == 50 and readings.labels.tolist() == ["on", ""]
    refused(path, "state has dtype <U2, expected numbers")


def test_a_table_of_arrays(tmp_path):
    values = np.arange(6.0).reshape(3, 2)
    readings = read_readings(arrays(tmp_path, values=values, names=["a", "b"], units=["bar", ""], time=[0, 0.5, 1]))
    assert readings.names == ("a", "b") and readings.units == ("bar", "") and readings.rate == 2
    np.testing.assert_array_equal(readings.values, values)
    assert read_readings(arrays(tmp_path, values=values)).names == ("channel 0", "channel 1")


def test_truth_values_are_classes_and_complex_numbers_are_none(tmp_path):
    on = np.array([True, False])
    assert read_readings(arrays(tmp_path, on=on, a=[1, 2]), labels="on").labels.tolist() == ["True", "False"]
    refused(arrays(tmp_path, on=on * 1j, a=[1, 2]), "on has dtype complex128, expected classes", labels="on")


def test_classes_and_times_alone_are_no_readings(tmp_path):
    arrays(tmp_path, on=np.array([True, False]))
    refused(tmp_path / "pump.npz", "no array of readings beside the classes 'on', expected one", labels="on")
    arrays(tmp_path, on=np.array([True, False]), time=[0, 1])
    refused(tmp_path / "pump.npz", "beside the classes 'on' and the times 'time', expected one", labels="on")
    path = written(tmp_path, "Time [s],state\n1,on\n")
    refused(path, "no column of readings beside the classes 'state' and the times 'Time', expected one", labels="state")


@pytest.mark.parametrize("content, words", [
    ({"a": np.zeros(3), "b": np.zeros(4)}, "arrays of 3 and 4 readings"), ({"a": np.zeros((3, 2))}, "shape (3, 2)"),
    ({"a": np.zeros(3) * 1j}, "complex128"), ({"a": np.array([1, np.inf])}, "infinite at reading 1"), ({}, "no array"),
    ({"a": np.array([1, -1e39])}, "a is -1e+39, beyond 3.4e+38, where float32 ends, at reading 1"),
    ({"a": np.zeros(0)}, "0 readings"), ({"a": np.zeros(3), "rate": -1}, "rate is"),
    ({"values": np.zeros((3, 2)), "names": ["a"]}, "2 columns, but there are 1 names"),
    ({"a": np.array([None, 1])}, "no NPZ file of plain arrays")])
def test_arrays_that_are_none(tmp_path, content, words):
    refused(arrays(tmp_path, **content), "pump.npz", words)
