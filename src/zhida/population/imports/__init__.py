"""From departments' files to checked, typed rows: :doc:`docs/imports.md`.

``contracts`` (what a source looks like) → ``delivery`` (which files there are) → ``reading`` (cells of a
file) → ``checking`` (values, or a reason why not) → ``taking`` (staging, quarantine, journal).
"""
