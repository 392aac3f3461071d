"""Importing TensorFlow without the lines that it writes before its own log level takes effect.

Notebooks would show them in red: notes about the processor and about a card that isn't there, above
right answers.
"""

import os
import sys
import tempfile


def import_tensorflow() -> None:
    """Import TensorFlow and Keras for the first time, keeping what they write to standard error to
    themselves.

    Where the import fails, all that was written is shown after all.
    """
    if "tensorflow" in sys.modules:
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)
        try:
            import keras  # noqa: F401
            import tensorflow  # noqa: F401
        except BaseException:
            written.seek(0)
            os.write(terminal, written.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
