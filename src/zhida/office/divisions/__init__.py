"""The divisions of the territory, dated, in the database: loaded from a pack, found by code, name or pinyin.

No personal data. Everybody who is signed in may look at them.
"""
