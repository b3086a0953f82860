"""`Tensor` and `Parameter`: MindSpore's conversions, printing and refusals; `dtype`; shape contracts."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from msgrad_ext import Parameter, ParameterTuple, ops
from msgrad_ext import dtype as mstype
from msgrad_ext.contract import Contract, broadcast, normal_axes
from msgrad_ext.dtype import promote
from msgrad_ext.errors import MsgradError
from msgrad_ext.tensor import Tensor

# dtype -------------------------------------------------------------------------------------------------------------

ORDER = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


@pytest.mark.parametrize("low", range(len(ORDER)))
@pytest.mark.parametrize("high", range(len(ORDER)))
def test_the_later_dtype_wins(low: int, high: int) -> None:
    """Promotion follows MindSpore's order; int8 beside uint8 gives int16."""
    wanted = "int16" if {ORDER[low], ORDER[high]} == {"int8", "uint8"} else ORDER[max(low, high)]
    assert promote(np.dtype(ORDER[low]), np.dtype(ORDER[high])) == wanted


@pytest.mark.parametrize(
    ("kind", "text"),
    [(mstype.float32, "Float32"), (mstype.bool_, "Bool"), (mstype.int64, "Int64"), (mstype.uint8, "UInt8")],
)
def test_a_dtype_prints_as_in_mindspore(kind: Any, text: str) -> None:
    """With a capital letter; in a list, by its module."""
    assert (str(kind), repr(kind)) == (text, f"mindspore.{kind.name.rstrip('_')}")


@pytest.mark.parametrize("wrong", ["float32", 32, float, None, object()])
def test_other_things_are_no_dtypes(wrong: Any) -> None:
    """Strings too, as in MindSpore."""
    with pytest.raises(TypeError, match="dtype"):
        mstype.to_numpy(wrong)


# Conversions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (1, "int64"),
        (1.0, "float32"),
        (True, "bool"),
        ([1.0, 2.0], "float32"),
        ([1, 2], "int64"),
        ([1, 2.5], "float32"),
        (np.array([1.0]), "float64"),
        (np.float16(1), "float16"),
        ([np.float32(1), 2.0], "float32"),
        ((1.0,), "float32"),
    ],
)
def test_what_a_tensor_is_made_of_decides_its_dtype(given: Any, kind: str) -> None:
    """Python floats become Float32, ints Int64; numpy data keeps its own."""
    assert Tensor(given).numpy_dtype == kind


@pytest.mark.parametrize(("given", "kind"), [(1.5, "float32"), (3, "int32"), (np.array([1.0]), "float64")])
def test_what_a_parameter_is_made_of_decides_its_dtype(given: Any, kind: str) -> None:
    """A Python int becomes Int32 here."""
    assert Parameter(given).numpy_dtype == kind


@pytest.mark.parametrize("wrong", [[[1], [2, 3]], "text", None, {"a": 1}, object(), ["a"]])
def test_what_holds_no_numbers_is_refused(wrong: Any) -> None:
    """TypeError, as in MindSpore."""
    with pytest.raises(TypeError):
        Tensor(wrong)


def test_a_bool_parameter_is_refused() -> None:
    """ValueError, as in MindSpore."""
    with pytest.raises(ValueError, match="bool"):
        Parameter(True)


def test_a_tensor_owns_its_values() -> None:
    """Neither the array it was made of nor one that it gave out shares them."""
    source = np.array([1.0, 2.0])
    tensor = Tensor(source)
    source[0] = 9.0
    tensor.asnumpy()[1] = 9.0
    assert tensor.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        (Tensor([1]), 2.0, "float32"),
        (Tensor([1.0]), 2, "float32"),
        (Tensor(np.array([1], np.float16)), 2.0, "float16"),
        (Tensor([True]), 1, "int64"),
        (Tensor([1]), Tensor(np.array([1], np.float16)), "float16"),
    ],
)
def test_a_sum_has_the_promoted_dtype(left: Any, right: Any, kind: str) -> None:
    """A Python number does not widen a float; a float makes an int tensor Float32."""
    assert ((left + right).numpy_dtype, (right + left).numpy_dtype) == (kind, kind)


def test_ints_divide_to_float32() -> None:
    """True division."""
    quotient = Tensor([1, 3]) / Tensor([2, 2])
    assert (quotient.numpy_dtype, quotient.tolist()) == ("float32", [0.5, 1.5])


def test_matmul_does_not_promote() -> None:
    """Mismatched dtypes are an error, as in MindSpore."""
    with pytest.raises(TypeError, match="one dtype"):
        ops.MatMul()(Tensor(np.ones((1, 1))), Tensor(np.ones((1, 1), np.float32)))


@pytest.mark.parametrize("op", [ops.sin, ops.exp, ops.log, ops.tanh, ops.sigmoid, ops.softmax])
def test_smooth_functions_refuse_integers(op: Any) -> None:
    """TypeError, as in MindSpore."""
    with pytest.raises(TypeError, match="float"):
        op(Tensor([1, 2]))


def test_a_number_out_of_an_integers_range_is_refused() -> None:
    """With a sentence, not numpy's OverflowError."""
    with pytest.raises(ValueError, match="300 does not fit the int8"):
        Tensor(np.array([1], np.int8)) + 300


