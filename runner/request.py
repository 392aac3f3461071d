"""One run, as it was asked for."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from series import chain, runs


@dataclass(frozen=True)
class RunRequest:
    """One run, as it was asked for.

    Attributes:
        name: name of the run's folder.
        profile: what `--profile` named (a file by its whole path), or None for the notebooks' own
            defaults.
        given: the parameters given with `-p`, of their declared types.
        parameters: the profile's parameters with `given` over them.
        notebooks: names of the notebooks, in their order.
        forced: redo what is asked for, up to date or not.
        fresh: reuse nothing, not even a training that was cut off.
        catch_up: skip exercises and demonstrations.
        timeout: seconds that a cell may take, or None.
    """

    name: str
    profile: str | None = None
    given: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    notebooks: list[str] = field(default_factory=list)
    forced: bool = False
    fresh: bool = False
    catch_up: bool = False
    timeout: int | None = None

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return chain.runs_folder() / self.name

    @property
    def steps(self) -> list[chain.Notebook]:
        """The notebooks that were asked for, in their order."""
        return [chain.BY_NAME[name] for name in self.notebooks]

    def parameters_of(self, notebook: chain.Notebook) -> dict[str, Any]:
        """Those of the parameters that the notebook declares."""
        mine = self.parameters.items()
        return {name: value for name, value in mine if name in notebook.parameters}

    def command(self, last: str | None = None) -> str:
        """The command that makes or continues this run, with its profile and parameters.

        Args:
            last: the notebook to stop after, if not the last that was asked for.
        """
        options: list[str] = []
        if self.profile is not None:
            options += ["--profile", self.profile]
        for name, value in self.given.items():
            options += ["-p", name, str(value)]
        if last is None and chain.BY_NAME[self.notebooks[0]] in chain.EXTRAS:
            options += ["--from", self.notebooks[0]]  # else the whole lesson would run
        if self.timeout is not None:
            options += ["--timeout", str(self.timeout)]
        if self.catch_up or last is not None:
            options.append("--catch-up")
        return runs.make_command(self.name, last or self.notebooks[-1], options)
