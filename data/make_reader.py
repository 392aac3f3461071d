"""Train the network beside this file, `reader.keras`, from the recipe of 07_improving.

`python data/make_reader.py` does it again, in about a minute on two cores. It learns from all
60,000 training images of MNIST and is then tested once. Processors round differently, so on another
machine the weights and the accuracy differ a little.
"""

import zipfile
from pathlib import Path

import keras

from helpers.data import load_mnist
from helpers.lesson import process_data
from helpers.recipe import (
    BATCH_SIZE,
    EPOCHS,
    NORMALIZATION,
    PEAK,
    create_reader,
    moving_batches,
    rise_and_fall,
)
from series.files import atomic_write

SEED = 1
PATH = Path(__file__).with_name("reader.keras")


def main() -> None:
    """Train, test once, and save the network without its optimizer."""
    (x_train, y_train), (x_test, y_test) = load_mnist()
    images = process_data(x_train, NORMALIZATION)
    keras.utils.set_random_seed(SEED)
    network = create_reader(images.shape[1:], num_classes=10)
    step_size = rise_and_fall(PEAK, EPOCHS, len(images), BATCH_SIZE)
    network.compile(
        keras.optimizers.Adam(step_size),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    batches = moving_batches(images, y_train, BATCH_SIZE)
    network.fit(batches, epochs=EPOCHS, shuffle=False, verbose=2)
    _, accuracy = network.evaluate(process_data(x_test, NORMALIZATION), y_test, verbose=0)

    keras.utils.clear_session()  # so that the layers' names don't depend on what came before
    bare = create_reader(images.shape[1:], num_classes=10)
    bare.set_weights(network.get_weights())
    with atomic_write(PATH) as temporary:
        bare.save(temporary)
        compress(temporary)
    print(f"{PATH.name}: test accuracy {accuracy:.4f}, {PATH.stat().st_size:,} bytes")


def compress(path: Path) -> None:
    """Pack a file that Keras saved once more: it is a zip archive whose parts aren't compressed."""
    with zipfile.ZipFile(path) as archive:
        parts = {part.filename: archive.read(part) for part in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
