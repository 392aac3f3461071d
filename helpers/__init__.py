"""What the six notebooks share, so that their cells hold the lesson and not the plumbing.

`chain` declares notebooks, artefacts and parameters; `runs` opens a run's folder; `data` loads and checks images;
`lesson` holds the functions that one notebook teaches and later ones use; `figures` draws; `runner` runs the whole
series headless and is imported by no notebook.
"""

import os
import sys
from importlib.abc import MetaPathFinder

# TensorFlow's C++ side reads these once, when it is first imported: keep its start-up notes out of the notebooks, and
# let a GPU's memory grow as needed, so that two open notebooks can share one.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
# Keras works with other engines too, and a file in the home folder may name one; this series is about TensorFlow.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


class _NotForKeras(MetaPathFinder):
    """While Keras is being imported, scikit-learn is not to be found; after that it is.

    Keras imports it, where it is installed, for wrappers that no notebook uses: 60 MB of memory and most of a second in
    every kernel. Who wants `keras.wrappers` imports Keras before `helpers`.
    """

    def find_spec(self, name: str, *_: object) -> None:
        wrappers = sys.modules.get("keras.src.wrappers")
        if name == "sklearn" and wrappers and not hasattr(wrappers, "SKLearnTransformer"):
            raise ModuleNotFoundError("not while Keras is being imported", name=name)


sys.meta_path.insert(0, _NotForKeras())
