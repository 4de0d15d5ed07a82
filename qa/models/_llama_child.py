"""The process that holds llama.cpp: one JSON line on stdin goes in, one on stdout comes out, then it serves.

In: ``model``, ``adapter``, ``context_tokens``, ``threads``, ``api_key``. Out: ``{"url": ...}`` or
``{"error": ...}``. Knows nothing of this package and is started by path, so that it needs only xllamacpp. It
ends with its parent: stdin reaches its end when the parent is gone, and another parent id says so. (Linux's
``PR_SET_PDEATHSIG`` is not used: it fires when the parent's *thread* ends, and web servers retire threads.)
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from importlib import import_module
from typing import Any

PROMPT_CACHE_MIB = 256
"""Host memory for prompts seen before, of each of two such processes; llama.cpp's default is 8 GiB."""


def main() -> None:
    """Serve until stdin ends."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is log, not protocol
    threading.Thread(target=_leave_with_parent, args=(os.getppid(),), daemon=True).start()
    wanted = json.loads(sys.stdin.readline())
    xllamacpp = import_module("xllamacpp")
    try:
        server = xllamacpp.Server(_parameters(xllamacpp, wanted))
        outcome = {"url": server.listening_address}
    except RuntimeError as error:
        outcome = {"error": str(error)}
    report.write(json.dumps(outcome) + "\n")
    report.close()
    if "url" in outcome:
        sys.stdin.read()
    os._exit(0)  # llama.cpp's own teardown waits for running requests


def _parameters(xllamacpp: Any, wanted: dict[str, Any]) -> Any:
    """Server parameters: loopback, a key, no web page, no introspection, no other origin."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = wanted["model"]
    parameters.n_ctx = wanted["context_tokens"]
    parameters.n_parallel = 1
    if wanted["adapter"]:
        parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(wanted["adapter"], 0.0)]  # on request
        # What was read with it is no use without it, so each keeps a slot; both share the whole context.
        parameters.n_parallel = 2
        parameters.kv_unified = True
    parameters.cpuparams.n_threads = wanted["threads"]
    parameters.cpuparams_batch.n_threads = wanted["threads"]
    parameters.cache_ram_mib = PROMPT_CACHE_MIB
    parameters.api_keys = [wanted["api_key"]]
    parameters.cors_origins = "http://127.0.0.1"
    parameters.cors_credentials = False
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.endpoint_props = False
    parameters.endpoint_metrics = False
    parameters.verbosity = 2  # warnings and errors
    return parameters


def _leave_with_parent(parent: int) -> None:
    """End this process when it was handed to another parent, should stdin be held open by a fork."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    main()
