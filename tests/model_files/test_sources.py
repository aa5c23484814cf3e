"""The identity of a model is the content of all of its files, and a loaded model does not depend on files of others."""

import asyncio
import io
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.request import pathname2url

import numpy as np
import onnx
import pytest
from onnx_models import adder, external, floats, graph_of, model_of, plain_adder

from humanrt import Engine, model_files
from humanrt.engine import internals
from humanrt.errors import EngineClosedError, FetchError, IntegrityError, ModelFormatError, StoreError
from humanrt.model_files import name_of
from humanrt.runtime import sessions
from humanrt.zoo import CardFile, Store, find_card

pytestmark = pytest.mark.usefixtures("own_sessions")

ONES, TWOS = [1.0] * 4, [2.0] * 4


def onnx_card(*paths, **changes):
    """A card of an ONNX model named "mine", with these files."""
    files = tuple(
        CardFile(
            name="mine.onnx" if path.suffix == ".onnx" else path.name,
            path=str(path),
            sha256=sha256(path.read_bytes()).hexdigest(),
            bytes=path.stat().st_size,
        )
        for path in paths
    )
    return replace(find_card("emotion"), name="mine", files=files, sources=(), **changes)


def run_once(source, store):
    """Run a model of a new engine on zeros."""
    with Engine("cpu", store=store) as engine, engine.tidy():
        x = engine.tensor(np.zeros(4, np.float32))
        return internals(engine).load(source).execute(x).data_sync().tolist()


class TestIdentity:
    def test_twins_with_other_external_data_are_other_models(self, run, twins):
        assert [run(path) for path in twins] == [ONES, TWOS]
        assert sessions.statistics().live == 2

    def test_equal_files_share_a_session(self, run, twins, write):
        again = write("again", files={"weights.bin": floats(*ONES)}, name="other.onnx")
        assert [run(path) for path in (twins[0], again)] == [ONES, ONES]
        assert sessions.statistics().live == 1

    def test_a_model_exported_anew_over_itself(self, run, twins):
        assert run(twins[0]) == ONES
        twins[0].with_name("weights.bin").write_bytes(floats(*TWOS))
        assert run(twins[0]) == TWOS

    def test_another_engine_of_the_process(self, run, twins, tmp_path):
        assert run(twins[0]) == ONES
        assert run_once(twins[1], Store(tmp_path / "other")) == TWOS

    def test_cards_that_list_only_the_onnx_file(self, run, twins):
        assert [run(onnx_card(path)) for path in twins] == [ONES, TWOS]

    def test_cards_that_list_all_files(self, run, twins):
        cards = [onnx_card(path, path.with_name("weights.bin")) for path in twins]
        assert run(cards[0]) == ONES
        # The second card has the same name: its files replace those of the first, which stays loaded.
        assert run(cards[1]) == TWOS

    def test_a_card_with_the_files_in_model_base_path(self, tmp_path, twins):
        for path, expected in zip(twins, (ONES, TWOS), strict=True):
            base = path.parent
            shutil.copy(path, base / "mine.onnx")
            store = Store(tmp_path / "cache", model_base_path=base)
            assert run_once(onnx_card(path), store) == expected

    def test_locations_are_part_of_the_identity(self, run, write):
        """The bytes of the files are exchanged, their names are not."""
        nodes = [onnx.helper.make_node("Sub", ["x", "a"], ["d"]), onnx.helper.make_node("Sub", ["d", "b"], ["y"])]
        del nodes[1].input[:]
        nodes[1].input.extend(["b", "d"])
        model = model_of(nodes, [external("a", [4], "a.bin"), external("b", [4], "b.bin")])
        first = write("first", model, {"a.bin": floats(*ONES), "b.bin": floats(*TWOS)})
        second = write("second", model, {"a.bin": floats(*TWOS), "b.bin": floats(*ONES)})
        assert [run(first), run(second)] == [[3.0] * 4, [3.0] * 4]
        assert sessions.statistics().live == 2


