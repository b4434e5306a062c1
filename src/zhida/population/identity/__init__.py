"""Who is who: names, identifiers, phones, addresses and accounts by surrogate key, sealed (docs/identity.md).

``schema`` (the files) ← ``store`` (reading, adding, looking up) ← ``identify`` (from staged rows to keys) ←
``landing`` (rows by key, without an identifier). ``sealers`` seals with several processes, ``likeness``
compares names.
"""
