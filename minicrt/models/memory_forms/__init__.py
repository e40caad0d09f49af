"""A CRT's richer memories by name: what `memory_form` chooses from, but for the memory vectors of `models.crt`"""

from minicrt.models.memory_forms.form import FormedCRT
from minicrt.models.memory_forms.matrix import MatrixCRT
from minicrt.models.memory_forms.queue import QueueCRT
from minicrt.models.memory_forms.rows import RowsCRT
from minicrt.models.memory_forms.slots import SlotsCRT

__all__ = ["FORMS", "FormedCRT", "MatrixCRT", "QueueCRT", "RowsCRT", "SlotsCRT"]

FORMS: dict[str, type[FormedCRT]] = {"slots": SlotsCRT, "matrix": MatrixCRT, "queue": QueueCRT}
