"""Readings of sensors: from a file to what a model is trained on"""

from minicrt.data.sensors.another import check_columns, part_for
from minicrt.data.sensors.data import Part, SensorData, load_sensor_data, readings_at, sensor_data, unchanged
from minicrt.data.sensors.dosing_machine import dosing_machine
from minicrt.data.sensors.framing import Framing, Question
from minicrt.data.sensors.readings import Readings, read_readings
from minicrt.data.sensors.streams import ReadingStream

__all__ = ["Framing", "Part", "Question", "ReadingStream", "Readings", "SensorData", "check_columns",
           "dosing_machine", "load_sensor_data", "part_for", "read_readings", "readings_at", "sensor_data", "unchanged"]
