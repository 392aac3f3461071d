"""Refuse a Python that TensorFlow 2.21 has no wheel for, in one sentence, before anything is
installed.

It needs nothing but Python 3, so that an old one gets the sentence and not a syntax error.
"""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    found = "This is Python {}.{}, and the project needs 3.11, 3.12 or 3.13".format(
        *sys.version_info[:2]
    )
    sys.exit(found + ": name one that you have, such as make run PYTHON=python3.12")
