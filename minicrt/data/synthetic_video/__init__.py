"""Videos that were never filmed: what to say of the last clip was shown in the first"""

from minicrt.data.synthetic_video.body import BONES, JOINTS
from minicrt.data.synthetic_video.teacher import teacher_features
from minicrt.data.synthetic_video.video import PARTS, SyntheticVideo

__all__ = ["BONES", "JOINTS", "PARTS", "SyntheticVideo", "teacher_features"]
