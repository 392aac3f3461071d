"""What the cells of the notebooks call, so that they hold the lesson and not the plumbing.

`runs` opens a run's folder; `data`, `folders` and `pictures` load images; `lesson` holds the
functions that one notebook teaches and later ones use; `training` watches `fit`; `exercises` checks
a reader's answers; `figures` draws; `canvas` lets a reader draw. This package builds on `series`
alone; `runner`, `workers` and `workshop` build on both.
"""

from series.errors import LessonError

__all__ = ["LessonError"]
