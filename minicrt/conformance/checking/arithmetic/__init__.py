"""Ports that compute right, but in another arithmetic

    formats.py    float32, TF32, float16, bfloat16       coarse.py       what is rounded, and to which format
    altered.py    arrays of another arithmetic           approximate.py  which function is taken approximately
    running.py    a case's pass on such arrays
"""
