"""What the series is, and what a run keeps; everything else builds on this floor.

`chain` and `parameters` declare the notebooks; `runs` reads and writes a run's folder and its
record; `files` writes so that nothing is half-written; `errors` holds the one error class; `quiet`
imports TensorFlow. Nothing here imports `helpers`, `runner`, `workers` or `workshop`.
"""

import os

# TensorFlow reads these once, when it is first imported. Level 3 leaves out its notes about
# processors and missing cards, which notebooks show in red; errors still come as exceptions.
# A GPU's memory grows as needed, so that two open notebooks can share one.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
# Keras works with other engines too, and a file in the home folder may name one; this series is
# about TensorFlow.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
