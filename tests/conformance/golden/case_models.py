"""The plain model of a golden case's configuration, without any recording"""

from minicrt.models import create_model, create_sensor_model
from minicrt.models.video import create_video_model


def model_of(configuration, engine=None):
    mapping = {key: value for key, value in configuration.items() if key not in ("segments", "batch")}
    if "classes" in mapping:
        return create_video_model(**mapping, engine=engine)
    return create_sensor_model(**mapping, engine=engine) if "task" in mapping else create_model(mapping, engine)
