"""The canvas that keeps drawings: under the name they are given, nothing overwritten, and the last
one can be taken back.
"""

import keras
import numpy as np
import pytest
from PIL import Image

from helpers.canvas.collect import Collector

TICK = np.zeros((140, 140), "uint8")
for step in range(60):
    TICK[60 + step // 2 : 72 + step // 2, 30 + step // 2 : 42 + step // 2] = 255
    TICK[30 + step : 42 + step, 110 - step : 122 - step] = 255


class FakePage:
    def __init__(self):
        self.sent = []

    def send(self, content, buffers=None):
        self.sent.append(content)


@pytest.fixture
def page():
    return FakePage()


@pytest.fixture
def collector(tmp_path):
    return Collector(tmp_path / "signs")


def keep(collector, page, drawing, name, ink=TICK):
    message = {"drawing": drawing, "shape": [140, 140], "meant": name, "keep": False}
    collector.answer(page, message, [memoryview(ink.tobytes())])
    return page.sent[-1]


def undo(collector, page):
    collector.answer(page, {"drawing": "x", "shape": [140, 140], "meant": "", "undo": True}, [])
    return page.sent[-1]


def test_drawings_become_a_folder_for_each_name_that_keras_loads(collector, page, tmp_path):
    for number, name in enumerate(["tick", "tick", "π", " tick "]):
        assert keep(collector, page, f"d{number}", name)["saved"].endswith(".png")
    assert page.sent[-1]["counts"] == {"tick": 3, "π": 1}
    image = np.asarray(Image.open(next((tmp_path / "signs" / "tick").iterdir())))
    assert image.shape == (28, 28) and image.max() > 200 and np.median(image) == 0
    loaded = keras.utils.image_dataset_from_directory(tmp_path / "signs", image_size=(28, 28))
    assert loaded.class_names == ["tick", "π"] and len(loaded.file_paths) == 4


def test_a_drawing_is_kept_once_however_often_it_is_sent(collector, page):
    first, second = (keep(collector, page, "d1", "tick") for _ in range(2))
    assert first == second and first["counts"] == {"tick": 1}


def test_undo_takes_back_one_drawing_after_the_other_and_nothing_of_earlier_days(
    collector, page, tmp_path
):
    earlier = Collector(tmp_path / "signs").keep(TICK / 255, "tick")
    keep(collector, page, "d1", "tick")
    keep(collector, page, "d2", "star")
    assert "star" in undo(collector, page)["undone"]
    assert undo(collector, page)["counts"] == {"tick": 1}
    assert undo(collector, page)["undone"] == ""
    assert earlier.is_file() and not (tmp_path / "signs" / "star").exists()
    assert keep(collector, page, "d2", "star")["counts"] == {"star": 1, "tick": 1}


@pytest.mark.parametrize(
    ("name", "ink", "words"),
    [
        (" . ", TICK, "no name"),
        ("star", 0 * TICK, "nothing is drawn"),
        ("star", np.pad(np.full((3, 3), 255, "uint8"), (0, 137)), "too little"),
    ],
)
def test_what_cannot_be_kept_is_said(collector, page, name, ink, words):
    answer = keep(collector, page, "d1", name, ink)
    assert words in answer["problem"].lower() and answer["counts"] == {}
    assert answer["meant"] == name


def test_where_nobody_can_draw_the_signs_that_ship_are_shown(collector, capsys, monkeypatch):
    shown = []
    monkeypatch.setattr("helpers.canvas.collect.show", lambda figure: shown.append(figure))
    collector._ipython_display_()
    (figure,) = shown
    assert "a program drew them" in figure.get_suptitle()
