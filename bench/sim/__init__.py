"""A clinic that lives through bad weeks in seconds: the real bot, a simulated Telegram, and an oracle that watches from outside.

One seed is one history. `python -m bench.sim --help` says how to run many.
"""
