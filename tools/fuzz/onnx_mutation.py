"""Damage to an ONNX model: to its bytes, to any field of its protocol buffer, and to its files of external data."""

from collections.abc import Mapping
from typing import Any

import onnx

from fuzz.mutation import Choose, damage_bytes
from fuzz.onnx_corpus import MODEL, ValidOnnx

_INTEGERS = (-(2**63), -(2**31), -5, -1, 0, 1, 2, 3, 4, 7, 9, 16, 99, 2**16, 2**28, 2**31 - 1, 2**31, 2**40, 2**63 - 1)
_FLOATS = (0.0, -1.0, 1e-30, 1e30, float("inf"), float("nan"))
_TEXTS = (
    "", "x", "y", "w", "weights.bin", "../weights.bin", "/etc/passwd", "missing.bin", MODEL, "folder", ".", "0", "-1",
    "4", "16", "1000000", "9223372036854775807", "99999999999999999999", "location", "offset", "length", "checksum",
    "*/_ORT_MEM_ADDR_/*", "ai.onnx", "com.microsoft", "own", "Neg", "Reshape", "Loop", "Conv", "Constant", "Resize",
    "Identity", "ConstantOfShape", "NOTSET", "VALID", "ij,jk->ik", "a" * 300,
)  # fmt: skip


def mutate(valid: ValidOnnx, choose: Choose) -> tuple[bytes, Mapping[str, bytes]]:
    """Return the bytes of a damaged model, and the content of its files of external data."""
    data, files = valid.data, dict(valid.files)
    kind = choose(10)
    if kind == 0:
        return damage_bytes(data, choose), files
    if kind == 1 and files:
        name = sorted(files)[choose(len(files))]
        if choose(4):
            files[name] = damage_bytes(files[name], choose)
        else:
            del files[name]
        return data, files
    model = onnx.ModelProto.FromString(data)
    for _ in range(1 + choose(3)):
        _damage_message(model, choose)
    try:
        return model.SerializeToString(deterministic=True), files
    except (ValueError, UnicodeError):  # a text that is not UTF-8
        return data, files


def _damage_message(model: onnx.ModelProto, choose: Choose) -> None:
    """Change one field of a random message; small subtrees are as likely as large ones."""
    message: Any = model
    while True:
        children = [
            child
            for descriptor, value in message.ListFields()
            if descriptor.message_type is not None
            for child in (value if _is_repeated(message, descriptor) else [value])
        ]
        if not children or choose(4) == 0:
            break
        message = children[choose(len(children))]
    descriptors = message.DESCRIPTOR.fields
    filled = [descriptor for descriptor, _ in message.ListFields()]
    pool = filled if filled and choose(4) else descriptors
    _damage_field(message, pool[choose(len(pool))], choose)


def _is_repeated(message: Any, descriptor: Any) -> bool:  # noqa: ANN401 - a protocol buffer
    return hasattr(getattr(message, descriptor.name), "extend")


def _damage_field(message: Any, descriptor: Any, choose: Choose) -> None:  # noqa: ANN401 - a protocol buffer
    name = descriptor.name
    if _is_repeated(message, descriptor):
        _damage_list(getattr(message, name), descriptor, choose)
    elif descriptor.message_type is not None:
        if choose(2):
            message.ClearField(name)
        else:
            getattr(message, name).SetInParent()
    elif choose(5) == 0:
        message.ClearField(name)
    else:
        _set(message, name, _odd(descriptor, choose))


def _damage_list(values: Any, descriptor: Any, choose: Choose) -> None:  # noqa: ANN401 - a protocol buffer
    count = len(values)
    match choose(4):
        case 0 if count:
            del values[choose(count)]
        case 1 if count:
            # One element once more, at the end.
            values.extend([values[choose(count)]])
        case 2 if count > 1:
            i, j = choose(count), choose(count)
            if descriptor.message_type is None:
                values[i], values[j] = values[j], values[i]
            else:
                first, second = type(values[i])(), type(values[i])()
                first.CopyFrom(values[i])
                second.CopyFrom(values[j])
                values[i].CopyFrom(second)
                values[j].CopyFrom(first)
        case _ if descriptor.message_type is not None:
            values.add()
        case _:
            odd = _odd(descriptor, choose)
            try:
                if count and choose(2):
                    values[choose(count)] = odd
                else:
                    values.append(odd)
            except (ValueError, TypeError):
                return  # out of the range of the field


def _set(message: Any, name: str, value: object) -> None:  # noqa: ANN401 - a protocol buffer
    try:
        setattr(message, name, value)
    except (ValueError, TypeError):
        return  # out of the range of the field


def _odd(descriptor: Any, choose: Choose) -> object:  # noqa: ANN401 - a protocol buffer
    kinds = type(descriptor)
    if descriptor.type == kinds.TYPE_STRING:
        return _TEXTS[choose(len(_TEXTS))]
    if descriptor.type == kinds.TYPE_BYTES:
        return _TEXTS[choose(len(_TEXTS))].encode() * choose(3)
    if descriptor.type in (kinds.TYPE_FLOAT, kinds.TYPE_DOUBLE):
        return _FLOATS[choose(len(_FLOATS))]
    if descriptor.type == kinds.TYPE_BOOL:
        return bool(choose(2))
    if descriptor.type == kinds.TYPE_ENUM:
        return choose(30)
    return _INTEGERS[choose(len(_INTEGERS))]
