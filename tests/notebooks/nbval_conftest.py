"""Put beside copies of notebooks as their conftest.py, when nbval runs them.

Figures are not compared pixel by pixel, as nbval does for images; their titles are, as plain text.
Nor is standard error, since TensorFlow's own log lines reach it on some machines.
"""

from typing import Any


def pytest_collectstart(collector: Any) -> None:
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "stderr")
