"""A body of thirteen joints, which a pose of four numbers bends"""

import numpy as np

Array = np.ndarray
JOINTS = ("head", "left shoulder", "right shoulder", "left elbow", "right elbow", "left hand", "right hand",
          "left hip", "right hip", "left knee", "right knee", "left foot", "right foot")
BONES = ((1, 2), (7, 8), (1, 7), (2, 8), (1, 3), (2, 4), (3, 5), (4, 6), (7, 9), (8, 10), (9, 11), (10, 12))
POSE = ("arms", "crouch", "lean", "stride")

ARM, LEG, TORSO, NECK = 0.18, 0.25, 0.3, 0.12                # of each half of a limb; a body that stands has height 1
SHOULDERS, HIPS = 0.1, 0.06                                  # half of their width
DEEPEST = 0.5                                                # how much a full crouch takes of the legs


def body_joints(pose: Array) -> Array:                       # (..., 4) -> (..., 13, 3)
    """Where the joints are in the body's own room: x to its left, y up from the ground, z forward.

    The pose (..., 4) holds, in this order:
        arms      the angle α between the arms and straight down, in the plane of the shoulders
        crouch    κ from 0 to 1: the hips are at height 2·LEG·cos(stride)·(1 − κ/2), the knees give way forward
        lean      the angle λ by which torso, arms and head are turned about the middle of the hips, to the left
        stride    the angle σ of each leg outward

        hip_±    = (±HIPS, h, 0),  h = 2 LEG cos σ (1 − κ/2)
        foot_±   = (±(HIPS + 2 LEG sin σ), 0, 0)
        knee_±   = (hip_± + foot_±)/2 + (0, 0, √(LEG² cos²σ − (h/2)²))
        upper    = hips + R(λ) (upper when standing),  R(λ) (x, y) = (x cos λ + y sin λ, y cos λ − x sin λ)

    Raises nothing: any pose of numbers makes a body.
    """
    arms, crouch, lean, stride = np.moveaxis(pose, -1, 0)
    joints = np.zeros((*pose.shape[:-1], len(JOINTS), 3), pose.dtype)
    hips = 2 * LEG * np.cos(stride) * (1 - DEEPEST * crouch)
    forward = np.sqrt(np.maximum((LEG * np.cos(stride)) ** 2 - (hips / 2) ** 2, 0))
    sin, cos = np.sin(lean), np.cos(lean)

    def turn(number: int, x: Array | float, y: Array | float) -> None:
        """Put a joint of the upper body, which would be at (x, y) above the hips, where the lean takes it"""
        joints[..., number, 0] = x * cos + y * sin
        joints[..., number, 1] = hips + y * cos - x * sin

    turn(0, 0.0, TORSO + NECK)
    for side, sign in enumerate((1.0, -1.0)):
        turn(1 + side, sign * SHOULDERS, TORSO)
        for half in (1, 2):
            turn(1 + 2 * half + side, sign * (SHOULDERS + half * ARM * np.sin(arms)), TORSO - half * ARM * np.cos(arms))
        joints[..., 7 + side, 0], joints[..., 7 + side, 1] = sign * HIPS, hips
        joints[..., 11 + side, 0] = sign * (HIPS + 2 * LEG * np.sin(stride))
        joints[..., 9 + side, :] = (joints[..., 7 + side, :] + joints[..., 11 + side, :]) / 2
        joints[..., 9 + side, 2] = forward
    return joints
