"""A model as a C program: `parts` holds the functions as C, what follows of a model's settings is put together here"""

from minicrt.export.c_program.exported import export_c

__all__ = ["export_c"]
