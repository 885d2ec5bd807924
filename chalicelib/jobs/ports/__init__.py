"""Define what packages need from outside, as Protocols, one module for each noun. `adapters/` implements them.

No default and no behaviour here, only what is promised; `tests/contract/` holds each adapter to it.
"""