class TestFaults:
    @pytest.mark.parametrize("copy", [True, False])
    @pytest.mark.parametrize("content", [None, b"", floats(1, 2, 3), floats(1, 2, 3, 4)[:-1]])
    def test_missing_and_truncated_external_data_while_a_twin_is_loaded(self, run, twins, engine, content, copy):
        assert run(twins[0], copy=copy) == ONES
        weights = twins[1].with_name("weights.bin")
        weights.unlink()
        if content is not None:
            weights.write_bytes(content)
        with pytest.raises(ModelFormatError, match=r"weights\.bin"):
            internals(engine).load(twins[1], copy=copy)
        assert sessions.statistics().live == 1

    @pytest.mark.parametrize(
        "location",
        [
            "../weights.bin",
            "/etc/passwd",
            "a/../../w",
            "..\\w",
            "C:\\w",
            "C:w",
            "",
            ".",
            "a\0b",
            "file:///w",
            "//host/w",
        ],
    )
    def test_locations_outside_the_folder(self, write, engine, location):
        path = write("model", adder(location), {"weights.bin": floats(*ONES)})
        with pytest.raises(ModelFormatError, match="not a relative path inside the model's folder"):
            internals(engine).load(path)

    def test_memory_of_the_process_is_not_a_location(self, write, engine):
        """ONNX Runtime's own mark of external data in memory, whose offset is an address."""
        path = write("model", adder("*/_ORT_MEM_ADDR_/*", offset=4096, length=16))
        with pytest.raises(ModelFormatError, match="which is missing"):
            internals(engine).load(path)

    @pytest.mark.parametrize(
        ("entries", "message"),
        [
            ({"offset": "-4"}, "not a non-negative integer"),
            ({"offset": "four"}, "not a non-negative integer"),
            ({"offset": 4}, "truncated: it has 16 bytes, and .* needs 20"),
            ({"offset": 2**62}, "truncated"),
            ({"length": 12}, "has 12 bytes; its type and shape need 16"),
            ({"length": "9" * 30}, "not a non-negative integer"),
        ],
    )
    def test_offsets_and_lengths(self, write, engine, entries, message):
        path = write("model", adder(**entries), {"weights.bin": floats(*ONES)})
        with pytest.raises(ModelFormatError, match=message):
            internals(engine).load(path)

    @pytest.mark.parametrize("place", ["sparse", "constant", "branch", "function"])
    def test_external_data_anywhere_in_a_model(self, write, engine, place):
        """It is found, and missed, in sparse initializers, attributes, subgraphs and functions."""
        tensor = external("w", [4], "weights.bin")
        constant = onnx.helper.make_node("Constant", [], ["w"], value=tensor)
        add = onnx.helper.make_node("Add", ["x", "w"], ["y"])
        model = {
            "sparse": lambda: _sparse(add, tensor),
            "constant": lambda: model_of([constant, add]),
            "branch": lambda: _branch(constant, add),
            "function": lambda: _function(constant, add),
        }[place]()
        with pytest.raises(
            ModelFormatError, match=r"needs the file weights\.bin of its external data, which is missing"
        ):
            internals(engine).load(write("model", model))

    def test_a_location_that_is_no_text_or_too_long(self, write, engine):
        """A text that is not UTF-8 is bytes in a protocol buffer."""
        data = adder("weights.bin").SerializeToString()
        path = write("model")
        path.write_bytes(data.replace(b"weights.bin", b"weights\xff\xfein"))
        with pytest.raises(ModelFormatError):
            internals(engine).load(path)
        with pytest.raises(ModelFormatError, match="which is missing"):
            internals(engine).load(write("long", adder("a" * 5000)))

    def test_a_path_that_is_too_long(self, engine):
        with pytest.raises(ModelFormatError, match="does not exist"):
            internals(engine).load("a" * 5000)

    def test_a_pipe_in_place_of_external_data(self, write, engine):
        path = write("model")
        os.mkfifo(path.with_name("weights.bin"))
        with pytest.raises(ModelFormatError, match="missing"):
            internals(engine).load(path)


def _sparse(add, values):
    values.name = "w"
    indices = onnx.numpy_helper.from_array(np.arange(4), "indices")
    graph = graph_of([add])
    graph.sparse_initializer.append(onnx.SparseTensorProto(values=values, indices=indices, dims=[4]))
    return model_of([], graph=graph)


def _branch(constant, add):
    graph = onnx.helper.make_graph([constant, add], "branch", [], [onnx.helper.make_tensor_value_info("y", 1, [4])])
    other = onnx.helper.make_graph(
        [onnx.helper.make_node("Neg", ["x"], ["y"])], "other", [], [onnx.helper.make_tensor_value_info("y", 1, [4])]
    )
    true = onnx.helper.make_node("Constant", [], ["true"], value=onnx.numpy_helper.from_array(np.array(True)))
    condition = onnx.helper.make_node("If", ["true"], ["y"], then_branch=graph, else_branch=other)
    return model_of([true, condition])


