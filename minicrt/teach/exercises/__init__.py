"""The exercises, a module a chapter: each has EXERCISES, a tuple of Exercise and Answer"""