def test_a_number_out_of_a_floats_range_is_infinite_without_a_warning() -> None:
    """MindSpore prints no warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (Tensor(np.array([1], np.float16)) * 1e6).tolist() == [np.inf]


# Printing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (Tensor([1.0, 2.5]), "Tensor(shape=[2], dtype=Float32, value= [ 1.00000000e+00,  2.50000000e+00])"),
        (Tensor(3.0), "Tensor(shape=[], dtype=Float32, value= 3)"),
        (Tensor([1, 2]), "Tensor(shape=[2], dtype=Int64, value= [1, 2])"),
        (Tensor(np.array([0.5], np.float16)), "Tensor(shape=[1], dtype=Float16, value= [ 5.0000e-01])"),
        (
            Tensor([[1.0], [2.0]]),
            "Tensor(shape=[2, 1], dtype=Float32, value=\n[[ 1.00000000e+00],\n [ 2.00000000e+00]])",
        ),
        (
            Parameter(Tensor([1.0]), name="w"),
            "Parameter (name=w, shape=(1,), dtype=Float32, requires_grad=True)",
        ),
    ],
)
def test_a_tensor_prints_as_in_mindspore(tensor: Tensor, text: str) -> None:
    """Its repr, letter by letter."""
    assert repr(tensor) == text


def test_str_is_numpys() -> None:
    """The values alone."""
    assert str(Tensor([[1.0, 2.0]])) == "[[1. 2.]]"


# Refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["require_grad", "requirements_grad", "grad", "nam"])
def test_a_misspelt_attribute_of_a_parameter_is_refused(wrong: str) -> None:
    """A typo does not leave the parameter trainable in silence; the right name is offered."""
    with pytest.raises(AttributeError, match=r"Did you mean|Choose from"):
        setattr(Parameter(1.0), wrong, False)


def test_the_right_spelling_is_offered() -> None:
    """By name."""
    with pytest.raises(AttributeError, match="Did you mean 'requires_grad'"):
        Parameter(1.0).require_grad = False


@pytest.mark.parametrize("keyword", ["require_grad", "requirements_grad"])
def test_a_misspelt_keyword_of_a_parameter_is_refused(keyword: str) -> None:
    """With the keyword that exists."""
    with pytest.raises(TypeError, match=r"unexpected keyword argument.*requires_grad"):
        Parameter(1.0, **{keyword: False})


@pytest.mark.parametrize("wrong", [1, None, "no"])
def test_requires_grad_must_be_bool(wrong: Any) -> None:
    """In the constructor and later."""
    with pytest.raises(TypeError, match="bool"):
        Parameter(1.0, requires_grad=wrong)


def test_a_parameter_takes_data_of_another_shape() -> None:
    """MindSpore 2.10 does not refuse it, whatever its page says."""
    assert Parameter(np.ones(2)).set_data(Tensor(np.ones(3))).shape == (3,)


def test_names_in_a_parameter_tuple_differ() -> None:
    """With MindSpore's words."""
    with pytest.raises(ValueError, match="its name 'w' already exists"):
        ParameterTuple([Parameter(1.0, name="w"), Parameter(2.0, name="w")])


def test_a_truth_value_of_many_is_refused() -> None:
    """As numpy does."""
    with pytest.raises(ValueError, match="truth value"):
        bool(Tensor([1.0, 2.0]))


def test_an_unknown_attribute_is_refused_with_the_near_one() -> None:
    """No silent None."""
    with pytest.raises(AttributeError, match="Did you mean 'shape'"):
        Tensor(1.0).shap


# Contracts ---------------------------------------------------------------------------------------------------------


def test_a_contract_gives_the_output_shape() -> None:
    """From the operands' shapes."""
    assert Contract("M K, K N -> M N").solve("MatMul", "ab", [(2, 3), (3, 4)]) == (2, 4)


def test_a_broken_contract_names_axis_and_shapes() -> None:
    """The sentence of the style guide."""
    wanted = r"For 'MatMul', a: \(M, K\) and b: \(K, N\) must share K, but got a: \(2, 3\) and b: \(2, 3\)\."
    with pytest.raises(ValueError, match=wanted):
        Contract("M K, K N -> M N").solve("MatMul", "ab", [(2, 3), (2, 3)])


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([(2, 3), (3,)], (2, 3)),
        ([(2, 1), (1, 3)], (2, 3)),
        ([(), (2,)], (2,)),
        ([(0, 3), (1, 3)], (0, 3)),
        ([(2,), (3,)], None),
        ([(0,), (2,)], None),
        ([], ()),
    ],
)
def test_shapes_broadcast_as_numpys(shapes: Any, expected: Any) -> None:
    """Or do not."""
    assert broadcast(*shapes) == expected


@pytest.mark.parametrize(
    ("axis", "expected"), [(None, (0, 1, 2)), ((), (0, 1, 2)), (-1, (2,)), ((2, 0), (0, 2)), (np.int64(1), (1,))]
)
def test_axes_are_sorted_and_not_negative(axis: Any, expected: Any) -> None:
    """None and () mean all."""
    assert normal_axes("Op", axis, 3) == expected


@pytest.mark.parametrize(
    ("axis", "kind"), [(3, IndexError), ((0, -3), ValueError), (True, TypeError), (1.0, TypeError), ("0", TypeError)]
)
def test_impossible_axes_are_refused(axis: Any, kind: type) -> None:
    """Out of range, given twice, or no int."""
    with pytest.raises(kind) as caught:
        normal_axes("Op", axis, 3)
    assert isinstance(caught.value, MsgradError)
