"""Ports that compute right, but in another arithmetic

    formats.py    float32, TF32, float16, bfloat16       running.py   a case's pass on such arrays
    altered.py    arrays of another arithmetic           coarse.py    what is rounded, and to which format
"""