def _function(constant, add):
    opsets = [onnx.helper.make_opsetid("", 17)]
    function = onnx.helper.make_function("own", "adder", ["x"], ["y"], [constant, add], opsets)
    model = model_of([onnx.helper.make_node("adder", ["x"], ["y"], domain="own")], functions=[function])
    model.opset_import.append(onnx.helper.make_opsetid("own", 1))
    return model


class TestCopies:
    def test_a_loaded_model_survives_changes_of_its_files(self, run, twins, engine):
        model = internals(engine).load(twins[0])
        weights = twins[0].with_name("weights.bin")
        weights.write_bytes(floats(*TWOS))
        assert run(None, model) == ONES
        os.truncate(weights, 0)
        os.truncate(twins[0], 0)
        assert run(None, model) == ONES

    def test_large_external_data_that_is_truncated_does_not_end_the_process(self, write, tmp_path):
        """ONNX Runtime maps it to memory: SIGBUS without a copy."""
        size = 2**20
        tensor = external("w", [size], "weights.bin")
        values = [("x", 1, [size])], [("y", 1, [size])]
        graph = graph_of([onnx.helper.make_node("Add", ["x", "w"], ["y"])], [tensor], *values)
        path = write("large", model_of([], graph=graph), {"weights.bin": np.ones(size, np.float32).tobytes()})
        script = (
            "import sys, os, numpy as np; from pathlib import Path\n"
            "from humanrt.engine import Engine, internals; from humanrt.zoo import Store\n"
            "engine = Engine('cpu', store=Store(Path(sys.argv[2]))); model = internals(engine).load(sys.argv[1])\n"
            "os.truncate(Path(sys.argv[1]).with_name('weights.bin'), 0)\n"
            f"y = model.execute(engine.tensor(np.zeros({size}, np.float32)))\n"
            "assert (y.data_sync() == 1).all()\n"
            "engine.close()"
        )
        subprocess.run([sys.executable, "-c", script, path, tmp_path / "cache"], check=True)

    def test_copies_are_read_only_and_named_after_their_content(self, run, twins, store):
        for path in (*twins, *twins):
            run(path)
        folders = sorted((store.cache_dir / "graphs").iterdir())
        assert len(folders) == 2
        for folder in folders:
            files = {path.name: path for path in folder.iterdir() if path.suffix != ".verified"}
            assert files.keys() == {"model.onnx", "weights.bin"}
            assert all(path.stat().st_mode & 0o222 == 0 for path in files.values())

    def test_a_damaged_copy_is_replaced(self, run, twins, store, engine):
        model = internals(engine).load(twins[0])
        (copy,) = (store.cache_dir / "graphs").glob("*/weights.bin")
        inode = copy.stat().st_ino
        model.dispose()
        copy.chmod(0o644)
        copy.write_bytes(floats(*TWOS))
        os.utime(copy, ns=(1, 1))
        assert run(twins[0]) == ONES
        assert copy.stat().st_ino != inode

    def test_a_file_that_changes_while_it_is_copied(self, run, twins, monkeypatch):
        """The first copy is not what was hashed: it is not kept, and the files are read again."""
        plain, weights = shutil.copyfile, twins[0].with_name("weights.bin")

        def change(source, destination):
            if Path(source) == weights and weights.read_bytes() == floats(*ONES):
                weights.write_bytes(floats(*TWOS))
            return plain(source, destination)

        monkeypatch.setattr(shutil, "copyfile", change)
        assert run(twins[0]) == TWOS

    def test_a_file_that_never_stays_the_same(self, engine, twins, monkeypatch):
        def refuse(*_):
            raise IntegrityError("changed")

        monkeypatch.setattr(Store, "keep", refuse)
        with pytest.raises(ModelFormatError, match="another program writes the files"):
            internals(engine).load(twins[0])

    def test_a_cache_that_cannot_be_written(self, tmp_path, twins):
        (tmp_path / "file").write_bytes(b"")
        with Engine("cpu", store=Store(tmp_path / "file")) as engine:
            with pytest.raises(StoreError, match="HUMANRT_CACHE_DIR"):
                internals(engine).load(twins[0])
            internals(engine).load(twins[0], copy=False)

    def test_external_data_named_like_the_copy_of_the_model(self, run, write):
        path = write("model", adder("model.onnx"), {"model.onnx": floats(*TWOS)}, name="other.onnx")
        assert run(path) == TWOS

    def test_external_data_behind_a_symbolic_link(self, run, write, tmp_path):
        """As in the cache of Hugging Face."""
        path = write("snapshot")
        (tmp_path / "blob").write_bytes(floats(*TWOS))
        path.with_name("weights.bin").symlink_to(tmp_path / "blob")
        assert run(path) == TWOS

    def test_external_data_in_a_subfolder(self, run, write):
        assert run(write("model", adder("./data/w.bin"), {"data/w.bin": floats(*TWOS)})) == TWOS

    def test_several_tensors_in_one_file(self, run, write):
        nodes = [onnx.helper.make_node("Add", ["x", "a"], ["d"]), onnx.helper.make_node("Mul", ["d", "b"], ["y"])]
        tensors = [external("a", [4], "w.bin", length=16), external("b", [4], "w.bin", offset=16, length=16)]
        path = write("model", model_of(nodes, tensors), {"w.bin": floats(*TWOS, *[3.0] * 4)})
        assert run(path) == [6.0] * 4
        os.truncate(path.with_name("w.bin"), 31)
        with pytest.raises(ModelFormatError, match=r"it has 31 bytes, and .* needs 32"):
            run(path)

    def test_old_copies_are_deleted(self, run, twins, store):
        run(twins[0])
        (folder,) = (store.cache_dir / "graphs").iterdir()
        os.utime(folder, (1, 1))
        run(twins[1])
        assert not folder.exists()


