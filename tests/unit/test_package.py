"""`import bulkcall` gives the functions, whatever else has been imported."""

from __future__ import annotations

import importlib
import sys
from types import FunctionType

import pytest

import bulkcall

NAMES = bulkcall._HOME["bulkcall.app"]


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_a_function(name):
    """What is exported can be called."""
    assert isinstance(getattr(bulkcall, name), FunctionType)


@pytest.mark.parametrize("name", ["validate", "reconcile", "report"])
def test_a_stage_of_the_same_name_does_not_take_its_place(name):
    """Importing a stage binds its module in the package, and the function stays all the same."""
    module = importlib.import_module(f"bulkcall.{name}")
    setattr(bulkcall, name, module)  # as the import system does at the first import
    assert isinstance(getattr(bulkcall, name), FunctionType)
    assert sys.modules[f"bulkcall.{name}"] is module


def test_what_is_not_there_is_told():
    """Another name is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        bulkcall.nothing  # noqa: B018 - looking it up is what is tested
