"""The empty arrays of a store: everything that is known before the first run."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.abc.store import Store
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.core.buffer import Buffer, cpu
from zarr.storage import MemoryStore

import gatednet
from gatednet import dimensions as labels
from gatednet.experiment import Experiment, field_at
from gatednet.sweeps.bisection import STORED
from gatednet.sweeps.bisection import attributes as attributes_of_search
from gatednet.sweeps.checks import BLOCK_STEPS, BLOCKS, TIME
from gatednet.sweeps.columns import array_of
from gatednet.sweeps.planning.grid import Chunk, Grid
from gatednet.sweeps.planning.plan import Plan
from gatednet.sweeps.sweep import Sweep
from gatednet.sweeps.variables import Variable
from gatednet.toml import to_toml

COMPRESSION_LEVEL = 3


def empty_arrays(plan: Plan) -> dict[str, bytes]:
    """The files of the arrays of a sweep before its first run, by their paths.

    They are all metadata, those of the group with those of every array in it, and the values of the coordinates. All
    of them are final.
    """
    files: dict[str, Buffer] = {}
    store = MemoryStore(files)
    _create_arrays(store, plan)
    _consolidate(store)
    return {name: content.to_bytes() for name, content in files.items()}


def _create_arrays(store: Store, plan: Plan) -> None:
    """Create the arrays of a sweep: variables without values, coordinates with theirs.

    A chunk of a variable holds the runs of one chunk of the plan, whole.
    """
    sweep = plan.sweep
    coordinates = coordinates_of(sweep)
    root = zarr.create_group(store, zarr_format=3)
    root.update_attributes(
        {
            "title": "runs of gated linear networks",
            "gatednet_version": gatednet.__version__,
            "experiment": to_toml(sweep.experiment),
            "precision": sweep.precision,
            "noise": sweep.noise,
            "coordinates": " ".join(name for name in coordinates if name not in sweep.dims),
        }
    )
    for variable in sweep.variables:
        dtype = np.dtype(variable.dtype)
        root.create_array(
            variable.name,
            shape=(*sweep.shape, *variable.sizes),
            chunks=(*plan.chunk_shape, *(max(size, 1) for size in variable.sizes)),
            dtype=dtype,
            # What was never written must not pass for a run that completed.
            fill_value=np.nan if dtype.kind == "f" else -1,
            compressors=codecs(),
            dimension_names=(*sweep.dims, *variable.dims),
            attributes=_attributes(sweep, variable.name),
        )
    for name, (dims, values, attrs) in coordinates.items():
        array = root.create_array(
            name,
            shape=values.shape,
            chunks=tuple(max(size, 1) for size in values.shape),
            dtype=str if values.dtype.kind in "UO" else values.dtype,
            compressors=codecs(),
            dimension_names=dims,
            attributes=attrs,
            config={"write_empty_chunks": True},
        )
        array[...] = values.astype(object) if values.dtype.kind == "U" else values


def _attributes(sweep: Sweep, name: str) -> dict[str, Any]:
    if sweep.search is not None and name in STORED:
        return attributes_of_search(name, meaning(sweep.experiment, sweep.search.path))
    return labels.attributes(name)


def codecs() -> list[Any]:
    """How chunks are packed: compressed, and with a checksum that is tested at every reading."""
    return [ZstdCodec(level=COMPRESSION_LEVEL), Crc32cCodec()]


def _consolidate(store: Store) -> None:
    """Gather the metadata of all arrays in one file, so that the store opens with one reading."""
    with warnings.catch_warnings():
        # Written by zarr and read by xarray, and no part of the specification of the format yet.
        warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
        zarr.consolidate_metadata(store)


def own_metadata(content: bytes) -> bytes:
    """The metadata of a group as they were before those of its arrays were gathered in them.

    Content that is no metadata is returned as it is.
    """
    try:
        table = json.loads(content)
        del table["consolidated_metadata"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return content
    return json.dumps(table, indent=2).encode()


def gathered(metadata: Mapping[str, bytes]) -> bytes:
    """The metadata of a group with those of its arrays in them; `metadata` are those of all, by their paths."""
    files: dict[str, Buffer] = {name: cpu.Buffer.from_bytes(content) for name, content in metadata.items()}
    _consolidate(MemoryStore(files))
    return files["zarr.json"].to_bytes()


class Encoder:
    """Turns results into the files of chunks, by the metadata of the arrays, `NAME/zarr.json` by their paths."""

    def __init__(self, plan: Plan, metadata: Mapping[str, bytes]) -> None:
        self._plan = plan
        self._files: dict[str, Buffer] = {name: cpu.Buffer.from_bytes(content) for name, content in metadata.items()}
        self._arrays = {
            # A lost chunk must not look like one of runs that diverged: those of NaN alone are written too.
            variable.name: zarr.open_array(MemoryStore(self._files), path=variable.name, mode="r+").with_config(
                {"write_empty_chunks": True}
            )
            for variable in plan.sweep.variables
        }

    def files(self, chunk: Chunk, results: Mapping[str, np.ndarray]) -> dict[str, bytes]:
        """The files of a chunk by their paths; `results` are (runs, ...) each, in C order."""
        for variable in self._plan.sweep.variables:
            array = self._arrays[variable.name]
            array[chunk.region] = results[variable.name].reshape(*chunk.shape, *variable.sizes)
        names = [path.as_posix() for _, path in chunk_files(Path(), self._plan.sweep.variables, chunk.index)]
        return {name: self._files.pop(name).to_bytes() for name in names}


Coordinate = tuple[tuple[str, ...], np.ndarray, dict[str, Any]]


def coordinates_of(sweep: Sweep) -> dict[str, Coordinate]:
    """All coordinates of a store, (dimensions, values, attributes) by name: axes, saves, realised lengths of blocks."""
    experiment = sweep.experiment
    found: dict[str, Coordinate] = {}

    def add(name: str, coordinate: Coordinate) -> None:
        # None may take the place of another: `gatednet.sweeps.checks` refuses such names.
        assert name not in found, name
        found[name] = coordinate

    for axis in sweep.axes:
        described = {"path": " ".join(axis.paths)}
        if axis.is_seed:
            described |= {"long_name": "seed", "units": "1"}
        elif not axis.zipped and axis.labels is None:
            described |= meaning(experiment, axis.paths[0])
        add(axis.name, ((axis.name,), array_of(axis.coordinates), described))
        for path in axis.beside:
            add(path, ((axis.name,), array_of(axis.column(path)), meaning(experiment, path)))
    group = sweep.group(next(sweep.groups()))
    for name, (dim, values, attrs) in labels.coordinates(group, sweep.save).items():
        add(name, ((dim,), values, dict(attrs)))
        if name == "step":
            add(TIME, _times(sweep, values))
    dims = tuple(sweep.axes[place].name for place in sweep.schedule_places)
    length, number = "length of a block, as realised", "number of blocks begun"
    if any(sweep.group(each).curriculum.varies for each in sweep.groups()):
        length, number = f"least {length}", f"largest {number}"
    if sweep.searches_schedule:
        # Each run has a length of its own, which is stored as what was found.
        return found
    add(BLOCK_STEPS, (dims, sweep.block_steps, {"long_name": length, "units": "step"}))
    if sweep.save.by_blocks:
        add(BLOCKS, _blocks(sweep, number))
    return found


def _times(sweep: Sweep, steps: np.ndarray) -> Coordinate:
    """The time of each save, along the axis of the step's length where there is one."""
    attrs = {"long_name": "time", "units": "time"}
    for axis in sweep.axes:
        if "dt" in axis.paths:
            return (axis.name, "step"), np.outer(np.asarray(axis.column("dt"), np.float64), steps), attrs
    return ("step",), steps * sweep.experiment.dt, attrs


