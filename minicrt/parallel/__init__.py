"""Threads: how many there are, what BLAS may use of them, and work shared out among them"""
