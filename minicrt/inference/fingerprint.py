"""What tells a model with its weights from every other"""

import hashlib
import json
from typing import Any

from minicrt.models import Parameters


def fingerprint(described: Any, parameters: Parameters) -> str:
    """SHA-256 of what JSON says of a model, and of its weights"""
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for array in parameters.stored_arrays():
        digest.update(array.tobytes())
    return digest.hexdigest()
