"""Ports that are wrong on purpose, written without looking at the catalogue of known mistakes

    wrong_port.py      what a wrong port is               net.py, crt_net.py, comparator_nets.py   right models
    rowwise.py, elementwise.py, attention.py, gru.py,     crt.py, comparators.py                   wrong models
    recurrent.py       wrong operations in PyTorch        by_hand.py, scans_by_hand.py             in NumPy, by hand
"""
