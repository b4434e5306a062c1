"""PostgreSQL: an embedded server that several processes share, or one that ``ZHIDA_DATABASE_URL`` names.

Knows nothing of Django. ``hold`` is the way in; decision 0012 says how starting and stopping works.
"""
