"""The option, the marker and the fixtures of the plugin, and its cost for sessions that do not use it."""

from importlib.metadata import entry_points

import pytest

from humanrt import Engine
from humanrt.tensors import watch

pytestmark = pytest.mark.tensor_leaks(allow=1000)  # the sessions leak on purpose, in this process

TWO = """
def test_leaky_unmarked(engine):
    KEPT.append(engine.scalar(1.0))
@pytest.mark.tensor_leaks
def test_leaky_marked(engine):
    KEPT.append(engine.scalar(1.0))
"""


class TestOption:
    @pytest.mark.parametrize(
        ("ini", "unmarked"),
        [
            ("", "passed"),
            ("humanrt_tensor_leaks = off", "passed"),
            ("humanrt_tensor_leaks = warn", "passed"),
            ("humanrt_tensor_leaks = error", "failed"),
        ],
    )
    def test_it_applies_to_tests_without_the_marker(self, session, ini, unmarked, capsys):
        assert session(TWO, ini=ini) == {"test_leaky_unmarked": unmarked, "test_leaky_marked": "failed"}
        output = capsys.readouterr().out
        assert ("TensorLeakWarning: 1 tensor leaked" in output) is ("warn" in ini)
        if "warn" in ini:
            assert " in test_leaky_unmarked" in output

    def test_a_warning_that_is_an_error_is_a_failure(self, session):
        became = session(TWO, "-Werror::humanrt.pytest_plugin.TensorLeakWarning", ini="humanrt_tensor_leaks = warn")
        assert became == {"test_leaky_unmarked": "failed", "test_leaky_marked": "failed"}

    def test_other_values_are_refused(self, pytester):
        pytester.makeini("[pytest]\nhumanrt_tensor_leaks = yes\nasyncio_default_fixture_loop_scope = function\n")
        result = pytester.runpytest_inprocess()
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["ERROR: humanrt_tensor_leaks is 'yes'; accepted: off, warn, error"])


class TestMarker:
    def test_allow(self, assert_only_leaky_ones_fail):
        code = """
@pytest.mark.tensor_leaks(allow=2)
class TestClass:
    def test_two(self, engine):
        KEPT.append(engine.scalar(1.0))
        engine.scalar(1.0)
    def test_leaky_three(self, engine):
        KEPT.extend([engine.scalar(1.0), engine.scalar(1.0)])
        engine.scalar(1.0)
    @pytest.mark.tensor_leaks(3)
    def test_three(self, engine):
        KEPT.extend([engine.scalar(1.0), engine.scalar(1.0)])
        engine.scalar(1.0)
    @pytest.mark.tensor_leaks
    def test_leaky_one(self, engine):
        engine.scalar(1.0)
"""
        assert_only_leaky_ones_fail(code)

    def test_it_is_registered_for_strict_markers(self, session):
        assert session(TWO, "--strict-markers") == {"test_leaky_unmarked": "failed", "test_leaky_marked": "failed"}

    @pytest.mark.parametrize("arguments", ["alow=1", "1, 2, 3", "allow=-1", "warmup=None"])
    def test_other_arguments_are_refused_before_anything_runs(self, session, arguments, capsys):
        became = session(f"def test_first(): pass\n@pytest.mark.tensor_leaks({arguments})\ndef test_marked(): pass")
        assert became == {}
        assert "; accepted is tensor_leaks(allow=0, warmup=0) with integers from 0" in capsys.readouterr().err


class TestFixtures:
    def test_humanrt_engine(self, humanrt_engine):
        assert isinstance(humanrt_engine, Engine)
        with humanrt_engine.scalar(1.0) as tensor:
            assert tensor._sites.created.startswith(__file__)

    async def test_humanrt_engine_with_asyncio(self, humanrt_engine):
        async with humanrt_engine.scope():
            assert humanrt_engine.scalar(1.0).array() == 1.0

    def test_humanrt_engine_is_closed_at_the_end(self, session):
        code = """
def test_one(humanrt_engine):
    KEPT.append(humanrt_engine)
def test_two():
    assert KEPT[0].registry.closed
"""
        assert session(code, ini="") == {"test_one": "passed", "test_two": "passed"}

    def test_humanrt_tensors(self, humanrt_engine, humanrt_tensors):
        before = humanrt_tensors.count
        with humanrt_engine.scalar(1.0), Engine("cpu") as other:
            assert (humanrt_tensors.count, humanrt_tensors.delta) == (before + 1, 1)
            tensor = other.scalar(2.0)
            assert (humanrt_tensors.count, humanrt_tensors.delta) == (before + 2, 2)
            with pytest.raises(AssertionError, match="2 tensors leaked"):
                humanrt_tensors.assert_no_leaks()
            humanrt_tensors.assert_no_leaks(allow=2)
            tensor.dispose()
        assert (humanrt_tensors.count, humanrt_tensors.delta) == (before, 0)
        humanrt_tensors.assert_no_leaks()

    def test_humanrt_tensors_alone_makes_engines_record_sites(self, session, capsys):
        code = """
def test_leaky(humanrt_tensors):
    with Engine("cpu") as engine:
        KEPT.append(engine.scalar(1.0))
        humanrt_tensors.assert_no_leaks()
"""
        assert session(code, ini="") == {"test_leaky": "failed"}
        assert " in test_leaky" in capsys.readouterr().out


class TestCost:
    def test_a_session_that_does_not_use_it_imports_nothing(self, pytester):
        pytester.makepyfile("""
            import sys
            def test_modules():
                assert "humanrt.pytest_plugin" in sys.modules
                rest = {name for name in sys.modules if name.partition(".")[0] in ("humanrt", "numpy", "onnx", "cv2")}
                assert rest == {"humanrt", "humanrt.pytest_plugin"}
        """)
        result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:hypothesispytest")
        result.assert_outcomes(passed=1)

    def test_sites_are_recorded_only_if_tests_are_checked(self, session, monkeypatch):
        monkeypatch.setattr(watch, "watchers", [])  # those of the session that this test is in
        code = """
@pytest.fixture(scope="session")
def of_the_session():
    with Engine("cpu") as engine:
        yield engine
def test_one(of_the_session):
    with of_the_session.scalar(1.0) as tensor:
        assert (tensor._sites is not None) is CHECKED
"""
        for ini, checked in (("", False), ("humanrt_tensor_leaks = warn", True)):
            assert session(f"CHECKED = {checked}\n{code}", ini=ini) == {"test_one": "passed"}


def test_it_is_found_by_its_entry_point():
    (entry,) = {entry for entry in entry_points(group="pytest11") if entry.name == "humanrt"}
    assert entry.value == "humanrt.pytest_plugin"


@pytest.mark.slow
def test_under_xdist(pytester):
    pytester.makeini("[pytest]\nhumanrt_tensor_leaks = error\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile("""
        import pytest
        from humanrt import Engine
        KEPT = []
        @pytest.mark.parametrize("turn", range(4))
        def test_clean(humanrt_engine, turn):
            humanrt_engine.scalar(1.0).dispose()
        @pytest.mark.parametrize("turn", range(4))
        def test_leaky(humanrt_engine, turn):
            KEPT.append(humanrt_engine.scalar(1.0))
    """)
    result = pytester.runpytest_subprocess("-n2", "-p", "no:randomly")
    result.assert_outcomes(passed=4, failed=4)
    result.stdout.fnmatch_lines(["1 tensor leaked", "live * in test_leaky", "FAILED *test_leaky* - Failed: 1 *"])
