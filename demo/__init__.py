"""A Telegram of our own on this machine: a strict Bot API server, four phones in a browser page, and a clock one can turn.

Nothing here imports the engine: what the page shows of it comes through `demo.control.Control`.
"""
