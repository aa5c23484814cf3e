"""Loops and conditions that depend on the data, written as ONNX's Loop and If.

The body of a loop is traced for an arbitrary iteration. The shapes of its variables are found by iteration to a fixed
point: at first those before the loop, then those common to the inputs and outputs of the body, until nothing changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from humanrt.errors import ModelFormatError, UnsupportedOpError
from humanrt.tfjs.builder import Builder
from humanrt.tfjs.frames import ANY, NEXT, Frame, Steps, Turn, Workspace
from humanrt.tfjs.graph import BATCH, BOOL, INT64, DType, Reference, Shape
from humanrt.tfjs.inference import require_batch
from humanrt.tfjs.layout import OpenTensor, Tensor
from humanrt.tfjs.ops.table import Result
from humanrt.tfjs.structure import Structure
from humanrt.tfjs.tensor_lists import TensorSequence, as_sequence, common_shape
from humanrt.tfjs.values import SequenceValue, Value, int64

_MAX_TRIALS = 16


@dataclass(frozen=True, slots=True)
class _Form:
    """The kind, dtype and shape of an input or output of a subgraph."""

    is_list: bool
    dtype: DType
    shape: Shape | None

    def value(self) -> Value | SequenceValue:
        """Return a value of this form, without a name."""
        if self.is_list:
            return SequenceValue(None, self.shape, self.dtype)
        return Value(None, self.shape or (), self.dtype)

    def common(self, other: "_Form") -> "_Form":
        """Return the form that both values have."""
        if (self.is_list, self.dtype) != (other.is_list, other.dtype):
            raise ModelFormatError("its loop or condition has values of different types for the same variable")
        shape = common_shape(self.shape, other.shape)
        if shape is not None and BATCH in (self.shape or ()) + (other.shape or ()):
            require_batch(shape)
        return replace(self, shape=shape)


def write_loop(
    workspace: Workspace, condition: Reference, variables: Sequence[Reference], frame: Frame, site: str
) -> Steps:
    """Write a Loop; return the values of the variables after it.

    A variable is identified by its Merge or parameter: see ``control_flow``.
    """
    first, now, later = ((*frame, Turn(site, number)) for number in (0, ANY, NEXT))
    goes_on = yield condition, first
    initial: dict[Reference, Result] = {}
    for variable in variables:
        initial[variable] = yield variable, first
    moving = [variable for variable in variables if not _stays(workspace.structure, variable)]
    outer = workspace.builder(frame)
    entered = [_value(outer, initial[variable]) for variable in moving]
    forms = [_form(value) for value in entered]
    for _ in range(_MAX_TRIALS):
        body = workspace.open(now, later)
        inputs = [body.variable(form.value()) for form in forms]
        bound = initial | {variable: _result(body, value) for variable, value in zip(moving, inputs, strict=True)}
        for variable, result in bound.items():
            workspace.results[variable.node, now] = (result, result)
        results: list[Value | SequenceValue] = []
        for variable in moving:
            results.append(_value(body, (yield variable, later)))  # noqa: PERF401 - a comprehension cannot yield
        again = _truth(body, (yield condition, later))
        wider = [form.common(_form(value)) for form, value in zip(forms, results, strict=True)]
        if wider == forms:
            break
        forms = wider
    else:
        raise UnsupportedOpError(f"the shapes of its loop variables do not converge within {_MAX_TRIALS} iterations")
    counters = [body.variable(Value(None, (), INT64)), body.variable(Value(None, (), BOOL))]
    graph = body.close([*counters, *inputs], [again, *results])
    left = [form.value() for form in forms]
    outer.emit_graphs("Loop", [None, _truth(outer, goes_on), *entered], left, {"body": graph})
    ended = initial | {variable: _result(outer, value) for variable, value in zip(moving, left, strict=True)}
    return tuple(ended[variable] for variable in variables)


def write_condition(
    workspace: Workspace,
    predicate: Result,
    branches: tuple[Sequence[Reference], Sequence[Reference]],
    frame: Frame,
    turn: Turn,
) -> Steps:
    """Write an If; ``branches`` are the results for a false and for a true predicate."""
    traced: list[tuple[Builder, list[Value | SequenceValue]]] = []
    for number, references in enumerate(branches):
        inside = (*frame, turn._replace(number=number))
        builder = workspace.open(inside)
        values: list[Value | SequenceValue] = []
        for reference in references:
            values.append(_value(builder, (yield reference, inside)))  # noqa: PERF401 - a comprehension cannot yield
        traced.append((builder, values))
    forms = [_form(one).common(_form(other)) for one, other in zip(traced[0][1], traced[1][1], strict=True)]
    graphs = [builder.close([], values) for builder, values in traced]
    outer = workspace.builder(frame)
    given = [form.value() for form in forms]
    outer.emit_graphs("If", [_truth(outer, predicate)], given, {"else_branch": graphs[0], "then_branch": graphs[1]})
    return tuple(_result(outer, value) for value in given)


def _stays(structure: Structure, variable: Reference) -> bool:
    """Return whether no iteration of a loop changes the variable: it then need not be a variable of the Loop."""
    seen, reference = set[str](), structure.successor(variable)
    while reference.node not in seen:
        seen.add(reference.node)
        node = structure.node(reference.node)
        if node.name == variable.node:
            return True
        if node.op not in {"Identity", "Switch"} or not node.inputs:
            break
        reference = node.inputs[0]
    return False


def _value(builder: Builder, result: Result) -> Value | SequenceValue:
    match result:
        case Tensor():
            return result.logical
        case OpenTensor():
            return result.scalar.logical
    return as_sequence(builder, result)


def _result(builder: Builder, value: Value | SequenceValue) -> Result:
    return TensorSequence(value) if isinstance(value, SequenceValue) else Tensor(builder, logical=value)


def _form(value: Value | SequenceValue) -> _Form:
    return _Form(isinstance(value, SequenceValue), value.dtype, value.shape)


def _truth(builder: Builder, result: Result) -> Value:
    """Return a condition as the scalar boolean that ONNX requires."""
    if not isinstance(result, Tensor | OpenTensor):
        raise ModelFormatError("its condition is a list, not a tensor")
    tensor = result if isinstance(result, Tensor) else result.scalar
    value = builder.cast(tensor.logical, BOOL)
    return value if value.rank == 0 else builder.emit("Reshape", value, int64([]))
