"""A path, folder or URL goes in, documents come out; knows no library, index or model.

`discover` lists what a target holds, `load` reads one of them, `from_text` takes text that is already there.
A caller that wants the others of a folder when one fails calls `load` for each.
"""

from __future__ import annotations

from qa.loading.sources import discover, from_text, load

__all__ = ["discover", "from_text", "load"]
