"""The register: landed rows of all deliveries, and how a snapshot follows from them (docs/register.md).

``landed`` (what is there) ← ``land`` (staged rows come in) and ``resolution`` (which source says what)
← ``people``, ``fields``, ``links``, ``awards`` (who there is, what is true of them) ← ``assemble``.
"""
