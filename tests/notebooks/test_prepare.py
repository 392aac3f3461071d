"""The steps that 06 writes out and those that the canvas takes make the same image."""

import json

import numpy as np
import pytest

from helpers import pictures
from series import chain

SHAPES = [(28, 28), (40, 32)]


def taught() -> dict:
    """The functions `crop`, `fit_into_box` and `center` as the cells of 06 define them."""
    path = chain.BY_NAME["06_inference"].path
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["id"] in ("crop", "box", "center")]
    functions = [source.split("\n\n\n")[0] for source in sources]
    imports = (
        "import numpy as np\nfrom PIL import Image\nfrom scipy.ndimage import center_of_mass\n"
    )
    names: dict = {}
    exec(imports + "\n\n".join(functions), names)  # the cells are what is tested
    return names


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("digit", range(10))
def test_the_steps_of_06_are_those_of_the_canvas(digit, shape):
    steps = taught()
    [path] = (chain.DATA_FOLDER / "drawings").glob(f"{digit}.*")
    ink = pictures.find_ink(pictures.read_picture(path))
    image = steps["center"](steps["fit_into_box"](steps["crop"](ink), shape), shape)
    assert np.array_equal(image, pictures.picture_to_image(path, shape))
