"""What an import has put into staging comes into the register; staging is then removed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from zhida.codes.sealing import Keyring
from zhida.population.errors import SnapshotError
from zhida.population.identity.staged import StagedFile, name_order
from zhida.population.imports.contracts import Contracts
from zhida.population.imports.journal import Journal, Taken, locked
from zhida.population.imports.taking import refused_path, staging_path
from zhida.population.register.land import Progress, land
from zhida.population.register.land import Taken as Landing
from zhida.population.register.landed import Landed


def waiting(register: Path, contracts: Contracts) -> list[Taken]:
    """Files that were taken in and whose rows have not landed."""
    journal = Journal.load(register, contracts.pack.id)
    if not journal.files:
        return []
    landed = Landed.open_or_new(register, synthetic=journal.files[0].synthetic)
    return [f for f in journal.files if not landed.holds(f.source, f.sha256, f.division, f.as_of)]


def arrive(
    register: Path,
    contracts: Contracts,
    ring: Keyring,
    *,
    processes: int = 2,
    progress: Progress | None = None,
) -> Landing | None:
    """Lands what is waiting; None where nothing is. Stopped at any moment and run again it goes on.

    Raises ImportsError and SnapshotError; then the register is as it was.
    """
    with locked(register):
        files = waiting(register, contracts)
        if not files:
            return None
        if len({f.synthetic for f in files}) > 1:
            raise SnapshotError(
                f"{register}: some files taken in are of invented people and some are not. Keep them in "
                "two registers."
            )
        staged = [_staged(register, contracts, f) for f in files]
        done = land(
            register,
            staged,
            ring,
            synthetic=files[0].synthetic,
            order=name_order(contracts.sources.values()),
            processes=processes,
            progress=progress,
        )
        for file in staged:
            file.path.unlink(missing_ok=True)
            if file.refused is not None:
                file.refused.unlink(missing_ok=True)
        return done


def _staged(register: Path, contracts: Contracts, file: Taken) -> StagedFile:
    source = contracts.sources.get(file.source)
    path = staging_path(register, file.source, file.id)
    if source is None:
        raise SnapshotError(
            f"{register}: {file.file} is of the source {file.source}, which the pack does not have any more. "
            "Use the pack that it was imported by."
        )
    if file.contracts != contracts.hash:
        raise SnapshotError(
            f"{register}: {file.file} was read by other contracts than the pack has now. Remove {path} "
            "and its entry in imports.json, then import it again."
        )
    if not path.is_file():
        raise SnapshotError(
            f"{path} is missing: remove its entry in imports.json and import {file.file} again."
        )
    refused = refused_path(register, file.source, file.id)
    return StagedFile(
        source=source,
        path=path,
        sha256=file.sha256,
        division=file.division,
        as_of=date.fromisoformat(file.as_of),
        complete=file.complete,
        mends=bool(file.mends),
        refused=refused if refused.is_file() else None,
    )
