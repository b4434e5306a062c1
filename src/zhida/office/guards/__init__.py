"""Who sees which records: the scope of a transaction, grants beside it, and the middleware that sets both.

The database holds the guards (``zhida.office.rights``); this package only tells it who asks. Decision 0014.
"""
