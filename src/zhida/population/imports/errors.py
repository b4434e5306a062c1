"""The errors of an import: one sentence each, which says what, where and what to do."""

from __future__ import annotations


class ImportsError(Exception):
    """An import that can't go on: the register, its journal or its lock."""


class FileRefused(ImportsError):
    """A file that can't be taken in at all. The sentence names no path: whoever reports it knows the file."""
