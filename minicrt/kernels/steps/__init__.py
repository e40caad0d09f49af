"""A token at a time: products, attention, recurrences and blocks for one new row of each of a few streams"""
