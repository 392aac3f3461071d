"""What the notebooks share, so that their cells hold the lesson and not the plumbing.

`chain` and `parameters` declare the series; `runs` opens a run's folder; `data`, `folders` and `pictures` load images;
`lesson` holds the functions that one notebook teaches and later ones use; `training` watches `fit`; `exercises` checks
a reader's answers; `figures` draws. The packages `runner`, `workers` and `workshop` build on this one, which imports
none of them.
"""

import os

# TensorFlow reads these once, when it is first imported. Level 3 leaves out its notes about processors and missing
# cards, which notebooks show in red; errors still come as exceptions. A GPU's memory grows as needed, so that two open
# notebooks can share one.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
# Keras works with other engines too, and a file in the home folder may name one; this series is about TensorFlow.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
