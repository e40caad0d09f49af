"""The plain model of a golden case's configuration, without any recording"""

from minicrt.models import create_model, create_sensor_model


def model_of(configuration, engine=None):
    mapping = {key: value for key, value in configuration.items() if key not in ("segments", "batch")}
    return create_sensor_model(**mapping, engine=engine) if "task" in mapping else create_model(mapping, engine)
