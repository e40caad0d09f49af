"""Ports that are wrong on purpose, written without looking at the catalogue of known mistakes

At first the checker named 119 of these 138. What it did not know has been added to the catalogue since, so that the
share which the test finds says how well it knows these, and not how well it would do on the next hundred.

    wrong_port.py, checked.py   what a wrong port is      net.py, crt_net.py, comparator_nets.py   right models
    rowwise.py, elementwise.py, attention.py, gru.py,     crt.py, crt_reading.py, comparators.py   wrong models
    recurrent.py       wrong operations in PyTorch        by_hand.py, scans_by_hand.py             in NumPy, by hand
"""
