"""The handbook of a pack as static pages; see :mod:`zhida.rules.handbook.docgen`."""
