from __future__ import annotations

import pickle

import pytest

from qa import errors

CLASSES = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_carries_message_and_hint_also_from_a_child_process(kind: type[errors.QAError]) -> None:
    error = pickle.loads(pickle.dumps(kind("The file is empty.", "Give another.")))
    assert type(error) is kind and isinstance(error, errors.QAError)
    assert (error.message, error.hint, str(error)) == (
        "The file is empty.",
        "Give another.",
        "The file is empty.",
    )


def test_only_an_unreachable_model_is_worth_another_try() -> None:
    assert [kind for kind in CLASSES if kind.retryable] == [errors.ModelUnavailable]


def test_every_error_is_exported_and_documented() -> None:
    made = {
        name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert made == set(errors.__all__)
    assert all(kind.__doc__ and kind.__name__ in (errors.__doc__ or "") for kind in CLASSES)


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (errors.FetchRefused, errors.LoadError),
        (errors.IndexMismatch, errors.StoreError),
        (errors.ModelFileInvalid, errors.ModelError),
        (errors.RequestTooLong, errors.ModelRejected),
    ],
)
def test_the_tree(kind: type[Exception], parent: type[Exception]) -> None:
    assert issubclass(kind, parent)