class TestInPlace:
    def test_it_is_loaded_from_the_files_of_the_user(self, run, twins, store):
        assert run(twins[0], copy=False) == ONES
        assert not (store.cache_dir / "graphs").exists()

    def test_sessions_are_shared_only_by_the_same_files(self, run, twins, write):
        """A session follows the changes of its files: it must not be used for other files of the old content."""
        again = write("again", files={"weights.bin": floats(*ONES)})
        assert [run(path, copy=False) for path in (twins[0], again, twins[0], twins[1])] == [ONES, ONES, ONES, TWOS]
        assert run(twins[0]) == ONES
        assert sessions.statistics().live == 4

    def test_a_replaced_file_is_another_model(self, run, twins):
        assert run(twins[0], copy=False) == ONES
        new = twins[0].with_name("new.bin")
        new.write_bytes(floats(*TWOS))
        new.replace(twins[0].with_name("weights.bin"))
        assert run(twins[0], copy=False) == TWOS


class TestAddresses:
    def test_external_data_is_fetched_from_beside_the_model(self, run, write, serve):
        path = write("served", adder("data/w 1.bin"), {"data/w 1.bin": floats(*TWOS)})
        server = serve(path.parent)
        address = f"{server.address}/model.onnx?token=1"
        assert [run(address), run(address)] == [TWOS, TWOS]
        assert server.requests == ["/model.onnx?token=1", "/data/w%201.bin?token=1"]

    @pytest.mark.parametrize(
        "location", ["../secret.bin", "/secret.bin", "http://example.com/w.bin", "//example.com/w"]
    )
    def test_no_other_place_is_fetched_from(self, write, serve, engine, store, location):
        server = serve(write("served", adder(location)).parent)
        with pytest.raises(ModelFormatError, match="not a relative path inside"):
            internals(engine).load(f"{server.address}/model.onnx")
        assert server.requests == ["/model.onnx"]
        assert not list((store.cache_dir / "addresses").iterdir())

    @pytest.mark.parametrize("files", [{}, {"weights.bin": floats(1, 2, 3)}])
    def test_nothing_is_kept_of_an_incomplete_model(self, write, serve, engine, store, run, files):
        server = serve(write("served", files=files).parent)
        with pytest.raises((ModelFormatError, FetchError)):
            internals(engine).load(f"{server.address}/model.onnx")
        assert not list((store.cache_dir / "addresses").iterdir())
        write("served", files={"weights.bin": floats(*TWOS)})
        assert run(f"{server.address}/model.onnx") == TWOS

    def test_a_model_without_its_external_data_of_an_earlier_version(self, write, serve, run, store):
        """Earlier versions kept the ``.onnx`` file alone."""
        address = f"{serve(write('served', files={'weights.bin': floats(*TWOS)}).parent).address}/model.onnx"
        old = store.cache_dir / "addresses" / sha256(address.encode()).hexdigest()
        old.mkdir(parents=True)
        (old / "model.onnx").write_bytes(adder().SerializeToString())
        assert run(address) == TWOS

    @pytest.mark.parametrize("count", [50, -1])
    def test_a_truncated_model_is_not_kept(self, write, serve, engine, store, run, count):
        path = write("served", plain_adder(TWOS))
        whole, server = path.read_bytes(), serve(path.parent)
        path.write_bytes(whole[:count])
        with pytest.raises(ModelFormatError):
            internals(engine).load(f"{server.address}/model.onnx")
        assert not list((store.cache_dir / "addresses").iterdir())
        path.write_bytes(whole)
        assert run(f"{server.address}/model.onnx") == TWOS

    def test_a_path_from_an_address(self, run, write, serve):
        server = serve(write("served", plain_adder(TWOS)).parent)
        assert run(Path(f"{server.address}/model.onnx")) == TWOS

    def test_file_addresses(self, run, write, engine):
        path = write("a b%20\u00f6", plain_adder(TWOS))
        address = f"file://{pathname2url(str(path))}"
        assert "%20" in address
        assert [run(address), run(address.replace("file://", "file://localhost")), run(Path(address))] == [TWOS] * 3
        with pytest.raises(FetchError, match="must not have a host"):
            internals(engine).load("file://server/model.onnx")
        with pytest.raises(ModelFormatError, match="does not exist"):
            internals(engine).load("file:///no%00thing.onnx")

    @pytest.fixture
    def silent(self, write, serve):
        """The address of a model at a server that does not answer; an event that is set when it is asked."""
        asked, go_on = threading.Event(), threading.Event()
        server = serve(write("served").parent)
        handler = server.RequestHandlerClass

        def wait(*arguments):
            asked.set()
            go_on.wait(10)
            return handler(*arguments)

        server.RequestHandlerClass = wait
        yield f"{server.address}/model.onnx", asked
        go_on.set()

    async def test_closing_the_engine_ends_a_fetch(self, store, silent):
        address, asked = silent
        engine = Engine("cpu", store=store)
        load = asyncio.create_task(engine.load_graph_model(address))
        await asyncio.to_thread(asked.wait, 10)
        await asyncio.wait_for(engine.aclose(), 1)
        with pytest.raises(EngineClosedError):
            await load

    async def test_cancelling_the_load_ends_its_fetch(self, engine, silent):
        address, asked = silent
        load = asyncio.create_task(engine.load_graph_model(address))
        await asyncio.to_thread(asked.wait, 10)
        load.cancel()
        with pytest.raises(asyncio.CancelledError):
            await load
        (thread,) = [thread for thread in threading.enumerate() if thread.name.startswith("humanrt-load")]
        await asyncio.to_thread(thread.join, 1)
        assert not thread.is_alive()