def _blocks(sweep: Sweep, long_name: str) -> Coordinate:
    """The number of blocks that each run begins; further entries along "block" are NaN."""
    # Runs differ in their number of steps only along static axes; what is saved by blocks may then have one shape.
    attrs = {"long_name": long_name, "units": "1"}
    dims = tuple(sweep.axes[place].name for place in sweep.schedule_places)
    for place, axis in enumerate(sweep.axes):
        if "steps" in axis.paths:
            steps = np.asarray(axis.column("steps"))
            if place in sweep.schedule_places:
                along = sweep.schedule_places.index(place)
                shape = [-1 if each == along else 1 for each in range(len(dims))]
                return dims, -(-steps.reshape(shape) // sweep.block_steps), attrs
            return (axis.name, *dims), -(-steps.reshape(-1, *(1,) * len(dims)) // sweep.block_steps), attrs
    return dims, -(-sweep.experiment.steps // sweep.block_steps), attrs


def meaning(experiment: Experiment, path: str) -> dict[str, str]:
    """Meaning and units of the value at a path, as its field declares them; nothing for entries of lists."""
    found = field_at(experiment, path)
    if found is None or "meaning" not in found.metadata:
        return {}
    return {"long_name": found.metadata["meaning"], "units": found.metadata["units"]}


def chunk_files(folder: Path, variables: Iterable[Variable], index: tuple[int, ...]) -> Iterator[tuple[str, Path]]:
    """The file of each variable that holds a chunk, by the name of the variable."""
    for variable in variables:
        place = (*index, *(0 for _ in variable.sizes))
        yield variable.name, folder.joinpath(variable.name, "c", *(str(each) for each in place))


def variables_in(metadata: Mapping[str, bytes], dims: Sequence[str], grid: Grid) -> tuple[Variable, ...]:
    """The variables of arrays over a grid with the given dimensions, by their metadata, `zarr.json` of each.

    **Raises** `ValueError` where metadata are not those of such an array.
    """
    return tuple(_variable(name, content, tuple(dims), grid) for name, content in metadata.items())


def _variable(name: str, content: bytes, dims: tuple[str, ...], grid: Grid) -> Variable:
    try:
        table = json.loads(content)
        shape, named = tuple(table["shape"]), tuple(table["dimension_names"])
        chunks, dtype = tuple(table["chunk_grid"]["configuration"]["chunk_shape"]), str(np.dtype(table["data_type"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"the metadata of {name} are none of an array: {error}") from error
    first = len(dims)
    sizes = shape[first:]
    whole = (*grid.chunk_shape, *(max(size, 1) for size in sizes))
    if (shape[:first], named[:first], chunks) != (grid.shape, dims, whole) or len(named) != len(shape):
        raise ValueError(f"the metadata of {name} are of another grid than the plan")
    return Variable(name, named[first:], sizes, dtype)
