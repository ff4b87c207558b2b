"""Modules that stand for those of Pyodide."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
from libredb_opfs import browser

from tests.adapters.opfs.support import JsException, answer


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stand in for bridge.js; tests put functions into it."""
    module = SimpleNamespace()
    ffi, code, js = ModuleType("pyodide.ffi"), ModuleType("pyodide.code"), ModuleType("js")
    js.__dict__["WorkerGlobalScope"] = object
    ffi.__dict__["JsException"] = JsException
    code.__dict__["run_js"] = {browser._IMPORT: answer(module)}.__getitem__
    monkeypatch.setitem(sys.modules, "pyodide.ffi", ffi)
    monkeypatch.setitem(sys.modules, "pyodide.code", code)
    monkeypatch.setitem(sys.modules, "js", js)
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(browser, "_imported", [])
    return module
