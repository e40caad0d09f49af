"""Toyota Smarthome: unscripted activities of elderly people at home, filmed by seven cameras (Das et al., ICCV 2019)"""

from minicrt.data.smarthome.classes import CLASSES, CLASSES_ACROSS_VIEWS
from minicrt.data.smarthome.dataset import load_smarthome
from minicrt.data.smarthome.names import FileName, parse_name
from minicrt.data.smarthome.protocols import PROTOCOLS
from minicrt.data.smarthome.skeletons import read_skeletons

__all__ = ["CLASSES", "CLASSES_ACROSS_VIEWS", "PROTOCOLS", "FileName", "load_smarthome", "parse_name",
           "read_skeletons"]
