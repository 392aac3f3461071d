"""09_your_own: what a reader copies from it runs without us, on folders as people have them, and the
sick trainings show what the text says of them.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import gate
import keras
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from PIL import Image

from helpers.answers import PROBLEMS
from helpers.data import load_mnist
from series import chain

CELLS = gate.read_cells(chain.YOUR_OWN.path)
PROJECT = chain.ROOT / "workshop" / "my_project.ipynb"


def section(heading: str) -> list[str]:
    """The code of the cells of a section that a reader copies, without exercises."""
    found, inside = [], False
    for cell in CELLS:
        if not cell.is_code and re.search(r"^## ", cell.source, re.MULTILINE):
            inside = f"## {heading}\n" in cell.source
        if inside and cell.is_code and not cell.role:
            found.append(cell.source)
    assert found, heading
    return found


def source(cell_id: str) -> str:
    return next(cell.source for cell in CELLS if cell.id == cell_id)


def run_cells(*ids: str, **names: Any) -> dict[str, Any]:
    names |= {"np": np, "keras": keras, "plt": plt, "layers": keras.layers, "seed": 1}
    for cell_id in ids:
        exec(source(cell_id), names)
    return names


def save(picture: Image.Image, path: Path, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)


def prepare(pictures: Path) -> list[Path]:
    names: dict[str, Any] = {"photos": str(pictures), "seed": 1}
    for cell_id in ("folder", "upright", "prepare"):
        exec(source(cell_id), names)
    return sorted(names["prepared"].rglob("*.png"))


def noise(seed: int, size: tuple[int, int] = (40, 30)) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype="uint8")
    return Image.fromarray(values)


def test_the_text_is_short():
    texts = [cell for cell in CELLS if not cell.is_code and "instructor" not in cell.tags]
    assert sum(len(cell.source.split()) for cell in texts) <= 2_000


def test_what_is_copied_uses_nothing_of_ours_but_places():
    code = "\n".join(section("A folder of pictures") + section("How good is it, really?"))
    assert not re.search(r"\b(helpers|series|check)\b|(?<!\.)\bshow\(", code)
    ours = re.findall(r"\b(DATA_FOLDER|folder\.path)\b", code)
    assert len(ours) == 2, "both behind a condition that a folder of one's own decides"


@pytest.mark.slow
def test_the_folder_and_the_card_run_in_a_folder_of_their_own(tmp_path):
    shutil.copytree(chain.DATA_FOLDER / "doodles", tmp_path / "theirs")
    photos = f'photos = "{(tmp_path / "theirs").as_posix()}"'
    code = [source("parameters"), photos, *section("A folder of pictures")]
    code += section("How good is it, really?")
    program = "\n\n".join(code)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "own.py").write_text(program, encoding="utf-8")
    refusing = tmp_path / "without_us"
    for name in ("helpers", "series", "runner", "workers", "workshop"):
        (refusing / name).mkdir(parents=True)
        (refusing / name / "__init__.py").write_text(f"raise ImportError('{name} is ours')")
    environment = {**os.environ, "KERAS_HOME": str(tmp_path / "keras"), "MPLBACKEND": "template"}
    environment |= {"PYTHONPATH": str(refusing), "PYTHONIOENCODING": "utf-8"}
    ran = subprocess.run(
        [sys.executable, "own.py"], cwd=tmp_path / "mine", env=environment,
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "240 pictures prepared" in ran.stdout
    share = re.search(r"test: (\d+) of (\d+) right", ran.stdout)
    assert share and int(share[1]) / int(share[2]) > 0.7, ran.stdout
    assert (tmp_path / "my_card.md").is_file() and (tmp_path / "my_model.keras").is_file()


def test_a_photo_is_turned_upright_and_what_cannot_be_read_is_named(tmp_path, capsys):
    exif = Image.Exif()
    exif[274] = 6  # orientation: turn it by a quarter
    wide = Image.new("RGB", (400, 300), "white")
    wide.paste("red", (0, 0, 400, 60))  # what is up in the file is right in the photo
    save(wide, tmp_path / "mug" / "a.jpg", exif=exif)
    save(noise(1, (31, 77)), tmp_path / "mug" / "b.png")
    save(Image.new("RGBA", (20, 20)), tmp_path / "pen" / "clear.png")
    (tmp_path / "mug" / "c.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    (tmp_path / "mug" / "half.jpg").write_bytes((tmp_path / "mug" / "a.jpg").read_bytes()[:400])
    (tmp_path / "mug" / ".DS_Store").write_bytes(b"Bud1")
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "x.png").write_bytes(b"")
    made = [np.asarray(Image.open(path)) for path in prepare(tmp_path)]
    assert [image.shape for image in made] == [(256, 192, 3), (77, 31, 3), (20, 20, 3)]
    assert made[0][128, 180, 1] < 60 < made[0][128, 20, 1], "the red is at the right"
    assert made[2].min() == 255, "what is transparent lies on white"
    said = capsys.readouterr().out
    assert "left out: mug/c.HEIC (export it as JPEG)" in said
    assert "left out: mug/half.jpg (no picture)" in said
    assert "DS_Store" not in said and ".cache" not in said
    assert "3 pictures prepared" in said


def test_a_picture_that_is_there_twice_is_taken_once(tmp_path, capsys):
    for number, seed in enumerate((1, 2, 1)):
        save(noise(seed), tmp_path / "mug" / f"{number}.png")
    save(noise(2), tmp_path / "pen" / "copy.png")
    assert len(prepare(tmp_path)) == 2
    said = capsys.readouterr().out
    assert "mug/2.png (it is there twice)" in said and "pen/copy.png (it is there twice)" in said


def test_a_class_with_three_pictures_is_named(tmp_path, capsys):
    for number in range(43):
        name = "mug" if number < 20 else "pen" if number < 40 else "key"
        save(noise(number), tmp_path / name / f"{number}.jpg")
    names: dict[str, Any] = {"photos": str(tmp_path), "seed": 1}
    for cell_id in ("folder", "upright", "prepare", "load"):
        exec(source(cell_id), names)
    lines = capsys.readouterr().out.splitlines()[-3:]
    assert [line.split()[0] for line in lines] == ["key", "mug", "pen"]
    assert "too few" in lines[0]
    images, labels = names["x_train"], names["y_train"]
    assert images.shape[1:] == (64, 64, 3) and len(images) == len(labels)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_illness_shows_its_symptoms(seed):
    names = {"load_mnist": load_mnist, "sick_images": 4000, "seed": seed}
    code = {"np": np, "keras": keras, "layers": keras.layers, **names}
    for cell_id in ("healthy", "sick"):
        exec(source(cell_id), code)
    letters = dict(zip(code["dealt"], "ABCDEF", strict=True))
    seen = {number: code["patients"][letter] for number, letter in letters.items()}
    guess = np.log(10)
    healthy = code["patients"]["healthy"]
    assert abs(healthy["first"] - guess) < 0.3 and healthy["val_accuracy"][-1] > 0.8
    assert seen[6]["first"] > 20, "the highest first loss"
    assert 4 < seen[4]["first"] < 17
    for number in (1, 2, 3, 5):
        assert abs(seen[number]["first"] - guess) < 0.4
    assert seen[5]["loss"][-1] < 1 and seen[5]["val_accuracy"][-1] < 0.1
    assert seen[2]["commonest"] > 0.95 and seen[2]["loss"][0] > guess
    assert abs(seen[2]["loss"][-1] - guess) < 0.1
    slow, shuffled = seen[3], seen[1]
    assert np.all(np.diff(slow["val_loss"]) < 0) and slow["val_loss"][-1] > 2
    assert slow["val_accuracy"][-1] > 0.15
    assert shuffled["loss"][-1] < shuffled["val_loss"][-1] and shuffled["val_loss"][-1] > 2.29
    assert shuffled["val_accuracy"][-1] < 0.15 and shuffled["commonest"] < 0.95


def test_the_blank_page_is_blank_and_its_check_is_the_one_of_09():
    notebook = nbformat.read(PROJECT, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert len(code) == 11 and not any(code[:-1])
    headings = re.findall(r"^## \d+\. ", "\n".join(cell.source for cell in notebook.cells), re.M)
    assert len(headings) == 10
    function = "missing_from"
    assert gate.bare_function(code[-1], function) == gate.bare_function(source("missing"), function)


def test_the_check_names_what_is_missing_and_then_nothing(tmp_path, capsys):
    import re as regex

    def problems() -> list[str]:
        names: dict[str, Any] = {"re": regex, "keras": keras, "results": tmp_path}
        exec(source("missing"), names)
        capsys.readouterr()
        return names["problems"]

    assert [line.split(":")[0] for line in problems()][:2] == ["my_model.keras", "my_card.md"]
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "my_model.keras")
    card = "**What for:** mugs. **Whose pictures:** mine. **Where it fails:** (say where) " * 6
    (tmp_path / "my_card.md").write_text(card, encoding="utf-8")
    said = " ".join(problems())
    assert "interval" in said and "must not" in said and "(say where)" in said
    card = card.replace("(say where)", "in the dark.") + " 90 %, interval 70 to 98 %. It must not"
    (tmp_path / "my_card.md").write_text(card, encoding="utf-8")
    assert problems() == []


def test_the_signs_that_ship_are_small():
    signs = sorted((chain.DATA_FOLDER / "signs").glob("*/*.png"))
    assert len(signs) == 60 and len({path.parent.name for path in signs}) == 4
    assert sum(path.stat().st_size for path in signs) <= 60_000


@pytest.mark.slow
def test_the_cells_of_09_print_what_is_stored_and_each_solution_is_right(tmp_path):
    smoke, own = gate.profile("smoke"), chain.YOUR_OWN
    values = {name: smoke[name] for name in own.parameters if name in smoke}
    gate.copy_to_run(own.path, tmp_path, {**values, "run": "checked-by-nbval"})
    assert gate.run_nbval(tmp_path, tmp_path.parent / "runs")[own.name] == []


DEALT = [5, 1, 3, 2, 6, 4]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (DEALT, None),
        (np.array(DEALT), None),
        ([1, 5, 3, 2, 6, 4], "4 of 6. A isn't 1: with that, training falls a little"),
        ([5, 1, 3, 2, 6, 6], "each of the numbers 1 to 6 once"),
        (["A", "B"], "list of six numbers"),
        (5, "list of six numbers"),
    ],
)
def test_a_wrong_diagnosis_says_what_its_illness_would_look_like(answer, words):
    said = PROBLEMS["ex-illness"](answer, dealt=DEALT)
    assert said == words if words is None else words in said


@pytest.mark.parametrize(
    ("answer", "labels", "words"),
    [
        ({"val_accuracy": [0.5, 0.9]}, [0, 1] * 50, None),
        ({"val_accuracy": [0.0]}, sorted([0, 1] * 50), "lacks some of the classes"),
        ({"val_accuracy": [0.1]}, [0, 1] * 50, "no longer belong"),
        (0.9, [0, 1] * 50, "what train returns"),
    ],
)
def test_a_repair_is_judged_by_what_is_held_out(answer, labels, words):
    said = PROBLEMS["ex-repair"](answer, labels=np.array(labels))
    assert said == words if words is None else words in said


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((0.681, 0.985), None),
        ((0.766, 1.034), "Add two right and two wrong"),
        ((0.985, 0.681), "lower end comes first"),
        ((0.757, 0.909), "one width"),
        ((68.1, 98.5), "in percent"),
        (0.9, "numbers of shape (2,)"),
    ],
)
def test_the_interval_of_18_of_20(answer, words):
    said = PROBLEMS["ex-card-interval"](answer)
    assert said == words if words is None else words in said