class TestContents:
    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
    def test_content(self, run, kind):
        assert run(kind(plain_adder(TWOS).SerializeToString())) == TWOS

    def test_a_model_proto(self, run):
        assert run(plain_adder(TWOS)) == TWOS

    def test_a_binary_file(self, run, twins):
        with twins[1].open("rb") as file:
            assert run(file) == TWOS

    def test_external_data_of_content(self, engine):
        for source in (adder(), adder().SerializeToString(), io.BytesIO(adder().SerializeToString())):
            with pytest.raises(ModelFormatError, match=r"needs the files weights\.bin; give the path"):
                internals(engine).load(source)

    def test_a_model_that_cannot_be_serialized(self, engine, monkeypatch):
        def refuse(*_, **__):
            raise ValueError("exceeds 2 GiB")

        class Large:
            """A stand-in for a ModelProto of 2 GiB, which takes too long."""

            SerializeToString = refuse

        monkeypatch.setattr(model_files.sources, "_is_proto", lambda source: isinstance(source, Large))
        with pytest.raises(ModelFormatError, match="Save it with external data"):
            internals(engine).load(Large())

    def test_a_text_file(self, engine, twins):
        with pytest.raises(ModelFormatError, match="mode 'rb'"):
            internals(engine).load(io.StringIO("onnx"))

    @pytest.mark.parametrize("source", [None, 5, ["model.onnx"], object()])
    def test_what_is_not_a_source(self, engine, source):
        with pytest.raises(ModelFormatError, match="is not a source of a model; accepted are"):
            internals(engine).load(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://me:pass@host/a/model.onnx?token=1", "model.onnx"),
        (Path("models/a.onnx"), "a.onnx"),
        (b"123", "model"),
        (plain_adder(ONES), "graph"),
        (find_card("iris"), "iris"),
    ],
)
def test_names_of_models(source, expected):
    assert name_of(source) == expected


@pytest.mark.parametrize("copy", [True, False])
async def test_a_loaded_model_is_saved_with_its_external_data(engine, twins, run, tmp_path, copy):
    one, two = [await engine.load_graph_model(path, copy=copy) for path in twins]
    saved = [await model.save(tmp_path / name / "saved.onnx") for model, name in ((one, "a"), (two, "b"))]
    assert [await asyncio.to_thread(run, path) for path in saved] == [[1, 1, 1, 1], [2, 2, 2, 2]]
