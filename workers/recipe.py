"""How to train: the options that all workers must agree on. No TensorFlow here."""

from dataclasses import asdict, dataclass

from series.errors import LessonError
from series.parameters import PARAMETERS, parameter_problems


@dataclass(frozen=True)
class Recipe:
    """The options of a training, the same for all workers.

    Attributes:
        epochs: how often training goes through all its images; the last fifth of the images is held
            out.
        batch_size: images that an update sees, those of all workers together.
        learning_rate: step size of each update.
        seed: start of the random numbers. It also orders the images, so the batches are the same
            ones for any number of workers that divides the images evenly.
        practice: use only so many images, the first ones; 0 uses all.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    practice: int

    def check(self, workers: int) -> None:
        """Raise a LessonError where a value is out of range, or a batch can't be divided equally
        among the workers.
        """
        values = {name: value for name, value in asdict(self).items() if name in PARAMETERS}
        problems = parameter_problems(values)
        if self.batch_size % workers:
            problems.append(
                f"a batch of {self.batch_size} images can't be divided equally among {workers} "
                f"workers: choose a multiple of {workers}"
            )
        if problems:
            raise LessonError("; ".join(problems), "change the option and start again")
