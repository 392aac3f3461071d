"""What the series is, and what a run keeps; everything else builds on this floor.

`chain` and `parameters` declare the notebooks; `runs` reads and writes a run's folder and its
record; `files` writes so that nothing is half-written; `errors` holds the one error class;
`settings` holds what the lesson must not take from the machine; `quiet` imports TensorFlow. Nothing
here imports `helpers`, `runner`, `workers` or `workshop`.
"""

from series.settings import set_environment

set_environment()
