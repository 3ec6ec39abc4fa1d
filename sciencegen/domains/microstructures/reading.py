"""Microstructures from the files people have: folders of images, stacks, volumes, and labels and images beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sciencegen.core.domain import Items
from sciencegen.core.reading import Example, Reading
from sciencegen.data.table import cells, read_table
from sciencegen.domains.microstructures.files import ARRAYS, IMAGES, Raw, loaded
from sciencegen.domains.microstructures.item import GREY, LEAST, MOST_PHASES, Microstructure, to_text
from sciencegen.domains.microstructures.segmenting import distinct, graded, labelled, parted, thresholds
from sciencegen.domains.microstructures.stacks import Stack, stacked
from sciencegen.errors import DataError, RequestError, UnknownName

__all__ = ["FILE", "LABELS", "ReadingOptions", "read_microstructures"]

LABELS = "labels.csv"
"""The table beside the images of a folder; `file` is the column of their names. Other columns may name further images,
each of which belongs to one of them."""
FILE = "file"
_MOST_PARTED = 4
_SHARE = "volume_fraction"
_YES_NO = ("yes", "no", "auto")
_ONE_PHASE = "only one phase"


@dataclass(frozen=True)
class ReadingOptions:
    """How files of microstructures are read.

    `phases`: how many; `auto` takes pixels of up to 16 values for phases and all others for grey levels, `grey` takes
    them for grey levels, a number parts these. `pixel_size` and `unit`: the edge of a pixel. `periodic`: whether images
    go on beyond their borders, where files do not say. `crop`: cut images into squares or cubes of so many pixels, one
    every `stride`. `stack`: whether a single array of three axes is images one after the other, or a volume.
    `on_error`: skip files that cannot be used, or stop.
    """

    phases: str = "auto"
    pixel_size: str = ""
    unit: str = ""
    periodic: str = "auto"
    crop: str = "0"
    stride: str = "0"
    stack: str = "auto"
    on_error: str = "skip"

    def __post_init__(self) -> None:
        if self.phases not in ("auto", "grey") and not _counts(self.phases, 2, MOST_PHASES):
            raise RequestError(f"phases={self.phases}: expected auto, grey, or a number from 2 to {MOST_PHASES}")
        for name in ("periodic", "stack"):
            if getattr(self, name) not in _YES_NO:
                raise UnknownName(f"way with {name}", getattr(self, name), _YES_NO)
        if self.on_error not in ("skip", "stop"):
            raise UnknownName("way with errors", self.on_error, ("skip", "stop"))
        for name in ("crop", "stride"):
            if getattr(self, name) != "0" and not _counts(getattr(self, name), LEAST if name == "crop" else 1, 1 << 20):
                raise RequestError(f"{name}={getattr(self, name)}: expected a number of pixels")
        if self.pixel_size and not _positive(self.pixel_size):
            raise RequestError(f"pixel_size={self.pixel_size}: expected a length above 0")
        if " " in self.unit:
            raise RequestError(f"unit={self.unit}: expected a word such as um")

    @classmethod
    def of(cls, **options: str) -> ReadingOptions:
        """The options as a person types them."""
        for name in options:
            if name not in {one.name for one in fields(cls)}:
                raise UnknownName("reading option", name, [one.name for one in fields(cls)])
        return cls(**options)


def read_microstructures(path: Path, options: ReadingOptions, beside: Sequence[str] = ()) -> Items[Microstructure]:
    """The microstructures of a folder, an archive, an array or an image, and the columns beside them; of those named in
    `beside`, images are columns of their texts."""
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder")
    found = _of_folder(path, options, beside) if path.is_dir() else _of_file(path, options, beside)
    for name in beside:
        if name not in found.columns and name not in found.beside:
            raise UnknownName(f"column of {path}", name, sorted(found.columns))
    return _Set(path, found, options).items()


@dataclass
class _Found:
    """Images as they lie in files, the columns and the images beside them, and the files that hold none."""

    images: list[Raw]
    columns: Mapping[str, Sequence[float | str | None]] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)
    known: Stack | None = None
    beside: Mapping[str, _Found] = field(default_factory=dict)


def _of_folder(path: Path, options: ReadingOptions, beside: Sequence[str]) -> _Found:
    labels = _labels(path / LABELS)
    named = {name: labels.pop(name) for name in beside if name in labels and _names_images(labels[name])}
    others = {path / str(cell) for rows in named.values() for cell in rows.values() if cell is not None}
    files = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
    chosen = [one for one in files if one.suffix.lower() in (*IMAGES, ".npy") and one not in others]
    if not chosen:
        kinds = ", ".join((*IMAGES, ".npy"))
        packed = [one.name for one in files if one.suffix.lower() == ".npz"]
        more = f"; {packed[0]} is a set by itself: name it rather than the folder" if packed else ""
        raise DataError(f"{path}: there are no images in this folder ({kinds}){more}")
    images: list[Raw] = []
    lost: dict[str, str] = {}
    further: dict[str, list[Raw]] = {name: [] for name in named}
    for file in chosen:
        try:
            whole = loaded(file)
            own = [_of_cell(file, name, rows.get(file.name)) for name, rows in named.items()]
        except DataError as error:
            if options.on_error == "stop":
                raise
            lost[file.name] = str(error).removeprefix(f"{file}: ")
        else:
            images.append(whole)
            for collected, other in zip(further.values(), own, strict=True):
                collected.append(other)
    if not images:
        first, why = next(iter(lost.items()))
        raise DataError(f"{path}: none of {len(chosen)} files can be read; {first}: {why}")
    columns = {name: [rows.get(one.name) for one in images] for name, rows in labels.items()}
    return _Found(images, columns, lost, beside={name: _Found(collected) for name, collected in further.items()})


def _names_images(rows: Mapping[str, float | str | None]) -> bool:
    """Whether the cells of a column are names of images."""
    known = [cell for cell in rows.values() if cell is not None]
    return bool(known) and all(Path(str(cell)).suffix.lower() in (*IMAGES, ".npy") for cell in known)


def _of_cell(file: Path, name: str, cell: float | str | None) -> Raw:
    """The image that the table names beside another."""
    if cell is None:
        raise DataError(f"{file}: without {name}")
    path = file.parent / str(cell)
    if not path.is_file():
        raise DataError(f"{file}: {name}: there is no file {cell} in the folder")
    return loaded(path)


def _labels(path: Path) -> dict[str, dict[str, float | str | None]]:
    """The columns of the table of labels, each by the names of the files."""
    if not path.exists():
        return {}
    table = read_table(path)
    if FILE not in table.columns:
        raise DataError(f"{path}: expected a column {FILE} with the names of the images; it has {', '.join(table)}")
    keys = [str(one) for one in table[FILE]]
    twice = [name for name, count in Counter(keys).items() if count > 1]
    if twice:
        raise DataError(f"{path}: {twice[0]} is there twice")
    unknown = [key for key in keys if not (path.parent / key).is_file()]
    if unknown:
        raise DataError(f"{path}: there is no file {unknown[0]} beside it ({len(unknown)} such rows)")
    found = {str(name): dict(zip(keys, cells(table, name), strict=True)) for name in table.columns if name != FILE}
    for name, value in found.get(_SHARE, {}).items():
        if isinstance(value, (int, float)) and not (value != value or 0 <= value <= 1):
            percent = ", not percent" if 1 < value <= 100 else ""
            raise DataError(f"{path}: {_SHARE} of {name} is {value:g}: expected a share from 0 to 1{percent}")
    return found


def _of_file(path: Path, options: ReadingOptions, beside: Sequence[str]) -> _Found:
    kind = path.suffix.lower()
    if kind == ".npz":
        return _of_stack(stacked(path, beside), "image")
    if kind not in (*IMAGES, *ARRAYS):
        raise DataError(f"{path}: expected a folder of images, or a file ending in {', '.join((*ARRAYS, *IMAGES))}")
    whole = loaded(path)
    if whole.pixels.ndim == 3 and options.stack == "auto":
        said = "three axes may be images one after the other or a volume"
        raise DataError(f"{path}: {said}: say --read stack=yes or stack=no")
    several = whole.pixels.ndim == 4 or (whole.pixels.ndim == 3 and options.stack == "yes")
    if not several:
        return _Found([whole])
    return _Found([Raw(f"{path.name}, image {i}", x, whole.bits) for i, x in enumerate(whole.pixels, 1)])


def _of_stack(stack: Stack, title: str) -> _Found:
    images = [Raw(f"{title} {i}", x, stack.bits) for i, x in enumerate(stack.x, 1)]
    beside = {name: _of_stack(other, name) for name, other in stack.beside.items()}
    return _Found(images, stack.columns, known=stack, beside=beside)


@dataclass
class _Set:
    """Images that are to become microstructures together: phases and grey levels mean the same in all of them."""

    path: Path
    found: _Found
    options: ReadingOptions

    def items(self) -> Items[Microstructure]:
        """The microstructures, with a report of what was left out."""
        kept: list[Microstructure] = []
        places: list[tuple[int, int]] = []  # rows, and the parts they were cut into
        lost = [Example(0, 0, name, why) for name, why in self.found.lost.items()]
        parts = self._parts()
        for row, (one, own) in enumerate(zip(self.found.images, parts, strict=True)):
            good = [i for i, part in enumerate(own) if part.phases == GREY or part.pixels.min() < part.pixels.max()]
            kept += [own[i] for i in good]
            places += [(row, i) for i in good]
            lost += [Example(row + 1, row + 1, one.name, _ONE_PHASE)] * (len(own) - len(good))
        if self.options.on_error == "stop" and lost:
            raise DataError(f"{self.path}: {lost[0].text}: {lost[0].reason}")
        if not kept:
            raise DataError(f"{self.path}: none of the images can be used; {lost[0].text}: {lost[0].reason}")
        columns = {name: [column[row] for row, _ in places] for name, column in self.found.columns.items()}
        for name, other in self.found.beside.items():
            further = _Set(self.path, other, self.options)._parts()
            self._check_beside(name, parts, further)
            columns[name] = [to_text(further[row][i]) for row, i in places]
        whole = Reading(str(self.path), "its pixels", len(kept) + len(lost), len(kept) + len(lost))
        duplicates = len(kept) - len({(one.shape, one.pixels.tobytes()) for one in kept})
        return Items(kept, columns, whole.without(lost, duplicates))

    def _parts(self) -> list[list[Microstructure]]:
        """What each image is cut into: itself alone where nothing is cut."""
        self._check_shapes(self.found.images)
        images, phases = self._phases(self.found.images)
        return [[self._item(part, phases) for part in self._cut(pixels)] for pixels in images]

    def _check_beside(
        self, name: str, parts: Sequence[Sequence[Microstructure]], further: Sequence[Sequence[Microstructure]]
    ) -> None:
        """Refuse images of which those beside them are not cut alike."""
        for one, own, other in zip(self.found.images, parts, further, strict=True):
            if len(own) != len(other):
                cut = (
                    f"--read crop={self.options.crop} cuts {one.name} into {len(own)}, and its {name} into {len(other)}"
                )
                raise DataError(f"{self.path}: {cut}: expected images of one size")

    def _check_shapes(self, raw: Sequence[Raw]) -> None:
        dimensions = {one.pixels.ndim: one for one in raw}
        odd = [one for n, one in dimensions.items() if n not in (2, 3)]
        if odd:
            raise DataError(f"{self.path}: {odd[0].name} has {odd[0].pixels.ndim} axes, expected 2 or 3")
        crop = int(self.options.crop)
        if not crop or len(dimensions) > 1:
            first = raw[0]
            other = next((one for one in raw if one.pixels.shape != first.pixels.shape), None)
            if other is not None:
                sizes = (
                    f"{first.name} has {_times(first.pixels.shape)} pixels, {other.name} {_times(other.pixels.shape)}"
                )
                raise DataError(f"{self.path}: images of different sizes: {sizes}; cut them alike with --read crop=64")
        small = next((one for one in raw if min(one.pixels.shape) < max(crop, LEAST)), None)
        if small is not None:
            least = f"--read crop={crop} needs {crop}" if crop else f"expected {LEAST} or more along every side"
            raise DataError(f"{self.path}: {small.name} has {_times(small.pixels.shape)} pixels: {least}")

    def _phases(self, raw: Sequence[Raw]) -> tuple[list[NDArray[np.uint8]], int]:
        """The images as numbers of phases or as grey levels, and how many phases there are."""
        asked, stack = self.options.phases, self.found.known
        pixels = [one.pixels for one in raw]
        if asked == "auto" and stack is not None and stack.phases is not None:
            return [one.astype(np.uint8) for one in pixels], stack.phases
        values = None if asked == "grey" else distinct(pixels)
        if values is not None and (asked == "auto" or len(values) <= int(asked)):
            if asked == "auto" and len(values) == 1:
                raise DataError(f"{self.path}: all pixels are {values[0]}: there is only one phase")
            many = len(values) if asked == "auto" else int(asked)
            return [labelled(one, values) for one in pixels], max(many, 2)
        bits = {one.bits: one for one in raw}
        if len(bits) > 1:
            low, high = bits[min(bits)], bits[max(bits)]
            depths = f"{low.name} has {low.bits} bits, {high.name} {high.bits}"
            raise DataError(f"{self.path}: grey images of different bit depth: {depths}; convert them alike")
        top = max(int(one.max()) for one in pixels)
        grey = [graded(one, top) for one in pixels]
        if asked in ("auto", "grey"):
            return grey, GREY
        if int(asked) > _MOST_PARTED:
            raise RequestError(
                f"phases={asked}: grey levels are parted into at most {_MOST_PARTED}; segment the images"
            )
        cuts = thresholds(grey, int(asked))
        return [parted(one, cuts) for one in grey], int(asked)

    def _cut(self, pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
        crop = int(self.options.crop)
        if not crop:
            yield pixels
            return
        stride = int(self.options.stride) or crop
        for starts in product(*(range(0, size - crop + 1, stride) for size in pixels.shape)):
            yield np.ascontiguousarray(pixels[tuple(slice(start, start + crop) for start in starts)])

    def _item(self, pixels: NDArray[np.uint8], phases: int) -> Microstructure:
        known = self.found.known or Stack(np.empty(0), 8)
        size = float(self.options.pixel_size) if self.options.pixel_size else known.pixel_size
        said = self.options.periodic == "yes" or (self.options.periodic == "auto" and known.periodic)
        periodic = said and not int(self.options.crop)
        return Microstructure(pixels, phases, size, self.options.unit or known.unit, periodic)


def _counts(text: str, low: int, high: int) -> bool:
    return text.isdecimal() and low <= int(text) <= high


def _positive(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False


def _times(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
