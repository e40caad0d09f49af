"""Mistakes that only a whole model can have, each a part of the right one done otherwise"""
