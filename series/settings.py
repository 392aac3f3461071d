"""The lesson's settings are the lesson's: what the environment, a file in the home folder or an
IPython startup file says doesn't change what the notebooks compute, print or draw.

This is the one place for all of them. Each package sets what is read at import by importing
`series`; a notebook's first cell and every worker set the rest once TensorFlow is there. A notebook
may choose otherwise later, as 03 does with its number format.
"""

import os
import sys
import warnings
from pathlib import Path

from series.chain import ROOT
from series.errors import LessonError

# Read once, when TensorFlow or Keras is imported. Level 3 leaves out TensorFlow's notes about
# processors and missing cards, which notebooks show in red; errors still come as exceptions.
# Keras works with other engines too; this series is about TensorFlow.
ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_USE_LEGACY_KERAS": "0",
}
NOT_OURS = (
    # These cut every training short, for debugging.
    "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH",
    # Other ways to add numbers up: the third place of an accuracy changes.
    "TF_DETERMINISTIC_OPS", "TF_ENABLE_ONEDNN_OPTS",
    # As errors, warnings of libraries would end a notebook.
    "PYTHONWARNINGS",
)  # fmt: skip
# Those that Python doesn't show unless asked to.
HIDDEN_WARNINGS = (
    DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning,
)  # fmt: skip
# NumPy's own ways to print and to warn.
PRINTING = {
    "edgeitems": 3, "floatmode": "maxprec", "formatter": None, "infstr": "inf", "linewidth": 75,
    "nanstr": "nan", "precision": 8, "sign": "-", "suppress": False, "threshold": 1000,
}  # fmt: skip
ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}

LIBRARIES = (
    "keras", "tensorflow", "numpy", "matplotlib", "scipy", "sklearn", "PIL", "psutil", "anywidget",
)  # fmt: skip


def set_environment() -> None:
    """Set what Python, TensorFlow and Keras read from the environment, here and in kernels."""
    os.environ.update(ENVIRONMENT)
    for name in NOT_OURS:
        os.environ.pop(name, None)
    if sys.warnoptions:  # PYTHONWARNINGS, which this process has read already
        sys.warnoptions.clear()
        warnings.simplefilter("default")
        for category in HIDDEN_WARNINGS:
            warnings.simplefilter("ignore", category)
    # A GPU's memory grows as needed, so that two open notebooks can share one. It changes no
    # result, so who sets it otherwise has a reason.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def set_libraries() -> None:
    """Set what Keras, TensorFlow, NumPy, Matplotlib and IPython would take from elsewhere.

    Raises:
        LessonError: Keras was imported before, with another engine than TensorFlow.
    """
    import keras
    import matplotlib
    import numpy as np
    import tensorflow as tf

    if keras.config.backend() != "tensorflow":
        raise LessonError(
            f"Keras was imported before this cell, with the engine {keras.config.backend()}",
            "restart the kernel; if it stays so, take Keras out of IPython's startup files "
            "(python -m IPython locate profile names their folder)",
        )
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_dtype_policy("float32")
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)
    tf.config.run_functions_eagerly(False)
    # Several networks trained for a few updates each are no mistake, though TensorFlow warns of it.
    tf.get_logger().setLevel("ERROR")
    np.set_printoptions(**PRINTING)  # type: ignore[arg-type]
    np.seterr(**ERRORS)  # type: ignore[arg-type]
    matplotlib.rcdefaults()  # style, fonts, TeX; not the backend
    if "IPython" in sys.modules:
        shell = sys.modules["IPython"].get_ipython()
        if shell is not None:  # a cell shows the value of its last line, not of each
            shell.ast_node_interactivity = "last_expr"


def refuse_impostors() -> None:
    """See whether a file that Python finds before the installed libraries has the name of one, such
    as a `keras.py` beside the notebooks.

    Raises:
        LessonError: one has; the message names the file.
    """
    for folder in (Path.cwd(), ROOT):
        for name in LIBRARIES:
            file = folder / f"{name}.py"
            if file.is_file():
                raise LessonError(
                    f"{file} has the name of the library {name}, so Python takes it for the "
                    "library",
                    "give it another name, and restart the kernel",
                )
